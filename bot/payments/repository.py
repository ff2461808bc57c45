"""What the payments room needs remembered: wrong tries at proving ownership."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol


class OwnershipAttempts(Protocol):
    """Wrong tries, counted per contact and per serial number; the digits tried are never stored."""

    async def record_failure(self, contact_id: str, serial_numbers: Sequence[str], at: datetime) -> None:
        """Remember a wrong try at a payment under all its names, durably: it outlives a rollback.

        It is one try for the contact, whose number is the first, and one for each name.
        """

    async def failures_since(
        self, contact_id: str, serial_number: str, since: datetime
    ) -> tuple[Sequence[datetime], Sequence[datetime]]:
        """Moments of wrong tries from `since` on: by this contact, and on this number; oldest first."""

    async def breadth_since(self, contact_id: str, serial_number: str, since: datetime) -> tuple[int, int]:
        """At how many numbers this contact failed, and how many contacts failed at this number."""

    async def alarm(self, subject: str, since: datetime, at: datetime, data: Mapping[str, str]) -> None:
        """Bring somebody who tries numbers, or a number that is tried, to a supervisor, once from `since`."""
