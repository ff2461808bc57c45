"""A clock that is put forward by hand."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.clock import SHANGHAI

MONDAY_TEN = datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)
"""In working hours."""


class FixedClock:
    """Tells the same time until it is moved."""

    def __init__(self, at: datetime = MONDAY_TEN) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        """Puts the clock forward, as in `move(minutes=5)`."""
        self.at += timedelta(**by)
