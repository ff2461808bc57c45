"""Sums of money as residents write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.nlu.amounts import AmountProblem, find_amounts, read_amount


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("20元", 2000),
        ("¥20.00", 2000),
        ("￥20", 2000),
        ("二十块", 2000),
        ("两百五十块", 25000),
        ("20块5", 2050),
        ("20块5毛", 2050),
        ("二十块五", 2050),
        ("一百二十元五角", 12050),
        ("20元5角2分", 2052),
        ("五毛钱", 50),
        ("20 yuan", 2000),
        ("RMB 20", 2000),
        ("20rmb", 2000),
        ("CNY 20", 2000),
        ("人民币20", 2000),
        ("1,234.56元", 123456),
        ("２０元", 2000),
        ("二十圓", 2000),
        ("20塊錢", 2000),
        ("1.2万元", 1200000),
        ("两万五千块", 2500000),
        ("一百零五元", 10500),
        ("一千二块", 120000),
        ("ershi kuai", 2000),
        ("si shi kuai qian", 4000),
        ("twenty yuan", 2000),
        ("forty-five yuan", 4500),
        ("一块钱", 100),
        ("介两块洋钿", 200),
        ("廿块", 2000),
        ("贰拾元整", 2000),
        ("我付了20,昨天", 2000),
        ("扣了我两百五", 25000),
    ],
)
def test_a_sum_is_read_in_fen(text: str, fen: int) -> None:
    assert [(one.fen, one.problem) for one in find_amounts(text)] == [(fen, None)]


@pytest.mark.parametrize(
    "text",
    [
        "两张单子",
        "五角场派出所",
        "我们一块去",
        "交了2次",
        "付了十几块",
        "付了十天",
        "3楼2单元",
        "11月6号",
        "你好",
        "",
    ],
)
def test_what_is_no_sum_is_left_alone(text: str) -> None:
    assert find_amounts(text) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("0元", AmountProblem.ZERO),
        ("0.00元", AmountProblem.ZERO),
        ("-20元", AmountProblem.NEGATIVE),
        ("负二十元", AmountProblem.NEGATIVE),
        ("20.005元", AmountProblem.TOO_PRECISE),
        ("999999999999元", AmountProblem.TOO_LARGE),
    ],
)
def test_a_sum_nobody_can_have_paid_says_why(text: str, problem: AmountProblem) -> None:
    assert [one.problem for one in find_amounts(text)] == [problem]


def test_a_bare_number_is_a_sum_only_where_one_was_asked_for() -> None:
    assert find_amounts("二十") == []
    answers = [read_amount(text) for text in ("二十", "20", "20.5", "40。", "abc", "你好")]
    assert [answer.fen if answer else None for answer in answers] == [2000, 2000, 2050, 4000, None, None]


def test_the_place_is_that_of_the_original() -> None:
    text = "我用微信付了２０塊錢,谢谢"
    (found,) = find_amounts(text)
    assert text[found.start : found.end] == "２０塊錢"


@given(st.integers(1, 99_999), st.integers(0, 99))
def test_every_sum_in_digits_comes_back_exactly(yuan: int, cents: int) -> None:
    (found,) = find_amounts(f"交了{yuan}.{cents:02d}元")
    assert found.fen == yuan * 100 + cents


@given(st.text(max_size=60))
def test_no_text_breaks_it_and_places_are_inside(text: str) -> None:
    for found in find_amounts(text):
        assert 0 <= found.start < found.end <= len(text)
