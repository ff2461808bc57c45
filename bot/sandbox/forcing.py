"""Payments that the sandbox's user forced into a state: the evidence no longer moves them, a due time does.

A due time that lay ahead when it was set is kept: then a pending payment is confirmed, a refund
arrives, and one that waits for its statement is booked.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.sandbox.bills.line import Kind, Line
from bot.sandbox.casework import Casework
from bot.sandbox.fiscal import fiscal_receipt
from bot.sandbox.model import (
    OPEN_STATES,
    SELF_SETTLING,
    UNPAID,
    HistoryEntry,
    Payment,
    Reason,
    State,
)
from bot.sandbox.notes import note_for
from bot.sandbox.schedule import expected_by


class Forcing:
    """The forced payments of one casework, and when each moves on."""

    def __init__(self, casework: Casework) -> None:
        self._casework = casework
        self._settles_at: dict[str, datetime] = {}

    def put(
        self,
        payment: Payment,
        state: State,
        reason: Reason | None,
        due: datetime | None,
        note: str,
        at: datetime,
    ) -> Payment:
        """Put the payment into this state, due then."""
        unpaid = state in UNPAID
        booked = state is State.RECONCILED
        receipt = payment.fiscal_receipt or fiscal_receipt(payment.serial_number, at)
        put = replace(
            payment,
            state=state,
            reason=reason,
            amount_paid=None if unpaid else payment.amount_paid or payment.amount_due,
            paid_at=None if unpaid else payment.paid_at or at,
            updated_at=at,
            expected_by=due,
            mismatched_fields=payment.mismatched_fields if state in OPEN_STATES else (),
            fiscal_receipt=receipt if booked else None,
            history=(*payment.history, HistoryEntry(at, state, note)),
        )
        self._casework.held.add(payment.merchant_order)
        self._settles_at.pop(payment.merchant_order, None)
        if due is not None and due > at and _time_alone_settles(state, reason):
            self._settles_at[payment.merchant_order] = due
        self._casework.keep(put, at)
        return put

    def holds(self, payment: Payment) -> bool:
        """Whether the payment was forced and the evidence does not move it."""
        return payment.merchant_order in self._casework.held

    @property
    def next_at(self) -> datetime | None:
        """When the next forced payment moves on."""
        return min(self._settles_at.values(), default=None)

    def play(self) -> None:
        """Let the next forced payment move on."""
        order, due = min(self._settles_at.items(), key=lambda item: (item[1], item[0]))
        payment = self._casework.ledger.payment(order)
        assert payment is not None
        if payment.state is State.PAYMENT_PENDING:
            self.change(payment, State.UNRECONCILED, Reason.AWAITING_STATEMENT, due)
        elif payment.state is State.REFUNDING:
            self.change(payment, State.REFUNDED, None, due)
        else:
            self.book(payment, due)

    def change(self, payment: Payment, state: State, reason: Reason | None, at: datetime) -> Payment:
        """Put the payment into this state, due when the rules say."""
        paid_at = payment.paid_at if payment.paid_at or state in UNPAID else at
        due = expected_by(state, reason, payment.channel, paid_at, at)
        return self.put(replace(payment, paid_at=paid_at), state, reason, due, note_for(state, reason), at)

    def book(self, payment: Payment, at: datetime) -> None:
        """Book a forced payment; a line of its own comes with it when it has none."""
        if payment.line_id is None:
            line = _line_for(payment, at)
            self._casework.ledger.put_line(line)
            payment = replace(payment, line_id=line.line_id)
        self.change(payment, State.RECONCILED, None, at)


def _time_alone_settles(state: State, reason: Reason | None) -> bool:
    """Whether reaching the due time is enough for the next step, without anybody's help."""
    if state is State.UNRECONCILED:
        return reason in SELF_SETTLING
    return state in (State.PAYMENT_PENDING, State.REFUNDING)


def _line_for(payment: Payment, at: datetime) -> Line:
    return Line(
        line_id=f"SL-F-{payment.serial_number}",
        channel=payment.channel,
        account=payment.account,
        kind=Kind.PAYMENT,
        serial=payment.serial_number,
        order=payment.merchant_order,
        notice=payment.notice_number,
        amount=payment.amount_paid or payment.amount_due,
        at=payment.paid_at or at,
        payer=payment.payer.name,
    )
