"""`python -m bot statistics` on a database of its own."""

from __future__ import annotations

import argparse
from datetime import timedelta
from pathlib import Path

import pytest

from bot.settings import Settings
from bot.statistics.commands import statistics
from bot.statistics.model import Days
from bot.statistics.report import TABLES, report_of
from bot.statistics.service import StatisticsService
from tests.fakes.house import FakeHouse


def asked(**values: str) -> argparse.Namespace:
    usual = {"first": "", "last": "", "format": "table", "table": "summary", "language": "zh"}
    return argparse.Namespace(**{**usual, **values})


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=database_url, data_dir=tmp_path)


async def test_the_last_seven_days_are_printed_for_reading(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await statistics(settings, asked()) == 0
    printed = capsys.readouterr().out
    assert "机器人独立完成率" in printed
    assert "还没有数据" in printed


async def test_a_table_is_printed_as_a_file(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = asked(first="2026-11-01", last="2026-11-02", format="csv", table="days", language="en")
    assert await statistics(settings, wanted) == 0
    assert capsys.readouterr().out.splitlines() == [
        "\ufeffDay,Messages,Sessions,Handed off,Opened,Resolved",
        "2026-11-01,0,0,0,0,0",
        "2026-11-02,0,0,0,0,0",
    ]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"first": "2026-11-02", "last": "2026-11-01"}, "开始日期不能晚于结束日期。"),
        ({"first": "yesterday"}, "日期请写成"),
        ({"table": "nothing"}, "no table nothing; there are: summary days"),
    ],
)
async def test_what_cannot_be_read_is_explained(
    settings: Settings, capsys: pytest.CaptureFixture[str], wanted: dict[str, str], said: str
) -> None:
    assert await statistics(settings, asked(**wanted)) == 2
    assert said in capsys.readouterr().err


async def test_every_table_has_its_name(house: FakeHouse) -> None:
    service = StatisticsService(house.work, house.clock, house.hours, timedelta(hours=1))
    report = report_of(await service.figures(Days.until(service.today(), 1)))
    assert tuple(table.name for table in report.tables) == TABLES
