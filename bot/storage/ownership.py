"""Wrong tries to prove that a payment is one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Callable

import sqlalchemy as sa

from bot.alerts import AlertKind
from bot.storage.tables import ownership_attempts as table

if TYPE_CHECKING:
    from bot.storage.unit_of_work import UnitOfWork

SAME_TRY = "="
"""Before a contact's name: the same try again, under another number of the payment."""


class StoredOwnershipAttempts:
    """Failures by contact and by serial number; each commits at once, in a unit of work of its own."""

    def __init__(self, work: Callable[[], "UnitOfWork"]) -> None:
        self._work = work

    async def record_failure(self, contact_id: str, serial_numbers: Sequence[str], at: datetime) -> None:
        """Remembers a wrong try, whatever becomes of the message that brought it."""
        async with self._work() as work:
            for place, serial_number in enumerate(serial_numbers):
                contact = contact_id if place == 0 else f"{SAME_TRY}{contact_id}"
                work.stage_statement(
                    table.insert().values(contact_id=contact[:64], serial_number=serial_number, at=at)
                )
            await work.commit()

    async def failures_since(
        self, contact_id: str, serial_number: str, since: datetime
    ) -> tuple[list[datetime], list[datetime]]:
        """Moments of wrong tries since then by this contact, and on this serial number, oldest first."""
        by_contact = await self._moments(table.c.contact_id == contact_id, since)
        by_serial = await self._moments(table.c.serial_number == serial_number, since)
        return by_contact, by_serial

    async def breadth_since(self, contact_id: str, serial_number: str, since: datetime) -> tuple[int, int]:
        """At how many numbers this contact failed, and how many contacts failed at this number."""
        numbers = self._different(table.c.serial_number, table.c.contact_id == contact_id, since)
        contacts = self._different(
            sa.func.ltrim(table.c.contact_id, SAME_TRY), table.c.serial_number == serial_number, since
        )
        return await numbers, await contacts

    async def alarm(self, subject: str, since: datetime, at: datetime, data: Mapping[str, str]) -> None:
        """Raises an alert of enumeration, unless there was one for the subject since then."""
        async with self._work() as work:
            if not await work.alerts.is_known(AlertKind.ENUMERATION, subject, since):
                work.alerts.add(AlertKind.ENUMERATION, subject, at, data)
                await work.commit()

    async def _different(self, column: Any, condition: Any, since: datetime) -> int:
        async with self._work() as work:
            rows = await work.fetch(
                sa.select(sa.func.count(sa.distinct(column))).where(condition, table.c.at >= since)
            )
        return int(rows[0][0])

    async def _moments(self, condition: Any, since: datetime) -> list[datetime]:
        async with self._work() as work:
            rows = await work.fetch(
                sa.select(table.c.at).where(condition, table.c.at >= since).order_by(table.c.at)
            )
        return [row.at for row in rows]
