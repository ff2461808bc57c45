"""The seeded payments are plausible whenever the sandbox starts."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from bot.sandbox.bills import bill_ready
from bot.sandbox.clock import SHANGHAI
from bot.sandbox.model import OPEN_STATES, Channel, Payment, Reason, State
from bot.sandbox.seed import UNPAID, seeded_lines, seeded_payments

HOURS = [datetime(2026, 11, 23, tzinfo=SHANGHAI) + timedelta(hours=5 * step, minutes=7) for step in range(34)]
HOLIDAY = [datetime(2026, 10, day, 11, 30, tzinfo=SHANGHAI) for day in range(1, 12)]
STARTS = [*HOURS, *HOLIDAY, datetime(2027, 1, 1, 0, 0, 1, tzinfo=SHANGHAI)]
SHAPES = {
    Channel.WECHAT_PAY: r"4200\d{6}2026\d{14}",
    Channel.ALIPAY: r"2026\d{24}",
    Channel.UNIONPAY: r"2026\d{17}",
    Channel.BANK_TRANSFER: r"HZ\d{12}",
    Channel.COUNTER: r"HZ\d{12}",
}


@pytest.fixture(params=STARTS, ids=lambda start: start.isoformat())
def start(request: pytest.FixtureRequest) -> datetime:
    """One of many moments at which a sandbox may start."""
    moment: datetime = request.param
    return moment


def by_code(now: datetime, code: str) -> Payment:
    return next(payment for payment in seeded_payments(now) if payment.code == code)


def test_numbers_do_not_depend_on_the_start() -> None:
    first, last = seeded_payments(STARTS[0]), seeded_payments(STARTS[-1])
    assert [payment.numbers for payment in first] == [payment.numbers for payment in last]
    assert by_code(STARTS[0], "0101").serial_number == "4200002611202611200000000101"
    assert by_code(STARTS[0], "0103").numbers == (
        "2026112022001400000000000103",
        "HZ202611200103",
        "31000026112000000103",
    )
    assert by_code(STARTS[0], "0108").serial_number == "202611201530000000108"


def test_numbers_have_the_shapes_printed_on_receipts() -> None:
    for payment in seeded_payments(STARTS[0]):
        assert re.fullmatch(SHAPES[payment.channel], payment.serial_number)
        assert re.fullmatch(r"31\d{18}", payment.notice_number)
        assert re.fullmatch(r"HZ\d{12}", payment.merchant_order)


def test_only_the_two_duplicate_pairs_share_a_notice() -> None:
    payments = seeded_payments(STARTS[0])
    assert len({payment.serial_number for payment in payments}) == len(payments)
    assert len({payment.notice_number for payment in payments}) == len(payments) - 2


def test_every_state_and_reason_and_channel_is_shown() -> None:
    payments = seeded_payments(STARTS[0])
    assert {payment.state for payment in payments} == set(State)
    assert {payment.channel for payment in payments} == set(Channel)
    shown = {(payment.state, payment.reason) for payment in payments}
    assert {(state, reason) for state in OPEN_STATES for reason in Reason} <= shown
    assert any(payment.payer.id_last4.endswith("X") for payment in payments)


def test_times_are_in_the_past_and_promises_in_the_future_but_for_the_overdue(start: datetime) -> None:
    for payment in seeded_payments(start):
        assert payment.updated_at <= start, payment.code
        assert payment.paid_at is None or payment.paid_at <= payment.updated_at, payment.code
        assert [step.at for step in payment.history] == sorted(step.at for step in payment.history)
        if payment.expected_by:
            assert (payment.expected_by < start) == (payment.code in ("0401", "0402")), payment.code


def test_a_payment_that_waits_for_its_bill_is_promised_that_bill(start: datetime) -> None:
    for code in ("0101", "0103", "0104", "0406", "0407", "0408"):
        payment = by_code(start, code)
        assert payment.paid_at is not None
        assert payment.expected_by == bill_ready(payment.channel, payment.paid_at), code


def test_only_unpaid_payments_have_no_amount_paid() -> None:
    for payment in seeded_payments(STARTS[0]):
        assert (payment.amount_paid is None) == (payment.state in UNPAID)
        assert (payment.paid_at is None) == (payment.state in UNPAID)


def test_statement_lines_name_payments_and_the_reconciled_hold_theirs() -> None:
    held = {line.taken_by for line in seeded_lines(STARTS[0])} - {None}
    booked = {p.serial_number for p in seeded_payments(STARTS[0]) if p.state is State.RECONCILED}
    assert held == booked
