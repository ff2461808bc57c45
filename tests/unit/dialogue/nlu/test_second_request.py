"""A second request in one message."""

from __future__ import annotations

import pytest

from bot.dialogue.nlu.second_request import second_request

KNOWN = {"多久": "faq_how_long", "退": "faq_refund", "流水号": "faq_find_serial", "refund": "faq_refund"}


def rank(sentence: str) -> list[tuple[str, float]]:
    for word, intent in KNOWN.items():
        if word in sentence:
            return [(intent, 0.9)]
    return [("faq_why_unreconciled", 0.3)]


@pytest.mark.parametrize(
    "text",
    [
        "请问多久能更新？付多的钱怎么退？",
        "多久能更新啊，另外想问一下付多的钱能退吗",
        "要多久呢\n还有，多付的怎么退",
    ],
)
def test_another_question_in_the_message_is_found(text: str) -> None:
    assert second_request(text, "faq_how_long", rank) == "faq_refund"


@pytest.mark.parametrize(
    "text",
    [
        "请问多久能更新？",
        "我昨天付的。请问多久能更新？",
        "退过一次款了。请问多久能更新？",
        "请问多久能更新？到底要多久？",
    ],
)
def test_a_story_with_one_question_has_no_second_request(text: str) -> None:
    assert second_request(text, "faq_how_long", rank) is None


def test_two_guesses_that_are_not_the_first_request_are_not_trusted() -> None:
    assert second_request("怎么退？流水号在哪？", "faq_unresolved", rank) is None
