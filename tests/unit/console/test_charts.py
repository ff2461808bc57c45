"""Charts as numbers: nothing is drawn outside, and what is drawn is as large as it should be."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.console import charts

FIRST = date(2026, 1, 1)


def days(count: int) -> list[date]:
    return [FIRST + timedelta(days=place) for place in range(count)]


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 10**7)), min_size=1, max_size=90))
def test_columns_stand_in_the_frame_and_in_proportion(values: list[tuple[int, int]]) -> None:
    wholes = [part + rest for part, rest in values]
    names, (parts, sums) = charts.spans(days(len(values)), [part for part, _ in values], wholes)
    chart = charts.columns(names, parts, sums, [""] * len(sums))
    foot = charts.HEIGHT - charts.BOTTOM
    for column, whole in zip(chart.columns, sums, strict=True):
        assert column.rest_y >= charts.TOP - 0.1
        assert column.part_y + column.part_height == pytest.approx(foot, abs=0.2)
        assert column.rest_y + column.rest_height == pytest.approx(column.part_y, abs=0.2)
        assert (column.rest_height + column.part_height > 0) or whole == 0 or whole < max(sums) / 500
        assert charts.LEFT <= column.x <= column.x + column.width <= charts.WIDTH


def test_many_days_are_drawn_by_the_week_and_the_last_week_is_whole() -> None:
    names, (sums,) = charts.spans(days(90), [1] * 90)
    assert (names.days, len(sums), sums[0], sums[-1]) == (7, 13, 6, 7)
    assert names.names[0] == "01-01 – 01-06"


def test_a_year_and_more_is_drawn_by_thirty_days() -> None:
    names, (sums,) = charts.spans(days(500), [1] * 500)
    assert (names.days, sum(sums)) == (30, 500)


@pytest.mark.parametrize(
    ("most", "top"), [(0, "4"), (4, "4"), (5, "8"), (66, "80"), (130, "160"), (9000, "10k")]
)
def test_the_scale_ends_in_a_round_number(most: int, top: str) -> None:
    names, (values,) = charts.spans(days(1), [most])
    assert charts.columns(names, [0], values, [""]).frame.ticks[-1].text == top


def test_an_empty_heat_map_has_no_level_and_a_full_one_all() -> None:
    assert {field.level for field in charts.heat([("Mon", [0] * 24)])} == {0}
    fields = charts.heat([("Mon", [0, 1, 40, 60, 100])])
    assert [field.level for field in fields] == [0, 1, 2, 3, 4]
    assert (fields[0].text, fields[4].text, fields[4].title) == ("", "100", "Mon 04:00 · 100")


@pytest.mark.parametrize(
    ("count", "text"), [(999, "999"), (1000, "1k"), (1234, "1.2k"), (37_400, "37k"), (2_400_000, "2.4M")]
)
def test_counts_are_short(count: int, text: str) -> None:
    assert charts.short(count) == text
