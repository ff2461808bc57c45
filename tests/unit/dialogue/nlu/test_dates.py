"""Days as residents name them, seen from Monday 23 November 2026."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.nlu.dates import DateProblem, find_dates

MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("11月6号", "2026-11-06"),
        ("2026-11-06", "2026-11-06"),
        ("2026年11月6日", "2026-11-06"),
        ("26年11月6日", "2026-11-06"),
        ("20261106", "2026-11-06"),
        ("11/6", "2026-11-06"),
        ("11.6号", "2026-11-06"),
        ("十一月六号", "2026-11-06"),
        ("11月21 支付宝付的", "2026-11-21"),
        ("12月25号", "2025-12-25"),
        ("25/11", "2025-11-25"),
        ("11 yue 6 hao", "2026-11-06"),
        ("Nov 6", "2026-11-06"),
        ("November 6th, 2025", "2025-11-06"),
        ("6th of November", "2026-11-06"),
        ("18 November", "2026-11-18"),
        ("今天", "2026-11-23"),
        ("今朝", "2026-11-23"),
        ("昨天", "2026-11-22"),
        ("昨日", "2026-11-22"),
        ("前天", "2026-11-21"),
        ("大前天", "2026-11-20"),
        ("3天前", "2026-11-20"),
        ("三天以前", "2026-11-20"),
        ("两个星期前", "2026-11-09"),
        ("yesterday", "2026-11-22"),
        ("the day before yesterday", "2026-11-21"),
        ("3 days ago", "2026-11-20"),
        ("a week ago", "2026-11-16"),
        ("this morning", "2026-11-23"),
        ("zuotian", "2026-11-22"),
        ("zuo tian", "2026-11-22"),
        ("da qian tian", "2026-11-20"),
        ("san tian qian", "2026-11-20"),
        ("上礼拜三", "2026-11-18"),
        ("上周五", "2026-11-20"),
        ("上上周一", "2026-11-09"),
        ("上個星期天", "2026-11-22"),
        ("周三", "2026-11-18"),
        ("周一", "2026-11-23"),
        ("shang zhou san", "2026-11-18"),
        ("last Wednesday", "2026-11-18"),
        ("last monday", "2026-11-16"),
        ("on Friday", "2026-11-20"),
        ("15号", "2026-11-15"),
        ("25号付的", "2026-10-25"),
        ("31号", "2026-10-31"),
        ("上个月15号", "2026-10-15"),
        ("本月3号", "2026-11-03"),
        ("2月29日", "2024-02-29"),
    ],
)
def test_a_day_is_resolved_against_today(text: str, day: str) -> None:
    assert [(str(one.day), one.problem) for one in find_dates(text, MONDAY)] == [(day, None)]


@pytest.mark.parametrize("text", ["2月30号", "2026-02-30", "11月31日", "Feb 30", "21.11号"])
def test_a_day_the_calendar_lacks_is_recognised_as_such(text: str) -> None:
    assert [(one.day, one.problem) for one in find_dates(text, MONDAY)] == [(None, DateProblem.NO_SUCH_DAY)]


@pytest.mark.parametrize("text", ["2026-12-01", "这周五", "2027年1月1日"])
def test_a_day_to_come_is_recognised_as_such(text: str) -> None:
    assert [one.problem for one in find_dates(text, MONDAY)] == [DateProblem.IN_THE_FUTURE]


@pytest.mark.parametrize(
    "text", ["2号线", "3号窗口", "5号楼", "13/45", "一个月", "4200000925202101284997714292", "上周付的", ""]
)
def test_what_names_no_day_is_left_alone(text: str) -> None:
    assert find_dates(text, MONDAY) == []


@given(st.dates(date(2001, 1, 1), MONDAY))
def test_every_written_date_comes_back(day: date) -> None:
    for text in (f"{day:%Y-%m-%d}", f"{day.year}年{day.month}月{day.day}日", f"{day:%Y/%m/%d}"):
        assert [one.day for one in find_dates(f"我{text}付的", MONDAY)] == [day]


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)), st.integers(1, 12), st.integers(1, 28))
def test_without_a_year_the_most_recent_past_day_is_meant(today: date, month: int, day: int) -> None:
    (found,) = find_dates(f"{month}月{day}号", today)
    assert found.day is not None
    assert today - timedelta(days=366) < found.day <= today
    assert (found.day.month, found.day.day) == (month, day)


@given(st.text(max_size=60))
def test_no_text_breaks_it_and_places_are_inside(text: str) -> None:
    for found in find_dates(text, MONDAY):
        assert 0 <= found.start < found.end <= len(text)
