"""What can be done with tickets: open, follow, take over, answer, hand back, resolve."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Mapping, Optional

from bot.clock import Clock
from bot.errors import InvalidInput, NotFound
from bot.messages import Author, Conversation, ConversationStatus, Reply
from bot.phrasebook import Phrases
from bot.reading import clean
from bot.tickets.hours import WorkingHours
from bot.tickets.model import HandoffReason, Priority, Ticket, TicketNote, TicketStatus
from bot.tickets.number import new_ticket_number
from bot.tickets.repository import Work

RESIDENT = "resident"
BOT = "bot"
REPLY_MAX_CHARS = 2000
NOTE_MAX_CHARS = 500
REOPENS_FOR = timedelta(days=7)

PRIORITIES = {
    HandoffReason.COMPLAINT: Priority.HIGH,
    HandoffReason.OVERDUE: Priority.HIGH,
    HandoffReason.UNKNOWN_STATE: Priority.HIGH,
    HandoffReason.OUTAGE: Priority.LOW,
}


@dataclass(frozen=True)
class Opened:
    """An opened ticket, or the one that already covers the same trouble (`is_new` False)."""

    ticket: Ticket
    is_new: bool
    ahead: int
    opens_at: Optional[datetime]
    """When agents are back, if they are off now."""


class TicketsService:
    """The life of a case; every method stages its changes in the caller's unit of work."""

    def __init__(
        self, clock: Clock, hours: WorkingHours, first_response: timedelta, phrases: Phrases
    ) -> None:
        self._clock = clock
        self._hours = hours
        self._first_response = first_response
        self._phrases = phrases

    async def open(
        self,
        work: Work,
        conversation: Conversation,
        reason: HandoffReason,
        serial_number: Optional[str] = None,
        checked: Optional[Mapping[str, str]] = None,
    ) -> Opened:
        """A ticket for this trouble; the same trouble (same payment, or none named) keeps its live one.

        One that was resolved less than `REOPENS_FOR` ago is taken up again, as the resident was told.
        """
        now = self._clock.now()
        for ticket in await work.tickets.live_of(conversation.id):
            if serial_number is None or ticket.serial_number in (None, serial_number):
                return await self._join(work, ticket, reason, serial_number, checked or {}, now)
        for ticket in await work.tickets.of_conversation(conversation.id):
            if _comes_back(ticket, reason, serial_number, now):
                return await self._come_back(work, ticket, reason, checked or {}, now)
        ticket = Ticket(
            number=new_ticket_number(now),
            conversation_id=conversation.id,
            reason=reason,
            status=TicketStatus.NEW,
            priority=_priority(reason),
            serial_number=serial_number,
            checked=dict(checked or {}),
            created_at=now,
            updated_at=now,
            due_at=self._hours.after(now, self._first_response),
        )
        work.tickets.add(ticket)
        self._log(work, ticket.number, BOT, "opened", reason.value)
        return await self._opened(work, ticket, is_new=True)

    async def of(self, work: Work, conversation: Conversation) -> list[Ticket]:
        """The conversation's tickets, newest first."""
        return await work.tickets.of_conversation(conversation.id)

    async def find(self, work: Work, conversation: Conversation, number: str) -> Ticket:
        """The resident's own ticket; somebody else's and none raise NotFound alike."""
        ticket = await work.tickets.get(number)
        if ticket is None or ticket.conversation_id != conversation.id:
            raise NotFound(number)
        return ticket

    async def resident_wrote(self, work: Work, conversation: Conversation) -> None:
        """A message to the agent who serves: the ticket waits for the agent again."""
        now = self._clock.now()
        for ticket in await work.tickets.live_of(conversation.id):
            if ticket.status is TicketStatus.WAITING:
                work.tickets.save(dataclasses.replace(ticket, status=TicketStatus.OPEN, updated_at=now))

    async def reply(self, work: Work, number: str, agent: str, agent_name: str, text: str) -> Ticket:
        """Sends an agent's words to the resident and takes the conversation over from the bot.

        Raises NotFound, InvalidInput("empty_reply" | "reply_too_long" | "already_resolved"), and
        Conflict at commit.
        """
        text = clean(text, keep="\n")
        if not text:
            raise InvalidInput("empty_reply")
        if len(text) > REPLY_MAX_CHARS:
            raise InvalidInput("reply_too_long")
        ticket, conversation = await self._both(work, number)
        if not ticket.status.is_live:
            raise InvalidInput("already_resolved")
        now = self._clock.now()
        if conversation.status is not ConversationStatus.WITH_AGENT:
            self._tell(work, conversation, now, "utter_agent_joined", name=agent_name)
        said = Reply(text=text, author=Author.AGENT, author_name=agent_name)
        work.lines.add(conversation, said, now)
        # Also where nothing changes: of two agents who reply at once, one would not see the other come.
        work.conversations.update(conversation, status=ConversationStatus.WITH_AGENT, offered=())
        self._log(work, number, agent, "replied")
        return work.tickets.save(
            dataclasses.replace(ticket, status=TicketStatus.WAITING, assignee=agent, updated_at=now)
        )

    async def claim(self, work: Work, number: str, agent: str) -> Ticket:
        """Takes a ticket, from another agent if need be.

        Raises InvalidInput("already_resolved"), and Conflict at commit when another agent was quicker.
        """
        ticket, _ = await self._both(work, number)
        if not ticket.status.is_live:
            raise InvalidInput("already_resolved")
        status = TicketStatus.OPEN if ticket.status is TicketStatus.NEW else ticket.status
        self._log(work, number, agent, "claimed")
        return work.tickets.save(
            dataclasses.replace(ticket, status=status, assignee=agent, updated_at=self._clock.now())
        )

    async def hand_back(self, work: Work, number: str, agent: str) -> Ticket:
        """Gives the conversation back to the bot while the ticket stays open; the resident is told, once."""
        ticket, conversation = await self._both(work, number)
        if conversation.status is ConversationStatus.WITH_BOT:
            return ticket
        now = self._clock.now()
        self._tell(work, conversation, now, "utter_handed_back")
        work.conversations.update(conversation, status=ConversationStatus.WITH_BOT)
        self._log(work, number, agent, "handed_back")
        return work.tickets.save(dataclasses.replace(ticket, updated_at=now))

    async def resolve(self, work: Work, number: str, agent: str, note: str = "") -> Ticket:
        """Ends a case: the resident is told, and the bot serves again. Resolving twice changes nothing."""
        ticket, conversation = await self._both(work, number)
        if not ticket.status.is_live:
            return ticket
        now = self._clock.now()
        self._tell(work, conversation, now, "utter_ticket_resolved", number=number)
        work.conversations.update(conversation, status=ConversationStatus.WITH_BOT)
        self._log(work, number, agent, "resolved", clean(note, keep="\n")[:NOTE_MAX_CHARS])
        return work.tickets.save(
            dataclasses.replace(ticket, status=TicketStatus.RESOLVED, resolved_at=now, updated_at=now)
        )

    async def reopen(self, work: Work, number: str, agent: str) -> Ticket:
        """Takes a resolved case up again; raises InvalidInput("not_resolved") for a live one."""
        ticket, conversation = await self._both(work, number)
        if ticket.status.is_live:
            raise InvalidInput("not_resolved")
        now = self._clock.now()
        self._tell(work, conversation, now, "utter_ticket_reopened", number=number)
        self._log(work, number, agent, "reopened")
        return work.tickets.save(
            dataclasses.replace(ticket, status=TicketStatus.OPEN, resolved_at=None, updated_at=now)
        )

    async def _come_back(
        self, work: Work, ticket: Ticket, reason: HandoffReason, checked: Mapping[str, str], now: datetime
    ) -> Opened:
        ticket = work.tickets.save(
            dataclasses.replace(
                ticket,
                status=TicketStatus.OPEN if ticket.assignee else TicketStatus.NEW,
                priority=_higher(ticket.priority, _priority(reason)),
                checked={**ticket.checked, **checked},
                resolved_at=None,
                updated_at=now,
                due_at=self._hours.after(now, self._first_response),
            )
        )
        self._log(work, ticket.number, RESIDENT, "reopened", reason.value)
        return await self._opened(work, ticket, is_new=False)

    async def _join(
        self,
        work: Work,
        ticket: Ticket,
        reason: HandoffReason,
        serial_number: Optional[str],
        checked: Mapping[str, str],
        now: datetime,
    ) -> Opened:
        more = {key: value for key, value in checked.items() if ticket.checked.get(key) != value}
        priority = _higher(ticket.priority, _priority(reason))
        names_payment = ticket.serial_number is None and serial_number is not None
        if more or names_payment or priority is not ticket.priority:
            ticket = work.tickets.save(
                dataclasses.replace(
                    ticket,
                    priority=priority,
                    serial_number=ticket.serial_number or serial_number,
                    checked={**ticket.checked, **more},
                    updated_at=now,
                )
            )
        self._log(work, ticket.number, RESIDENT, "asked_again", reason.value)
        return await self._opened(work, ticket, is_new=False)

    async def _opened(self, work: Work, ticket: Ticket, is_new: bool) -> Opened:
        now = self._clock.now()
        opens_at = None if self._hours.is_open(now) else self._hours.next_opening(now)
        return Opened(ticket, is_new, await work.tickets.ahead_of(ticket), opens_at)

    async def _both(self, work: Work, number: str) -> tuple[Ticket, Conversation]:
        ticket = await work.tickets.get(number)
        if ticket is None:
            raise NotFound(number)
        conversation = await work.conversations.get(ticket.conversation_id)
        assert conversation is not None, "a ticket without a conversation"
        return ticket, conversation

    def _tell(
        self, work: Work, conversation: Conversation, now: datetime, name: str, /, **values: object
    ) -> None:
        said = self._phrases.say(name, conversation.language, **values)
        work.lines.add(conversation, dataclasses.replace(said, author=Author.SYSTEM), now)
        if said.buttons:
            work.conversations.update(conversation, offered=said.buttons)

    def _log(self, work: Work, number: str, actor: str, action: str, note: str = "") -> None:
        work.tickets.note(TicketNote(number, self._clock.now(), actor, action, note))


def _priority(reason: HandoffReason) -> Priority:
    return PRIORITIES.get(reason, Priority.NORMAL)


def _higher(one: Priority, other: Priority) -> Priority:
    return max(one, other, key=list(Priority).index)


def _comes_back(ticket: Ticket, reason: HandoffReason, serial_number: Optional[str], now: datetime) -> bool:
    """True when a resolved ticket was about this trouble, not too long ago."""
    if ticket.status is not TicketStatus.RESOLVED or ticket.resolved_at is None:
        return False
    same = ticket.serial_number == serial_number or reason is HandoffReason.UNRESOLVED
    return same and now - ticket.resolved_at < REOPENS_FOR
