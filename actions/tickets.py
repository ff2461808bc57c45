"""Asking for a person, complaining, and what became of a ticket (工单)."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType

from actions.base import (
    APPLICATIONS,
    OFFER,
    HelpdeskAction,
    Speaker,
    back_to_form,
    choice_of,
    entities_of,
    intent_of,
)
from actions.forms import stop_form
from actions.handoff import open_ticket
from actions.misunderstanding import HUMAN
from bot import formats
from bot.errors import NotFound
from bot.messages import ConversationStatus
from bot.tickets.model import HandoffReason, Ticket
from bot.turn import Turn


class RequestHuman(HelpdeskAction):
    """Opens a ticket for whoever asks for a person, complains, or gave up on being understood."""

    def name(self) -> str:
        return "action_request_human"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        await open_ticket(speaker, tracker, turn, _reason(tracker), explain=True)
        if turn.conversation.status is ConversationStatus.WITH_BOT:
            turn.change_conversation(status=ConversationStatus.WAITING_FOR_AGENT)
        return stop_form()


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
            return back_to_form(speaker, tracker)
        applications = tracker.get_slot(APPLICATIONS) or []
        if tickets:
            speaker.say("utter_ticket_list", lines="\n".join(_line(one, speaker, turn) for one in tickets))
        if applications:
            numbers = formats.listed(applications, turn.services.phrases, speaker.language)
            speaker.say("utter_applications", numbers=numbers)
        if not (tickets or applications):
            speaker.say("utter_ticket_none")
        return back_to_form(speaker, tracker)


def _reason(tracker: Tracker) -> HandoffReason:
    """Why a person is wanted: what the message says, what its button was for, or what was offered."""
    if intent_of(tracker) == "complain":
        return HandoffReason.COMPLAINT
    if choice_of(tracker) in {reason.value for reason in HandoffReason}:
        return HandoffReason(choice_of(tracker))
    offered = tracker.get_slot(OFFER) == HUMAN
    return HandoffReason.MISUNDERSTOOD if offered else HandoffReason.CUSTOMER_REQUEST


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
