"""Handing a case to a person (转人工): the ticket, and telling the resident what happens next."""

from __future__ import annotations

from typing import Mapping, Optional

from rasa_sdk import Tracker

from actions.base import Speaker
from actions.receipt_form import CLAIMS
from bot import formats
from bot.messages import ConversationStatus
from bot.tickets.model import HandoffReason
from bot.tickets.service import Opened
from bot.turn import Turn

PERSON_WANTED = frozenset(
    {
        HandoffReason.CUSTOMER_REQUEST,
        HandoffReason.MISUNDERSTOOD,
        HandoffReason.COMPLAINT,
        HandoffReason.UNRESOLVED,
    }
)
"""Reasons for which the resident waits for a person, not only for an answer."""


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
        serial_number=tracker.get_slot("serial_number"),
        checked={**_claims(tracker), **(checked or {})},
    )
    if explain:
        speaker.say(f"utter_handoff_{reason.value}")
    _say_opened(opened, speaker, turn)
    with_bot = turn.conversation.status is ConversationStatus.WITH_BOT
    if reason in PERSON_WANTED and with_bot:
        turn.change_conversation(status=ConversationStatus.WAITING_FOR_AGENT)
    return opened


def _say_opened(opened: Opened, speaker: Speaker, turn: Turn) -> None:
    phrases, language = turn.services.phrases, speaker.language
    when = formats.moment(opened.ticket.due_at, turn.now, phrases, language)
    number = opened.ticket.number
    if opened.opens_at is not None:
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
