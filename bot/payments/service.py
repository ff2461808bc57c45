"""What a resident may learn about a payment: the state for anyone, details for its payer only.

Knows no HTTP, no database and no words. Errors of the look-up (RetryLater, MalformedAnswer) pass through:
a system that is down never becomes "no such payment".
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.clock import Clock
from bot.errors import HelpdeskError, InvalidInput, NotFound, TooManyTries
from bot.payments.calendar import OFFICE_CLOSES, bill_ready_at, first_working_day
from bot.payments.facts import FACTS, Facts, Holder, NextStep, ResidentAction
from bot.payments.model import SHANGHAI, Channel, Payment, Reason, State
from bot.payments.plain_text import plain
from bot.payments.repository import OwnershipAttempts
from bot.turnstile import Turnstile

_LAST4 = re.compile(r"[0-9]{3}[0-9X]", re.ASCII)


class PaymentLookup(Protocol):
    """Where payments are asked for; raises NotFound, RetryLater or MalformedAnswer."""

    async def get_payment(self, serial: str, payer_id_last4: str | None = None) -> Payment:
        """The payment under any number printed on its receipt."""


@dataclass(frozen=True)
class OwnershipLimits:
    """How many wrong tries a contact, and a serial number, may have within the window.

    One contact failing at `alarming_numbers` different numbers, or one number being tried by
    `alarming_contacts`, within `alarm_window` is brought to a supervisor. A refusal takes a multiple of
    `beat` seconds, so that its time does not tell "not found" from "not yours".
    """

    per_contact: int = 5
    per_serial: int = 5
    window: timedelta = timedelta(minutes=30)
    alarming_numbers: int = 4
    alarming_contacts: int = 3
    alarm_window: timedelta = timedelta(hours=24)
    beat: float = 0.0


@dataclass(frozen=True)
class PaymentReport:
    """A payment and what follows from it. `due` in +08:00, None when nobody can say.

    `due_estimated`: our own estimate from the channel's bill, not the bureau's promise.
    `bill_decides`: what is due is a bill, so there is news only after it.
    `pay_again`: paying again makes sense, because nothing was taken or the notice is dead.
    `overdue`: what was promised or estimated has passed. `needs_person`: the bot must not explain this one.
    `may_apply`: a reconciliation request makes sense.
    `counts`: of several payments on one notice, the serial number of the one that counts; details only.
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
    bill_decides: bool = False
    may_apply: bool = False
    counts: str | None = None


class PaymentsService:
    """State before details: whoever has the number hears the state, the payer hears the rest."""

    def __init__(
        self,
        lookup: PaymentLookup,
        attempts: OwnershipAttempts,
        clock: Clock,
        limits: OwnershipLimits = OwnershipLimits(),
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
        timer: Callable[[], float] = time.monotonic,
        turnstile: Turnstile | None = None,
    ) -> None:
        self._wait = wait
        self._timer = timer
        self._lookup = lookup
        self._attempts = attempts
        self._clock = clock
        self._limits = limits
        self._turnstile = turnstile or Turnstile()

    async def state_of(self, serial: str) -> PaymentReport:
        """The state of a payment, never its details. Raises NotFound."""
        payment = await self._find(serial)
        return report_on(replace(payment, verified=False, details=None), self._clock.now())

    async def details_of(self, contact_id: str, serial: str, last4: str) -> PaymentReport:
        """The payment with details, for whoever knows the last four of the payer's identity card.

        Raises InvalidInput("last4") for a wrong shape (not counted), NotFound for an unknown number and for
        somebody else's alike (counted), TooManyTries once a contact or a number has had too many.
        """
        last4 = checked_last4(last4)
        began = self._timer()
        try:
            # So that guesses made at once cannot all slip under the limit.
            async with self._turnstile.by_name(serial):
                await self._refuse_too_many(contact_id, serial)
                payment = await self._owned(contact_id, serial, last4)
        except NotFound:
            await self._wait(_to_next_beat(self._timer() - began, self._limits.beat))
            raise
        report = report_on(payment, self._clock.now())
        return replace(report, counts=await self._counts(payment))

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

    async def _find(self, serial: str, last4: str | None = None) -> Payment:
        """The payment by the number as typed, or else in capitals: keyboards write hz2026 for HZ2026."""
        try:
            return await self._lookup.get_payment(serial, payer_id_last4=last4)
        except NotFound:
            if serial == serial.upper():
                raise
        return await self._lookup.get_payment(serial.upper(), payer_id_last4=last4)

    async def _counts(self, payment: Payment) -> str | None:
        """Of several payments on one notice, the one that counts; None when it cannot be told now."""
        if payment.details is None or not payment.details.duplicates:
            return None
        try:
            return (await self._lookup.get_payment(payment.details.notice_number)).serial_number
        except HelpdeskError:
            return None

    async def _owned(self, contact_id: str, serial: str, last4: str) -> Payment:
        try:
            payment = await self._find(serial, last4)
        except NotFound:
            await self._failed(contact_id, (serial,))
            raise NotFound from None
        if payment.serial_number != serial:  # another name for it must not bring fresh tries
            await self._refuse_too_many(contact_id, payment.serial_number)
        if not payment.verified or payment.details is None:
            await self._failed(contact_id, (serial, payment.serial_number))
            raise NotFound
        return payment

    async def _failed(self, contact_id: str, serials: Sequence[str]) -> None:
        """Counts one try for the contact, and one for every name of the payment; alarms when it is many."""
        now, limits = self._clock.now(), self._limits
        await self._attempts.record_failure(contact_id, tuple(dict.fromkeys(serials)), now)
        since = now - limits.alarm_window
        numbers, contacts = await self._attempts.breadth_since(contact_id, serials[-1], since)
        if numbers >= limits.alarming_numbers:
            await self._attempts.alarm(contact_id, since, now, {"numbers": str(numbers)})
        if contacts >= limits.alarming_contacts:
            await self._attempts.alarm(serials[-1], since, now, {"contacts": str(contacts)})

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


