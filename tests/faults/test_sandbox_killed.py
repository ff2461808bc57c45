"""A bureau's own system, killed while it works through a day's files."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.sandbox.generator.day import Day
from bot.sandbox.generator.files import DayFiles
from bot.sandbox.rehearsal import rehearse

pytestmark = pytest.mark.faults

DAY = date(2026, 11, 10)


@pytest.mark.timeout(600)
def test_no_file_is_lost_or_counted_twice_however_often_it_is_killed(tmp_path: Path) -> None:
    DayFiles(tmp_path / "day").write(Day(DAY, 3), 5_000)
    url = f"sqlite:///{tmp_path}/books.db"
    rehearsed = rehearse(tmp_path / "day", DAY, url, tmp_path / "work", kills=4, seed=3)
    assert rehearsed.kills >= 3
    assert len(rehearsed.ledger.arrivals) == rehearsed.files
    assert rehearsed.conserved
    assert rehearsed.score.precision == 1.0
    assert rehearsed.good
