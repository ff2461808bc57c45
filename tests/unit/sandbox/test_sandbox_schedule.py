"""When bills are ready and next steps are due."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.sandbox.clock import SHANGHAI
from bot.sandbox.model import Channel, Reason, State
from bot.sandbox.schedule import bill_ready, expected_by


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("channel", "paid_at", "ready"),
    [
        (Channel.WECHAT_PAY, "2026-11-23T23:59", "2026-11-24T10:00"),
        (Channel.WECHAT_PAY, "2026-11-24T00:01", "2026-11-25T10:00"),
        (Channel.ALIPAY, "2026-11-23T20:00", "2026-11-24T09:00"),
        (Channel.UNIONPAY, "2026-11-23T22:59", "2026-11-24T10:00"),
        (Channel.UNIONPAY, "2026-11-23T23:00", "2026-11-25T10:00"),
        (Channel.BANK_TRANSFER, "2026-11-23T11:00", "2026-11-26T17:00"),
        (Channel.COUNTER, "2026-11-23T11:00", "2026-11-24T17:00"),
    ],
)
def test_a_bill_is_ready_the_next_day_by_its_channels_day_cut(
    channel: Channel, paid_at: str, ready: str
) -> None:
    assert bill_ready(channel, shanghai(paid_at)) == shanghai(ready)


def test_a_bill_due_on_a_weekend_waits_for_monday() -> None:
    assert bill_ready(Channel.WECHAT_PAY, shanghai("2026-11-20T12:00")) == shanghai("2026-11-23T10:00")


def test_a_bill_due_in_the_national_holiday_waits_for_its_end() -> None:
    assert bill_ready(Channel.WECHAT_PAY, shanghai("2026-09-30T12:00")) == shanghai("2026-10-08T10:00")


def test_a_make_up_working_saturday_counts_as_a_working_day() -> None:
    assert bill_ready(Channel.WECHAT_PAY, shanghai("2026-10-09T12:00")) == shanghai("2026-10-10T10:00")


def test_a_year_not_yet_announced_falls_back_to_weekdays() -> None:
    assert bill_ready(Channel.WECHAT_PAY, shanghai("2031-01-03T12:00")) == shanghai("2031-01-06T10:00")


def test_a_payment_at_the_day_cut_waits_one_bill_longer() -> None:
    paid, now = shanghai("2026-11-23T23:58"), shanghai("2026-11-24T08:00")
    due = expected_by(State.UNRECONCILED, Reason.DAY_CUT, Channel.WECHAT_PAY, paid, now)
    assert due == shanghai("2026-11-25T10:00")


@pytest.mark.parametrize("state", [State.RECONCILED, State.REFUNDED, State.CLOSED, State.PAYMENT_FAILED])
def test_nothing_more_is_due_when_a_payment_has_ended(state: State) -> None:
    now = shanghai("2026-11-24T08:00")
    assert expected_by(state, None, Channel.ALIPAY, now, now) is None


def test_nobody_can_say_when_the_reason_is_unknown() -> None:
    now = shanghai("2026-11-24T08:00")
    assert expected_by(State.UNRECONCILED, Reason.UNKNOWN, Channel.ALIPAY, now, now) is None