def _to_next_beat(passed: float, beat: float) -> float:
    """How long until `passed` seconds are a whole number of beats."""
    return math.ceil(passed / beat) * beat - passed if beat > 0 else 0.0


def checked_last4(last4: str) -> str:
    """The four characters as the contract writes them; InvalidInput("last4") when they are not."""
    bare = plain(last4).text.strip().upper()
    if _LAST4.fullmatch(bare) is None:
        raise InvalidInput("last4")
    return bare


def report_on(payment: Payment, now: datetime) -> PaymentReport:
    """What follows from a payment as it stands at `now`."""
    facts = _without_paying_twice(payment, FACTS[payment.state, payment.reason])
    due, estimated = _due(payment, facts)
    overdue = not facts.settled and due is not None and _has_passed(due, estimated, now)
    return PaymentReport(
        payment=payment,
        holder=facts.holder,
        resident_action=facts.action,
        pay_again=facts.pay_again,
        due=due,
        due_estimated=estimated,
        overdue=overdue,
        needs_person=facts.needs_person,
        suggested=_suggested(facts, overdue),
        bill_decides=facts.bill_decides,
        may_apply=facts.may_apply,
    )


def _without_paying_twice(payment: Payment, facts: Facts) -> Facts:
    """Never send somebody to pay again whose money was taken: such a contradiction is for a person."""
    amount_paid = payment.details.amount_paid if payment.details else None
    taken = bool(amount_paid) or (payment.state is State.CLOSED and payment.paid_at is not None)
    if not (facts.pay_again and taken):
        return facts
    return FACTS[payment.state, Reason.UNKNOWN]


def _due(payment: Payment, facts: Facts) -> tuple[datetime | None, bool]:
    if payment.expected_by is not None:
        return payment.expected_by, False
    if not facts.bill_decides or payment.paid_at is None or payment.channel is Channel.UNRECOGNISED:
        return None, False
    around_the_cut = payment.reason is Reason.DAY_CUT
    channel = Channel.BANK_TRANSFER if payment.reason is Reason.BANK_TRANSFER_DELAY else payment.channel
    return bill_ready_at(channel, payment.paid_at, around_the_cut).at, True


def _has_passed(due: datetime, estimated: bool, now: datetime) -> bool:
    """The bureau's time to the minute; our own estimate has the whole first working day that has the bill.

    A platform's bill comes at weekends too, but the books are worked on when the offices are open.
    """
    return matching_day(due) < now.astimezone(SHANGHAI).date() if estimated else due < now


def matching_day(due: datetime) -> date:
    """The working day on which a bill that is there from `due` on is matched; the next after closing."""
    local = due.astimezone(SHANGHAI)
    return first_working_day(local.date() + timedelta(days=local.time() >= OFFICE_CLOSES))


def _suggested(facts: Facts, overdue: bool) -> tuple[NextStep, ...]:
    """What is late can be applied for, where that changes anything, and be handed to a person."""
    if not overdue:
        return facts.suggested
    wanted = [NextStep.REQUEST_RECONCILIATION] if facts.may_apply else []
    first = (*wanted, NextStep.TICKET)
    return (*first, *(step for step in facts.suggested if step not in first))
