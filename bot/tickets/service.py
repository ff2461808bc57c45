"""What residents do with tickets: open one, follow it, come back to it, write to who serves them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Mapping, Optional

from bot.clock import Clock
from bot.errors import NotFound
from bot.messages import Conversation
from bot.phrasebook import Phrases
from bot.tickets.hours import WorkingHours
from bot.tickets.journal import Journal
from bot.tickets.model import HandoffReason, Priority, Ticket, TicketStatus
from bot.tickets.number import new_ticket_number
from bot.tickets.repository import Work

RESIDENT = "resident"
BOT = "bot"
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
        self._journal = Journal(clock, phrases)

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
            urgency=_priority(reason).rank,
            serial_number=serial_number,
            checked=dict(checked or {}),
            created_at=now,
            updated_at=now,
            due_at=self._hours.after(now, self._first_response),
            channel=conversation.contact.channel,
        )
        work.tickets.add(ticket)
        self._journal.log(work, ticket.number, BOT, "opened", reason.value)
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
            if ticket.status is TicketStatus.WAITING or ticket.snoozed_until:
                work.tickets.save(
                    dataclasses.replace(ticket, status=TicketStatus.OPEN, snoozed_until=None, updated_at=now)
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
        self._journal.log(work, ticket.number, RESIDENT, "reopened", reason.value)
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
        self._journal.log(work, ticket.number, RESIDENT, "asked_again", reason.value)
        return await self._opened(work, ticket, is_new=False)

    async def _opened(self, work: Work, ticket: Ticket, is_new: bool) -> Opened:
        now = self._clock.now()
        opens_at = None if self._hours.is_open(now) else self._hours.next_opening(now)
        return Opened(ticket, is_new, await work.tickets.ahead_of(ticket), opens_at)


def _priority(reason: HandoffReason) -> Priority:
    return PRIORITIES.get(reason, Priority.NORMAL)


def _higher(one: Priority, other: Priority) -> Priority:
    return max(one, other, key=lambda priority: priority.rank)


def _comes_back(ticket: Ticket, reason: HandoffReason, serial_number: Optional[str], now: datetime) -> bool:
    """True when a resolved ticket was about this trouble, not too long ago."""
    if ticket.status is not TicketStatus.RESOLVED or ticket.resolved_at is None:
        return False
    same = ticket.serial_number == serial_number or reason is HandoffReason.UNRESOLVED
    return same and now - ticket.resolved_at < REOPENS_FOR
