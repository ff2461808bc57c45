"""When things are due: China's working days and the day each channel's bill is ready.

Working days are the State Council's, make-up days included, from chinesecalendar. For a year it does not
know yet (the notice comes out each November) plain weekdays are used and the answer is `estimated`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import chinese_calendar

from bot.payments.model import SHANGHAI, Channel

BILL_READY = time(10, 0)
OFFICE_CLOSES = time(17, 0)
UNIONPAY_DAY_CUT = time(23, 0)
MIDDAY = time(12, 0)
BANK_TRANSFER_WORKING_DAYS = 3

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class WorkingDay:
    """A working day; `estimated` when a year without a published calendar was crossed."""

    day: date
    estimated: bool


@dataclass(frozen=True)
class ExpectedTime:
    """A moment (+08:00) to expect something by; `estimated` must be said as an estimate."""

    at: datetime
    estimated: bool


def is_working_day(day: date) -> tuple[bool, bool]:
    """(is it a working day, is that only an estimate)."""
    try:
        return bool(chinese_calendar.is_workday(day)), False
    except NotImplementedError:
        return day.weekday() < 5, True


def next_working_day(day: date) -> WorkingDay:
    """The first working day after `day`."""
    return add_working_days(day, 1)


def add_working_days(day: date, count: int) -> WorkingDay:
    """The `count`-th working day after `day`; `day` itself when count is 0."""
    if count < 0:
        raise ValueError("count must not be negative")
    any_estimated = False
    while count:
        day += _ONE_DAY
        working, estimated = is_working_day(day)
        any_estimated = any_estimated or estimated
        count -= working
    return WorkingDay(day, any_estimated)


def first_working_day(day: date) -> date:
    """The first working day from `day` on."""
    return day if is_working_day(day)[0] else next_working_day(day).day


def bill_ready_at(channel: Channel, paid_at: datetime, around_the_cut: bool = False) -> ExpectedTime:
    """When the bill that holds a payment made at `paid_at` (aware) is there to be matched (+08:00).

    `around_the_cut`: one paid just before its channel's cut is in the bill after, as one just past it is.

    Source: DOMAIN.md, "When a bill is ready". Only WeChat Pay publishes its hour
    (pay.weixin.qq.com/doc/v2/merchant/4011987833: fetch after 10:00 on T+1, calendar days); everything
    else is customary, so it is always `estimated`.
    """
    if paid_at.tzinfo is None:
        raise ValueError("paid_at must be aware")
    if channel is Channel.UNRECOGNISED:
        raise ValueError("nobody knows when an unrecognised channel's bill is ready")
    paid = paid_at.astimezone(SHANGHAI)
    later = int(around_the_cut and _before_the_cut(channel, paid))
    if channel is Channel.WECHAT_PAY:
        return ExpectedTime(_on(paid.date() + _ONE_DAY * (1 + later), BILL_READY), estimated=False)
    return ExpectedTime(_customary(channel, paid, later), estimated=True)


def _customary(channel: Channel, paid: datetime, later: int) -> datetime:
    """Alipay: cut at 24:00, usually out by 09:00. UnionPay: cut at 23:00. Bank: 1-3 working days."""
    if channel is Channel.ALIPAY:
        return _on(paid.date() + _ONE_DAY * (1 + later), BILL_READY)
    if channel is Channel.UNIONPAY:
        return _on(unionpay_clearing_day(paid) + _ONE_DAY * (1 + later), BILL_READY)
    days = BANK_TRANSFER_WORKING_DAYS if channel is Channel.BANK_TRANSFER else 1
    return _on(add_working_days(paid.date(), days + later).day, OFFICE_CLOSES)


def _before_the_cut(channel: Channel, paid: datetime) -> bool:
    """Whether a payment around its channel's cut came before it; after it the day is the next one already."""
    if channel is Channel.UNIONPAY:
        return unionpay_clearing_day(paid) == paid.date()
    return paid.time() >= MIDDAY


def unionpay_clearing_day(paid_at: datetime) -> date:
    """The clearing day of a UnionPay payment: it runs from 23:00 to 23:00."""
    paid = paid_at.astimezone(SHANGHAI)
    return paid.date() + _ONE_DAY if paid.time() >= UNIONPAY_DAY_CUT else paid.date()


def _on(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=SHANGHAI)
