"""One number, when only the state of a payment is wanted."""

from __future__ import annotations

import re

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.base import HelpdeskAction, Speaker, choice_of, text_of
from actions.claims import AMOUNT, CLAIMS, DAY, claims_in
from actions.correction import acknowledge, asked_again, receipt_is_complete, says_wrong
from actions.forms import Refusals, Validate, looks_like_an_answer, requested
from actions.receipt_form import DOES_NOT_KNOW, HAS_NONE, SLOTS, say_summary
from actions.serial_number import SLOT, take_serial_number
from bot.turn import Turn

OTHER_PAYMENT = re.compile(
    r"另一笔|另外.?笔|下一笔|别的.?[笔号单]|其他.?[笔号单]|换.{0,2}[笔号单]"
    r"|\b(?:another|other|different|next) (?:payment|number|one)\b",
    re.IGNORECASE,
)


class StartLookUp(HelpdeskAction):
    """Begins a look-up; asked for again while its number is awaited, the number is asked for again.

    Without an action before it, a form that is open already rejects the message and nobody answers.
    """

    def name(self) -> str:
        return "action_start_look_up"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        return [SlotSet("wanted", None)]


class ValidateSerialForm(Validate):
    """Takes the number, and what else the message says of the payment.

    Another payment's claims are forgotten with a new number, unless the number was corrected.
    """

    asks = (SLOT,)

    def name(self) -> str:
        return "validate_serial_form"

    async def take(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        refusals = Refusals(speaker, tracker)
        corrected = receipt_is_complete(tracker) and says_wrong(tracker)
        number = take_serial_number(speaker, tracker, refusals)
        forgotten = [] if corrected else _forget_claims(tracker, number)
        claims: list[EventType] = [
            SlotSet(claim.slot, claim.value)
            for claim in claims_in(tracker, turn, asked_again(tracker))
            if not claim.refusal
        ]
        if corrected:
            acknowledge(speaker, tracker, turn, [*number, *claims])
        if number or (claims and tracker.get_slot(SLOT)):
            events = [*number, *forgotten, *claims]
            _read_back(speaker, tracker, turn, events)
            return events
        return [*claims, *_without_number(tracker, refusals)]


def _without_number(tracker: Tracker, refusals: Refusals) -> list[EventType]:
    if tracker.get_slot(SLOT) and _wants_another(tracker):
        return [SlotSet(SLOT, None), *[SlotSet(claim, None) for claim in CLAIMS]]
    if requested(tracker) != SLOT:
        return []
    text = text_of(tracker)
    if DOES_NOT_KNOW.search(text) or HAS_NONE.search(text):
        return refusals.refuse(SLOT, "utter_faq_find_serial")
    return refusals.refuse(SLOT, "utter_serial_unreadable") if looks_like_an_answer(tracker) else []


def _wants_another(tracker: Tracker) -> bool:
    return choice_of(tracker) == "another" or OTHER_PAYMENT.search(text_of(tracker)) is not None


def _forget_claims(tracker: Tracker, events: list[EventType]) -> list[EventType]:
    known = tracker.get_slot(SLOT)
    taken = next((e["value"] for e in events if e.get("name") == SLOT), None)
    if known and taken and known != taken:
        return [SlotSet(claim, None) for claim in CLAIMS]
    return []


def _read_back(speaker: Speaker, tracker: Tracker, turn: Turn, events: list[EventType]) -> None:
    """Reads a whole receipt back that came in one message."""
    values = {slot: tracker.get_slot(slot) for slot in SLOTS}
    values.update({e["name"]: e["value"] for e in events if e.get("event") == "slot"})
    told = {e["name"] for e in events if e.get("event") == "slot" and e["value"] is not None}
    if told & {AMOUNT, DAY} and all(values[slot] is not None for slot in SLOTS):
        say_summary(speaker, turn, values)
