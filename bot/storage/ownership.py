"""Wrong tries to prove that a payment is one's own."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Callable

import sqlalchemy as sa

from bot.storage.tables import ownership_attempts as table

if TYPE_CHECKING:
    from bot.storage.unit_of_work import UnitOfWork


class StoredOwnershipAttempts:
    """Failures by contact and by serial number; each commits at once, in a unit of work of its own."""

    def __init__(self, work: Callable[[], "UnitOfWork"]) -> None:
        self._work = work

    async def record_failure(self, contact_id: str, serial_number: str, at: datetime) -> None:
        """Remembers a wrong try, whatever becomes of the message that brought it."""
        async with self._work() as work:
            work.stage_statement(
                table.insert().values(contact_id=contact_id, serial_number=serial_number, at=at)
            )
            await work.commit()

    async def failures_since(
        self, contact_id: str, serial_number: str, since: datetime
    ) -> tuple[list[datetime], list[datetime]]:
        """Moments of wrong tries since then by this contact, and on this serial number, oldest first."""
        by_contact = await self._moments(table.c.contact_id == contact_id, since)
        by_serial = await self._moments(table.c.serial_number == serial_number, since)
        return by_contact, by_serial

    async def _moments(self, condition: Any, since: datetime) -> list[datetime]:
        async with self._work() as work:
            rows = await work.fetch(
                sa.select(table.c.at).where(condition, table.c.at >= since).order_by(table.c.at)
            )
        return [row.at for row in rows]
