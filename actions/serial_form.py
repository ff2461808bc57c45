"""One number, when only the state of a payment is wanted."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.base import HelpdeskAction, Speaker, choice_of
from actions.forms import Refusals, looks_like_an_answer, requested
from actions.receipt_form import CLAIMS
from actions.serial_number import SLOT, take_serial_number
from bot.turn import Turn


class ValidateSerialForm(HelpdeskAction):
    """Takes the number from the message; another payment's claims are forgotten with a new number."""

    def name(self) -> str:
        return "validate_serial_form"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        refusals = Refusals(speaker, tracker)
        events = take_serial_number(speaker, tracker, refusals)
        if events:
            return [*events, *_forget_claims(tracker, events)]
        if choice_of(tracker) == "another" and tracker.get_slot(SLOT):
            return [SlotSet(SLOT, None), *[SlotSet(claim, None) for claim in CLAIMS]]
        if requested(tracker) == SLOT and looks_like_an_answer(tracker):
            return refusals.refuse(SLOT, "utter_serial_unreadable")
        return []


def _forget_claims(tracker: Tracker, events: list[EventType]) -> list[EventType]:
    known = tracker.get_slot(SLOT)
    taken = next((e["value"] for e in events if e.get("name") == SLOT), None)
    if known and taken and known != taken:
        return [SlotSet(claim, None) for claim in CLAIMS]
    return []
