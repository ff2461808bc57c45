"""Handing a case to a person (转人工): the ticket, and telling the resident what happens next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

from rasa_sdk import Tracker

from actions.base import LOOKED_UP, Speaker, entities_of, text_of
from actions.claims import CLAIMS
from actions.serial_number import SLOT as SERIAL
from bot import formats
from bot.tickets.model import HandoffReason
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


async def open_ticket(
    speaker: Speaker,
    tracker: Tracker,
    turn: Turn,
    reason: HandoffReason,
    checked: Optional[Mapping[str, str]] = None,
    explain: bool = False,
) -> Opened:
    """Opens (or finds) the ticket and says its number, what happens next and when."""
    opened = await turn.services.tickets.open(
        turn.work,
        turn.conversation,
        reason,
        serial_number=_serial(tracker),
        checked={**_claims(tracker), **_looked_up(tracker), **(checked or {})},
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
