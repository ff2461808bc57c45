"""The clerk who answers reconciliation requests: takes them up, looks for the money, decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.sandbox.bills.line import Line
from bot.sandbox.casework import Casework
from bot.sandbox.forcing import Forcing
from bot.sandbox.matching.score import candidates
from bot.sandbox.model import (
    OPEN_STATES,
    SELF_SETTLING,
    Payment,
    Reason,
    ReconciliationRequest,
    RequestStatus,
    State,
)
from bot.sandbox.notes import OUTCOMES
from bot.sandbox.world.world import World

TAKEN_UP = "收到对账申请,人工核查"
PAID_TWICE = "核实为重复缴费,原路退回"
BOOKED = "人工核实后对账"
NOT_FOUND = "没有查到这笔缴费，请带上身份证和缴费凭证，到窗口来办"


class Clerk:
    """Works on one bureau's requests, with the world to ask."""

    def __init__(self, casework: Casework, forcing: Forcing, world: World) -> None:
        self._casework = casework
        self._ledger = casework.ledger
        self._forcing = forcing
        self._world = world

    def pursue(self, request: ReconciliationRequest, at: datetime) -> None:
        """The request's due time came: take it up, or decide."""
        payment = self._ledger.find(request.serial_number)
        if request.status is RequestStatus.RECEIVED:
            self._ledger.put_request(replace(request, status=RequestStatus.INVESTIGATING))
            if payment is not None and _needs_a_person(payment, at):
                self._casework.take_up(payment, TAKEN_UP, at)
        elif payment is None or not self._decide(payment, at):
            self._answer(request, RequestStatus.REJECTED, NOT_FOUND)
        else:
            state = (self._ledger.find(request.serial_number) or payment).state
            self._answer(request, RequestStatus.RESOLVED, OUTCOMES[state])

    def _decide(self, payment: Payment, at: datetime) -> bool:
        """Bring the payment to an end; False when no money is found."""
        if payment.state not in OPEN_STATES:
            return True
        if payment.reason is Reason.DUPLICATE_PAYMENT:
            self._refund(payment, at)
            return True
        if self._forcing.holds(payment):
            self._forcing.book(payment, at)
            return True
        line = self._best_line(payment)
        if line is None and self._world.fetch(payment, self._casework, at):
            self._casework.run(at)
            payment = self._ledger.payment(payment.merchant_order) or payment
            line = self._best_line(payment)
        if payment.state in OPEN_STATES and line is not None:
            self._casework.book_by_hand(payment, line, BOOKED, at)
        return payment.state not in OPEN_STATES or line is not None

    def _refund(self, payment: Payment, at: datetime) -> None:
        if self._forcing.holds(payment):
            self._forcing.change(payment, State.REFUNDING, None, at)
            return
        self._casework.ask_refund(payment, PAID_TWICE, at)
        self._world.refund(payment, at)

    def _best_line(self, payment: Payment) -> Line | None:
        found = candidates(self._casework.claim(payment), self._casework.free_lines(payment))
        return found[0].line if found else None

    def _answer(self, request: ReconciliationRequest, status: RequestStatus, outcome: str) -> None:
        self._ledger.put_request(replace(request, status=status, outcome=outcome))


def _needs_a_person(payment: Payment, at: datetime) -> bool:
    """What the next bill settles by itself is left to it."""
    if payment.state is not State.UNRECONCILED:
        return False
    waits = payment.reason in SELF_SETTLING and payment.expected_by is not None and payment.expected_by > at
    return not waits
