"""Each reason comes out of data alone: a notice, an order, what the channel said, and bill rows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.sandbox.bills.line import Kind
from bot.sandbox.books.incident import Incident, Policy
from bot.sandbox.books.order import Heard, Outcome
from bot.sandbox.forcing import Forcing
from bot.sandbox.model import Reason, State
from tests.unit.sandbox.office import (
    ALIPAY,
    BANK,
    BOOKING,
    COUNTER,
    ITEM,
    MONDAY,
    UNIONPAY,
    WECHAT,
    Desk,
    bill,
    line,
    notice,
    order,
    shanghai,
    word,
)

TUESDAY, WEDNESDAY = shanghai("2026-11-24 11:00"), shanghai("2026-11-25 11:00")
LATE = shanghai("2026-11-23 23:58")
WAITS, BOOKED = State.UNRECONCILED, State.RECONCILED


def desk(**ordered: object) -> Desk:
    """One notice, one order for it."""
    return Desk().know(notice(), order(**ordered))  # type: ignore[arg-type]


def test_an_order_that_nobody_paid_is_pending() -> None:
    assert desk().verdict() == (State.PAYMENT_PENDING, None)


def test_an_order_whose_channel_says_no_failed_and_a_yes_before_is_not_taken_back() -> None:
    no = word(outcome=Outcome.FAILED)
    assert desk().know(no).verdict() == (State.PAYMENT_FAILED, None)
    assert desk().know(no, word()).verdict() == (WAITS, Reason.AWAITING_STATEMENT)
    assert desk().know(word(), no).verdict() == (WAITS, Reason.AWAITING_STATEMENT)


def test_money_in_the_bill_counts_more_than_a_channel_that_said_no() -> None:
    assert desk().know(word(outcome=Outcome.FAILED)).get(bill(line())).verdict() == (BOOKED, None)


def test_an_order_that_two_bills_do_not_have_failed() -> None:
    assert desk().get(bill(), bill(day=TUESDAY)).verdict() == (State.PAYMENT_FAILED, None)


def test_an_unpaid_notice_that_expires_closes_its_order() -> None:
    books = Desk().know(notice(expires_at=TUESDAY), order())
    assert books.run(MONDAY).verdict() == (State.PAYMENT_PENDING, None)
    assert books.run(TUESDAY).verdict() == (State.CLOSED, None)


def test_a_payment_waits_for_its_bill_and_is_booked_from_it() -> None:
    books = desk().know(word())
    assert books.verdict() == (WAITS, Reason.AWAITING_STATEMENT)
    assert books.payment().expected_by == shanghai("2026-11-24 10:00")
    assert books.get(bill(line())).verdict() == (BOOKED, None)
    assert books.payment().fiscal_receipt is not None


def test_a_bill_that_comes_on_a_holiday_is_booked_on_the_next_working_day() -> None:
    saturday, monday = shanghai("2026-11-21 10:00"), shanghai("2026-11-23 10:00")
    paid = shanghai("2026-11-20 11:00")
    books = Desk().know(notice(), order(opened_at=paid), word(at=paid), at=paid)
    books.get(bill(line(at=paid), day=paid), at=saturday)
    assert books.verdict() == (WAITS, Reason.AWAITING_STATEMENT)
    assert books.run(monday - timedelta(hours=1)).verdict() == (WAITS, Reason.AWAITING_STATEMENT)
    assert books.run(monday).verdict() == (BOOKED, None)


def test_day_cut() -> None:
    books = Desk().know(notice(), order(), word(at=LATE), at=LATE)
    assert books.verdict() == (WAITS, Reason.DAY_CUT)
    assert books.payment().expected_by == shanghai("2026-11-25 10:00")
    assert books.get(bill(), at=TUESDAY).verdict() == (WAITS, Reason.DAY_CUT)
    next_day = bill(line(at=LATE + timedelta(minutes=3)), day=TUESDAY)
    assert books.get(next_day).verdict() == (BOOKED, None)


def test_day_cut_of_unionpay_is_at_eleven_at_night() -> None:
    paid = shanghai("2026-11-23 22:57")
    assert Desk().know(notice(), order(channel=UNIONPAY), word(at=paid)).verdict() == (WAITS, Reason.DAY_CUT)


def test_callback_lost_and_found_out_by_asking() -> None:
    books = desk().know(word(heard=Heard.QUERY))
    assert books.verdict() == (WAITS, Reason.CALLBACK_LOST)
    assert books.get(bill(line())).verdict() == (BOOKED, None)


def test_callback_lost_and_found_in_the_bill() -> None:
    on_a_holiday = shanghai("2026-11-28 10:00")
    books = desk().get(bill(line()), at=on_a_holiday)
    assert books.verdict() == (WAITS, Reason.CALLBACK_LOST)
    assert books.run(shanghai("2026-11-30 10:00")).verdict() == (BOOKED, None)


def test_a_payment_without_an_order_is_found_in_the_bill_by_its_notice() -> None:
    books = Desk().know(notice()).get(bill(line(notice=notice().number)))
    assert books.verdict() == (BOOKED, None)
    assert books.payment().serial_number == "CH000001"


def test_bank_transfer_delay() -> None:
    books = desk(channel=BANK).know(word())
    assert books.verdict() == (WAITS, Reason.BANK_TRANSFER_DELAY)
    assert books.payment().expected_by == shanghai("2026-11-26 17:00")
    came = line(channel=BANK, order="", notice=notice().number, at=WEDNESDAY, serial="BK1")
    assert books.get(bill(came, channel=BANK, day=WEDNESDAY)).verdict() == (BOOKED, None)


def test_a_transfer_that_says_nothing_is_matched_by_name_amount_and_time_when_all_are_in() -> None:
    books = desk(channel=BANK).know(word())
    came = line(channel=BANK, order="", payer="王小明", at=TUESDAY, serial="BK1")
    books.get(bill(came, channel=BANK, day=TUESDAY), at=WEDNESDAY)
    assert books.run(BOOKING).verdict() == (WAITS, Reason.BANK_TRANSFER_DELAY), "a statement is missing"
    assert books.get(bill(channel=BANK, day=WEDNESDAY)).verdict() == (BOOKED, None)


def test_a_transfer_that_may_be_either_of_two_is_left_to_a_person() -> None:
    books = Desk().know(notice(1), notice(2), order(1, 1, BANK), order(2, 2, BANK), word(1), word(2))
    came = line(channel=BANK, order="", payer="王小明", at=TUESDAY, serial="BK1")
    books.get(bill(came, channel=BANK, day=TUESDAY))
    assert {books.verdict(1), books.verdict(2)} == {(WAITS, Reason.BANK_TRANSFER_DELAY)}


def test_the_paying_account_tells_two_of_one_name_apart() -> None:
    books = Desk().know(
        notice(1),
        notice(2),
        order(1, 1, BANK, payer_account="1111"),
        order(2, 2, BANK, payer_account="2222"),
        word(1),
        word(2),
    )
    facts = {"channel": BANK, "order": "", "payer": "王小明", "at": TUESDAY}
    second = line(**facts, payer_account="6222****2222", serial="BK1")  # type: ignore[arg-type]
    first = line(**facts, payer_account="6222****1111", serial="BK2")  # type: ignore[arg-type]
    books.get(bill(second, first, channel=BANK, day=TUESDAY), bill(channel=BANK, day=WEDNESDAY))
    assert [books.payment(1).line_id, books.payment(2).line_id] == ["SL-BK2", "SL-BK1"]


@pytest.mark.parametrize(
    ("filled_in", "field"),
    [
        ({"payer_name": "王晓明"}, "payer_name"),
        ({"payer_last4": "9999"}, "payer_id"),
        ({"item": "居住证补领工本费"}, "item"),
    ],
)
def test_info_mismatch(filled_in: dict[str, str], field: str) -> None:
    books = desk(**filled_in).know(word())
    assert books.verdict() == (WAITS, Reason.INFO_MISMATCH)
    assert books.payment().mismatched_fields == (field,)
    assert books.get(bill(line())).verdict() == (WAITS, Reason.INFO_MISMATCH)


def test_a_transfer_from_somebody_elses_account_differs_in_the_name() -> None:
    books = desk(channel=BANK).know(word())
    came = line(channel=BANK, order="", notice=notice().number, payer="李秀兰", serial="BK1")
    assert books.get(bill(came, channel=BANK)).verdict() == (WAITS, Reason.INFO_MISMATCH)


def test_amount_mismatch() -> None:
    books = desk().know(word(amount=1000))
    assert books.verdict() == (WAITS, Reason.AMOUNT_MISMATCH)
    assert books.get(bill(line(amount=1000))).verdict() == (WAITS, Reason.AMOUNT_MISMATCH)
    assert (books.payment().amount_due, books.payment().amount_paid) == (2000, 1000)


def test_an_overpayment_is_booked_once_the_difference_went_back() -> None:
    books = desk().know(word(amount=2500)).get(bill(line(amount=2500)))
    assert books.verdict() == (WAITS, Reason.AMOUNT_MISMATCH)
    back = line(amount=500, kind=Kind.REFUND, refund="R1")
    assert books.get(bill(back, day=TUESDAY)).verdict() == (BOOKED, None)


def test_what_the_payee_gave_as_a_discount_is_for_a_person() -> None:
    books = desk().know(word()).get(bill(line(amount=1800)))
    assert (books.verdict(), books.payment().amount_paid) == ((WAITS, Reason.AMOUNT_MISMATCH), 1800)


def test_a_row_that_brought_nothing_is_no_refund() -> None:
    assert desk().know(word()).get(bill(line(amount=0))).verdict() == (WAITS, Reason.AMOUNT_MISMATCH)


def test_duplicate_payment() -> None:
    books = desk().know(word()).get(bill(line()))
    books.know(order(2, channel=ALIPAY), word(2))
    assert (books.verdict(1), books.verdict(2)) == ((BOOKED, None), (WAITS, Reason.DUPLICATE_PAYMENT))


def test_of_two_unbooked_payments_the_earlier_counts_and_when_it_goes_back_the_later() -> None:
    later = MONDAY + timedelta(minutes=5)
    books = desk().know(word(), order(2), word(2, at=later))
    assert (books.verdict(1)[1], books.verdict(2)[1]) == (Reason.AWAITING_STATEMENT, Reason.DUPLICATE_PAYMENT)
    back = line(kind=Kind.REFUND, refund="R1")
    books.get(bill(line(1), line(2, at=later), back))
    assert (books.verdict(1), books.verdict(2)) == ((State.REFUNDED, None), (BOOKED, None))


def test_of_two_payments_the_one_of_the_right_amount_counts() -> None:
    later = MONDAY + timedelta(minutes=5)
    books = desk().know(word(amount=1000), order(2), word(2, at=later))
    books.get(bill(line(amount=1000), line(2, at=later)))
    assert (books.verdict(1)[1], books.verdict(2)) == (Reason.DUPLICATE_PAYMENT, (BOOKED, None))


def counting(books: Desk) -> str:
    """The order of the payment that the notice's number finds."""
    found = books.ledger.find(notice().number)
    assert found is not None
    return found.merchant_order


