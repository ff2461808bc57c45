"""The world's own course: notices go out, people pay, channels tell or forget to, bills come in time."""

from __future__ import annotations

import heapq
import io
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from functools import partial

from bot.sandbox.bills.line import Kind, Line
from bot.sandbox.bills.reader import read_bill
from bot.sandbox.books.order import Order, Word
from bot.sandbox.casework import Casework
from bot.sandbox.model import Channel, Payment
from bot.sandbox.schedule import bill_issued, billing_day
from bot.sandbox.workdays import at, on_or_after
from bot.sandbox.world.deal import Deal, Stated
from bot.sandbox.world.papers import bill_bytes, file_name

Place = tuple[Channel, str]
Deed = Callable[[Casework, datetime], object]
REFUND_HOUR = 11
TAKEN_UP = "人工核查"
REFUND_ASKED = "核实后原路退回"


class World:
    """Everything that will happen, in order; `silent` accounts write no bills until they are asked to."""

    def __init__(self, since: date, silent: Iterable[Place] = ()) -> None:
        self._since = since
        self._silent = frozenset(silent)
        self._deeds: list[tuple[datetime, int, Deed]] = []
        self._count = 0
        self._rows: dict[tuple[Place, date], list[Stated]] = {}
        self._next_bill: dict[Place, date] = {}
        self._days: dict[str, tuple[Place, date]] = {}
        self._refunds = 0

    def open_account(self, channel: Channel, account: str) -> None:
        """The account's bills come every day from the first day on, empty ones too."""
        place = (channel, account)
        if place not in self._silent and place not in self._next_bill:
            self._plan_bill(place, self._since)

    def _plan_bill(self, place: Place, day: date) -> None:
        self._next_bill[place] = day
        self.plan(bill_issued(place[0], day), partial(self._issue_in_time, place))

    def _issue_in_time(self, place: Place, casework: Casework, now: datetime) -> None:
        """The day's bill comes at its hour, and the next day's will."""
        day = self._next_bill[place]
        self._plan_bill(place, day + timedelta(days=1))
        self._issue(casework, place, day, now)

    def add(self, deal: Deal) -> None:
        """Let the deal take its course."""
        self.plan(deal.notice.issued_at, lambda casework, _: casework.announce(deal.notice))
        words = deal.words
        if deal.order is not None:
            order = deal.order
            self.open_account(order.channel, order.account)
            at_once = next((word for word in words if word.heard_at == order.opened_at), None)
            words = tuple(word for word in words if word is not at_once)
            self.plan(order.opened_at, lambda casework, now: casework.open(order, now, at_once))
            if deal.taken_up_at is not None:
                self.plan(deal.taken_up_at, partial(_take_up, order))
            if deal.refund_asked_at is not None:
                self.plan(deal.refund_asked_at, partial(self._ask_refund, order))
        for word in words:
            self.plan(word.heard_at, partial(_hear, word))
        for stated in deal.stated:
            self._state(stated)

    def plan(self, due: datetime, deed: Deed) -> None:
        """Something will happen then."""
        self._count += 1
        heapq.heappush(self._deeds, (due, self._count, deed))

    @property
    def next_at(self) -> datetime | None:
        """When something happens next; None when nothing ever does."""
        return self._deeds[0][0] if self._deeds else None

    def play(self, casework: Casework) -> None:
        """Let the next thing happen."""
        now, _, deed = heapq.heappop(self._deeds)
        deed(casework, now)

    def refund(self, payment: Payment, asked_at: datetime) -> None:
        """The channel pays the money back the next day and writes so into that day's bill."""
        day = asked_at.date() + timedelta(days=1)
        if payment.channel in (Channel.BANK_TRANSFER, Channel.COUNTER):
            day = on_or_after(day)
        self._refunds += 1
        line = Line(
            line_id="",
            channel=payment.channel,
            account=payment.account,
            kind=Kind.REFUND,
            serial=payment.serial_number,
            order=payment.merchant_order,
            notice="",
            amount=payment.amount_paid or payment.amount_due,
            at=at(day, REFUND_HOUR),
            item=payment.item,
            refund=f"5000000{day:%Y%m%d}{self._refunds:014d}",
        )
        self._state(Stated(line, billing_day(payment.channel, line.at)))

    def fetch(self, payment: Payment, casework: Casework, now: datetime) -> bool:
        """Somebody asks the channel for the bill that holds the payment; False when no bill ever will."""
        found = self._days.get(payment.merchant_order)
        if found is None:
            return False
        self._issue(casework, *found, now, all_of_it=True)
        return True

    def _state(self, stated: Stated) -> None:
        place = (stated.line.channel, stated.line.account)
        self._rows.setdefault((place, stated.day), []).append(stated)
        self.open_account(*place)
        if stated.line.kind is Kind.PAYMENT and stated.line.order:
            self._days[stated.line.order] = (place, stated.day)
        late = stated.issued_at
        if late is None and place in self._next_bill and self._next_bill[place] > stated.day:
            late = bill_issued(place[0], self._next_bill[place])  # its bill is out: an addition follows
        if late is not None:
            self.plan(late, lambda casework, now: self._issue(casework, place, stated.day, now))

    def _issue(
        self, casework: Casework, place: Place, day: date, now: datetime, all_of_it: bool = False
    ) -> None:
        """The channel writes the day's bill, and the bureau reads it."""
        rows = self._rows.get((place, day), [])
        out = [s.line for s in rows if all_of_it or s.issued_at is None or s.issued_at <= now]
        name = file_name(*place, day)
        held = io.BytesIO(bill_bytes(*place, day, sorted(out, key=lambda line: line.at)))
        casework.import_bill(read_bill(held, name), now, name)

    def _ask_refund(self, order: Order, casework: Casework, now: datetime) -> None:
        payment = casework.ledger.payment(order.merchant_order)
        if payment is not None:
            casework.ask_refund(payment, REFUND_ASKED, now)
            self.refund(payment, now)


def _take_up(order: Order, casework: Casework, now: datetime) -> None:
    payment = casework.ledger.payment(order.merchant_order)
    if payment is not None:
        casework.take_up(payment, TAKEN_UP, now)


def _hear(word: Word, casework: Casework, now: datetime) -> None:
    casework.hear(word, now)
