"""The table of everything that is said about a payment is today's, and keeps the rules of the house."""

from __future__ import annotations

import re
from itertools import product

import pytest

from bot.payments.model import Channel, Reason, State
from bot.payments.wording import what
from tests.explanations import PHRASES, TARGET, page, report

PAID_AND_OPEN = (State.UNRECONCILED, State.UNDER_REVIEW, State.REFUNDING, State.PAYMENT_PENDING)
EVERY = list(product(State, (None, *Reason), Channel))
LONGEST = 170
"""Characters of Chinese: what fits on a phone without scrolling far."""


def test_the_table_in_docs_is_todays() -> None:
    assert TARGET.read_text(encoding="utf-8") == page(), "run `make explanations` and read it"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_explanation_is_whole(language: str) -> None:
    for state, reason, channel in EVERY:
        said = what(report(state, reason, channel), PHRASES, language)
        assert not re.search(r"[{}]|None|unrecognised", said)
        assert "。。" not in said and ".." not in said and "  " not in said


def test_no_explanation_is_too_long_to_be_read() -> None:
    for state, reason, channel in EVERY:
        said = what(report(state, reason, channel), PHRASES, "zh")
        assert len(re.findall(r"[\u4e00-\u9fff]", said)) <= LONGEST, said


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh", "[别不](?:用|要)?再[付转]"), ("en", "again|pay any more")],
)
def test_whoever_has_paid_is_told_not_to_pay_again(language: str, words: str) -> None:
    for state, reason, channel in EVERY:
        if state in PAID_AND_OPEN:
            assert re.search(words, what(report(state, reason, channel), PHRASES, language))


@pytest.mark.parametrize("channel", [one for one in Channel if one is not Channel.UNRECOGNISED])
def test_what_waits_for_a_bill_names_the_channel_and_says_when_its_bill_comes(channel: Channel) -> None:
    waits = what(report(State.UNRECONCILED, Reason.AWAITING_STATEMENT, channel), PHRASES, "zh")
    assert PHRASES.say(f"utter_who_{channel.value}", "zh").text in waits
    assert PHRASES.say(f"utter_bill_{channel.value}", "zh").text in waits
