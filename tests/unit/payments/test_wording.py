"""A payment's report in the residents' words: every state and reason of the contract, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest
import yaml

from bot.clock import SHANGHAI
from bot.payments.model import Channel, Payment, Reason, State
from bot.payments.service import PaymentReport, report_on
from bot.payments.wording import describe, due, tail, what
from bot.phrasebook import Phrasebook
from bot.settings import ROOT

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=SHANGHAI)
CONTRACT = ROOT / "docs" / "contracts" / "reconciliation-api.yaml"
SCHEMAS = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))["components"]
STATES = [State(word) for word in SCHEMAS["schemas"]["State"]["enum"]]
REASONS = [Reason(word) if word else None for word in SCHEMAS["schemas"]["Reason"]["enum"]]
FINAL = {State.PAYMENT_FAILED, State.RECONCILED, State.REFUNDED, State.CLOSED}
PHRASES = Phrasebook.load()


def report(state: State, reason: Reason | None, expected_by: datetime | None = None) -> PaymentReport:
    payment = Payment(
        serial_number="4200002611202611200000000101",
        state=state,
        state_word=state.value,
        reason=reason,
        reason_word=reason.value if reason else None,
        channel=Channel.WECHAT_PAY,
        paid_at=NOW - timedelta(days=1),
        updated_at=NOW,
        expected_by=expected_by,
        verified=False,
        details=None,
    )
    return report_on(payment, NOW)


def test_the_contract_has_eight_states_and_thirteen_reasons() -> None:
    assert (len(STATES), len(REASONS)) == (8, 13)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_two_states_and_no_two_reasons_are_explained_alike(language: str) -> None:
    through = {State.RECONCILED, State.REFUNDED}
    said = {what(report(state, reason), PHRASES, language) for state, reason in product(STATES, REASONS)}
    assert len(said) == (len(STATES) - len(through)) * len(REASONS) + len(through)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("state", "reason"), list(product(STATES, REASONS)))
def test_every_state_and_reason_says_what_it_means_and_by_when(
    state: State, reason: Reason | None, language: str
) -> None:
    later = NOW + timedelta(days=1)
    said = describe(report(state, reason, expected_by=later), NOW, PHRASES, language)
    assert "{" not in said
    assert (("10点半" if language == "zh" else "10:30 a.m.") in said) is (state not in FINAL)


@pytest.mark.parametrize(("language", "words"), [("zh", "实在对不起"), ("en", "I am sorry")])
def test_what_is_overdue_is_said_to_be_late(language: str, words: str) -> None:
    late = report(State.UNRECONCILED, Reason.AWAITING_STATEMENT, expected_by=NOW - timedelta(hours=1))
    assert words in due(late, NOW, PHRASES, language)


def of_friday(now: datetime) -> str:
    """What is said of when to a resident who paid by WeChat on Friday 2026-11-27 at 14:00."""
    friday = datetime(2026, 11, 27, 14, tzinfo=SHANGHAI)
    paid = replace(report(State.UNRECONCILED, Reason.AWAITING_STATEMENT).payment, paid_at=friday)
    return due(report_on(paid, now), now, PHRASES, "zh")


def test_at_the_weekend_the_next_working_day_is_named_and_nobody_apologises() -> None:
    sunday = datetime(2026, 11, 29, 11, tzinfo=SHANGHAI)
    assert "明天" in of_friday(sunday) and "对不起" not in of_friday(sunday)
    monday = sunday + timedelta(days=1)
    assert of_friday(monday) == PHRASES.say("utter_due_today", "zh").text
    assert "对不起" in of_friday(monday + timedelta(days=1))


def test_nothing_is_promised_where_nobody_can_say() -> None:
    unsure = report(State.UNDER_REVIEW, Reason.ENTRY_ERROR)
    assert due(unsure, NOW, PHRASES, "zh") == PHRASES.say("utter_due_unknown", "zh").text


def test_a_number_is_told_by_its_last_six_characters() -> None:
    assert tail("4200002611202611200000000101") == "000101"


@pytest.mark.parametrize("state", [State.PAYMENT_FAILED, State.CLOSED])
@pytest.mark.parametrize("reason", [Reason.DUPLICATE_PAYMENT, Reason.UNKNOWN, Reason.POLICY_CHANGE])
def test_nobody_is_sent_to_pay_a_notice_again_that_was_paid_or_is_unclear(
    state: State, reason: Reason
) -> None:
    assert "别再付" in what(report(state, reason), PHRASES, "zh").splitlines()[-1]


def test_a_failed_payment_without_a_reason_may_be_paid_again() -> None:
    assert (
        "可以换个可靠的方式再付" in what(report(State.PAYMENT_FAILED, None), PHRASES, "zh").splitlines()[-1]
    )
