"""Everything on the books, in memory, found by any of its numbers.

Whatever is put here is also noted in `changes`, so that a store can keep it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from bot.sandbox.bills.line import Kind, Line
from bot.sandbox.books.arrival import Arrival
from bot.sandbox.books.incident import Incident, Policy
from bot.sandbox.books.notice import Notice
from bot.sandbox.books.order import Order, Word
from bot.sandbox.model import (
    OPEN_STATES,
    UNPAID,
    Channel,
    Event,
    Payment,
    Reason,
    ReconciliationRequest,
    State,
)

MAY_COUNT = OPEN_STATES | {State.RECONCILED}
"""The states of a payment that may be the one that counts for its notice."""


BillKey = tuple[Channel, str, date]
"""One account's bill of one day."""


class Imported(NamedTuple):
    """A bill that is on the books."""

    channel: Channel
    account: str
    day: date
    imported_at: datetime
    rows: int
    total: int
    name: str = ""
    linked: bool = False
    """Whether its rows were gone through: before that it does not say that it lacks a payment."""

    @property
    def key(self) -> BillKey:
        """One account's bill of one day."""
        return self.channel, self.account, self.day


class Standing(NamedTuple):
    """What decides which of a notice's payments counts: the lowest one does.

    Booked comes first, then what agrees with the notice, then what was paid earlier.
    """

    unbooked: bool
    differs: bool
    paid_at: datetime
    merchant_order: str


class Filed(NamedTuple):
    """A bill line and the day whose bill has it; None for one that came without a bill."""

    line: Line
    day: date | None


class KeyUse(NamedTuple):
    """What an idempotency key was used for; `answer` is the request's id or the payment's serial number.

    `asked` is the digest of the body that came with it.
    """

    action: str
    key: str
    serial_number: str
    answer: str
    until: datetime
    asked: str = ""


Record = (
    Notice
    | Order
    | Word
    | Filed
    | Imported
    | Arrival
    | Payment
    | ReconciliationRequest
    | Event
    | Incident
    | Policy
    | KeyUse
)


