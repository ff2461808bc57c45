"""Quiet hours: when they end, in Shanghai, over midnight and within a day."""

from __future__ import annotations

from datetime import datetime, time, timezone

import pytest

from bot.clock import SHANGHAI
from bot.notifications.quiet import NEVER_QUIET, QuietHours

NIGHT = QuietHours(time(21), time(8))
NOON = QuietHours(time(12), time(14))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("hours", "now", "ends"),
    [
        (NIGHT, at(23, 21), at(24, 8)),
        (NIGHT, at(23, 23, 59), at(24, 8)),
        (NIGHT, at(24, 0), at(24, 8)),
        (NIGHT, at(24, 7, 59), at(24, 8)),
        (NIGHT, at(24, 8), None),
        (NIGHT, at(24, 20, 59), None),
        (NOON, at(23, 11, 59), None),
        (NOON, at(23, 12), at(23, 14)),
        (NOON, at(23, 14), None),
        (NEVER_QUIET, at(23, 0), None),
        (NEVER_QUIET, at(23, 3), None),
    ],
)
def test_quiet_hours_end_in_the_morning(hours: QuietHours, now: datetime, ends: datetime | None) -> None:
    assert hours.ends_at(now) == ends


def test_they_are_told_by_the_clock_of_shanghai() -> None:
    assert NIGHT.ends_at(datetime(2026, 11, 23, 14, 0, tzinfo=timezone.utc)) == at(24, 8)
