"""Amounts, days and moments as residents read them; the patterns are the test's own."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any

import pytest

from bot.clock import SHANGHAI
from bot.formats import day, listed, moment, money
from bot.phrasebook import Phrasebook


def _both(zh: str, en: str) -> list[dict[str, Any]]:
    return [{"text": zh}, {"condition": [{"type": "slot", "name": "language", "value": "en"}], "text": en}]


WORDS = Phrasebook(
    {
        "utter_money": _both("{yuan}元", "{yuan} yuan"),
        "utter_day": _both("{month}月{day}日", "{month_name} {day}"),
        "utter_moment": _both("{month}月{day}日 {time}", "{time} on {month_name} {day}"),
        "utter_moment_today": _both("今天 {time}", "{time} today"),
        "utter_moment_tomorrow": _both("明天 {time}", "{time} tomorrow"),
        "utter_list_comma": _both("、", ", "),
    }
)
NOW = datetime(2026, 12, 31, 23, 30, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("fen", "written"),
    [(2000, "20元"), (1950, "19.50元"), (5, "0.05元"), (0, "0元"), (-1950, "-19.50元"), (-2000, "-20元")],
)
def test_amounts_have_no_needless_zeros(fen: int, written: str) -> None:
    assert money(fen, WORDS, "zh") == written


def test_amounts_in_english() -> None:
    assert money(1950, WORDS, "en") == "19.50 yuan"


def test_days_have_no_year() -> None:
    assert day(date(2026, 3, 5), WORDS, "zh") == "3月5日"
    assert day(date(2026, 3, 5), WORDS, "en") == "March 5"


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (datetime(2026, 12, 31, 9, 5, tzinfo=SHANGHAI), "今天 09:05"),
        (datetime(2027, 1, 1, 9, 5, tzinfo=SHANGHAI), "明天 09:05"),
        (datetime(2027, 1, 2, 9, 5, tzinfo=SHANGHAI), "1月2日 09:05"),
        (datetime(2026, 12, 31, 16, 30, tzinfo=timezone.utc), "明天 00:30"),
    ],
)
def test_today_and_tomorrow_have_names_in_shanghai(at: datetime, written: str) -> None:
    assert moment(at, NOW, WORDS, "zh") == written


def test_moments_in_english() -> None:
    assert moment(NOW, NOW, WORDS, "en") == "23:30 today"


def test_words_in_a_row() -> None:
    assert listed(["姓名", "金额"], WORDS, "zh") == "姓名、金额"
    assert listed(["name", "amount"], WORDS, "en") == "name, amount"
    assert listed([], WORDS, "zh") == ""
