"""Working hours: weekends, National Day, make-up days, and promises across closing time."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone

import pytest

from bot.clock import SHANGHAI
from bot.tickets.hours import WorkingHours, rounded

HOURS = WorkingHours(time(9), time(17, 30))


def at(month: int, day: int, hour: int = 10, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (at(11, 23, 9), True),
        (at(11, 23, 8, 59), False),
        (at(11, 23, 17, 29), True),
        (at(11, 23, 17, 30), False),
        (at(11, 21), False),  # Saturday
        (at(11, 22), False),  # Sunday
        (at(10, 1), False),  # National Day, a Thursday
        (at(10, 10), True),  # a Saturday made up for National Day
        (at(9, 20), True),  # a Sunday made up for it
        (datetime(2026, 11, 23, 2, 0, tzinfo=timezone.utc), True),  # 10:00 in Shanghai
        (datetime(2026, 11, 23, 10, 0, tzinfo=timezone.utc), False),
    ],
)
def test_agents_work_on_chinas_working_days(moment: datetime, is_open: bool) -> None:
    assert HOURS.is_open(moment) is is_open


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        (at(11, 23, 10), at(11, 23, 10)),
        (at(11, 23, 6), at(11, 23, 9)),
        (at(11, 23, 17, 30), at(11, 24, 9)),
        (at(11, 20, 20), at(11, 23, 9)),  # over the weekend
        (at(11, 21, 6), at(11, 23, 9)),  # Saturday morning
        (at(9, 30, 18), at(10, 8, 9)),  # over National Day
        (at(10, 9, 18), at(10, 10, 9)),  # Friday evening before a made-up Saturday
    ],
)
def test_the_next_opening_skips_weekends_and_holidays(moment: datetime, opening: datetime) -> None:
    assert HOURS.next_opening(moment) == opening


@pytest.mark.parametrize(
    ("moment", "hours", "due"),
    [
        (at(11, 23, 10), 2, at(11, 23, 12)),
        (at(11, 23, 15, 30), 2, at(11, 23, 17, 30)),
        (at(11, 23, 16, 30), 2, at(11, 24, 10)),
        (at(11, 20, 17), 2, at(11, 23, 10, 30)),  # Friday evening to Monday
        (at(11, 22, 12), 2, at(11, 23, 11)),
        (at(9, 30, 17), 2, at(10, 8, 10, 30)),  # over National Day
        (at(10, 9, 17), 2, at(10, 10, 10, 30)),  # into a made-up Saturday
        (at(11, 23, 9), 17, at(11, 24, 17, 30)),  # two whole days
        (at(11, 23, 9), 18, at(11, 25, 10)),
    ],
)
def test_a_promise_counts_open_hours_only(moment: datetime, hours: float, due: datetime) -> None:
    assert HOURS.after(moment, timedelta(hours=hours)) == due


def test_a_year_without_a_published_calendar_has_plain_weekdays() -> None:
    assert HOURS.is_open(at(10, 4, year=2034))
    assert not HOURS.is_open(at(10, 7, year=2034))


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        (at(11, 23, 10), at(11, 23, 12), 2),
        (at(11, 23, 8), at(11, 23, 10), 1),
        (at(11, 23, 16, 30), at(11, 24, 10), 2),
        (at(11, 20, 17), at(11, 23, 9, 30), 1),  # over a weekend
        (at(11, 21, 9), at(11, 22, 18), 0),
        (at(9, 30, 17), at(10, 8, 10, 30), 2),  # over National Day
        (at(10, 9, 17), at(10, 10, 10, 30), 2),  # into a made-up Saturday
        (at(11, 23, 12), at(11, 23, 10), 0),  # the wrong way round
        (at(11, 23, 9), at(11, 25, 9), 17),
    ],
)
def test_working_time_between_two_moments(start: datetime, end: datetime, hours: float) -> None:
    assert HOURS.between(start, end) == timedelta(hours=hours)


def test_a_working_day_is_as_long_as_the_desk_is_open() -> None:
    assert HOURS.day == timedelta(hours=8, minutes=30)


def test_moments_are_said_in_full_five_minutes() -> None:
    assert rounded(at(11, 23, 10, 1)) == at(11, 23, 10, 5)
    assert rounded(at(11, 23, 10, 4), down=True) == at(11, 23, 10, 0)
    assert rounded(at(11, 23, 10, 5) + timedelta(seconds=59)) == at(11, 23, 10, 5)
