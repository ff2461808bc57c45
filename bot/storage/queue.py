"""Tickets in the order in which agents get to them, and what the clock does to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, List

import sqlalchemy as sa

from bot.messages import ConversationStatus
from bot.storage.repository import Repository
from bot.storage.tables import conversations
from bot.storage.tables import ticket_notes as notes
from bot.storage.tables import tickets as table
from bot.storage.tables.tickets import AMOUNT_UNASKED
from bot.storage.tickets import LIVE_STATUSES, ticket_of
from bot.tickets.model import Priority, Ticket, TicketStatus, Wait
from bot.tickets.priority import OVERDUE_RAISES

BY_ITSELF = ("bot", "desk", "resident")
"""Actors that are no agents."""
OTHER_SYSTEMS = "api:%"
TAKEN_UP_AGAIN = ("back_in_line", "called_again", "reopened")
DELAY_TOLD = "delay_told"

_awaits_answer = sa.and_(table.c.status.in_(LIVE_STATUSES), table.c.first_replied_at.is_(None))


class Queue(Repository):
    """The line of those who wait, and the tickets that the sweeper has to look at."""

    async def ahead_of(self, ticket: Ticket, now: datetime) -> int:
        """How many other people wait for an answer and come first: more urgent, or promised it earlier."""
        earlier = sa.or_(
            table.c.due_at < ticket.due_at,
            sa.and_(table.c.due_at == ticket.due_at, table.c.created_at < ticket.created_at),
        )
        statement = sa.select(sa.func.count(table.c.conversation_id.distinct())).where(
            _awaits_answer,
            table.c.conversation_id != ticket.conversation_id,
            sa.or_(table.c.snoozed_until.is_(None), table.c.snoozed_until <= now),
            sa.or_(table.c.urgency > ticket.urgency, sa.and_(table.c.urgency == ticket.urgency, earlier)),
        )
        return int((await self._work.fetch(statement))[0][0])

    async def recent_waits(self, since: datetime, limit: int) -> List[Wait]:
        """The waits for a first answer that ended after `since`, the latest first.

        A case that was taken up again did not wait all that time.
        """
        again = _noted(notes.c.action.in_(TAKEN_UP_AGAIN))
        rows = await self._work.fetch(
            sa.select(table.c.priority, table.c.created_at, table.c.first_replied_at, table.c.assignee)
            .where(sa.and_(table.c.first_replied_at > since, ~again))
            .order_by(table.c.first_replied_at.desc())
            .limit(limit)
        )
        return [Wait(Priority(r.priority), r.created_at, r.first_replied_at, r.assignee or "") for r in rows]

    async def agents_at_work(self, since: datetime) -> int:
        """How many agents have done something with a ticket after `since`."""
        statement = sa.select(sa.func.count(notes.c.actor.distinct())).where(
            notes.c.at > since, notes.c.actor.notin_(BY_ITSELF), notes.c.actor.notlike(OTHER_SYSTEMS)
        )
        return int((await self._work.fetch(statement))[0][0])

    async def newly_overdue(self, now: datetime, limit: int = 100) -> List[Ticket]:
        """Live tickets with a broken promise that was not noticed yet, the oldest promise first."""
        answer = sa.and_(_awaits_answer, table.c.due_at < now)
        reply = table.c.reply_by < now
        resolution = table.c.resolve_by < now
        unnoticed = sa.or_(
            table.c.escalated_at.is_(None),
            table.c.urgency < OVERDUE_RAISES,
            sa.and_(answer, table.c.escalated_at < table.c.due_at),
            sa.and_(reply, table.c.escalated_at < table.c.reply_by),
            sa.and_(resolution, table.c.escalated_at < table.c.resolve_by),
        )
        return await self._live(
            sa.or_(answer, reply, resolution), unnoticed, order=table.c.due_at, limit=limit
        )

    async def overdue_no_more(self, now: datetime, limit: int = 100) -> List[Ticket]:
        """Live tickets that are raised though they keep all their promises again."""
        keeps_answer = sa.or_(~_awaits_answer, table.c.due_at >= now)
        keeps_reply = sa.or_(table.c.reply_by.is_(None), table.c.reply_by >= now)
        keeps_resolution = sa.or_(table.c.resolve_by.is_(None), table.c.resolve_by >= now)
        return await self._live(
            table.c.urgency >= OVERDUE_RAISES,
            keeps_answer,
            keeps_reply,
            keeps_resolution,
            order=table.c.due_at,
            limit=limit,
        )

    async def untold_delays(self, now: datetime, limit: int = 100) -> List[Ticket]:
        """Tickets without any answer at the promised time, whose resident can be told so and was not yet."""
        can_be_told = sa.exists().where(
            sa.and_(
                conversations.c.id == table.c.conversation_id,
                conversations.c.reachable,
                conversations.c.status != ConversationStatus.WITH_AGENT.value,
            )
        )
        untold = ~_noted(notes.c.action == DELAY_TOLD)
        late = sa.and_(_awaits_answer, table.c.due_at < now)
        return await self._live(late, can_be_told, untold, order=table.c.due_at, limit=limit)

    async def amount_unasked(self, limit: int = 50) -> List[Ticket]:
        """Live tickets about a payment whose amount the reconciliation system was not asked for, newest
        first."""
        return await self._found(
            sa.select(table).where(AMOUNT_UNASKED).order_by(table.c.created_at.desc()).limit(limit)
        )

    async def resolved_before(self, moment: datetime, limit: int = 100) -> List[Ticket]:
        """Resolved tickets that nobody took up again since."""
        return await self._found(
            sa.select(table)
            .where(table.c.status == TicketStatus.RESOLVED.value, table.c.resolved_at < moment)
            .order_by(table.c.resolved_at)
            .limit(limit)
        )

    async def _live(self, *conditions: Any, order: Any, limit: int) -> List[Ticket]:
        return await self._found(
            sa.select(table)
            .where(table.c.status.in_(LIVE_STATUSES), *conditions)
            .order_by(order, table.c.created_at)
            .limit(limit)
        )

    async def _found(self, statement: Any) -> List[Ticket]:
        return [ticket_of(row) for row in await self._work.fetch(statement)]


def _noted(action: Any) -> Any:
    """True for a ticket whose log has such an entry."""
    return sa.exists().where(sa.and_(notes.c.ticket_number == table.c.number, action))
