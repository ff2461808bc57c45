"""The hours of the night in which nobody's phone should ring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Optional

from bot.clock import SHANGHAI


@dataclass(frozen=True)
class QuietHours:
    """From `start` to `end` (+08:00), over midnight when `end` is earlier; none when both are the same."""

    start: time = time(0)
    end: time = time(0)

    def ends_at(self, now: datetime) -> Optional[datetime]:
        """When the quiet hours that `now` lies in are over; None outside them."""
        local = now.astimezone(SHANGHAI)
        today = datetime.combine(local.date(), self.end, tzinfo=SHANGHAI)
        over_midnight = self.end < self.start
        if over_midnight and local.time() >= self.start:
            return today + timedelta(days=1)
        begun = over_midnight or local.time() >= self.start
        return today if begun and local.time() < self.end else None


NEVER_QUIET = QuietHours()
