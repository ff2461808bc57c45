"""A payment's report in the residents' words: every state and reason of the contract, in both languages."""

from __future__ import annotations

import re
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
    assert of_friday(monday) == PHRASES.say("utter_due_today", "zh", record="微信支付送来的账单").text
    assert "对不起" in of_friday(monday + timedelta(days=1))


def test_nothing_is_promised_where_nobody_can_say() -> None:
    unsure = report(State.UNDER_REVIEW, Reason.ENTRY_ERROR)
    assert due(unsure, NOW, PHRASES, "zh") == PHRASES.say("utter_due_unknown", "zh").text


def of_channel(channel: Channel, state: State, reason: Reason | None = None) -> PaymentReport:
    return report_on(replace(report(state, reason).payment, channel=channel), NOW)


def test_cash_is_not_taken_out_of_an_account() -> None:
    for state, reason in product(STATES, REASONS):
        counter = of_channel(Channel.COUNTER, state, reason)
        said = describe(counter, NOW, PHRASES, "zh")
        assert not re.search("扣|账单|接口|转账", said), said
    assert "没有收到这笔钱" in what(of_channel(Channel.COUNTER, State.PAYMENT_FAILED), PHRASES, "zh")


def test_no_resident_hears_of_an_interface() -> None:
    for channel, state, reason in product(Channel, STATES, REASONS):
        assert "接口" not in what(of_channel(channel, state, reason), PHRASES, "zh")


def test_a_failed_payment_is_first_looked_for_in_the_resident_s_own_records() -> None:
    said = what(of_channel(Channel.ALIPAY, State.PAYMENT_FAILED), PHRASES, "zh")
    assert said.index("自己的账单") < said.index("没有扣钱") < said.index("可以换个可靠的方式再付")


@pytest.mark.parametrize(
    "reason",
    [Reason.DUPLICATE_PAYMENT, Reason.UNKNOWN, Reason.POLICY_CHANGE, Reason.BANK_TRANSFER_DELAY],
)
def test_nobody_hears_both_that_they_may_pay_and_that_they_must_not(reason: Reason) -> None:
    assert "再付" not in "".join(
        what(of_channel(Channel.ALIPAY, State.PAYMENT_FAILED, reason), PHRASES, "zh").splitlines()[:-1]
    )


def test_of_money_between_the_banks_nobody_hears_that_they_may_pay_again() -> None:
    between = of_channel(Channel.ALIPAY, State.PAYMENT_FAILED, Reason.BANK_TRANSFER_DELAY)
    assert "可以换个可靠的方式再付" not in what(between, PHRASES, "zh")


def test_who_never_transferred_hears_of_no_transfer() -> None:
    delayed = State.UNRECONCILED, Reason.BANK_TRANSFER_DELAY
    assert "转账" not in what(of_channel(Channel.WECHAT_PAY, *delayed), PHRASES, "zh")
    assert "转账回单" in what(of_channel(Channel.BANK_TRANSFER, *delayed), PHRASES, "zh")
    soon = replace(of_channel(Channel.WECHAT_PAY, *delayed), due=NOW + timedelta(days=1))
    assert "款项到账的记录就该到了" in due(replace(soon, due_estimated=False), NOW, PHRASES, "zh")


def test_a_refund_on_its_way_says_its_usual_time_once() -> None:
    assert due(report(State.REFUNDING, None), NOW, PHRASES, "zh") == ""
    assert due(report(State.REFUNDING, None, NOW + timedelta(days=1)), NOW, PHRASES, "zh")


def test_a_booked_payment_promises_no_fiscal_receipt() -> None:
    said = what(report(State.RECONCILED, None), PHRASES, "zh")
    assert "看明细" in said and "会开" not in said


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
