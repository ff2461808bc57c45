"""China's working days, with make-up days; plain weekdays for years nobody has announced yet."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache

import chinese_calendar

from bot.sandbox.clock import SHANGHAI


@lru_cache(maxsize=1024)
def is_working_day(day: date) -> bool:
    """Whether offices work on `day`."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def on_or_after(day: date) -> date:
    """The first working day from `day` on."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def working_days_after(day: date, count: int) -> date:
    """The `count`-th working day after `day`."""
    for _ in range(count):
        day = on_or_after(day + timedelta(days=1))
    return day


def working_days_before(day: date, count: int) -> date:
    """The `count`-th working day before `day`."""
    for _ in range(count):
        day -= timedelta(days=1)
        while not is_working_day(day):
            day -= timedelta(days=1)
    return day


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """`day` at this time in Shanghai."""
    return datetime.combine(day, time(hour, minute), SHANGHAI)
