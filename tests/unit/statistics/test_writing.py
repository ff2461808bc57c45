"""Values as people and spreadsheets read them."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timezone
from pathlib import Path

import pytest

from bot.channels.words import load_words
from bot.spreadsheet import BYTE_ORDER_MARK
from bot.statistics.model import Share
from bot.statistics.report import Column, Kind, Measure, Table, Value
from bot.statistics.writing import Writer

WORDS = load_words(Path("bot/console/words"))
ZH, EN = Writer(WORDS["zh"], {"wang": "王敏"}), Writer(WORDS["en"])


def csv_rows(text: str) -> list[list[str]]:
    assert text.startswith(BYTE_ORDER_MARK)
    return list(csv.reader(io.StringIO(text[1:])))


@pytest.mark.parametrize(
    ("value", "kind", "written"),
    [
        (None, Kind.COUNT, "—"),
        (12345, Kind.COUNT, "12,345"),
        (Share(1, 3), Kind.SHARE, "33.3% (1/3)"),
        (Share(0, 0), Kind.SHARE, "—"),
        (0, Kind.MINUTES, "0 分钟"),
        (65, Kind.MINUTES, "1 小时 5 分"),
        (120, Kind.MINUTES, "2 小时"),
        (690, Kind.MINUTES, "11.5 小时"),
        (3.666, Kind.SCORE, "3.67"),
        (date(2026, 11, 23), Kind.DAY, "2026-11-23"),
        (datetime(2026, 11, 23, 16, 5, tzinfo=timezone.utc), Kind.MOMENT, "2026-11-24 00:05"),
    ],
)
def test_values_are_written_for_people(value: Value, kind: Kind, written: str) -> None:
    assert ZH.value(value, kind) == written


def test_named_values_have_words_and_agents_their_names() -> None:
    assert ZH.cell(Column("reasons", Kind.NAMED, "reason"), "complaint") == "投诉"
    assert ZH.cell(Column("agent", Kind.NAMED, "agent"), "wang") == "王敏"
    assert ZH.cell(Column("agent", Kind.NAMED, "agent"), "gone") == "gone"


@pytest.mark.parametrize(
    ("measure", "difference"),
    [
        (Measure("contained", Kind.SHARE, Share(8, 10), Share(7, 10)), "+10.0 points"),
        (Measure("contained", Kind.SHARE, Share(8, 10), Share(0, 0)), ""),
        (Measure("messages", Kind.COUNT, 90, 100), "-10%"),
        (Measure("messages", Kind.COUNT, 90, 0), ""),
        (Measure("score", Kind.SCORE, 4.5, 4.0), "+0.50"),
        (Measure("late", Kind.COUNT, 3, None), ""),
    ],
)
def test_a_difference_is_said_where_there_is_one(measure: Measure, difference: str) -> None:
    assert EN.difference(measure) == difference


def test_a_share_has_its_numbers_beside_it_in_a_file() -> None:
    table = Table("channels", (Column("channel", Kind.NAMED, "channel"), Column("contained", Kind.SHARE)), [("web", Share(1, 3))])  # fmt: skip  # noqa: E501
    assert csv_rows(EN.csv(table)) == [
        ["Channel", "Contained", "Contained (part)", "Contained (of)"],
        ["Web chat", "0.3333", "1", "3"],
    ]


def test_minutes_stay_numbers_in_a_file() -> None:
    table = Table("answer", (Column("median", Kind.MINUTES),), [(65,), (None,)])
    assert csv_rows(EN.csv(table)) == [["Median (working minutes)"], ["65"], [""]]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_words_of_a_resident_are_no_formula_for_a_spreadsheet(start: str) -> None:
    typed = f'{start}HYPERLINK("http://bad.example","看")'
    table = Table("misheard", (Column("text", Kind.TEXT), Column("count")), [(typed, 1)])
    assert csv_rows(ZH.csv(table))[1] == [f"'{typed}", "1"]