def test_the_notice_finds_the_payment_of_the_right_amount_though_a_wrong_one_came_first() -> None:
    later = MONDAY + timedelta(minutes=5)
    books = desk().know(word(amount=1000), order(2), word(2, at=later))
    assert books.verdict(1)[1] is Reason.DUPLICATE_PAYMENT
    assert counting(books) == "HZ000002"


def test_a_duplicate_that_a_person_looks_at_does_not_count_before_the_waiting_payment() -> None:
    later = MONDAY + timedelta(minutes=5)
    books = desk().know(word(), order(2), word(2, at=later))
    books.casework.take_up(books.payment(2), "taken up", later)
    assert books.verdict(2) == (State.UNDER_REVIEW, Reason.DUPLICATE_PAYMENT)
    assert counting(books) == "HZ000001"


def test_a_payment_that_is_on_its_way_back_counts_after_one_that_waits() -> None:
    books = desk().know(word(), order(2), word(2, at=MONDAY + timedelta(minutes=5)))
    books.casework.ask_refund(books.payment(1), "asked back", MONDAY + timedelta(minutes=6))
    assert books.verdict(1)[0] is State.REFUNDING
    assert counting(books) == "HZ000002"


def test_a_payment_that_was_put_down_as_the_extra_one_leaves_the_other_to_count() -> None:
    books = desk().know(word())
    forcing = Forcing(books.casework)
    forcing.change(books.payment(1), WAITS, Reason.DUPLICATE_PAYMENT, MONDAY)
    books.know(order(2), word(2, at=MONDAY + timedelta(minutes=5)))
    assert books.verdict(2) == (WAITS, Reason.AWAITING_STATEMENT)
    assert counting(books) == "HZ000002"


