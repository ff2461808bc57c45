"""The reconciliation system as staff meet it: payments, statement lines, and who booked what."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import date
from typing import Optional

from bot.errors import Conflict, InvalidInput, NotFound
from bot.payments.model import (
    Channel,
    Payment,
    PaymentDetails,
    PaymentsPage,
    Reason,
    State,
    StatementCandidate,
)
from tests.fakes.bureau import payment
from tests.fakes.clock import MONDAY_TEN

SERIAL, LINE = "4200002611202611200000000106", "SL-0106"


@dataclass(frozen=True)
class Booking:
    """One call of `reconcile` that was obeyed."""

    serial: str
    line: str
    operator: str
    note: str


@dataclass
class FakeStaffSystem:
    """Books each key once. `before` is raised instead of obeying, `after` instead of answering."""

    payments: dict[str, Payment] = field(default_factory=dict)
    lines: dict[str, list[StatementCandidate]] = field(default_factory=dict)
    booked: dict[str, Booking] = field(default_factory=dict)
    calls: int = 0
    before: list[Exception] = field(default_factory=list)
    after: list[Exception] = field(default_factory=list)

    def add(
        self,
        serial: str = SERIAL,
        amount: int = 2000,
        due: Optional[int] = None,
        line: str = LINE,
        differs: tuple[str, ...] = (),
    ) -> Payment:
        """An unreconciled payment and a statement line for it; amounts in fen."""
        details = PaymentDetails(
            notice_number="31000026112000000106",
            item="居民身份证补领工本费",
            amount_due=amount if due is None else due,
            amount_paid=amount,
            payer_name_masked="王**",
            fiscal_receipt=None,
            duplicates=(),
            history=(),
        )
        waiting = payment(serial, State.UNRECONCILED, Reason.AMOUNT_MISMATCH)
        self.payments[serial] = dataclasses.replace(waiting, verified=True, details=details)
        self.lines.setdefault(serial, []).append(
            StatementCandidate(
                statement_line_id=line,
                source=Channel.WECHAT_PAY,
                booked_at=MONDAY_TEN,
                amount=amount,
                counterparty_masked="王**",
                score=0.8,
                agrees=("serial_number", "payer_name"),
                differs=differs,
            )
        )
        return self.payments[serial]

    def become(self, serial: str, state: State) -> Payment:
        """The payment's state changes."""
        self.payments[serial] = dataclasses.replace(
            self.payments[serial], state=state, state_word=state.value, reason=None, reason_word=None
        )
        return self.payments[serial]

    async def search_payments(
        self, q: Optional[str] = None, paid_from: Optional[date] = None, paid_to: Optional[date] = None,
        state: Optional[State] = None, cursor: Optional[str] = None, limit: int = 50,
    ) -> PaymentsPage:  # fmt: skip
        found = [one for one in self.payments.values() if q in (None, one.serial_number)]
        return PaymentsPage(tuple(one for one in found if state in (None, one.state)), None)

    async def statement_lines(self, serial: str) -> tuple[StatementCandidate, ...]:
        return tuple(self.lines.get(serial, ()))

    async def reconcile(
        self, serial: str, statement_line_id: str, operator: str, note: str, idempotency_key: str
    ) -> Payment:
        self.calls += 1
        if self.before:
            raise self.before.pop(0)
        if idempotency_key not in self.booked:
            self._book(serial, statement_line_id, operator, note, idempotency_key)
        if self.after:
            raise self.after.pop(0)
        return self.payments[serial]

    def _book(self, serial: str, line: str, operator: str, note: str, key: str) -> None:
        if serial not in self.payments:
            raise NotFound
        if self.payments[serial].state is State.RECONCILED:
            raise Conflict("the payment is already reconciled")
        if self.payments[serial].state not in (State.UNRECONCILED, State.UNDER_REVIEW):
            raise Conflict("the payment cannot be reconciled")
        if line not in {one.statement_line_id for one in self.lines.get(serial, ())}:
            raise Conflict(f"line {line} is taken")
        if not (operator and len(operator) <= 64 and len(note) <= 500):
            raise InvalidInput("invalid_request")
        self.booked[key] = Booking(serial, line, operator, note)
        self.become(serial, State.RECONCILED)
