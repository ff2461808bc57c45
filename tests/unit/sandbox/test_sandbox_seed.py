"""The seeded past is plausible whenever the sandbox starts, and its states follow from it alone."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import cache

import pytest

from bot.sandbox.books.ledger import Ledger
from bot.sandbox.clock import SHANGHAI, SandboxClock
from bot.sandbox.model import OPEN_STATES, SETTLED, UNPAID, Channel, Payment, Reason, State
from bot.sandbox.opening import open_bureau
from bot.sandbox.schedule import bill_ready
from bot.sandbox.seed import ROWS, merchant_order

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


@cache
def opened(now: datetime) -> Ledger:
    return open_bureau(SandboxClock(source=lambda: now)).ledger


def by_code(now: datetime) -> dict[str, Payment]:
    ledger = opened(now)
    found = {row.code: ledger.payment(merchant_order(row.code, row.day)) for row in ROWS}
    return {code: payment for code, payment in found.items() if payment is not None}


def test_every_row_shows_what_it_is_there_to_show_whenever_it_starts(start: datetime) -> None:
    shown = {code: (payment.state, payment.reason) for code, payment in by_code(start).items()}
    assert shown == {row.code: (row.state, row.reason) for row in ROWS}


def test_numbers_do_not_depend_on_the_start() -> None:
    first, last = by_code(STARTS[0]), by_code(STARTS[-1])
    assert {code: p.numbers for code, p in first.items()} == {code: p.numbers for code, p in last.items()}
    assert first["0101"].serial_number == "4200002611202611200000000101"
    assert first["0103"].numbers == (
        "2026112022001400000000000103",
        "HZ202611200103",
        "31000026112000000103",
    )
    assert first["0108"].serial_number == "202611201530000000108"


def test_numbers_have_the_shapes_printed_on_receipts() -> None:
    for payment in opened(STARTS[0]).payments:
        assert re.fullmatch(SHAPES[payment.channel], payment.serial_number)
        assert re.fullmatch(r"31\d{18}", payment.notice_number)
        assert re.fullmatch(r"HZ\d{12}", payment.merchant_order)


def test_only_the_two_duplicate_pairs_share_a_notice() -> None:
    payments = opened(STARTS[0]).payments
    assert len({payment.serial_number for payment in payments}) == len(payments) == len(ROWS)
    assert len({payment.notice_number for payment in payments}) == len(payments) - 2


def test_every_state_and_reason_and_channel_is_shown() -> None:
    payments = opened(STARTS[0]).payments
    assert {payment.state for payment in payments} == set(State)
    assert {payment.channel for payment in payments} == set(Channel)
    shown = {(payment.state, payment.reason) for payment in payments}
    assert {(state, reason) for state in OPEN_STATES for reason in Reason} <= shown
    assert any(payment.payer.id_last4.endswith("X") for payment in payments)


def test_times_are_in_the_past_and_promises_in_the_future_but_for_the_overdue(start: datetime) -> None:
    for code, payment in by_code(start).items():
        assert payment.updated_at <= start, code
        assert payment.paid_at is None or payment.paid_at <= payment.updated_at, code
        assert [step.at for step in payment.history] == sorted(step.at for step in payment.history)
        if payment.expected_by:
            assert (payment.expected_by < start) == (code in ("0401", "0402")), code


def test_a_payment_that_waits_for_its_bill_is_promised_that_bill(start: datetime) -> None:
    payments = by_code(start)
    for code in ("0101", "0103", "0104", "0406", "0407", "0408"):
        payment = payments[code]
        assert payment.paid_at is not None
        assert payment.expected_by == bill_ready(payment.channel, payment.paid_at), code


def test_only_unpaid_payments_have_no_amount_paid() -> None:
    for payment in opened(STARTS[0]).payments:
        assert (payment.amount_paid is None) == (payment.state in UNPAID)
        assert (payment.paid_at is None) == (payment.state in UNPAID)


def test_the_differing_facts_are_found_by_comparing(start: datetime) -> None:
    payments = by_code(start)
    assert payments["0105"].mismatched_fields == ("payer_name", "payer_id")
    assert payments["0205"].mismatched_fields == ("item",)
    assert payments["0106"].mismatched_fields == payments["0206"].mismatched_fields == ("amount",)
    assert (payments["0106"].amount_due, payments["0106"].amount_paid) == (4000, 2000)


def test_every_settled_payment_holds_a_line_and_no_line_is_held_twice(start: datetime) -> None:
    settled = [payment for payment in opened(start).payments if payment.state in SETTLED]
    assert len(settled) == 8
    assert None not in (held := [payment.taken_line for payment in settled])
    assert len(set(held)) == len(held)


def test_the_fiscal_receipt_of_another_name_is_left_to_a_person() -> None:
    payments = by_code(STARTS[0])
    assert payments["0304"].fiscal_receipt is None
    receipt = payments["0303"].fiscal_receipt
    assert receipt is not None and receipt.issued_at == payments["0303"].updated_at
