"""What a resident may learn about a payment: the state for anyone, details for its payer only.

Knows no HTTP, no database and no words. Errors of the look-up (RetryLater, MalformedAnswer) pass through:
a system that is down never becomes "no such payment".
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from weakref import WeakValueDictionary

from bot.clock import Clock
from bot.errors import InvalidInput, NotFound, TooManyTries
from bot.payments.calendar import bill_ready_at
from bot.payments.facts import FACTS, Facts, Holder, NextStep, ResidentAction
from bot.payments.model import Claimed, Payment, Reason, ReconciliationRequest, State
from bot.payments.plain_text import plain
from bot.payments.repository import OwnershipAttempts

_LAST4 = re.compile(r"[0-9]{3}[0-9X]", re.ASCII)


class PaymentLookup(Protocol):
    """Where payments are asked for; raises NotFound, RetryLater or MalformedAnswer."""

    async def get_payment(self, serial: str, payer_id_last4: str | None = None) -> Payment:
        """The payment under any number printed on its receipt."""

    async def request_reconciliation(
        self, serial: str, claimed: Claimed, contact_reference: str, idempotency_key: str
    ) -> ReconciliationRequest:
        """A request to match a payment; the same key answers the same request."""


@dataclass(frozen=True)
class OwnershipLimits:
    """How many wrong tries a contact, and a serial number, may have within the window."""

    per_contact: int = 5
    per_serial: int = 5
    window: timedelta = timedelta(minutes=30)


@dataclass(frozen=True)
class PaymentReport:
    """A payment and what follows from it. `due` in +08:00, None when nobody can say.

    `due_estimated`: our own estimate from the channel's bill, not the bureau's promise.
    `pay_again`: paying again makes sense, because nothing was taken or the notice is dead.
    `overdue`: the bureau's own time has passed. `needs_person`: the bot must not explain this one.
    """

    payment: Payment
    holder: Holder
    resident_action: ResidentAction
    pay_again: bool
    due: datetime | None
    due_estimated: bool
    overdue: bool
    needs_person: bool
    suggested: tuple[NextStep, ...]


class PaymentsService:
    """State before details: whoever has the number hears the state, the payer hears the rest."""

    def __init__(
        self,
        lookup: PaymentLookup,
        attempts: OwnershipAttempts,
        clock: Clock,
        limits: OwnershipLimits = OwnershipLimits(),
    ) -> None:
        self._lookup = lookup
        self._attempts = attempts
        self._clock = clock
        self._limits = limits
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def state_of(self, serial: str) -> PaymentReport:
        """The state of a payment, never its details. Raises NotFound."""
        payment = await self._lookup.get_payment(serial)
        return report_on(replace(payment, verified=False, details=None), self._clock.now())

    async def details_of(self, contact_id: str, serial: str, last4: str) -> PaymentReport:
        """The payment with details, for whoever knows the last four of the payer's identity card.

        Raises InvalidInput("last4") for a wrong shape (not counted), NotFound for an unknown number and for
        somebody else's alike (counted), TooManyTries once a contact or a number has had too many.
        """
        last4 = checked_last4(last4)
        lock = self._locks.setdefault(serial, asyncio.Lock())
        async with lock:  # so that guesses made at once cannot all slip under the limit
            await self._refuse_too_many(contact_id, serial)
            payment = await self._owned(contact_id, serial, last4)
        return report_on(payment, self._clock.now())

    async def tries_left(self, contact_id: str, serial: str) -> int:
        """How many wrong tries this contact still has on this number."""
        since = self._clock.now() - self._limits.window
        by_contact, by_serial = await self._attempts.failures_since(contact_id, serial, since)
        left = min(self._limits.per_contact - len(by_contact), self._limits.per_serial - len(by_serial))
        return max(0, left)

    @property
    def window_seconds(self) -> float:
        """How long wrong tries are remembered."""
        return self._limits.window.total_seconds()

    async def request_reconciliation(
        self, serial: str, claimed: Claimed, contact_reference: str, idempotency_key: str
    ) -> ReconciliationRequest:
        """Asks the bureau to match a payment (对账申请), once for each key. Raises Conflict."""
        return await self._lookup.request_reconciliation(
            serial, claimed=claimed, contact_reference=contact_reference, idempotency_key=idempotency_key
        )

    async def _owned(self, contact_id: str, serial: str, last4: str) -> Payment:
        try:
            payment = await self._lookup.get_payment(serial, payer_id_last4=last4)
        except NotFound:
            await self._attempts.record_failure(contact_id, serial, self._clock.now())
            raise NotFound from None
        if payment.serial_number != serial:  # another name for it must not bring fresh tries
            await self._refuse_too_many(contact_id, payment.serial_number)
        if not payment.verified or payment.details is None:
            await self._attempts.record_failure(contact_id, payment.serial_number, self._clock.now())
            raise NotFound
        return payment

    async def _refuse_too_many(self, contact_id: str, serial: str) -> None:
        now, limits = self._clock.now(), self._limits
        by_contact, by_serial = await self._attempts.failures_since(contact_id, serial, now - limits.window)
        blocking = [  # the try whose leaving the window makes room for another
            moments[-limit]
            for moments, limit in ((by_contact, limits.per_contact), (by_serial, limits.per_serial))
            if len(moments) >= limit
        ]
        if blocking:
            raise TooManyTries(max(1.0, (max(blocking) + limits.window - now).total_seconds()))


def checked_last4(last4: str) -> str:
    """The four characters as the contract writes them; InvalidInput("last4") when they are not."""
    bare = plain(last4).text.strip().upper()
    if _LAST4.fullmatch(bare) is None:
        raise InvalidInput("last4")
    return bare


def report_on(payment: Payment, now: datetime) -> PaymentReport:
    """What follows from a payment as it stands at `now`."""
    facts = _without_paying_twice(payment, FACTS[payment.state, payment.reason])
    due, estimated = _due(payment, facts, now)
    overdue = not facts.settled and payment.expected_by is not None and payment.expected_by < now
    needs_person = facts.needs_person or overdue
    return PaymentReport(
        payment=payment,
        holder=facts.holder,
        resident_action=facts.action,
        pay_again=facts.pay_again,
        due=due,
        due_estimated=estimated,
        overdue=overdue,
        needs_person=needs_person,
        suggested=_suggested(facts, needs_person),
    )


def _without_paying_twice(payment: Payment, facts: Facts) -> Facts:
    """Never send somebody to pay again whose money was taken: such a contradiction is for a person."""
    amount_paid = payment.details.amount_paid if payment.details else None
    taken = bool(amount_paid) or (payment.state is State.CLOSED and payment.paid_at is not None)
    if not (facts.pay_again and taken):
        return facts
    return FACTS[payment.state, Reason.UNKNOWN]


def _due(payment: Payment, facts: Facts, now: datetime) -> tuple[datetime | None, bool]:
    if payment.expected_by is not None:
        return payment.expected_by, False
    if not facts.bill_decides or payment.paid_at is None:
        return None, False
    paid = payment.paid_at + timedelta(days=1) if payment.reason is Reason.DAY_CUT else payment.paid_at
    ready = bill_ready_at(payment.channel, paid).at
    return (ready, True) if ready > now else (None, False)


def _suggested(facts: Facts, needs_person: bool) -> tuple[NextStep, ...]:
    if needs_person and NextStep.TICKET not in facts.suggested:
        return (NextStep.TICKET, *facts.suggested)
    return facts.suggested
