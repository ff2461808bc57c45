"""How far each agent has read each ticket's conversation, as stored."""

from __future__ import annotations

from typing import Any, Iterable, Tuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.messages import Author
from bot.storage.repository import Repository
from bot.storage.tables import conversations, messages, ticket_notes, tickets
from bot.storage.tables import ticket_reads as table
from bot.storage.upsert import upsert

Pulse = Tuple[Any, ...]
"""Two that are equal belong to pages that show the same."""


class Reads(Repository):
    """The last line that an agent has seen, by ticket; unread is what the resident wrote after it."""

    async def unread(self, agent: str, numbers: Iterable[str]) -> dict[str, int]:
        """How many of the resident's lines an agent has not seen, by ticket; 0 is left out."""
        seen = sa.func.coalesce(table.c.line_id, 0)
        rows = await self._work.fetch(
            sa.select(tickets.c.number, sa.func.count(messages.c.id))
            .select_from(tickets)
            .outerjoin(table, sa.and_(table.c.ticket_number == tickets.c.number, table.c.agent == agent))
            .join(
                messages,
                sa.and_(messages.c.conversation_id == tickets.c.conversation_id, messages.c.id > seen),
            )
            .where(tickets.c.number.in_(list(numbers)), messages.c.author == Author.RESIDENT.value)
            .group_by(tickets.c.number)
        )
        return {row[0]: int(row[1]) for row in rows}

    async def last_seen(self, agent: str, number: str) -> int:
        """The last line of a ticket's conversation that an agent has seen; 0 before the first look."""
        rows = await self._work.fetch(
            sa.select(table.c.line_id).where(table.c.ticket_number == number, table.c.agent == agent)
        )
        return int(rows[0].line_id) if rows else 0

    async def pulse(self, number: str) -> Pulse:
        """What tells whether a ticket's page is still what it was."""
        of_ticket = tickets.c.number == number
        last_line = (
            sa.select(sa.func.max(messages.c.id))
            .where(messages.c.conversation_id == tickets.c.conversation_id)
            .scalar_subquery()
        )
        last_entry = (
            sa.select(sa.func.max(ticket_notes.c.id))
            .where(ticket_notes.c.ticket_number == tickets.c.number)
            .scalar_subquery()
        )
        rows = await self._work.fetch(
            sa.select(tickets.c.version, conversations.c.status, last_line, last_entry)
            .join(conversations, conversations.c.id == tickets.c.conversation_id)
            .where(of_ticket)
        )
        return tuple(rows[0]) if rows else ()

    def mark(self, agent: str, number: str, line_id: int) -> None:
        """Stages that an agent has seen everything up to a line; it never goes back."""

        def write(connection: Connection) -> None:
            key = {"ticket_number": number, "agent": agent}
            upsert(connection, table, key, {"line_id": line_id}, only=_is_newer)

        self._work.stage(write)


def _is_newer(row: Any) -> Any:
    return table.c.line_id < row.line_id
