"""Handing a case to a person (转人工): the ticket, and telling the resident what happens next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

from rasa_sdk import Tracker

from actions.base import LOOKED_UP, Speaker
from actions.claims import CLAIMS
from actions.serial_number import SLOT as SERIAL
from bot import formats
from bot.tickets.model import HandoffReason
from bot.tickets.service import Opened
from bot.turn import Turn


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
        serial_number=tracker.get_slot(SERIAL),
        checked={**_claims(tracker), **_looked_up(tracker), **(checked or {})},
    )
    if explain and (opened.is_new or reason is HandoffReason.COMPLAINT):
        # A complaint is heard every time it is made.
        speaker.say(f"utter_handoff_{reason.value}")
    _say_opened(opened, speaker, turn)
    return opened


def _say_opened(opened: Opened, speaker: Speaker, turn: Turn) -> None:
    phrases, language = turn.services.phrases, speaker.language
    when = formats.moment(opened.ticket.due_at, turn.now, phrases, language)
    number = opened.ticket.number
    if opened.is_new and opened.opens_at is not None:
        opens = formats.moment(opened.opens_at, turn.now, phrases, language)
        speaker.say("utter_ticket_after_hours", opens=opens)
    if not opened.is_new:
        speaker.say("utter_ticket_exists", number=number, when=when)
    elif opened.ahead:
        speaker.say("utter_ticket_opened_queue", number=number, when=when, ahead=opened.ahead)
    else:
        speaker.say("utter_ticket_opened", number=number, when=when)


def _claims(tracker: Tracker) -> dict[str, str]:
    """What the resident read off the receipt, for the person who takes over."""
    return {slot: str(tracker.get_slot(slot)) for slot in CLAIMS if tracker.get_slot(slot) is not None}


def _looked_up(tracker: Tracker) -> dict[str, str]:
    """What the last look-up found, when it was for the payment that is talked about."""
    found = dict(tracker.get_slot(LOOKED_UP) or {})
    return found if found.pop(SERIAL, None) == tracker.get_slot(SERIAL) else {}