class Ledger:
    """The books; `first_cursor` is where events start."""

    def __init__(self, first_cursor: int = 0) -> None:
        self.notices: dict[str, Notice] = {}
        self.orders: dict[str, Order] = {}
        self.words: dict[str, Word] = {}
        self.lines_by_id: dict[str, Line] = {}
        self.bills: dict[BillKey, Imported] = {}
        self.arrivals: dict[str, Arrival] = {}
        self.incidents: dict[str, Incident] = {}
        self.policies: dict[str, Policy] = {}
        self.changes: list[Record] = []
        self._payments: dict[str, Payment] = {}
        self._requests: dict[str, ReconciliationRequest] = {}
        self._open_requests: set[str] = set()
        self._newest: dict[tuple[Channel, str], date] = {}
        self._rows: dict[BillKey, list[str]] = {}
        self._keys: dict[tuple[str, str], KeyUse] = {}
        self._events: list[Event] = []
        self._first_cursor = first_cursor
        self._found_by: dict[str, list[str]] = {}
        self._loose: dict[str, Line] = {}
        self._payer_of: dict[str, str] = {}
        self._refunds: dict[str, list[Line]] = {}

    # What there is

    @property
    def payments(self) -> tuple[Payment, ...]:
        """Every payment."""
        return tuple(self._payments.values())

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every bill line."""
        return tuple(self.lines_by_id.values())

    @property
    def requests(self) -> tuple[ReconciliationRequest, ...]:
        """Every reconciliation request, oldest first."""
        return tuple(self._requests.values())

    @property
    def open_requests(self) -> tuple[ReconciliationRequest, ...]:
        """The requests that are not answered."""
        return tuple(self._requests[request_id] for request_id in sorted(self._open_requests))

    @property
    def first_cursor(self) -> int:
        """The cursor after which this ledger's own events begin."""
        return self._first_cursor

    @property
    def last_cursor(self) -> int:
        """The newest event's cursor, or where the first event will come after."""
        return self._first_cursor + len(self._events)

    def payment(self, merchant_order: str) -> Payment | None:
        """The payment of this order."""
        return self._payments.get(merchant_order)

    def find(self, number: str) -> Payment | None:
        """The payment that goes by this number; of several, the one that counts."""
        found = [self._payments[order] for order in self._found_by.get(number, ())]
        exact = [payment for payment in found if number == payment.serial_number]
        return min(exact or found, key=_rank, default=None)

    def named(self, number: str) -> tuple[Payment, ...]:
        """Every payment that goes by exactly this number."""
        return tuple(self._payments[order] for order in self._found_by.get(number, ()))

    def of_notice(self, notice_number: str) -> Iterator[Payment]:
        """Every payment of the notice."""
        for order in self._found_by.get(notice_number, ()):
            payment = self._payments[order]
            if payment.notice_number == notice_number:
                yield payment

    def duplicates(self, payment: Payment) -> tuple[str, ...]:
        """The other payments made for the same notice; an order that nobody paid is none."""
        others = self.of_notice(payment.notice_number) if payment.notice_number else ()
        return tuple(
            other.serial_number
            for other in others
            if other.merchant_order != payment.merchant_order and other.state not in UNPAID
        )

    def loose_lines(self) -> tuple[Line, ...]:
        """Payment lines that belong to no payment yet, oldest first."""
        return tuple(sorted(self._loose.values(), key=lambda line: (line.at, line.line_id)))

    def line(self, line_id: str) -> Line | None:
        """One bill line."""
        return self.lines_by_id.get(line_id)

    def newest_bill(self, channel: Channel, account: str) -> date | None:
        """The last day that the account has a bill of."""
        return self._newest.get((channel, account))

    def lines_of(self, bill: BillKey) -> tuple[Line, ...]:
        """The lines of this bill."""
        return tuple(self.lines_by_id[line_id] for line_id in self._rows.get(bill, ()))

    def payment_of_line(self, line_id: str) -> Payment | None:
        """The payment that the line was found to pay."""
        order = self._payer_of.get(line_id)
        return self._payments.get(order) if order else None

    def refunds_of(self, *numbers: str) -> tuple[Line, ...]:
        """The lines that took money of this payment back, or will; none that names another by its serial."""
        found = {line.line_id: line for number in numbers for line in self._refunds.get(number, ())}
        return tuple(
            line for line in found.values() if line.serial in numbers or line.serial not in self._found_by
        )

    def orders_refunded(self, serial: str) -> set[str]:
        """The orders that the rows name which took money back under this number, or will."""
        return {line.order for line in self._refunds.get(serial, ()) if line.order in self.orders}

    def request(self, request_id: str) -> ReconciliationRequest | None:
        """One reconciliation request."""
        return self._requests.get(request_id)

    def key_use(self, action: str, key: str) -> KeyUse | None:
        """What this idempotency key was used for."""
        return self._keys.get((action, key))

    def events_after(self, cursor: int, limit: int) -> list[Event]:
        """At most `limit` events after the cursor, oldest first."""
        skip = max(0, cursor - self._first_cursor)
        return self._events[skip : skip + limit]

    # What is put

    def put_notice(self, notice: Notice) -> None:
        """Keep the notice."""
        self.notices[notice.number] = notice
        self.changes.append(notice)

    def put_order(self, order: Order) -> None:
        """Keep the order."""
        self.orders[order.merchant_order] = order
        self.changes.append(order)

    def put_word(self, word: Word) -> None:
        """Keep the channel's word."""
        self.words[word.merchant_order] = word
        self.changes.append(word)

    def put_bill(self, bill: Imported) -> None:
        """Keep that the bill was imported."""
        self.bills[bill.key] = bill
        place = bill.channel, bill.account
        self._newest[place] = max(bill.day, self._newest.get(place, bill.day))
        self.changes.append(bill)

    def put_arrival(self, arrival: Arrival) -> None:
        """Keep that the file came."""
        self.arrivals[arrival.checksum] = arrival
        self.changes.append(arrival)

    def put_line(self, line: Line, day: date | None = None) -> None:
        """Keep the bill line, new and of that day's bill."""
        self.lines_by_id[line.line_id] = line
        if day is not None:
            self._rows.setdefault((line.channel, line.account, day), []).append(line.line_id)
        if line.kind is Kind.PAYMENT:
            if line.line_id not in self._payer_of:
                self._loose[line.line_id] = line
        else:
            for number in {line.serial, line.order} - {""}:
                self._refunds.setdefault(number, []).append(line)
        self.changes.append(Filed(line, day))

    def put_incident(self, incident: Incident) -> None:
        """Keep the incident."""
        self.incidents[incident.incident_id] = incident
        self.changes.append(incident)

    def put_policy(self, policy: Policy) -> None:
        """Keep the policy."""
        self.policies[policy.policy_id] = policy
        self.changes.append(policy)

    def put_payment(self, payment: Payment) -> None:
        """Keep the payment, under all of its numbers and with its line."""
        before = self._payments.get(payment.merchant_order)
        if before is None or before.numbers != payment.numbers:
            self._index(before, payment)
        if before is not None and before.line_id not in (None, payment.line_id):
            self._let_go(before.line_id or "")
        if payment.line_id is not None:
            self._loose.pop(payment.line_id, None)
            self._payer_of[payment.line_id] = payment.merchant_order
        self._payments[payment.merchant_order] = payment
        self.changes.append(payment)

    def put_request(self, request: ReconciliationRequest) -> None:
        """Keep the request."""
        self._requests[request.request_id] = request
        (self._open_requests.add if request.due_at else self._open_requests.discard)(request.request_id)
        self.changes.append(request)

    def put_key_use(self, use: KeyUse) -> None:
        """Keep what the key was used for."""
        self._keys[use.action, use.key] = use
        self.changes.append(use)

    def tell(self, serial_number: str, state: State, reason: Reason | None, at: datetime) -> None:
        """Tell those who follow the events."""
        event = Event(self.last_cursor + 1, at, serial_number, state, reason)
        self._events.append(event)
        self.changes.append(event)

    def begin_events(self) -> None:
        """Forget the events so far: what happened before the system opened."""
        self._events.clear()

    def _index(self, before: Payment | None, payment: Payment) -> None:
        for number in set(before.numbers) if before else ():
            self._found_by[number].remove(payment.merchant_order)
        for number in set(payment.numbers) - {""}:
            self._found_by.setdefault(number, []).append(payment.merchant_order)

    def _let_go(self, line_id: str) -> None:
        self._payer_of.pop(line_id, None)
        line = self.lines_by_id.get(line_id)
        if line is not None:
            self._loose[line_id] = line


def standing(payment: Payment) -> Standing:
    """How the payment stands beside the others of its notice."""
    paid_at = payment.paid_at or payment.updated_at
    return Standing(not payment.booked, bool(payment.mismatched_fields), paid_at, payment.merchant_order)


def _rank(payment: Payment) -> tuple[bool, bool, bool, Standing]:
    """Lower counts first: what may count at all, never the extra one before another; then by standing."""
    extra = payment.reason is Reason.DUPLICATE_PAYMENT
    return payment.state not in MAY_COUNT, payment.paid_at is None, extra, standing(payment)
