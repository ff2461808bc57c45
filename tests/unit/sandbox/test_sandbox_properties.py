"""What holds on every day, however strange: money is conserved, and nothing counts twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.bills.line import Bill, Kind, Line
from bot.sandbox.books.notice import Notice
from bot.sandbox.books.order import Heard, Order, Outcome, Word
from bot.sandbox.matching.classes import classes_of_line, classes_of_payment
from bot.sandbox.matching.reasons import judge
from bot.sandbox.model import OPEN_STATES, SETTLED, Channel, Reason, State
from bot.sandbox.schedule import billing_day
from tests.unit.sandbox.office import BANK, BOOKING, COUNTER, MONDAY, WECHAT, Desk, notice, order, word

CHANNELS = (WECHAT, BANK, COUNTER)
NAMES = ("王伟", "王玮", "李娜")
AMOUNTS = (1000, 2000, 20000)
SPREAD = [MONDAY + timedelta(minutes=minutes) for minutes in (0, 1, 5, 775, 785, 1440)]


@dataclass(frozen=True)
class RandomDay:
    """Notices, orders, words and bills, in which little is distinct and much collides."""

    notices: tuple[Notice, ...]
    orders: tuple[Order, ...]
    words: tuple[Word, ...]
    bills: tuple[Bill, ...]


@st.composite
def days(draw: st.DrawFn) -> RandomDay:
    pick = st.integers(1, 4)
    notices = [
        notice(number, draw(st.sampled_from(AMOUNTS)), draw(st.sampled_from(NAMES)))
        for number in range(1, draw(pick) + 1)
    ]
    orders, words = [], []
    for number in range(1, draw(st.integers(0, 6)) + 1):
        channel = draw(st.sampled_from(CHANNELS))
        orders.append(
            order(
                number,
                draw(st.integers(1, 5)),
                channel,
                payer_name=draw(st.sampled_from(("", *NAMES))),
                payer_account=draw(st.sampled_from(("", "1111", "2222"))) if channel is BANK else "",
            )
        )
        if draw(st.booleans()):
            words.append(
                word(
                    number,
                    draw(st.sampled_from(AMOUNTS)),
                    draw(st.sampled_from(SPREAD)),
                    outcome=draw(st.sampled_from((Outcome.PAID, Outcome.PAID, Outcome.FAILED))),
                    heard=draw(st.sampled_from(Heard)),
                )
            )
    lines = [draw(rows(number)) for number in range(1, draw(st.integers(0, 9)) + 1)]
    return RandomDay(tuple(notices), tuple(orders), tuple(words), _bills(lines))


@st.composite
def rows(draw: st.DrawFn, number: int) -> Line:
    channel = draw(st.sampled_from(CHANNELS))
    kind = draw(st.sampled_from((Kind.PAYMENT,) * 5 + (Kind.REFUND, Kind.REFUNDING, Kind.REVOKED)))
    serial = f"CH{draw(st.integers(1, 6)):06d}" if kind is not Kind.PAYMENT or channel is WECHAT else "BK"
    serial += f"-{number}" if kind is Kind.PAYMENT and draw(st.booleans()) or serial == "BK" else ""
    return Line(
        line_id=f"SL-{number}",
        channel=channel,
        account="A1",
        kind=kind,
        serial=serial,
        order=draw(st.sampled_from(("", "HZ000001", "HZ000002", "HZ000003", "HZ000030"))),
        notice=draw(st.sampled_from(("", "", *(f"3100002611230000{n:04d}" for n in range(1, 6))))),
        amount=draw(st.sampled_from(AMOUNTS)),
        at=draw(st.sampled_from(SPREAD)),
        payer=draw(st.sampled_from(("", *NAMES))),
        payer_account=draw(st.sampled_from(("", "6222****1111", "6222****2222"))),
        refund="" if kind is Kind.PAYMENT else f"R{number}",
    )


def _bills(lines: list[Line]) -> tuple[Bill, ...]:
    grouped: dict[tuple[Channel, object], list[Line]] = {}
    for row in lines:
        grouped.setdefault((row.channel, billing_day(row.channel, row.at)), []).append(row)
    return tuple(Bill(channel, "A1", day, tuple(rows)) for (channel, day), rows in grouped.items())  # type: ignore[arg-type]


unhurried = settings(deadline=None, max_examples=60)


def worked(day: RandomDay) -> Desk:
    return Desk().know(*day.notices, *day.orders, *day.words).get(*day.bills)


def outcome(desk: Desk) -> dict[str, object]:
    """Everything that matters of every payment."""
    return {
        p.merchant_order: (p.state, p.reason, p.line_id, p.amount_paid, p.mismatched_fields)
        for p in desk.ledger.payments
    }


@unhurried
@given(days())
def test_every_fen_of_every_bill_is_in_exactly_one_class(day: RandomDay) -> None:
    desk = worked(day)
    for row in desk.ledger.lines:
        payment = desk.casework.payment_for(row)
        returned = desk.casework.returned_of(payment) if payment else 0
        assert sum(share.fen for share in classes_of_line(row, payment, returned)) == row.signed


@unhurried
@given(days())
def test_every_fen_that_a_notice_asks_for_is_in_exactly_one_class(day: RandomDay) -> None:
    for payment in worked(day).ledger.payments:
        shares = classes_of_payment(payment)
        assert not shares or sum(share.fen for share in shares) == payment.amount_due


@unhurried
@given(days())
def test_no_line_pays_twice_and_no_notice_is_booked_twice(day: RandomDay) -> None:
    ledger = worked(day).ledger
    used = Counter(payment.line_id for payment in ledger.payments if payment.line_id)
    booked = Counter(p.notice_number for p in ledger.payments if p.state is State.RECONCILED)
    assert not [line_id for line_id, times in used.items() if times > 1]
    assert not [number for number, times in booked.items() if times > 1]


@unhurried
@given(days())
def test_what_is_booked_unasked_is_paid_to_the_fen_by_a_line(day: RandomDay) -> None:
    desk = worked(day)
    for payment in desk.ledger.payments:
        if payment.state is State.RECONCILED:
            assert payment.line_id is not None
            row = desk.ledger.line(payment.line_id)
            assert row is not None and row.amount - desk.casework.returned_of(payment) == payment.amount_due


@unhurried
@given(days(), st.randoms(use_true_random=False))
def test_the_order_of_import_does_not_matter(day: RandomDay, dice: object) -> None:
    shuffled = list(day.bills)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    other = RandomDay(day.notices, day.orders, day.words, tuple(shuffled))
    assert outcome(worked(day)) == outcome(worked(other))


@unhurried
@given(days(), st.randoms(use_true_random=False))
def test_books_may_come_after_the_bills(day: RandomDay, dice: object) -> None:
    known = [*day.notices, *day.orders, *day.words]
    dice.shuffle(known)  # type: ignore[attr-defined]
    late = Desk()
    for arrived in day.bills:
        late.casework.import_bill(arrived, BOOKING)
    late.know(*known, at=BOOKING).run()
    booked = {p.notice_number for p in late.ledger.payments if p.state is State.RECONCILED}
    assert booked == {p.notice_number for p in worked(day).ledger.payments if p.state is State.RECONCILED}


@unhurried
@given(days())
def test_importing_everything_again_and_again_changes_nothing(day: RandomDay) -> None:
    desk = worked(day)
    before = outcome(desk)
    desk.ledger.changes.clear()
    desk.know(*day.notices, *day.orders, *day.words, at=BOOKING).get(*day.bills).run()
    assert outcome(desk) == before
    assert desk.ledger.changes == []


@unhurried
@given(days())
def test_the_same_evidence_gives_the_same_verdict(day: RandomDay) -> None:
    desk = worked(day)
    for payment in desk.ledger.payments:
        if payment.state in SETTLED:
            continue
        evidence = desk.casework.evidence(desk.ledger.orders[payment.merchant_order], payment, BOOKING)
        verdict = judge(evidence, BOOKING)
        assert (verdict.state, verdict.reason) == (payment.state, payment.reason)
        assert not verdict.bookable


@unhurried
@given(days(), st.lists(st.tuples(st.integers(0, 9), st.sampled_from(("take up", "ask back"))), max_size=3))
def test_what_a_notice_finds_is_never_the_extra_payment_while_another_is_open_or_booked(
    day: RandomDay, decisions: list[tuple[int, str]]
) -> None:
    desk = worked(day)
    for place, decision in decisions:
        if desk.ledger.payments:
            chosen = desk.ledger.payments[place % len(desk.ledger.payments)]
            decide = desk.casework.take_up if decision == "take up" else desk.casework.ask_refund
            if chosen.state in OPEN_STATES:
                decide(chosen, decision, BOOKING)
    desk.run(BOOKING + timedelta(days=1))
    for number in desk.ledger.notices:
        paid = [p for p in desk.ledger.of_notice(number) if p.state in OPEN_STATES | {State.RECONCILED}]
        found = desk.ledger.find(number)
        if len(paid) > 1:
            assert found in paid and found.reason is not Reason.DUPLICATE_PAYMENT


def test_a_row_that_names_anothers_order_goes_by_its_number_once_that_is_known() -> None:
    paid = Line("SL-1", WECHAT, "A1", Kind.PAYMENT, "CH000005", "", notice(1).number, 1000, MONDAY)
    revoked = paid._replace(line_id="SL-2", kind=Kind.REVOKED, order="HZ000001", notice="", refund="R1")
    desk = (
        Desk()
        .know(notice(1, 1000), order(1, 1, BANK))
        .get(Bill(WECHAT, "A1", MONDAY.date(), (revoked, paid)))
    )
    payment = desk.ledger.payment("HZ000001")
    assert payment is not None and payment.state is State.PAYMENT_PENDING
