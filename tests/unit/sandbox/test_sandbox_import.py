"""Importing bills: all or nothing, and once."""

from __future__ import annotations

import pytest

from bot.sandbox.bills.errors import Contradicts
from bot.sandbox.bills.line import Kind
from bot.sandbox.model import Reason, State
from tests.unit.sandbox.office import ALIPAY, BOOKING, MONDAY, Desk, bill, line, notice, order, word


def test_a_bill_imported_twice_changes_nothing() -> None:
    books = Desk().know(notice(), order(), word()).get(bill(line(), line(2)))
    books.ledger.changes.clear()
    again = books.casework.import_bill(bill(line(), line(2)), BOOKING)
    books.run()
    assert (again.new, again.known) == (0, 2)
    assert books.ledger.changes == []


def test_a_late_addition_to_a_bill_brings_only_its_new_rows() -> None:
    books = Desk().get(bill(line(1)))
    added = books.casework.import_bill(bill(line(1), line(2)), BOOKING)
    assert (added.new, added.known) == (1, 1)
    assert next(iter(books.ledger.bills.values())).rows == 2


def test_a_bill_that_contradicts_the_books_leaves_them_untouched() -> None:
    books = Desk().know(notice(), order(), word()).get(bill(line()))
    books.ledger.changes.clear()
    with pytest.raises(Contradicts, match="2000 分"):
        books.casework.import_bill(bill(line(2), line(1, amount=9999)), BOOKING)
    assert books.ledger.changes == []
    assert books.ledger.line("SL-CH000002") is None


def test_an_order_that_its_channel_was_paid_for_twice_is_two_payments() -> None:
    books = Desk().know(notice(), order(), word())
    books.get(bill(line(serial="CH000000"), line()))
    states = [(p.state, p.reason) for p in books.ledger.of_notice(notice().number)]
    assert books.payment().line_id == "SL-CH000001"
    assert set(states) == {(State.RECONCILED, None), (State.UNRECONCILED, Reason.DUPLICATE_PAYMENT)}


def test_a_row_that_names_an_order_of_another_channel_is_not_that_order() -> None:
    books = (
        Desk().know(notice(), order(), word()).get(bill(line(serial="X9", channel=ALIPAY), channel=ALIPAY))
    )
    assert books.payment().line_id is None
    assert [loose.line_id for loose in books.ledger.loose_lines()] == ["SL-X9"]


def test_a_refund_that_comes_before_its_payment_is_known_is_remembered() -> None:
    books = Desk().get(bill(line(kind=Kind.REFUND, refund="R1"), line()))
    books.know(notice(), order(), word(), at=MONDAY)
    assert books.run().verdict() == (State.REFUNDED, None)


def test_the_word_may_come_before_the_order_and_the_order_before_the_notice() -> None:
    books = Desk().know(word(), order(), notice())
    assert books.run().verdict() == (State.UNRECONCILED, Reason.AWAITING_STATEMENT)
    assert books.get(bill(line())).verdict() == (State.RECONCILED, None)
