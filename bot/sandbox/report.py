"""One day's report: what each channel moved, what became of every fen, what is open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple, TypeVar

from bot.sandbox.bills.line import Kind, Line
from bot.sandbox.books.ledger import Imported
from bot.sandbox.casework import Casework
from bot.sandbox.matching.classes import Class, classes_of_line, classes_of_payment
from bot.sandbox.model import SETTLED, Channel, Payment, Reason, State
from bot.sandbox.schedule import billing_day

STEP = 1000
Thing = TypeVar("Thing")


class Sum(NamedTuple):
    """So many rows, so many fen."""

    rows: int = 0
    fen: int = 0

    def plus(self, fen: int) -> Sum:
        """One row more."""
        return Sum(self.rows + 1, self.fen + fen)


class Unmatched(NamedTuple):
    """A bill line that is nobody's yet, or its payment waits for a person or for time."""

    line: Line
    kind: Class
    payment: Payment | None


@dataclass
class Report:
    """The day as the books have it at `made_at`; sums in fen.

    The bills' side counts the lines of the day's bills: their classes add up to what the bills moved. The
    books' side counts what the notices asked for, of the payments of that day.
    """

    day: date
    made_at: datetime
    bills: list[Imported] = field(default_factory=list)
    classes: dict[tuple[Channel, Class], Sum] = field(default_factory=dict)
    expected: dict[Class, Sum] = field(default_factory=dict)
    states: dict[tuple[State, Reason | None], Sum] = field(default_factory=dict)
    unmatched: list[Unmatched] = field(default_factory=list)

    @property
    def total(self) -> int:
        """What the day's bills moved."""
        return sum(bill.total for bill in self.bills)

    @property
    def classed(self) -> int:
        """What is in a class: the same."""
        return sum(share.fen for share in self.classes.values())

    @property
    def channels(self) -> list[Channel]:
        """The channels with a bill of the day, or a payment."""
        return [channel for channel in Channel if any(bill.channel is channel for bill in self.bills)]

    def of_class(self, kind: Class) -> Sum:
        """The class over all channels."""
        shares = [share for (_, found), share in self.classes.items() if found is kind]
        return Sum(sum(share.rows for share in shares), sum(share.fen for share in shares))

    def of_channel(self, channel: Channel) -> Sum:
        """What the channel's bills have."""
        bills = [bill for bill in self.bills if bill.channel is channel]
        return Sum(sum(bill.rows for bill in bills), sum(bill.total for bill in bills))


async def report_of(casework: Casework, day: date, now: datetime) -> Report:
    """The day's report; nobody may change the books meanwhile, everybody may read them."""
    ledger = casework.ledger
    bills = sorted((bill for bill in ledger.bills.values() if bill.day == day), key=lambda bill: bill.key[:2])
    report = Report(day, now, bills)
    for bill in bills:
        async for line in _unhurried(ledger.lines_of(bill.key)):
            _count_line(report, casework, line)
    async for payment in _unhurried(ledger.payments):
        if _is_of(payment, day):
            _count_payment(report, payment)
    return report


async def _unhurried(things: Iterable[Thing]) -> AsyncIterator[Thing]:
    for count, thing in enumerate(things, start=1):
        yield thing
        if count % STEP == 0:
            await asyncio.sleep(0)


def _count_line(report: Report, casework: Casework, line: Line) -> None:
    payment = casework.payment_for(line)
    shares = classes_of_line(line, payment, casework.returned_of(payment) if payment else 0)
    for share in shares:
        place = line.channel, share.kind
        report.classes[place] = report.classes.get(place, Sum()).plus(share.fen)
    if line.kind is Kind.PAYMENT and (payment is None or payment.state not in SETTLED):
        kind = max(shares, key=lambda share: share.fen).kind if shares else Class.ONE_SIDED
        report.unmatched.append(Unmatched(line, kind, payment))


def _is_of(payment: Payment, day: date) -> bool:
    """Paid on that day of its channel's; of one that is not paid, last heard of on it."""
    if payment.paid_at is None:
        return payment.updated_at.date() == day
    return billing_day(payment.channel, payment.paid_at) == day


def _count_payment(report: Report, payment: Payment) -> None:
    place = payment.state, payment.reason
    report.states[place] = report.states.get(place, Sum()).plus(payment.amount_due)
    for share in classes_of_payment(payment):
        report.expected[share.kind] = report.expected.get(share.kind, Sum()).plus(share.fen)
