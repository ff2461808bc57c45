"""Days, tallies, shares and spreads."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidInput
from bot.statistics.model import Days, Share, Spread, Tally, bucket, day_of

TODAY = date(2026, 11, 24)


def test_days_are_whole_days_of_shanghai() -> None:
    days = Days.read("2026-11-23", "2026-11-24", TODAY)
    assert days.start.isoformat() == "2026-11-23T00:00:00+08:00"
    assert days.end.isoformat() == "2026-11-25T00:00:00+08:00"
    assert list(days) == [date(2026, 11, 23), date(2026, 11, 24)]
    assert days.before == Days(date(2026, 11, 21), date(2026, 11, 22))


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        ("2026-11-24", "2026-11-23", "days_reversed"),
        ("2026-11-24", "2026-11-25", "days_ahead"),
        ("2024-11-01", "2026-11-24", "too_many_days"),
        ("", "2026-11-24", "bad_day"),
        ("2026-02-30", "2026-11-24", "bad_day"),
        ("20261124", "2026-11-24", "bad_day"),
        ("2026-W47-2", "2026-11-24", "bad_day"),
    ],
)
def test_days_that_make_no_sense_are_refused_by_name(first: str, last: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Days.read(first, last, TODAY)
    assert refused.value.code == code


def test_a_moment_belongs_to_its_day_in_shanghai() -> None:
    assert day_of(datetime(2026, 11, 23, 16, 0, tzinfo=timezone.utc)) == date(2026, 11, 24)


def test_tallies_add_up_by_path() -> None:
    one, other = Tally(), Tally({"messages/channel/web": 2})
    one.add("messages", "channel", "web")
    one.add("messages", "channel", "telegram", by=3)
    one.add("messages", "when", 0, 9)
    one.add("nothing", by=0)
    one.include(other)
    assert one.under("messages", "channel") == {"web": 3, "telegram": 3}
    assert one.under("messages") == {}
    assert one.names("messages") == ["channel", "when"]
    assert one.of("nothing") == 0
    assert "nothing" not in one.counts


def test_the_share_of_nothing_is_unknown() -> None:
    assert Share(0, 0).rate is None
    assert Share(1, 4).rate == 0.25


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=50))
def test_a_quantile_is_the_bucket_of_the_value_at_that_place(minutes: list[int]) -> None:
    buckets: dict[int, int] = {}
    for one in minutes:
        buckets[bucket(one)] = buckets.get(bucket(one), 0) + 1
    ordered = sorted(minutes)
    for percent in (10, 50, 90, 100):
        place = -(-percent * len(ordered) // 100) - 1
        assert Spread(buckets).quantile(percent / 100) == bucket(ordered[place])


def test_nothing_measured_has_no_quantile() -> None:
    assert Spread({}).quantile(0.5) is None


@pytest.mark.parametrize(
    ("minutes", "lower"), [(0, 0), (59.9, 59), (62, 60), (509, 505), (511, 510), (545, 540)]
)
def test_buckets_grow_with_the_duration(minutes: float, lower: int) -> None:
    assert bucket(minutes) == lower
