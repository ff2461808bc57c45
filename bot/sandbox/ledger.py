"""What the bureau has on its books, in memory."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.sandbox.model import Event, Payment, Reason, ReconciliationRequest, State, StatementLine

COUNTS_FIRST = (State.RECONCILED, State.UNDER_REVIEW, State.UNRECONCILED)


class Ledger:
    """Payments, statement lines, requests and events; `first_cursor` is where events start."""

    def __init__(
        self, payments: Iterable[Payment], lines: Iterable[StatementLine], first_cursor: int = 0
    ) -> None:
        self._payments = {payment.serial_number: payment for payment in payments}
        self._lines = {line.line_id: line for line in lines}
        self._requests: dict[str, ReconciliationRequest] = {}
        self._events: list[Event] = []
        self._first_cursor = first_cursor

    @property
    def payments(self) -> tuple[Payment, ...]:
        """Every payment."""
        return tuple(self._payments.values())

    @property
    def lines(self) -> tuple[StatementLine, ...]:
        """Every statement line."""
        return tuple(self._lines.values())

    @property
    def requests(self) -> tuple[ReconciliationRequest, ...]:
        """Every reconciliation request, oldest first."""
        return tuple(self._requests.values())

    @property
    def last_cursor(self) -> int:
        """The newest event's cursor, or where the first event will come after."""
        return self._first_cursor + len(self._events)

    def find(self, number: str) -> Payment | None:
        """The payment that goes by this number; of several, the one that counts."""
        found = [payment for payment in self._payments.values() if number in payment.numbers]
        exact = [payment for payment in found if number == payment.serial_number]
        return min(exact or found, key=_rank, default=None)

    def duplicates(self, payment: Payment) -> tuple[str, ...]:
        """The other payments made for the same notice."""
        same_notice = (other for other in self.payments if other.notice_number == payment.notice_number)
        return tuple(other.serial_number for other in same_notice if other.code != payment.code)

    def line(self, line_id: str) -> StatementLine | None:
        """One statement line."""
        return self._lines.get(line_id)

    def request(self, request_id: str) -> ReconciliationRequest | None:
        """One reconciliation request."""
        return self._requests.get(request_id)

    def put_payment(self, payment: Payment) -> None:
        """Keep the payment and tell of its state."""
        self._payments[payment.serial_number] = payment
        self._tell(payment.serial_number, payment.state, payment.reason, payment.updated_at)

    def put_line(self, line: StatementLine) -> None:
        """Keep the statement line."""
        self._lines[line.line_id] = line

    def put_request(self, request: ReconciliationRequest) -> None:
        """Keep the request."""
        self._requests[request.request_id] = request

    def events_after(self, cursor: int, limit: int) -> list[Event]:
        """At most `limit` events after the cursor, oldest first."""
        skip = max(0, cursor - self._first_cursor)
        return self._events[skip : skip + limit]

    def _tell(self, serial_number: str, state: State, reason: Reason | None, at: datetime) -> None:
        self._events.append(Event(self.last_cursor + 1, at, serial_number, state, reason))


def _rank(payment: Payment) -> tuple[int, str]:
    """Lower counts first: booked, then being looked at, then waiting; then the earlier one."""
    place = COUNTS_FIRST.index(payment.state) if payment.state in COUNTS_FIRST else len(COUNTS_FIRST)
    return place, payment.paid_at.isoformat() if payment.paid_at else "9"