def test_an_order_that_nobody_paid_is_no_second_payment() -> None:
    books = desk().know(word(outcome=Outcome.FAILED), order(2), word(2), order(3))
    assert books.ledger.duplicates(books.payment(2)) == ()
    assert books.know(order(4), word(4)).ledger.duplicates(books.payment(2)) == ("CH000004",)


def test_channel_fault_holds_back_until_the_channel_has_made_it_good() -> None:
    good = BOOKING + timedelta(days=1)
    books = desk()
    fault = Incident("I1", WECHAT, MONDAY, MONDAY + timedelta(minutes=5), good)
    books.casework.note_incident(fault)
    books.know(word())
    assert books.verdict() == (WAITS, Reason.CHANNEL_FAULT)
    assert books.payment().expected_by == good
    assert books.get(bill(line())).verdict() == (WAITS, Reason.CHANNEL_FAULT)
    assert books.run(good).verdict() == (BOOKED, None)


def test_system_maintenance_touches_every_channel() -> None:
    books = desk(channel=ALIPAY)
    books.casework.note_incident(Incident("I1", None, MONDAY, MONDAY + timedelta(minutes=5)))
    assert books.know(word()).verdict() == (WAITS, Reason.SYSTEM_MAINTENANCE)
    assert books.payment().expected_by is None


