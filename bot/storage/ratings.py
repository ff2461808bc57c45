"""Ratings as stored: one for each ticket that was asked about."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Optional

import sqlalchemy as sa

from bot.storage.repository import Repository
from bot.storage.tables import ratings as table
from bot.tickets.model import Rating


class Ratings(Repository):
    """What residents thought of how a ticket was handled."""

    async def of(self, number: str) -> Optional[Rating]:
        """The ticket's rating, or None when nobody was asked."""
        rows = await self._work.fetch(sa.select(table).where(table.c.ticket_number == number))
        return Rating(**dict(rows[0]._mapping)) if rows else None

    def ask(self, number: str, now: datetime) -> None:
        """Stages that the resident was asked; `commit` raises Conflict when they were already."""
        self._work.stage_statement(table.insert().values(ticket_number=number, asked_at=now, words=""))

    def save(self, rating: Rating, **changes: Any) -> None:
        """Stages a score, or the words beside it."""
        self._work.stage_statement(
            table.update().where(table.c.ticket_number == rating.ticket_number).values(**changes)
        )
