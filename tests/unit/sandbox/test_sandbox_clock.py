"""The sandbox clock."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from bot.sandbox.clock import MAX_ADVANCE_SECONDS, SHANGHAI, SandboxClock, wall_clock

NOON_UTC = datetime(2026, 11, 24, 12, 0, tzinfo=timezone.utc)


def test_it_tells_its_sources_time_in_shanghai() -> None:
    assert SandboxClock(lambda: NOON_UTC).now().isoformat() == "2026-11-24T20:00:00+08:00"


def test_it_follows_the_wall_clock_by_default() -> None:
    assert abs(SandboxClock().now() - wall_clock()) <= timedelta(seconds=2)
    assert wall_clock().tzinfo is SHANGHAI


def test_advances_add_up_until_a_reset() -> None:
    clock = SandboxClock(lambda: NOON_UTC)
    clock.advance(60)
    clock.advance(3600)
    assert clock.now() - NOON_UTC == timedelta(seconds=3660)
    clock.reset()
    assert clock.now() == NOON_UTC


def test_it_never_goes_back() -> None:
    with pytest.raises(ValueError):
        SandboxClock().advance(-1)


def test_it_refuses_to_be_more_than_a_year_ahead() -> None:
    clock = SandboxClock()
    clock.advance(MAX_ADVANCE_SECONDS)
    with pytest.raises(ValueError):
        clock.advance(1)