@pytest.mark.parametrize("keyed", ["31000026112300000002", "13000026112300000001", "3100002611230000001"])
def test_entry_error_in_the_notice_number(keyed: str) -> None:
    books = Desk().know(notice(), order(of=keyed, channel=COUNTER), word())
    assert books.verdict() == (WAITS, Reason.ENTRY_ERROR)
    assert books.payment().notice_number == notice().number
    assert books.get(bill(line(channel=COUNTER), channel=COUNTER)).verdict() == (WAITS, Reason.ENTRY_ERROR)


def test_entry_error_in_the_amount() -> None:
    books = desk(channel=COUNTER).know(word(amount=20000))
    assert books.get(bill(line(channel=COUNTER), channel=COUNTER)).verdict() == (WAITS, Reason.ENTRY_ERROR)


def test_only_a_counter_keys() -> None:
    books = Desk().know(notice(), order(of="31000026112300000002"), word())
    assert books.verdict() == (WAITS, Reason.UNKNOWN)


def test_policy_change_until_somebody_decides() -> None:
    books = Desk().know(notice(group="senior"), order())
    changed = Policy("P1", ITEM, "senior", MONDAY - timedelta(days=1))
    books.casework.note_policy(changed)
    books.know(word())
    assert books.get(bill(line())).verdict() == (WAITS, Reason.POLICY_CHANGE)
    books.casework.note_policy(changed._replace(decided_at=BOOKING))
    assert books.run(BOOKING).verdict() == (BOOKED, None)


def test_a_notice_from_after_the_new_rule_is_not_touched_by_it() -> None:
    books = Desk().know(notice(group="senior", issued_at=MONDAY - timedelta(hours=1)), order(), word())
    books.casework.note_policy(Policy("P1", ITEM, "senior", MONDAY - timedelta(days=1)))
    assert books.get(bill(line())).verdict() == (BOOKED, None)


def test_unknown_after_two_bills_without_it_and_doubtful_after_one() -> None:
    books = desk().know(word()).get(bill(), at=TUESDAY)
    assert books.verdict() == (WAITS, Reason.AWAITING_STATEMENT)
    assert books.payment().doubtful
    assert books.payment().expected_by == shanghai("2026-11-25 10:00")
    assert books.get(bill(day=TUESDAY), at=WEDNESDAY).verdict() == (WAITS, Reason.UNKNOWN)
    assert books.payment().expected_by is None


def test_what_the_next_bill_brings_after_all_is_booked() -> None:
    books = desk().know(word()).get(bill(), at=TUESDAY)
    assert books.get(bill(line(at=TUESDAY), day=TUESDAY)).verdict() == (BOOKED, None)


def test_a_refund_goes_from_asked_to_under_way_to_returned() -> None:
    books = desk().know(word()).get(bill(line()))
    books.casework.ask_refund(books.payment(), "退款", BOOKING)
    assert books.verdict() == (State.REFUNDING, None)
    assert books.payment().fiscal_receipt is None
    books.get(bill(line(kind=Kind.REFUNDING, refund="R1"), day=TUESDAY))
    assert books.verdict() == (State.REFUNDING, None)
    books.get(bill(line(kind=Kind.REFUND, refund="R1", serial="CH000001"), day=WEDNESDAY))
    assert books.verdict() == (State.REFUNDED, None)


def test_an_order_that_was_revoked_took_no_money() -> None:
    revoked = bill(line(kind=Kind.REVOKED))
    assert desk().get(revoked).verdict() == (State.PAYMENT_FAILED, None)
