"""The walk through a receipt (缴费凭证): channel, serial number, amount, date."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.base import MISSES, HelpdeskAction, Speaker, choice_of, text_of
from actions.claims import AMOUNT, CHANNEL, CLAIMS, DAY, Claim, claims_in, written
from actions.correction import acknowledge, asked_again
from actions.forms import Ask, Refusals, Validate, looks_like_an_answer, requested
from actions.serial_number import SLOT as SERIAL
from actions.serial_number import take_serial_number
from bot.turn import Turn

SLOTS = (CHANNEL, SERIAL, AMOUNT, DAY)

UNFINISHED = "unfinished_receipt"
"""The slot of what an earlier session filled, offered back in this one."""

UNREADABLE = {
    CHANNEL: "utter_channel_unreadable",
    SERIAL: "utter_serial_unreadable",
    AMOUNT: "utter_amount_unreadable",
    DAY: "utter_date_unreadable",
}

DOES_NOT_KNOW = re.compile(
    r"不知道|不清楚|不记得|记不|忘了|忘记|想不起|找不到|没找到|看不到|搞不清|不晓得|no idea|forgot"
    r"|don'?t (?:know|remember|see)|can'?t (?:find|remember|see)|not sure|cannot (?:find|see)|zhao ?bu ?dao",
    re.IGNORECASE,
)
HAS_NONE = re.compile(
    r"^(?:没有|冇|呒没|没有呀|没有啊|none|no)$|没有?(?:流水号|单号|号码|这个号)", re.IGNORECASE
)


class StartReceipt(HelpdeskAction):
    """Starts the walk, or goes on with a half-filled one; a finished one is not gone through again."""

    def name(self) -> str:
        return "action_start_receipt"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        afresh = choice_of(tracker) == "afresh"
        if is_half_filled(tracker) and not afresh:
            return []
        emptied = [SlotSet(slot, None) for slot in (*SLOTS, UNFINISHED)]
        return emptied if afresh else [*emptied, *resume_earlier(tracker)]


def resume_earlier(tracker: Tracker) -> list[EventType]:
    """What an earlier session filled, filled again; nothing when this session has begun a walk of its own."""
    earlier = {} if is_half_filled(tracker) else tracker.get_slot(UNFINISHED) or {}
    return [*(SlotSet(slot, value) for slot, value in earlier.items()), SlotSet(UNFINISHED, None)]


def is_half_filled(tracker: Tracker) -> bool:
    """True when the walk was begun and not finished."""
    filled = [slot for slot in CLAIMS if tracker.get_slot(slot) is not None]
    return bool(filled) and any(tracker.get_slot(slot) is None for slot in SLOTS)


class ValidateReceiptForm(Validate):
    """Takes every value that the message brings, checks each, and acknowledges corrections."""

    asks = SLOTS

    def name(self) -> str:
        return "validate_receipt_form"

    async def take(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        refusals = Refusals(speaker, tracker)
        asked = requested(tracker)
        events = [
            *take_serial_number(speaker, tracker, refusals),
            *_taken(claims_in(tracker, turn, asked_again(tracker) or asked), refusals),
        ]
        if not events and asked in SLOTS:
            return _failed_answer(asked, tracker, refusals)
        acknowledge(speaker, tracker, turn, events)
        return events


def _taken(claims: Iterable[Claim], refusals: Refusals) -> list[EventType]:
    events: list[EventType] = []
    for claim in claims:
        if claim.refusal:
            events += refusals.refuse(claim.slot, claim.refusal, **claim.details)
        else:
            events.append(SlotSet(claim.slot, claim.value))
    return events


def _failed_answer(asked: str, tracker: Tracker, refusals: Refusals) -> list[EventType]:
    text = text_of(tracker)
    if asked == SERIAL and (DOES_NOT_KNOW.search(text) or HAS_NONE.search(text)):
        return refusals.refuse(SERIAL, "utter_serial_elsewhere")
    if DOES_NOT_KNOW.search(text) and len(text) <= 12:
        return refusals.refuse(asked, "utter_look_it_up")
    return refusals.refuse(asked, UNREADABLE[asked]) if looks_like_an_answer(tracker) else []


class AskChannel(Ask):
    """Asks through what the fee was paid."""

    def name(self) -> str:
        return "action_ask_payment_channel"

    async def ask(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> None:
        speaker.say("utter_ask_payment_channel")


class AskSerialNumber(Ask):
    """Asks for the serial number, showing where this channel prints it when the channel is known."""

    def name(self) -> str:
        return "action_ask_serial_number"

    async def ask(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> None:
        channel = tracker.get_slot(CHANNEL)
        speaker.say(f"utter_where_serial_{channel}" if channel else "utter_ask_serial_number")


class AskAmount(Ask):
    """Asks how much was paid."""

    def name(self) -> str:
        return "action_ask_amount_fen"

    async def ask(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> None:
        speaker.say("utter_ask_amount_fen")


class AskPaidOn(Ask):
    """Asks on which day it was paid."""

    def name(self) -> str:
        return "action_ask_paid_on"

    async def ask(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> None:
        speaker.say("utter_ask_paid_on")


class SummariseReceipt(HelpdeskAction):
    """Reads the receipt back before the payment is looked up."""

    def name(self) -> str:
        return "action_receipt_summary"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        say_summary(speaker, turn, {slot: tracker.get_slot(slot) for slot in SLOTS})
        return [SlotSet(MISSES, 0)]


def say_summary(speaker: Speaker, turn: Turn, values: dict[str, object]) -> None:
    """Reads a complete receipt back."""
    speaker.say(
        "utter_receipt_summary",
        channel=written(CHANNEL, values[CHANNEL], turn),
        serial=values[SERIAL],
        amount=written(AMOUNT, values[AMOUNT], turn),
        date=written(DAY, values[DAY], turn),
    )
