"""In which language a message is written."""

from __future__ import annotations

import pytest

from bot.dialogue.language import language_of


@pytest.mark.parametrize(
    "text", ["钱付了", "阿拉付脱钞票了", "付了 but not shown", "fei yong jiao le zenme ban"]
)
def test_hanzi_and_pinyin_are_chinese(text: str) -> None:
    assert language_of(text) == "zh"


@pytest.mark.parametrize("text", ["Where is my money?", "I paid yesterday, 20 yuan"])
def test_english_sentences_are_english(text: str) -> None:
    assert language_of(text) == "en"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4200002611202611200000000101",
        "ok",
        "‹id_last4›",
        "<script>alert(1)</script>",
        "'; DROP TABLE tickets;--",
    ],
)
def test_numbers_marks_one_word_and_code_do_not_tell(text: str) -> None:
    assert language_of(text) is None
