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
        "utter_moment": _both(
            "{month}月{day}日（{weekday}）{time}", "{time} on {weekday}, {month_name} {day}"
        ),
        "utter_moment_yesterday": _both("昨天{time}", "{time} yesterday"),
        "utter_moment_today": _both("今天{time}", "{time} today"),
        "utter_moment_tomorrow": _both("明天{time}", "{time} tomorrow"),
        "utter_moment_after_tomorrow": _both("后天{time}", "{time} the day after tomorrow"),
        "utter_clock_midnight": _both("凌晨零点{minutes}", "12{minutes} a.m."),
        "utter_clock_night": _both("凌晨{hour}点{minutes}", "{hour}{minutes} a.m."),
        "utter_clock_morning": _both("上午{hour}点{minutes}", "{hour}{minutes} a.m."),
        "utter_clock_noon": _both("中午{hour}点{minutes}", "{hour}{minutes} p.m."),
        "utter_clock_afternoon": _both("下午{hour}点{minutes}", "{hour}{minutes} p.m."),
        "utter_clock_evening": _both("晚上{hour}点{minutes}", "{hour}{minutes} p.m."),
        "utter_clock_half": _both("半", ":30"),
        "utter_clock_minutes": _both("{minute}分", ":{minute}"),
        "utter_weekday_sunday": _both("周日", "Sunday"),
        "utter_weekday_wednesday": _both("周三", "Wednesday"),
        "utter_weekday_thursday": _both("周四", "Thursday"),
        "utter_weekday_friday": _both("周五", "Friday"),
        "utter_weekday_saturday": _both("周六", "Saturday"),
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
        (datetime(2026, 12, 30, 17, 0, tzinfo=SHANGHAI), "昨天下午5点"),
        (datetime(2026, 12, 31, 9, 5, tzinfo=SHANGHAI), "今天上午9点05分"),
        (datetime(2026, 12, 31, 12, 30, tzinfo=SHANGHAI), "今天中午12点半"),
        (datetime(2027, 1, 1, 10, 0, tzinfo=SHANGHAI), "明天上午10点"),
        (datetime(2027, 1, 2, 18, 0, tzinfo=SHANGHAI), "后天晚上6点"),
        (datetime(2027, 1, 3, 17, 20, tzinfo=SHANGHAI), "1月3日（周日）下午5点20分"),
        (datetime(2026, 12, 31, 16, 30, tzinfo=timezone.utc), "明天凌晨零点半"),
    ],
)
def test_a_moment_is_written_as_it_is_said(at: datetime, written: str) -> None:
    assert moment(at, NOW, WORDS, "zh") == written


def test_moments_in_english() -> None:
    assert moment(NOW, NOW, WORDS, "en") == "11:30 p.m. today"
    assert (
        moment(datetime(2027, 1, 3, 10, 0, tzinfo=SHANGHAI), NOW, WORDS, "en")
        == "10 a.m. on Sunday, January 3"
    )


def test_words_in_a_row() -> None:
    assert listed(["姓名", "金额"], WORDS, "zh") == "姓名、金额"
    assert listed(["name", "amount"], WORDS, "en") == "name, amount"
    assert listed([], WORDS, "zh") == ""
