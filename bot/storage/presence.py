"""Who is at which ticket, as stored, so that agents on different processes see each other."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Optional

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.console.presence import HERE_FOR, TYPING_FOR, Present
from bot.messages import Contact
from bot.storage.repository import Repository
from bot.storage.tables import conversations, tickets
from bot.storage.tables import presence as table
from bot.storage.upsert import upsert

FORGOTTEN_AFTER = timedelta(hours=1)


class Presence(Repository):
    """Signs of life; one that is not repeated stops counting by itself."""

    async def with_resident(self, conversation_id: int, now: datetime) -> list[Present]:
        """Who is at any ticket of a conversation, by name."""
        rows = await self._work.fetch(
            sa.select(table)
            .join(tickets, tickets.c.number == table.c.ticket_number)
            .where(tickets.c.conversation_id == conversation_id, table.c.seen_at > now - HERE_FOR)
            .order_by(table.c.agent, table.c.ticket_number)
        )
        return [
            Present(row.agent, row.ticket_number, bool(row.typing_at and row.typing_at > now - TYPING_FOR))
            for row in rows
        ]

    async def writes_to(self, contact: Contact, now: datetime) -> bool:
        """True while an agent writes to a contact."""
        rows = await self._work.fetch(
            sa.select(table.c.agent)
            .join(tickets, tickets.c.number == table.c.ticket_number)
            .join(conversations, conversations.c.id == tickets.c.conversation_id)
            .where(
                conversations.c.channel == contact.channel,
                conversations.c.user_id == contact.user_id,
                table.c.typing_at > now - TYPING_FOR,
            )
            .limit(1)
        )
        return bool(rows)

    def seen(self, number: str, agent: str, now: datetime) -> None:
        """Stages that an agent has the ticket's page open."""
        self._keep(number, agent, seen_at=now)
        self._work.stage_statement(table.delete().where(table.c.seen_at < now - FORGOTTEN_AFTER))

    def typing(self, number: str, agent: str, now: datetime, since: Optional[datetime]) -> None:
        """Stages that an agent writes to the resident (`since` now), or no longer does (None)."""
        self._keep(number, agent, seen_at=now, typing_at=since)

    def gone(self, number: str, agent: str) -> None:
        """Stages that an agent left the ticket's page."""
        mine = sa.and_(table.c.ticket_number == number, table.c.agent == agent)
        self._work.stage_statement(table.delete().where(mine))

    def _keep(self, number: str, agent: str, **values: Any) -> None:
        def write(connection: Connection) -> None:
            upsert(connection, table, {"ticket_number": number, "agent": agent}, values)

        self._work.stage(write)
