"""Until when a ticket may be put aside."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from bot.clock import SHANGHAI
from bot.console.snoozing import chosen_moment, presets
from bot.errors import InvalidInput

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)


def at(day: int, hour: int, month: int = 11, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


def test_on_a_workday_tomorrow_is_the_next_one_and_is_offered_once() -> None:
    assert presets(MONDAY) == {"hour": at(23, 11), "working_day": at(24, 9)}


def test_before_a_weekend_both_are_offered() -> None:
    assert presets(at(27, 16)) == {"hour": at(27, 17), "tomorrow": at(28, 9), "working_day": at(30, 9)}


def test_holidays_and_make_up_days_count_as_they_are() -> None:
    before_national_day = at(30, 16, month=9)
    assert presets(before_national_day)["working_day"] == at(8, 9, month=10)


def test_days_are_shanghais() -> None:
    late = datetime(2026, 11, 23, 17, 0, tzinfo=timezone.utc)  # one in the morning of the 24th
    assert presets(late)["working_day"] == at(25, 9)


def test_an_own_moment_is_shanghais() -> None:
    assert chosen_moment("own", "2026-11-25T14:30", MONDAY) == at(25, 14, minute=30)


@pytest.mark.parametrize(
    ("choice", "own"), [("", ""), ("own", ""), ("own", "morgen"), ("tomorrow", ""), ("x", "y")]
)
def test_what_names_no_moment_is_refused(choice: str, own: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        chosen_moment(choice, own, MONDAY)
    assert refused.value.code == "bad_moment"
