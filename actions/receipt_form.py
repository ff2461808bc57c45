"""The walk through a receipt (缴费凭证): channel, serial number, amount, date."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Optional

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.base import HelpdeskAction, Speaker, choice_of, entities_of
from actions.forms import Ask, Refusals, looks_like_an_answer, requested
from actions.serial_number import channel_of, numbers_in, take_serial_number
from bot import formats
from bot.dialogue.nlu.amounts import FoundAmount, read_amount
from bot.dialogue.nlu.dates import DateProblem, find_dates
from bot.payments.model import Channel
from bot.payments.wording import tail
from bot.turn import Turn

SLOTS = ("payment_channel", "serial_number", "amount_fen", "paid_on")
CLAIMS = ("payment_channel", "amount_fen", "paid_on")
"""What only this walk fills; a serial number may be known from a look-up before it."""

LARGEST_FEN = 10_000_000
OLDEST = timedelta(days=3 * 365)

UNREADABLE = {
    "payment_channel": "utter_channel_unreadable",
    "serial_number": "utter_serial_unreadable",
    "amount_fen": "utter_amount_unreadable",
    "paid_on": "utter_date_unreadable",
}


class StartReceipt(HelpdeskAction):
    """Starts the walk, or goes on with a half-filled one; a finished one is not gone through again."""

    def name(self) -> str:
        return "action_start_receipt"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        filled = [slot for slot in CLAIMS if tracker.get_slot(slot) is not None]
        half_filled = 0 < len(filled) < len(CLAIMS)
        if half_filled and choice_of(tracker) != "again":
            return []
        return [SlotSet(slot, None) for slot in SLOTS]


class ValidateReceiptForm(HelpdeskAction):
    """Takes every value that the message brings, checks each, and acknowledges corrections."""

    def name(self) -> str:
        return "validate_receipt_form"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        refusals = Refusals(speaker, tracker)
        events = [
            *take_channel(tracker),
            *take_serial_number(speaker, tracker, refusals),
            *take_amount(tracker, refusals),
            *take_date(speaker, tracker, turn, refusals),
        ]
        if not events and looks_like_an_answer(tracker):
            slot = requested(tracker)
            return refusals.refuse(slot, UNREADABLE[slot]) if slot in UNREADABLE else []
        _acknowledge_corrections(speaker, tracker, turn, events)
        return events


def take_channel(tracker: Tracker) -> list[EventType]:
    """The channel that the message names, or that its serial number tells when none is known yet."""
    named = [e["value"] for e in entities_of(tracker, "payment_channel")]
    known = {channel.value for channel in Channel}
    if named and named[0] in known:
        return [SlotSet("payment_channel", named[0])]
    told = channel_of(tracker)
    if told and tracker.get_slot("payment_channel") is None:
        return [SlotSet("payment_channel", told)]
    return []


def take_amount(tracker: Tracker, refusals: Refusals) -> list[EventType]:
    """The amount in fen; a bare number only when the amount was asked for."""
    found = _amount(tracker)
    if found is None:
        return []
    if found.fen <= 0:
        return refusals.refuse("amount_fen", "utter_amount_not_positive")
    if found.fen > LARGEST_FEN:
        return refusals.refuse("amount_fen", "utter_amount_too_large")
    if found.problem is not None:
        return refusals.refuse("amount_fen", "utter_amount_unreadable")
    return [SlotSet("amount_fen", found.fen)]


def take_date(speaker: Speaker, tracker: Tracker, turn: Turn, refusals: Refusals) -> list[EventType]:
    """The day of payment as an ISO date."""
    text = _typed(tracker)
    if text is None or not (entities_of(tracker, "date") or requested(tracker) == "paid_on"):
        return []
    dates = find_dates(text, turn.now.date())
    if not dates:
        return []
    found = dates[0]
    if found.day is None:
        return refusals.refuse("paid_on", "utter_date_invalid")
    phrases, language = turn.services.phrases, speaker.language
    if found.problem is DateProblem.IN_THE_FUTURE or found.day > turn.now.date():
        written = formats.day(found.day, phrases, language)
        return refusals.refuse("paid_on", "utter_date_future", date=written)
    if found.day < turn.now.date() - OLDEST:
        return refusals.refuse("paid_on", "utter_date_too_old", date=found.day.isoformat())
    return [SlotSet("paid_on", found.day.isoformat())]


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
        channel = tracker.get_slot("payment_channel")
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
        phrases = turn.services.phrases
        speaker.say(
            "utter_receipt_summary",
            channel=speaker.words(f"utter_channel_{tracker.get_slot('payment_channel')}"),
            serial=tracker.get_slot("serial_number"),
            amount=formats.money(int(tracker.get_slot("amount_fen")), phrases, speaker.language),
            date=formats.day(date.fromisoformat(tracker.get_slot("paid_on")), phrases, speaker.language),
        )
        return []


def _amount(tracker: Tracker) -> Optional[FoundAmount]:
    text = _typed(tracker)
    asked = requested(tracker) == "amount_fen" and not numbers_in(tracker)
    return read_amount(text) if text and (asked or entities_of(tracker, "amount")) else None


def _typed(tracker: Tracker) -> Optional[str]:
    text = tracker.latest_message.get("text") or ""
    return None if text.startswith("/") else text


def _acknowledge_corrections(
    speaker: Speaker, tracker: Tracker, turn: Turn, events: list[EventType]
) -> None:
    changed = [
        _written(speaker, turn, event["name"], event["value"])
        for event in events
        if event.get("event") == "slot"
        and event["name"] in SLOTS
        and event["value"] is not None
        and tracker.get_slot(event["name"]) not in (None, event["value"])
    ]
    if changed:
        what = formats.listed(changed, turn.services.phrases, speaker.language)
        speaker.say("utter_corrected", what=what)


def _written(speaker: Speaker, turn: Turn, slot: str, value: Any) -> str:
    phrases = turn.services.phrases
    if slot == "payment_channel":
        return speaker.words(f"utter_channel_{value}")
    if slot == "amount_fen":
        return formats.money(int(value), phrases, speaker.language)
    if slot == "paid_on":
        return formats.day(date.fromisoformat(value), phrases, speaker.language)
    return f"…{tail(str(value))}"
