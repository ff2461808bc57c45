"""When channels cut their day, when their bills are out, and so when a payment's next step is due."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from bot.sandbox.model import OPEN_STATES, SELF_SETTLING, Channel, Reason, State
from bot.sandbox.workdays import at, is_working_day, on_or_after, working_days_after

BILL_HOUR = {Channel.WECHAT_PAY: 10, Channel.ALIPAY: 9, Channel.UNIONPAY: 10}
UNIONPAY_CUT_HOUR = 23
AROUND_THE_CUT = timedelta(minutes=5)
"""A payment this close before its channel's cut may be in the next bill (日切)."""
OFFICE_CLOSES = 17
RUN_HOURS = (9, 10, 17)
"""When the books are gone through, every day; bookings are made on working days."""
BANK_TRANSFER_DAYS = 3
REVIEW_DAYS = 3
PERSON_DAYS = 5
REFUND_DAYS = 3
PENDING_HOURS = 24


def billing_day(channel: Channel, paid_at: datetime) -> date:
    """The day whose bill holds the payment: UnionPay's runs from 23:00, the others' from midnight."""
    late = channel is Channel.UNIONPAY and paid_at.hour >= UNIONPAY_CUT_HOUR
    return paid_at.date() + timedelta(days=1 if late else 0)


def around_the_cut(channel: Channel, paid_at: datetime) -> bool:
    """Whether the payment came so late in its channel's day that the next bill may hold it."""
    return billing_day(channel, paid_at + AROUND_THE_CUT) != billing_day(channel, paid_at)


def bill_issued(channel: Channel, day: date) -> datetime:
    """When the bill of that day is out: a platform's the next day, a bank's the next working day."""
    if channel in BILL_HOUR:
        return at(day + timedelta(days=1), BILL_HOUR[channel])
    return at(working_days_after(day, 1), OFFICE_CLOSES)


def bill_ready(channel: Channel, paid_at: datetime, next_bill: bool = False) -> datetime:
    """When the bill holding the payment (or the one after it) is booked: T+1, moved to a working day."""
    if channel is Channel.BANK_TRANSFER:
        return at(working_days_after(paid_at.date(), BANK_TRANSFER_DAYS + next_bill), OFFICE_CLOSES)
    if channel is Channel.COUNTER:
        return at(working_days_after(paid_at.date(), 1 + next_bill), OFFICE_CLOSES)
    issued = billing_day(channel, paid_at) + timedelta(days=2 if next_bill else 1)
    return at(on_or_after(issued), BILL_HOUR[channel])


def booking_time(channel: Channel, now: datetime) -> bool:
    """Whether bookings of this channel are made now: on working days, from its bill's hour on."""
    return is_working_day(now.date()) and now.hour >= BILL_HOUR.get(channel, RUN_HOURS[0])


def next_run(after: datetime) -> datetime:
    """The first run after this moment."""
    hours = (hour for hour in RUN_HOURS if at(after.date(), hour) > after)
    hour = next(hours, None)
    return at(after.date() + timedelta(days=1), RUN_HOURS[0]) if hour is None else at(after.date(), hour)


def office_due(now: datetime, days: int) -> datetime:
    """Close of office `days` working days after `now`."""
    return at(working_days_after(now.date(), days), OFFICE_CLOSES)


def expected_by(
    state: State, reason: Reason | None, channel: Channel, paid_at: datetime | None, now: datetime
) -> datetime | None:
    """When the next step is due, always after `now`; None when nothing more is due or nobody can say."""
    if state is State.PAYMENT_PENDING:
        return now + timedelta(hours=PENDING_HOURS)
    if state is State.REFUNDING:
        return office_due(now, REFUND_DAYS)
    if state is State.UNDER_REVIEW:
        return office_due(now, REVIEW_DAYS)
    if state not in OPEN_STATES or reason is None or reason is Reason.UNKNOWN:
        return None
    if reason not in SELF_SETTLING:
        return office_due(now, PERSON_DAYS)
    return _statement_due(reason, channel, paid_at or now, now)


def _statement_due(reason: Reason, channel: Channel, paid_at: datetime, now: datetime) -> datetime:
    """The statement that settles the payment; the next office day's close when that one has passed."""
    if reason in (Reason.CHANNEL_FAULT, Reason.SYSTEM_MAINTENANCE):
        return office_due(now, 2)
    due = bill_ready(channel, paid_at, next_bill=reason is Reason.DAY_CUT)
    return due if due > now else office_due(now, 1)
