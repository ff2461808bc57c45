"""Handing a case to a person (转人工): the ticket, and telling the resident what happens next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

from rasa_sdk import Tracker

from actions.base import LOOKED_UP, Speaker, entities_of, text_of
from actions.claims import CLAIMS
from actions.serial_number import SLOT as SERIAL
from bot import formats
from bot.payments.model import Payment, Reason, State
from bot.payments.service import PaymentReport
from bot.tickets.model import HandoffReason, ticket_about
from bot.tickets.service import Arrival, Opened
from bot.tickets.wording import wait_words
from bot.turn import Turn

SAID = {
    Arrival.NEW: "utter_ticket_opened",
    Arrival.KNOWN: "utter_ticket_exists",
    Arrival.IN_HAND: "utter_ticket_in_hand",
    Arrival.CALLED_AGAIN: "utter_ticket_called_again",
    Arrival.REOPENED: "utter_ticket_taken_up_again",
    Arrival.BACK_IN_LINE: "utter_ticket_back_in_line",
}
COMES_INTO_LINE = frozenset(Arrival) - {Arrival.KNOWN, Arrival.IN_HAND}
HEARD_EACH_TIME = frozenset({HandoffReason.COMPLAINT, HandoffReason.UNRESOLVED})
RECENT = 5
"""Messages in which somebody's tone is looked for."""


def handoff_reason(report: PaymentReport) -> Optional[HandoffReason]:
    """Why a person has to take over at once, or None; with what is late, the resident chooses."""
    payment = report.payment
    if payment.state is State.UNRECOGNISED or payment.reason is Reason.UNKNOWN or report.needs_person:
        return HandoffReason.UNKNOWN_STATE
    return None


def checked(payment: Payment) -> dict[str, str]:
    """What the look-up found, for the person who takes over; never details."""
    found = {"state": payment.state_word, "channel": payment.channel_word or payment.channel.value}
    if payment.reason_word:
        found["reason"] = payment.reason_word
    if payment.paid_at:
        found["paid_at"] = payment.paid_at.isoformat()
    if payment.expected_by:
        found["expected_by"] = payment.expected_by.isoformat()
    return found


async def live_ticket(report: PaymentReport, tracker: Tracker, turn: Turn) -> Optional[str]:
    """The number of the ticket by which somebody has this payment in hand; None without one.

    A ticket names the payment by the number that the resident gave, which may be another than the bureau's.
    """
    tickets = await turn.services.tickets.of(turn.work, turn.conversation)
    return ticket_about({_serial(tracker), report.payment.serial_number}, tickets)


async def open_ticket(
    speaker: Speaker,
    tracker: Tracker,
    turn: Turn,
    reason: HandoffReason,
    found: Optional[Mapping[str, str]] = None,
    explain: bool = False,
) -> Opened:
    """Opens (or finds) the ticket and says its number, what happens next and when."""
    opened = await turn.services.tickets.open(
        turn.work,
        turn.conversation,
        reason,
        serial_number=_serial(tracker),
        checked={**_claims(tracker), **_looked_up(tracker), **(found or {})},
        words=_said(tracker, turn),
    )
    if explain and (opened.is_new or reason in HEARD_EACH_TIME):
        speaker.say(f"utter_handoff_{reason.value}")
    _say_opened(opened, speaker, turn)
    return opened


def _say_opened(opened: Opened, speaker: Speaker, turn: Turn) -> None:
    phrases, language = turn.services.phrases, speaker.language
    if opened.arrival in COMES_INTO_LINE and opened.opens_at is not None:
        opens = formats.moment(opened.opens_at, turn.now, phrases, language)
        speaker.say("utter_ticket_after_hours", opens=opens)
    wait = wait_words(opened.ticket, opened.place, turn.now, phrases, language)
    speaker.say(SAID[opened.arrival], number=opened.ticket.number, wait=wait)


def _said(tracker: Tracker, turn: Turn) -> str:
    """What the resident typed lately, for its tone."""
    typed = [str(event.get("text") or "") for event in tracker.events if event.get("event") == "user"]
    return "\n".join([*(text for text in typed[-RECENT:] if not text.startswith("/")), turn.words])


def _serial(tracker: Tracker) -> Optional[str]:
    """The payment that the pressed button names, or the one that is talked about."""
    named = entities_of(tracker, SERIAL) if not text_of(tracker) else []
    serial: Optional[str] = str(named[0]["value"]) if named else tracker.get_slot(SERIAL)
    return serial


def _claims(tracker: Tracker) -> dict[str, str]:
    """What the resident read off the receipt, for the person who takes over."""
    return {slot: str(tracker.get_slot(slot)) for slot in CLAIMS if tracker.get_slot(slot) is not None}


def _looked_up(tracker: Tracker) -> dict[str, str]:
    """What the last look-up found, when it was for the payment that is talked about."""
    found = dict(tracker.get_slot(LOOKED_UP) or {})
    return found if found.pop(SERIAL, None) == tracker.get_slot(SERIAL) else {}
