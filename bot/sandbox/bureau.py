"""The bureau itself: what may happen to payments, by time, by residents, by staff, by the sandbox's user.

Time's rules: a due time that still lay ahead when it was set is kept. Then an unreconciled payment that a
statement settles becomes reconciled, a pending one is confirmed, a refund arrives. A reconciliation request
is taken up after half an hour and answered when it is due. What needs a person waits for one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from bot.sandbox.bills import expected_by, office_due
from bot.sandbox.clock import SandboxClock
from bot.sandbox.faults import FaultBox
from bot.sandbox.fiscal import fiscal_receipt
from bot.sandbox.ledger import Ledger
from bot.sandbox.model import (
    OPEN_STATES,
    HistoryEntry,
    Payment,
    Reason,
    ReconciliationRequest,
    RequestStatus,
    State,
    StatementLine,
)
from bot.sandbox.problems import Conflicting, InvalidRequest, Missing
from bot.sandbox.seed import UNPAID, seeded_lines, seeded_payments, time_alone_settles

KEY_LIVES = timedelta(days=7)
TAKEN_UP_AFTER = timedelta(minutes=30)
ANSWERED_AFTER_DAYS = 3
SETTLED = frozenset({State.RECONCILED, State.REFUNDING, State.REFUNDED})


@dataclass(frozen=True)
class _KeyUse:
    """What an idempotency key was used for; `answer` is the request's id or the payment's serial number."""

    serial_number: str
    answer: str
    until: datetime


class Bureau:
    """A reconciliation system in memory, on its own clock."""

    def __init__(self, clock: SandboxClock) -> None:
        self.clock = clock
        self.faults = FaultBox()
        self.changed = asyncio.Event()
        self._keys: dict[tuple[str, str], _KeyUse] = {}
        self._request_count = 0
        # Cursors go on rising over restarts, so that a caller's stored cursor never hides new events.
        self.ledger = self._fresh_ledger(first_cursor=int(clock.now().timestamp()) * 1000)

    def reset(self) -> None:
        """Back to the seed and the wall clock, without faults; event cursors go on rising."""
        self.clock.reset()
        self.faults.clear()
        self._keys.clear()
        self.ledger = self._fresh_ledger(first_cursor=self.ledger.last_cursor)

    def _fresh_ledger(self, first_cursor: int) -> Ledger:
        now = self.clock.now()
        return Ledger(seeded_payments(now), seeded_lines(now), first_cursor)

    # What time does

    def settle(self) -> None:
        """Let everything happen that is due by now, in the order it was due."""
        now = self.clock.now()
        while (step := self._next_step(now)) is not None:
            step()

    def _next_step(self, now: datetime) -> Callable[[], None] | None:
        steps: list[tuple[datetime, Callable[[], None]]] = []
        for payment in self.ledger.payments:
            if payment.settles_at is not None and payment.settles_at <= now:
                steps.append((payment.settles_at, partial(self._pass_on, payment)))
        for request in self.ledger.requests:
            if request.due_at is not None and request.due_at <= now:
                steps.append((request.due_at, partial(self._pursue, request)))
        return min(steps, key=lambda step: step[0])[1] if steps else None

    def _pass_on(self, payment: Payment) -> None:
        """A payment's due time came."""
        due = payment.settles_at or self.clock.now()
        if payment.state is State.PAYMENT_PENDING:
            self.change(payment, State.UNRECONCILED, Reason.AWAITING_STATEMENT, "渠道确认扣款成功", due)
        elif payment.state is State.REFUNDING:
            self.change(payment, State.REFUNDED, None, "退款到账", due)
        else:
            self._book_from_statement(payment, due)

    def _book_from_statement(self, payment: Payment, at: datetime) -> None:
        known = self.ledger.line(f"SL-{payment.code}")
        line = known or StatementLine(
            line_id=f"SL-{payment.code}",
            source=payment.channel,
            booked_at=payment.paid_at or at,
            amount=payment.amount_paid or payment.amount_due,
            counterparty=payment.payer.name,
            reference=payment.serial_number,
        )
        if line.taken_by is None:
            self.ledger.put_line(replace(line, taken_by=payment.serial_number))
        self.change(payment, State.RECONCILED, None, "账单已到,系统自动对账", at)

    def _pursue(self, request: ReconciliationRequest) -> None:
        """A request's due time came: take it up, or answer it."""
        payment = self.ledger.find(request.serial_number)
        if request.status is RequestStatus.RECEIVED:
            self.ledger.put_request(replace(request, status=RequestStatus.INVESTIGATING))
            if payment and payment.state is State.UNRECONCILED and payment.settles_at is None:
                note = "收到对账申请,人工核查"
                self.change(payment, State.UNDER_REVIEW, payment.reason, note, request.investigates_at)
        elif payment is None:
            self._answer(request, RequestStatus.REJECTED, "未查到该笔缴费,请携带缴费凭证到窗口办理")
        else:
            self._conclude(request, payment)

    def _conclude(self, request: ReconciliationRequest, payment: Payment) -> None:
        if payment.state not in OPEN_STATES:
            self._answer(request, RequestStatus.RESOLVED, f"缴费状态:{payment.state.value}")
        elif payment.reason is Reason.DUPLICATE_PAYMENT:
            self.change(payment, State.REFUNDING, None, "核实为重复缴费,原路退回", request.expected_by)
        else:
            self.change(payment, State.RECONCILED, None, "人工核实后对账", request.expected_by)

    def _answer(self, request: ReconciliationRequest, status: RequestStatus, outcome: str) -> None:
        self.ledger.put_request(replace(request, status=status, outcome=outcome))

    # What changes a payment

    def change(
        self, payment: Payment, state: State, reason: Reason | None, note: str, at: datetime
    ) -> Payment:
        """Put the payment into this state; its due time follows from the rules. Tells of it."""
        paid_at = payment.paid_at if payment.paid_at or state in UNPAID else at
        due = expected_by(state, reason, payment.channel, paid_at, at)
        moved = replace(payment, paid_at=paid_at)
        return self.put(moved, state, reason, due, note, at)

    def put(
        self,
        payment: Payment,
        state: State,
        reason: Reason | None,
        due: datetime | None,
        note: str,
        at: datetime,
    ) -> Payment:
        """Put the payment into this state, due then; requests for it end when it is settled."""
        serial = payment.serial_number
        booked = state is State.RECONCILED
        amount = None if state in UNPAID else payment.amount_paid or payment.amount_due
        changed = replace(
            payment,
            state=state,
            reason=reason,
            amount_paid=amount,
            paid_at=None if state in UNPAID else payment.paid_at or at,
            updated_at=at,
            expected_by=due,
            settles_at=due if due is not None and due > at and time_alone_settles(state, reason) else None,
            mismatched_fields=payment.mismatched_fields if state in OPEN_STATES else (),
            fiscal_receipt=payment.fiscal_receipt or fiscal_receipt(serial, at) if booked else None,
            history=(*payment.history, HistoryEntry(at, state, note)),
        )
        self.ledger.put_payment(changed)
        if state in SETTLED:
            self._end_requests(changed)
        self._wake()
        return changed

    def _end_requests(self, payment: Payment) -> None:
        for request in self.ledger.requests:
            if request.due_at is not None and request.serial_number in payment.numbers:
                self._answer(request, RequestStatus.RESOLVED, f"缴费状态:{payment.state.value}")

    def _wake(self) -> None:
        """Let those who wait for events look again."""
        self.changed.set()
        self.changed = asyncio.Event()

    # What residents and staff ask

    def request_reconciliation(
        self, serial_number: str, contact_reference: str, key: str
    ) -> tuple[ReconciliationRequest, bool]:
        """A new request, or the one this key opened in the last 7 days; and whether it is new."""
        used = self._used("request", key, serial_number)
        known = self.ledger.request(used.answer) if used else None
        if known is not None:
            return known, False
        request = self._new_request(serial_number, contact_reference)
        self.ledger.put_request(request)
        self._remember("request", key, serial_number, request.request_id)
        return request, True

    def _new_request(self, serial_number: str, contact_reference: str) -> ReconciliationRequest:
        now = self.clock.now()
        self._request_count += 1
        return ReconciliationRequest(
            request_id=f"RR{now:%Y%m%d}{self._request_count:06d}",
            serial_number=serial_number,
            contact_reference=contact_reference,
            status=RequestStatus.RECEIVED,
            created_at=now,
            investigates_at=now + TAKEN_UP_AFTER,
            expected_by=office_due(now, ANSWERED_AFTER_DAYS),
        )

    def reconcile(self, serial_number: str, line_id: str, operator: str, note: str, key: str) -> Payment:
        """Match the payment with a statement line by hand; conflicts say who was first."""
        payment = self.payment(serial_number)
        if self._used("reconcile", key, payment.serial_number):
            return payment
        line = self._free_line(payment, line_id)
        self.ledger.put_line(replace(line, taken_by=payment.serial_number))
        paid = replace(payment, amount_paid=line.amount)
        said = f"手动对账({line_id}),{operator}" + (f":{note}" if note else "")
        booked = self.change(paid, State.RECONCILED, None, said, self.clock.now())
        self._remember("reconcile", key, payment.serial_number, payment.serial_number)
        return booked

    def _free_line(self, payment: Payment, line_id: str) -> StatementLine:
        if payment.state is State.RECONCILED:
            raise Conflicting("the payment is already reconciled", says={"conflict": "payment_reconciled"})
        if payment.state not in OPEN_STATES:
            raise Conflicting(f"the payment is {payment.state.value}", says={"conflict": "payment_state"})
        line = self.ledger.line(line_id)
        if line is None:
            raise InvalidRequest(f"there is no statement line {line_id}")
        if line.taken_by not in (None, payment.serial_number):
            raise Conflicting(f"line {line_id} is taken by {line.taken_by}", says={"conflict": "line_taken"})
        return line

    def payment(self, number: str) -> Payment:
        """The payment that goes by this number; a 404 problem when none does."""
        found = self.ledger.find(number)
        if found is None:
            raise Missing("no payment goes by this number")
        return found

    def _used(self, action: str, key: str, serial_number: str) -> _KeyUse | None:
        used = self._keys.get((action, key))
        if used is None or used.until <= self.clock.now():
            return None
        if used.serial_number != serial_number:
            raise Conflicting("the Idempotency-Key belongs to another payment", says={"conflict": "key_used"})
        return used

    def _remember(self, action: str, key: str, serial_number: str, answer: str) -> None:
        self._keys[action, key] = _KeyUse(serial_number, answer, self.clock.now() + KEY_LIVES)
