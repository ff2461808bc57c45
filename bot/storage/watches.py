"""Watches as stored: one per conversation and serial number."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Optional

import sqlalchemy as sa

from bot.notifications.model import Watch
from bot.storage.repository import Repository
from bot.storage.tables import watches as table


class Watches(Repository):
    """Promises to tell a conversation when a payment changes."""

    async def find(self, conversation_id: int, serial_number: str) -> Optional[Watch]:
        """The conversation's watch on this payment, active or ended, or None."""
        found = await self._fetch(
            sa.and_(table.c.conversation_id == conversation_id, table.c.serial_number == serial_number)
        )
        return found[0] if found else None

    async def of_conversation(self, conversation_id: int) -> list[Watch]:
        """The conversation's active watches, oldest first."""
        return await self._fetch(sa.and_(table.c.conversation_id == conversation_id, table.c.active))

    async def on(self, serial_number: str) -> list[Watch]:
        """Every active watch on this payment."""
        return await self._fetch(sa.and_(table.c.serial_number == serial_number, table.c.active))

    async def active(self) -> list[Watch]:
        """Every active watch, oldest first."""
        return await self._fetch(table.c.active)

    async def held_until(self, now: datetime) -> list[str]:
        """The serial numbers of active watches whose news was kept back and may be told by now."""
        statement = sa.select(table.c.serial_number).where(table.c.active, table.c.tell_at <= now)
        return [row.serial_number for row in await self._work.fetch(statement.distinct())]

    def add(
        self, conversation_id: int, serial_number: str, state: str, reason: str,
        now: datetime, expires_at: datetime, due_at: Optional[datetime] = None,
    ) -> None:  # fmt: skip
        """Stages a new watch that knows what was last told; `commit` raises Conflict when there is one."""
        self._work.stage_statement(
            table.insert().values(
                conversation_id=conversation_id,
                serial_number=serial_number,
                state=state,
                reason=reason,
                active=True,
                created_at=now,
                expires_at=expires_at,
                due_at=due_at,
            )
        )

    def update(self, watch: Watch, **values: Any) -> None:
        """Stages changes to a watch; `commit` raises Conflict when it was told or ended meanwhile."""
        self._work.stage_change(
            table.update()
            .where(
                table.c.id == watch.id,
                table.c.state == watch.state,
                table.c.reason == watch.reason,
                table.c.active == watch.active,
                _same(table.c.reminded_at, watch.reminded_at),
            )
            .values(**values),
            f"watch {watch.id}",
        )

    async def _fetch(self, condition: Any) -> list[Watch]:
        rows = await self._work.fetch(sa.select(table).where(condition).order_by(table.c.id))
        return [Watch(**dict(row._mapping)) for row in rows]


def _same(column: Any, moment: Optional[datetime]) -> Any:
    return column.is_(None) if moment is None else column == moment
