"""What the payments room needs remembered: wrong tries at proving ownership."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class OwnershipAttempts(Protocol):
    """Wrong tries, counted per contact and per serial number; the digits tried are never stored."""

    async def record_failure(self, contact_id: str, serial_number: str, at: datetime) -> None:
        """Remember a wrong try, durably: it outlives a rollback of the caller's transaction."""

    async def failures_since(
        self, contact_id: str, serial_number: str, since: datetime
    ) -> tuple[Sequence[datetime], Sequence[datetime]]:
        """Moments of wrong tries from `since` on: by this contact, and on this number; oldest first."""
