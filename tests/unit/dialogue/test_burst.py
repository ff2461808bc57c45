"""What in a burst is one matter, whatever the model makes of the pieces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bot.dialogue.burst import one_matter

SERIAL, OTHER_SERIAL = "4200002611202611200000000101", "4200002611202611200000000202"
READINGS: dict[str, tuple[str, float]] = {
    "你好": ("greet", 1.0),
    "20块": ("faq_wrong_amount", 0.98),
    "还是显示没缴": ("faq_why_unreconciled", 0.97),
    "怎么回事": ("faq_payment_failed", 0.86),
    "那到底怎么回事啊？": ("faq_payment_failed", 0.86),
    "多久能到账": ("faq_how_long", 0.93),
    "怎么退款": ("faq_refund", 0.92),
    "转人工": ("request_human", 1.0),
    "急": ("affirm", 0.69),
    "好的": ("affirm", 1.0),
    "不用": ("deny", 1.0),
    "谢谢": ("thanks", 0.99),
    "帮我查一下": ("query_status", 0.99),
    "我昨天交的": ("query_status", 0.81),
    SERIAL: ("provide_serial", 1.0),
    OTHER_SERIAL: ("provide_serial", 1.0),
    "申请对账": ("request_reconciliation", 1.0),
    "怎么弄的?": ("faq_refund", 0.4),
}


class Reader:
    """Reads the pieces as above, and the whole as it is told; what is not known is not understood."""

    def __init__(self, whole: str = "nlu_fallback") -> None:
        self.whole = whole
        self.read: list[str] = []

    async def __call__(self, text: str) -> Mapping[str, Any]:
        self.read.append(text)
        intent, sureness = READINGS.get(text, (self.whole, 0.5))
        numbers = [one for one in (SERIAL, OTHER_SERIAL) if one in text]
        return {
            "intent": {"name": intent, "confidence": sureness},
            "entities": [{"entity": "serial_number", "value": one} for one in numbers],
        }


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        (("你好", "20块", "还是显示没缴", "怎么回事"), "nlu_fallback"),
        (("你好", "那到底怎么回事啊？"), "nlu_fallback"),
        (("急", "谢谢"), "nlu_fallback"),
        (("你好", "转人工", "急"), "request_human"),
        (("还是显示没缴", "多久能到账"), "faq_why_unreconciled"),
        (("你好", "帮我查一下", SERIAL), "provide_serial"),
        ((SERIAL, SERIAL), "query_status"),
        (("我昨天交的", "怎么退款"), "faq_refund"),
        (("怎么弄的?", "转人工"), "request_human"),
    ],
)
async def test_a_story_and_at_most_one_request_are_one_matter(texts: tuple[str, ...], whole: str) -> None:
    assert await one_matter(texts, Reader(whole)) == len(texts)


@pytest.mark.parametrize(
    ("texts", "count"),
    [
        (("转人工", "多久能到账"), 1),
        (("你好", "多久能到账", "怎么退款"), 2),
        ((SERIAL, "申请对账"), 1),
        ((SERIAL, OTHER_SERIAL), 1),
        (("你好", "好的"), 1),
        (("不用", "你好"), 1),
        (("申请对账", "1"), 1),
        (("你好", "018X"), 1),
        (("你好", "20.5"), 1),
    ],
)
async def test_a_second_request_and_what_answers_a_question_are_not(
    texts: tuple[str, ...], count: int
) -> None:
    whole = "faq_how_long" if count > 1 else "nlu_fallback"
    assert await one_matter(texts, Reader(whole)) == count


async def test_two_payments_are_two_matters_even_if_the_whole_reads_like_one() -> None:
    assert await one_matter((SERIAL, OTHER_SERIAL), Reader("query_status")) == 1


@pytest.mark.parametrize("whole", ["nlu_fallback", "out_of_scope", "faq_refund", "complain"])
async def test_a_request_that_the_whole_would_hide_is_answered_apart(whole: str) -> None:
    assert await one_matter(("还是显示没缴", "转人工"), Reader(whole)) == 1


async def test_nothing_behind_another_request_is_read() -> None:
    reader = Reader()
    await one_matter(("转人工", "多久能到账", "怎么退款"), reader)
    assert reader.read == ["转人工", "多久能到账"]
