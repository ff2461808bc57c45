"""Toneless pinyin."""

from __future__ import annotations

import pytest

from bot.dialogue.nlu.pinyin import cut, is_pinyin, syllable_text, transliterate


@pytest.mark.parametrize(
    "text",
    ["ni hao", "weishenmehaimeiduizhang", "wo yao zhuan rengong", "tuikuan", "shi", "zai ma", "hao de"],
)
def test_pinyin_is_recognised(text: str) -> None:
    assert is_pinyin(text)


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "how long does it take",
        "can I pay again",
        "refund",
        "do you speak english",
        "one more time",
        "你好",
        "no",
        "",
    ],
)
def test_english_and_hanzi_are_not_pinyin(text: str) -> None:
    assert not is_pinyin(text)


def test_a_word_is_cut_into_the_fewest_syllables() -> None:
    assert cut("weishenme") == ("wei", "shen", "me")
    assert cut("refund") == ()


def test_pinyin_and_hanzi_meet_in_the_same_syllables() -> None:
    assert syllable_text("woyao tuikuan") == transliterate("我要退款") == "wo yao tui kuan"
