"""Asking for a person, complaining, and what became of a ticket (工单)."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction

from actions.base import (
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
from actions.requests import say_requests
from actions.waiting_line import (
    LEAVE,
    LEAVE_NOW,
    NO_WORDS,
    PLACE,
    RATE,
    STAY,
    ask_to_leave,
    place_of,
    rate,
    say_place,
    stay,
)
from bot import formats
from bot.errors import NotFound
from bot.messages import ConversationStatus
from bot.tickets.model import Cause, HandoffReason, Ticket
from bot.turn import Turn

BACK = "back_to_bot"
LEAVE_PAYLOAD = '/ticket_status{"choice": "leave_line"}'


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
        choice = choice_of(tracker) or ""
        if choice == PLACE:
            return await say_place(speaker, tracker, turn)
        if choice == LEAVE:
            return await ask_to_leave(speaker, tracker, turn)
        if choice == LEAVE_NOW:
            return [FollowupAction("action_leave_line")]
        if choice == STAY:
            return stay(speaker, tracker)
        if choice.startswith(RATE):
            return await rate(speaker, tracker, turn)
        if choice == BACK:
            speaker.say("utter_bot_is_here")
            return back_to_form(speaker, tracker)
        if choice in NO_WORDS:
            speaker.say("utter_rating_ends")
            return back_to_form(speaker, tracker)
        return await self._show(speaker, tracker, turn)

    async def _show(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
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
        if tickets:
            lines = [await _line(one, speaker, turn) for one in tickets]
            in_line = any(one.status.is_live and not one.serving for one in tickets)
            leave = [speaker.button("utter_button_leave_line", LEAVE_PAYLOAD)] if in_line else []
            buttons = [*leave, speaker.button("utter_button_my_payment", "/query_status")]
            speaker.say("utter_ticket_list", buttons=buttons, lines="\n".join(lines))
        requested = not asked and await say_requests(speaker, turn)
        if not (tickets or requested):
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


async def _line(ticket: Ticket, speaker: Speaker, turn: Turn) -> str:
    phrases, language = turn.services.phrases, speaker.language
    said = {
        "number": ticket.number,
        "status": _status(ticket, speaker),
        "created": formats.moment(ticket.created_at, turn.now, phrases, language),
    }
    if not ticket.status.is_live:
        return speaker.words("utter_ticket_line_ended", **said)
    return speaker.words("utter_ticket_line", place=await place_of(ticket, speaker, turn), **said)


def _status(ticket: Ticket, speaker: Speaker) -> str:
    if ticket.cause is Cause.LEFT and not ticket.status.is_live:
        return speaker.words("utter_ticket_status_left")
    return speaker.words(f"utter_ticket_status_{ticket.status.value}")
