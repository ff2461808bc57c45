"""What the clock does to tickets: overdue ones rise, sleeping ones wake, resolved ones close.

Each ticket is a unit of work of its own, guarded by the ticket's version: of two processes that sweep at
once one wins, and what an agent changed in this moment is looked at again by the next sweep.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Optional

import structlog

from bot import formats
from bot.alerts import AlertKind
from bot.clock import Clock
from bot.errors import Conflict, HelpdeskError
from bot.messages import Conversation
from bot.phrasebook import Phrases
from bot.tickets.casework import Casework
from bot.tickets.deadlines import Deadlines, broken_promise
from bot.tickets.journal import DESK, Journal
from bot.tickets.model import Ticket, TicketStatus
from bot.tickets.priority import urgency_of
from bot.tickets.repository import Work
from bot.tickets.service import REOPENS_FOR
from bot.tickets.waiting_line import WaitingLine

log = structlog.get_logger(__name__)

SWEEPS_EVERY = 30.0

OpenWork = Callable[[], AbstractAsyncContextManager[Work]]
Change = Callable[[Work, Ticket, datetime], Awaitable[Optional[Conversation]]]
"""Stages what becomes of a ticket; returns the conversation that has something new to read, if any."""


class Sweeper:
    """Looks at every ticket whose time has come, for ever."""

    def __init__(
        self,
        work: OpenWork,
        casework: Casework,
        deadlines: Deadlines,
        phrases: Phrases,
        announce: Callable[[int], None],
        notify: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._work = work
        self._casework = casework
        self._deadlines = deadlines
        self._line = WaitingLine(deadlines.hours)
        self._phrases = phrases
        self._journal = Journal(clock, phrases)
        self._announce = announce
        self._notify = notify
        self._clock = clock

    async def run(self) -> None:
        """Sweeps until cancelled; trouble with the database only delays it."""
        while True:
            try:
                await self.sweep()
            except HelpdeskError as error:
                log.warning("sweep_put_off", error=type(error).__name__)
            except Exception:
                log.exception("sweep_failed")
            await asyncio.sleep(SWEEPS_EVERY)

    async def sweep(self) -> None:
        """Does once what is due now."""
        now = self._clock.now()
        async with self._work() as work:
            sleeping = await work.tickets.snoozed(now)
            overdue = await work.queue.newly_overdue(now)
            relieved = await work.queue.overdue_no_more(now)
            forgotten = await work.queue.resolved_before(now - REOPENS_FOR)
        await self._each(sleeping, self._wake, now)
        await self._each(overdue, self._escalate, now)
        await self._each(relieved, self._relieve, now)
        await self._each(forgotten, self._close, now)
        if self._deadlines.hours.is_open(now):
            async with self._work() as work:
                waiting = await work.queue.untold_delays(now)
            await self._each(waiting, self._tell_of_delay, now)

    async def _each(self, tickets: list[Ticket], change: Change, now: datetime) -> None:
        for ticket in tickets:
            try:
                async with self._work() as work:
                    told = await change(work, ticket, now)
                    await work.commit()
            except Conflict:
                continue  # an agent, the resident or another process was quicker
            if told is not None:
                self._announce(told.id)
                self._notify()

    async def _wake(self, work: Work, ticket: Ticket, now: datetime) -> None:
        await self._casework.wake(work, ticket.number)

    async def _escalate(self, work: Work, ticket: Ticket, now: datetime) -> None:
        """Raises an overdue ticket; the supervisor hears once of each promise that was broken."""
        broken = broken_promise(ticket, now)
        assert broken is not None, "overdue without a broken promise"
        promise, due = broken
        if ticket.escalated_at is None or ticket.escalated_at < due:
            data = {"promise": promise.value, "priority": ticket.priority.value, "due": due.isoformat()}
            work.alerts.add(AlertKind.TICKET_OVERDUE, ticket.number, now, data)
            broken_one = {"promise": promise.value, "due": due.isoformat()}
            self._journal.log(work, ticket.number, DESK, "overdue", promise.value, broken_one)
            ticket = dataclasses.replace(ticket, escalated_at=now)
        work.tickets.save(dataclasses.replace(ticket, urgency=urgency_of(ticket.priority, overdue=True)))

    async def _relieve(self, work: Work, ticket: Ticket, now: datetime) -> None:
        """An overdue ticket that was answered goes back to its place."""
        work.tickets.save(dataclasses.replace(ticket, urgency=urgency_of(ticket.priority, overdue=False)))

    async def _close(self, work: Work, ticket: Ticket, now: datetime) -> None:
        """A resolved ticket that can no longer be taken up again."""
        self._journal.log(work, ticket.number, DESK, "closed")
        work.tickets.save(dataclasses.replace(ticket, status=TicketStatus.CLOSED, updated_at=now))

    async def _tell_of_delay(self, work: Work, ticket: Ticket, now: datetime) -> Conversation:
        """Says, once a ticket, that the answer takes longer than promised, and until when."""
        conversation = await work.conversations.get(ticket.conversation_id)
        assert conversation is not None, "a ticket without a conversation"
        place = await self._line.place_of(work, ticket, now)
        by = place.expected.latest if place.expected else self._deadlines.answer_by(ticket.priority, now)
        when = formats.moment(by, now, self._phrases, conversation.language)
        self._journal.tell(work, conversation, now, "utter_ticket_delayed", number=ticket.number, when=when)
        self._journal.log(work, ticket.number, DESK, "delay_told", data={"until": by.isoformat()})
        # Saved unchanged: of two processes that would tell, one finds that the ticket has changed.
        work.tickets.save(ticket)
        return conversation
