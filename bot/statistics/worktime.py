"""How much working time lies between two moments."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from bot.clock import SHANGHAI
from bot.payments.calendar import is_working_day

EPOCH = date(2020, 1, 1)
ONE_DAY = timedelta(days=1)


class WorkTime:
    """Measures in the desk's open hours (+08:00), on China's working days."""

    def __init__(self, opens: time, closes: time) -> None:
        self._opens = _minutes(opens)
        self._closes = _minutes(closes)

    def minutes(self, start: datetime, end: datetime) -> float:
        """Working minutes from `start` to `end`; 0 when that is not later."""
        return max(0.0, self._passed(end) - self._passed(start))

    def _passed(self, moment: datetime) -> float:
        """Working minutes since the epoch."""
        local = moment.astimezone(SHANGHAI)
        day = local.date()
        passed = working_days_before(day) * (self._closes - self._opens)
        if not is_working_day(day)[0]:
            return passed
        since = local.hour * 60 + local.minute + local.second / 60 + local.microsecond / 60e6
        return passed + min(max(since, self._opens), self._closes) - self._opens


@lru_cache(maxsize=4096)
def working_days_before(day: date) -> int:
    """How many working days lie between the epoch and a day."""
    # By months, so that a day far from any that was asked for does not recurse through all between.
    first = day.replace(day=1)
    start = first if day != first else (first - ONE_DAY).replace(day=1)
    if start < EPOCH:
        return -sum(is_working_day(day + n * ONE_DAY)[0] for n in range((EPOCH - day).days))
    here = sum(is_working_day(start + n * ONE_DAY)[0] for n in range((day - start).days))
    return here + (working_days_before(start) if start > EPOCH else 0)


def _minutes(at: time) -> float:
    return at.hour * 60 + at.minute + at.second / 60
