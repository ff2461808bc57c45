from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from bot.payments.calendar import (
    add_working_days,
    bill_ready_at,
    first_working_day,
    is_working_day,
    next_working_day,
    unionpay_clearing_day,
)
from bot.payments.model import SHANGHAI, Channel


def shanghai(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SHANGHAI)  # type: ignore[misc,arg-type]


def test_a_make_up_saturday_is_a_working_day() -> None:
    assert is_working_day(date(2025, 9, 28)) == (True, False)


def test_the_national_holiday_is_passed_over() -> None:
    assert next_working_day(date(2025, 9, 30)).day == date(2025, 10, 9)


def test_a_year_without_a_published_calendar_counts_plain_weekdays_and_says_so() -> None:
    found = next_working_day(date(2049, 10, 1))
    assert (found.day, found.estimated) == (date(2049, 10, 4), True)
    assert is_working_day(date(1999, 1, 2)) == (False, True)


def test_no_working_days_later_is_the_day_itself() -> None:
    assert add_working_days(date(2026, 11, 22), 0).day == date(2026, 11, 22)
    with pytest.raises(ValueError):
        add_working_days(date(2026, 11, 22), -1)


@pytest.mark.parametrize("channel", [Channel.WECHAT_PAY, Channel.ALIPAY])
@pytest.mark.parametrize("paid", [shanghai(2026, 11, 20, 0, 0), shanghai(2026, 11, 20, 23, 59, 59)])
def test_a_wallet_s_bill_is_ready_at_ten_the_next_calendar_day(channel: Channel, paid: datetime) -> None:
    assert bill_ready_at(channel, paid).at == shanghai(2026, 11, 21, 10)


def test_the_day_is_shanghai_s_whatever_the_offset_of_the_time() -> None:
    paid = datetime(2026, 11, 20, 16, 30, tzinfo=timezone.utc)
    assert bill_ready_at(Channel.WECHAT_PAY, paid).at == shanghai(2026, 11, 22, 10)


def test_unionpay_cuts_its_day_at_eleven_at_night() -> None:
    before, after = shanghai(2026, 11, 20, 22, 59, 59), shanghai(2026, 11, 20, 23, 0)
    assert unionpay_clearing_day(before) == date(2026, 11, 20)
    assert bill_ready_at(Channel.UNIONPAY, before).at == shanghai(2026, 11, 21, 10)
    assert bill_ready_at(Channel.UNIONPAY, after).at == shanghai(2026, 11, 22, 10)


def test_a_bank_transfer_takes_up_to_three_working_days() -> None:
    assert bill_ready_at(Channel.BANK_TRANSFER, shanghai(2026, 11, 20, 9)).at == shanghai(2026, 11, 25, 17)


def test_a_counter_payment_on_friday_is_there_on_monday() -> None:
    assert bill_ready_at(Channel.COUNTER, shanghai(2026, 11, 20, 9)).at == shanghai(2026, 11, 23, 17)


CUT = {"around_the_cut": True}


@pytest.mark.parametrize(
    "paid", [shanghai(2026, 11, 23, 22, 58), shanghai(2026, 11, 23, 23, 0), shanghai(2026, 11, 23, 23, 30)]
)
def test_around_its_cut_a_unionpay_payment_is_one_bill_later_and_not_two(paid: datetime) -> None:
    assert bill_ready_at(Channel.UNIONPAY, paid, **CUT).at == shanghai(2026, 11, 25, 10)


def test_around_midnight_a_wallet_s_payment_is_one_bill_later_and_not_two() -> None:
    before, after = shanghai(2026, 11, 23, 23, 58), shanghai(2026, 11, 24, 0, 2)
    assert bill_ready_at(Channel.WECHAT_PAY, before, **CUT).at == shanghai(2026, 11, 25, 10)
    assert bill_ready_at(Channel.WECHAT_PAY, after, **CUT).at == shanghai(2026, 11, 25, 10)


def test_around_the_close_of_a_friday_what_a_counter_took_is_there_on_tuesday() -> None:
    paid = shanghai(2026, 11, 20, 17)
    assert bill_ready_at(Channel.COUNTER, paid, **CUT).at == shanghai(2026, 11, 24, 17)
    assert bill_ready_at(Channel.BANK_TRANSFER, paid, **CUT).at == shanghai(2026, 11, 26, 17)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 27), date(2026, 11, 27)),
        (date(2026, 11, 28), date(2026, 11, 30)),
        (date(2026, 10, 1), date(2026, 10, 8)),
        (date(2026, 10, 10), date(2026, 10, 10)),
    ],
    ids=["a Friday", "a Saturday", "National Day", "a make-up Saturday"],
)
def test_the_first_working_day_from_a_day_on(day: date, works: date) -> None:
    assert first_working_day(day) == works


def test_only_the_published_hour_is_no_estimate() -> None:
    paid = shanghai(2026, 11, 20, 9)
    known = [channel for channel in Channel if channel is not Channel.UNRECOGNISED]
    assert [channel for channel in known if not bill_ready_at(channel, paid).estimated] == [
        Channel.WECHAT_PAY
    ]


def test_times_carry_shanghai_s_offset() -> None:
    assert bill_ready_at(Channel.COUNTER, shanghai(2026, 11, 20, 9)).at.utcoffset() == timedelta(hours=8)


def test_a_time_without_offset_is_refused() -> None:
    with pytest.raises(ValueError):
        bill_ready_at(Channel.ALIPAY, datetime(2026, 11, 20))
