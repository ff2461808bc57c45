"""What agrees and what differs, side by side."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta

import pytest

from bot.payments.model import MismatchedField
from bot.reconciliation.comparison import Claims, Compared, claims_of, compare, other_words
from tests.fakes.clock import MONDAY_TEN
from tests.fakes.staff_system import SERIAL, FakeStaffSystem

NOTHING_SAID = Claims()


def rows(claims: Claims = NOTHING_SAID, **line_changes: object) -> dict[str, Compared]:
    """The comparison of a payment of ¥20, paid on Monday, by field."""
    bureau = FakeStaffSystem()
    payment = bureau.add()
    line = dataclasses.replace(bureau.lines[SERIAL][0], **line_changes)  # type: ignore[arg-type]
    return {row.field: row for row in compare(claims, payment, line)}


@pytest.mark.parametrize(("amount", "agrees"), [(2000, True), (1999, False), (None, None)])
def test_a_claimed_amount_is_held_against_what_was_paid(amount: int | None, agrees: bool | None) -> None:
    assert rows(Claims(amount=amount))["amount"].claim_agrees is agrees


def test_a_claimed_day_is_a_day_of_shanghai() -> None:
    assert rows(Claims(paid_on=MONDAY_TEN.date()))["date"].claim_agrees is True
    assert rows(Claims(paid_on=MONDAY_TEN.date() + timedelta(days=1)))["date"].claim_agrees is False


def test_another_number_of_the_receipt_says_nothing_against_the_payment() -> None:
    assert rows(Claims(serial_number=SERIAL))["serial_number"].claim_agrees is True
    assert rows(Claims(serial_number="31000026112000000106"))["serial_number"].claim_agrees is True
    assert rows(Claims(serial_number="HZ202611200106"))["serial_number"].claim_agrees is None


def test_a_channel_s_number_of_another_payment_speaks_against_this_one() -> None:
    assert rows(Claims(serial_number="2026112022001400000000000105"))["serial_number"].claim_agrees is False


def test_the_bureau_says_what_of_a_line_agrees() -> None:
    found = rows(agrees=("payer_name",), differs=("amount", "colour"))
    assert (found["payer_name"].line_agrees, found["amount"].line_agrees) == (True, False)
    assert found["date"].line_agrees is None
    assert other_words(("amount", "colour")) == ("colour",)


@pytest.mark.parametrize("name", ["**", "＊＊", None])
def test_a_hidden_name_agrees_only_by_what_the_bureau_says(name: str | None) -> None:
    assert rows(agrees=("payer_name",), counterparty_masked=name)["payer_name"].is_told_only
    assert not rows(agrees=("payer_name",), counterparty_masked="王*")["payer_name"].is_told_only
    assert not rows(agrees=(), differs=("payer_name",), counterparty_masked=name)["payer_name"].is_told_only


def test_a_line_shows_its_own_number_where_the_numbers_were_compared() -> None:
    number = rows(agrees=("serial_number",), statement_line_id="BL-7")["serial_number"]
    assert (number.stated, number.is_told_only) == ("BL-7", True)
    assert rows(agrees=("amount",))["serial_number"].stated is None
    assert not rows(agrees=("amount",))["amount"].is_told_only


def test_what_the_bureau_found_different_itself_is_flagged() -> None:
    payment = FakeStaffSystem().add()
    assert payment.details is not None
    details = dataclasses.replace(payment.details, mismatched_fields=(MismatchedField.PAYER_ID,))
    found = {row.field: row for row in compare(Claims(), dataclasses.replace(payment, details=details))}
    assert found["payer_id"].flagged and not found["payer_name"].flagged


def test_a_field_of_which_nobody_says_anything_is_left_out() -> None:
    assert "payer_id" not in rows()


def test_claims_are_read_from_what_a_ticket_keeps() -> None:
    kept = {
        "amount_fen": "2000",
        "paid_on": "2026-11-23",
        "payment_channel": "alipay",
        "state": "unreconciled",
    }
    assert claims_of(kept, SERIAL) == Claims(2000, date(2026, 11, 23), "alipay", SERIAL)


@pytest.mark.parametrize("checked", [{}, {"amount_fen": "²"}, {"amount_fen": "-5", "paid_on": "yesterday"}])
def test_what_cannot_be_read_counts_as_not_said(checked: dict[str, str]) -> None:
    assert claims_of(checked, None) == Claims()
