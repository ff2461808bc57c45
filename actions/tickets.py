"""Asking for a person, complaining, and what became of a ticket (工单)."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.base import HelpdeskAction, Speaker, entities_of, intent_of
from actions.forms import stop_form
from actions.handoff import open_ticket
from bot import formats
from bot.errors import NotFound
from bot.tickets.model import HandoffReason, Ticket
from bot.turn import Turn


class RequestHuman(HelpdeskAction):
    """Opens a ticket for whoever asks for a person, complains, or gave up on being understood."""

    def name(self) -> str:
        return "action_request_human"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        reason = _reason(tracker)
        await open_ticket(speaker, tracker, turn, reason, explain=True)
        return [*stop_form(), SlotSet("handoff_reason", None)]


class ShowTickets(HelpdeskAction):
    """Shows one ticket by its number, or the resident's latest ones."""

    def name(self) -> str:
        return "action_ticket_status"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        asked = entities_of(tracker, "ticket_number")
        try:
            tickets = (
                [await turn.services.tickets.find(turn.work, turn.conversation, str(asked[0]["value"]))]
                if asked
                else (await turn.services.tickets.of(turn.work, turn.conversation))[:5]
            )
        except NotFound:
            speaker.say("utter_ticket_not_found")
            return []
        if not tickets:
            speaker.say("utter_ticket_none")
            return []
        lines = "\n".join(_line(ticket, speaker, turn) for ticket in tickets)
        speaker.say("utter_ticket_list", lines=lines)
        return []


def _reason(tracker: Tracker) -> HandoffReason:
    if intent_of(tracker) == "complain":
        return HandoffReason.COMPLAINT
    kept = tracker.get_slot("handoff_reason")
    return HandoffReason(kept) if kept else HandoffReason.CUSTOMER_REQUEST


def _line(ticket: Ticket, speaker: Speaker, turn: Turn) -> str:
    phrases, language = turn.services.phrases, speaker.language
    name = "utter_ticket_line" if ticket.status.is_live else "utter_ticket_line_ended"
    return speaker.words(
        name,
        number=ticket.number,
        status=speaker.words(f"utter_ticket_status_{ticket.status.value}"),
        created=formats.moment(ticket.created_at, turn.now, phrases, language),
        due=formats.moment(ticket.due_at, turn.now, phrases, language),
    )
