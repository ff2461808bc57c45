"""A whole day at once, at any size: what is plain is booked in bulk, the rest goes through the casework.

Plain is a bill row that names a known order, of a channel that told the same amount; the notice asks for that
amount, nobody else paid it, nothing was filled in that differs, no incident and no new rule is in its way.
That is what `matching/reasons.py` books too; the tests compare.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from bot.sandbox.bills.line import Bill, Kind, Line
from bot.sandbox.books.files import Paying
from bot.sandbox.books.incident import Incident, Policy
from bot.sandbox.books.ledger import Ledger
from bot.sandbox.books.notice import Notice
from bot.sandbox.books.order import Order, Outcome, Word
from bot.sandbox.casework import Casework
from bot.sandbox.matching.classes import Class, Share, booked_class, classes_of_line
from bot.sandbox.model import Channel


@dataclass
class Matched:
    """What became of a day; `plain` says which line pays which notice, `ledger` has all other cases."""

    plain: dict[str, Line] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    rows: int = 0
    total: int = 0
    """What the bills moved in all, in fen."""
    counts: Counter[Class] = field(default_factory=Counter)
    fen: Counter[Class] = field(default_factory=Counter)

    def count(self, shares: Iterable[Share]) -> None:
        """Add a row's shares to their classes."""
        for share in shares:
            self.counts[share.kind] += 1
            self.fen[share.kind] += share.fen


class BulkDay:
    """The books of one day, consumed while they are matched; bookings are made as of `closing`."""

    def __init__(
        self,
        notices: Iterable[Notice],
        payings: Iterable[Paying],
        known: Iterable[Incident | Policy],
        closing: datetime,
    ) -> None:
        self._closing = closing
        self._notices = {notice.number: notice for notice in notices}
        self._payings: dict[str, Paying] = {}
        self._transfers: dict[str, str] = {}
        self._contested = self._keep(payings)
        self._known = tuple(known)
        self._incidents = [found for found in self._known if isinstance(found, Incident)]
        self._policies = [found for found in self._known if isinstance(found, Policy)]
        self._rest: list[Bill] = []
        self._across: dict[str, datetime] = {}
        self._matched = Matched()

    def _keep(self, payings: Iterable[Paying]) -> set[str]:
        """Keep the records by order; answers the notices that more than one order was opened for."""
        ordered: set[str] = set()
        contested: set[str] = set()
        for order, word in payings:
            notice = self._notices.get(order.notice_number)
            number = notice.number if notice else order.notice_number  # one string for both
            self._payings[order.merchant_order] = Paying(order._replace(notice_number=number), word)
            (contested if number in ordered else ordered).add(number)
            if order.channel is Channel.BANK_TRANSFER:
                self._transfers[number] = order.merchant_order
        return contested

    def add(self, bill: Bill) -> None:
        """Book the bill's plain rows; keep the others for later."""
        rest: list[Line] = []
        for line in bill.lines:
            paying = self._payings.get(line.order or self._transfers.get(line.notice, ""))
            if paying is not None and self._is_plain(line, *paying):
                self._book(line, paying)
            else:
                rest.append(line)
        self._rest.append(bill._replace(lines=tuple(rest)))
        self._matched.rows += len(bill.lines)
        self._matched.total += bill.total

    def _is_plain(self, line: Line, order: Order, word: Word | None) -> bool:
        if line.kind is not Kind.PAYMENT or order.channel is not line.channel:
            return False
        if word is None or word.outcome is not Outcome.PAID:
            return False
        notice = self._notices.get(order.notice_number)
        if notice is None or not notice.amount == line.amount == word.amount:
            return False
        if order.notice_number in self._contested or order.payer_last4 or order.item:
            return False
        if order.payer_name not in ("", notice.payer_name) or line.item not in ("", notice.item):
            return False
        if order.channel is Channel.BANK_TRANSFER and line.payer != notice.payer_name:
            return False
        return not self._is_touched(notice, order, word)

    def _is_touched(self, notice: Notice, order: Order, word: Word) -> bool:
        incidents = (found.touches(order.channel, word.at, self._closing) for found in self._incidents)
        policies = (found.touches(notice, word.at, self._closing) for found in self._policies)
        return any(incidents) or any(policies)

    def _book(self, line: Line, paying: Paying) -> None:
        assert paying.word is not None
        self._matched.plain[paying.order.notice_number] = line
        kind = booked_class(line, paying.word.at)
        if kind is Class.DAY_CUT:
            self._across[paying.order.notice_number] = paying.word.at
        self._matched.count([Share(kind, line.amount)])
        del self._payings[paying.order.merchant_order]

    def finish(self) -> Matched:
        """Work the other cases like any others, and class every row."""
        matched = self._matched
        ledger = matched.ledger
        ledger.notices = self._notices
        casework = Casework(ledger, lambda: None)
        for known in self._known:
            if isinstance(known, Incident):
                casework.note_incident(known)
            else:
                casework.note_policy(known)
        recalled = [self._recall(number) for number in sorted(self._named())]
        casework.take_over((paying for paying, _ in recalled), self._closing)
        casework.take_over(self._payings.values(), self._closing)
        for paying, line in recalled:
            casework.attach(line, paying.order, self._closing)
        for bill in self._rest:
            casework.import_bill(bill, self._closing)
        casework.run(self._closing)
        for line in ledger.lines:
            payment = casework.payment_for(line)
            matched.count(classes_of_line(line, payment, casework.returned_of(payment) if payment else 0))
        return matched

    def _named(self) -> set[str]:
        """The notices of plain bookings that another case names: paid again, or refunded."""
        plain = self._matched.plain
        lines = [line for bill in self._rest for line in bill.lines]
        named = {line.notice for line in lines} | {order.notice_number for order, _ in self._payings.values()}
        refunded = {line.serial for line in lines if line.kind is not Kind.PAYMENT}
        again = {line.order for line in lines if line.order not in self._payings} - {""}
        back = {n for n, line in plain.items() if line.serial in refunded or line.order in again}
        return (named & plain.keys()) | back

    def _recall(self, number: str) -> tuple[Paying, Line]:
        """Take a plain booking back, to be judged beside what names it."""
        line = self._matched.plain.pop(number)
        paid_at = self._across.get(number, line.at)
        kind = Class.DAY_CUT if number in self._across else Class.BALANCED
        self._matched.counts[kind] -= 1
        self._matched.fen[kind] -= line.amount
        serial = "" if line.channel in (Channel.COUNTER, Channel.BANK_TRANSFER) else line.serial
        own = line.order or self._transfers[number]
        order = Order(own, number, line.channel, line.account, line.at, serial)
        word = Word(own, serial or own, Outcome.PAID, line.amount, paid_at, paid_at)
        return Paying(order, word), line
