"""The sandbox's own time: the wall clock, moved forward on demand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8))
MAX_ADVANCE_SECONDS = 366 * 24 * 3600


def wall_clock() -> datetime:
    """The machine's time in Shanghai, to the second."""
    return datetime.now(SHANGHAI).replace(microsecond=0)


def clock_from(begin: datetime | None) -> SandboxClock:
    """Real time; or time that flows from `begin` on, for rehearsals."""
    if begin is None:
        return SandboxClock()
    shift = begin - wall_clock()
    return SandboxClock(lambda: wall_clock() + shift)


class SandboxClock:
    """Time that flows with `source` and can be moved forward, never back, until it is reset."""

    def __init__(self, source: Callable[[], datetime] = wall_clock) -> None:
        self._source = source
        self._ahead = timedelta()

    @property
    def ahead(self) -> timedelta:
        """How far this clock was moved ahead of its source."""
        return self._ahead

    def now(self) -> datetime:
        """The sandbox's present, +08:00."""
        return self._source().astimezone(SHANGHAI) + self._ahead

    def advance(self, seconds: int) -> None:
        """Move forward by `seconds`; ValueError when negative or when more than a year ahead in all."""
        total = int(self._ahead.total_seconds()) + seconds
        if seconds < 0 or total > MAX_ADVANCE_SECONDS:
            raise ValueError(f"the clock moves forward, at most {MAX_ADVANCE_SECONDS} seconds in all")
        self._ahead = timedelta(seconds=total)

    def reset(self) -> None:
        """Return to the source's time."""
        self._ahead = timedelta()
