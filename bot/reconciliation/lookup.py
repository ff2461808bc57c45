"""What staff may ask of the reconciliation system: payments, and the statement lines that may match them."""

from __future__ import annotations

from datetime import date
from typing import Optional, Protocol

from bot.errors import InvalidInput, NotFound, ResidentError
from bot.payments.bill_files import BillFile, BillFilesPage
from bot.payments.model import Payment, PaymentsPage, State, StatementCandidate
from bot.payments.serial_numbers import NumberKind, find_numbers
from bot.reconciliation.model import PaymentQuery, QueryKind

PER_PAGE = 20
QUERY_MAX_CHARS = 64
OPEN = frozenset({State.UNRECONCILED, State.UNDER_REVIEW})
"""States of a payment that can be reconciled by hand."""


class StaffSystem(Protocol):
    """The reconciliation system with the staff scope; raises RetryLater, Bug, NotFound, Conflict."""

    async def search_payments(
        self, q: Optional[str] = None, paid_from: Optional[date] = None, paid_to: Optional[date] = None,
        state: Optional[State] = None, cursor: Optional[str] = None, limit: int = 50,
    ) -> PaymentsPage: ...  # fmt: skip
    async def statement_lines(self, serial: str) -> tuple[StatementCandidate, ...]: ...
    async def reconcile(
        self, serial: str, statement_line_id: str, operator: str, note: str, idempotency_key: str
    ) -> Payment: ...
    async def send_file(self, name: str, content: bytes, operator: str) -> Optional[BillFile]: ...
    async def files(self, offset: int = 0, limit: int = 50) -> Optional[BillFilesPage]: ...


class NotSetUp(ResidentError):
    """There is no key for the staff's calls: set RECONCILIATION_STAFF_API_KEY."""


class StaffLookup:
    """Every call raises NotSetUp without a key, RetryLater and Bug as the client does."""

    def __init__(self, system: Optional[StaffSystem]) -> None:
        self._system = system

    @property
    def is_set_up(self) -> bool:
        """False when there is no key for the staff's calls."""
        return self._system is not None

    @property
    def system(self) -> StaffSystem:
        """The system itself; raises NotSetUp."""
        if self._system is None:
            raise NotSetUp("RECONCILIATION_STAFF_API_KEY")
        return self._system

    async def search(self, query: PaymentQuery, cursor: Optional[str] = None) -> PaymentsPage:
        """One page of payments, newest first.

        Raises InvalidInput("nothing_to_search" | "identity_number" | "dates_reversed" | "query_too_long").
        """
        check_query(query)
        return await self.system.search_payments(
            q=query.words or None,
            paid_from=query.paid_from,
            paid_to=query.paid_to,
            state=query.state,
            cursor=cursor,
            limit=PER_PAGE,
        )

    async def payment(self, serial: str) -> Payment:
        """The payment under exactly this serial number, with its details. Raises NotFound."""
        page = await self.system.search_payments(q=serial, limit=PER_PAGE)
        for payment in page.payments:
            if payment.serial_number == serial:
                return payment
        raise NotFound(serial)

    async def candidates(self, serial: str) -> tuple[StatementCandidate, ...]:
        """Statement lines that may belong to the payment, best first."""
        return await self.system.statement_lines(serial)

    async def send_file(self, name: str, content: bytes, operator: str) -> Optional[BillFile]:
        """Gives the bureau a file in an operator's name; None when it takes none."""
        return await self.system.send_file(name, content, operator)

    async def files(self, offset: int, limit: int) -> Optional[BillFilesPage]:
        """The files that came to the bureau, newest first; None when it takes none."""
        return await self.system.files(offset, limit)

    async def line(self, serial: str, line_id: str) -> StatementCandidate:
        """One of the candidates; raises InvalidInput("line_gone") when it is none any more."""
        for candidate in await self.candidates(serial):
            if candidate.statement_line_id == line_id:
                return candidate
        raise InvalidInput("line_gone")


def check_query(query: PaymentQuery) -> None:
    """Raises InvalidInput as `search` does."""
    if query.kind is QueryKind.NOTHING and not (query.paid_from or query.paid_to or query.state):
        raise InvalidInput("nothing_to_search")
    if len(query.words) > QUERY_MAX_CHARS:
        raise InvalidInput("query_too_long")
    if any(found.kind is NumberKind.ID_CARD for found in find_numbers(query.words)):
        raise InvalidInput("identity_number")
    if query.paid_from and query.paid_to and query.paid_from > query.paid_to:
        raise InvalidInput("dates_reversed")
