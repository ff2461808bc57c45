"""Which record is kept in which table, and how it gets back onto the books."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from bot.sandbox.bills.line import Line
from bot.sandbox.books.arrival import Arrival
from bot.sandbox.books.incident import Incident, Policy
from bot.sandbox.books.ledger import Filed, Imported, KeyUse, Ledger, Record
from bot.sandbox.books.notice import Notice
from bot.sandbox.books.order import Order, Word
from bot.sandbox.model import Event, Payer, Payment, ReconciliationRequest
from bot.sandbox.store import tables

Values = Sequence[Any]


class Shelf:
    """One table: a record's values in the order of its columns, and the way back."""

    def __init__(
        self, table: sa.Table, values: Callable[[Any], Values], restore: Callable[[Ledger, Any], None]
    ) -> None:
        self.table = table
        self._values = values
        self._restore = restore
        forms = [column.info["form"] for column in table.columns]
        self._writes = [(place, form.write) for place, form in enumerate(forms) if form.write]
        self._reads = [(place, form.read) for place, form in enumerate(forms) if form.read]
        names = self.names
        self.key_places = [names.index(name) for name in self.key]

    def row(self, record: Any) -> list[Any]:
        """The record as a row."""
        row = list(self._values(record))
        for place, write in self._writes:
            if row[place] is not None:
                row[place] = write(row[place])
        return row

    def restore(self, ledger: Ledger, row: Sequence[Any]) -> None:
        """Put the row's record back onto the books."""
        self._restore(ledger, self.read(row))

    def read(self, row: Sequence[Any]) -> list[Any]:
        """The row's values as the record has them."""
        values = list(row)
        for place, read in self._reads:
            if values[place] is not None:
                values[place] = read(values[place])
        return values

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return [column.name for column in self.table.columns]

    @property
    def key(self) -> list[str]:
        """The names of the columns that tell one row from the others."""
        return [column.name for column in self.table.primary_key]


EVENT = attrgetter("cursor", "at", "serial_number", "state", "reason")
REQUEST = attrgetter(*(column.name for column in tables.requests.columns))
PAYMENT_BEFORE_PAYER = attrgetter(
    "merchant_order",
    "serial_number",
    "notice_number",
    "channel",
    "account",
    "state",
    "reason",
    "item",
    "amount_due",
    "amount_paid",
)
PAYMENT_AFTER_PAYER = attrgetter(
    "paid_at",
    "updated_at",
    "expected_by",
    "mismatched_fields",
    "fiscal_receipt",
    "history",
    "line_id",
    "doubtful",
    "taken_up_at",
    "refund_asked_at",
)
PAYER = 10
"""Where the payer's name stands among a payment's columns; the last four follow."""


def _payment_values(payment: Payment) -> Values:
    payer = payment.payer
    return *PAYMENT_BEFORE_PAYER(payment), payer.name, payer.id_last4, *PAYMENT_AFTER_PAYER(payment)


def _payment(values: Any) -> Payment:
    payer = Payer(values[PAYER], values[PAYER + 1])
    before, after = values[:PAYER], values[PAYER + 2 :]
    return Payment(*(*before, payer, *after))


SHELVES: dict[type, Shelf] = {
    Notice: Shelf(tables.notices, tuple, lambda ledger, row: ledger.put_notice(Notice(*row))),
    Order: Shelf(tables.orders, tuple, lambda ledger, row: ledger.put_order(Order(*row))),
    Word: Shelf(tables.words, tuple, lambda ledger, row: ledger.put_word(Word(*row))),
    Filed: Shelf(
        tables.lines,
        lambda filed: (*filed.line, filed.day),
        lambda ledger, row: ledger.put_line(Line(*row[:-1]), row[-1]),
    ),
    Imported: Shelf(tables.bills, tuple, lambda ledger, row: ledger.put_bill(Imported(*row))),
    Arrival: Shelf(tables.arrivals, tuple, lambda ledger, row: ledger.put_arrival(Arrival(*row))),
    Incident: Shelf(tables.incidents, tuple, lambda ledger, row: ledger.put_incident(Incident(*row))),
    Policy: Shelf(tables.policies, tuple, lambda ledger, row: ledger.put_policy(Policy(*row))),
    Payment: Shelf(tables.payments, _payment_values, lambda ledger, row: ledger.put_payment(_payment(row))),
    ReconciliationRequest: Shelf(
        tables.requests, REQUEST, lambda ledger, row: ledger.put_request(ReconciliationRequest(*row))
    ),
    KeyUse: Shelf(tables.key_uses, tuple, lambda ledger, row: ledger.put_key_use(KeyUse(*row))),
}
"""In the order in which they come back: lines before the payments that they pay."""
EVENTS = Shelf(tables.events, EVENT, lambda ledger, row: None)
"""Events stay in the database until they are asked for."""


def shelf_of(record: Record) -> Shelf:
    """Where the record is kept."""
    return EVENTS if isinstance(record, Event) else SHELVES[type(record)]
