"""Wrong tries to prove that a payment is one's own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.storage.repository import Repository
from bot.storage.tables import ownership_attempts as table


class Ownership(Repository):
    """Failures by contact and by serial number, for the limits of rule 5."""

    async def record_failure(self, contact_id: str, serial_number: str, at: datetime) -> None:
        """Keeps one wrong try at once: a limit must count even what is rolled back later."""
        async with type(self._work)(self._work._engine) as work:
            work.stage_statement(
                table.insert().values(contact_id=contact_id, serial_number=serial_number, at=at)
            )
            await work.commit()

    async def failures_since(
        self, contact_id: str, serial_number: str, since: datetime
    ) -> tuple[list[datetime], list[datetime]]:
        """Moments of wrong tries since then, by this contact and on this serial number, oldest first."""
        by_contact = await self._moments(table.c.contact_id == contact_id, since)
        by_serial = await self._moments(table.c.serial_number == serial_number, since)
        return by_contact, by_serial

    async def _moments(self, condition: Any, since: datetime) -> list[datetime]:
        rows = await self._work.fetch(
            sa.select(table.c.at).where(condition, table.c.at >= since).order_by(table.c.at)
        )
        return [row.at for row in rows]


