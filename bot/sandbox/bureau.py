"""The bureau itself: its books, its day, and what residents and staff may ask of it.

Time's rules: whatever is due by now happens in the order in which it was due: what the world does
(payments, callbacks, bills), then the run of that hour, then requests. Without a world (a bureau that
runs this as its own system) only its runs are due; everything else comes in from outside.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot.sandbox.bills.line import Kind, Line
from bot.sandbox.books.ledger import KeyUse, Ledger
from bot.sandbox.casework import Casework
from bot.sandbox.clock import SandboxClock
from bot.sandbox.faults import FaultBox
from bot.sandbox.forcing import Forcing
from bot.sandbox.matching.score import candidates
from bot.sandbox.model import (
    OPEN_STATES,
    SETTLED,
    Candidate,
    Event,
    Payment,
    ReconciliationRequest,
    RequestStatus,
    State,
)
from bot.sandbox.notes import OUTCOMES
from bot.sandbox.problems import Conflicting, InvalidRequest, Missing
from bot.sandbox.schedule import next_run, office_due
from bot.sandbox.world.clerk import Clerk
from bot.sandbox.world.world import World

KEY_LIVES = timedelta(days=7)
TAKEN_UP = "收到对账申请,人工核查"
TAKEN_UP_AFTER = timedelta(minutes=30)
ANSWERED_AFTER_DAYS = 3
Step = tuple[datetime, int, Callable[[], None]]


class Bureau:
    """A reconciliation system on its own clock; `world` plays everything around it, or nobody does."""

    def __init__(self, clock: SandboxClock, ledger: Ledger, world: World | None = None) -> None:
        self.clock = clock
        self.faults = FaultBox()
        self.changed = asyncio.Event()
        self.turn = asyncio.Lock()
        """Held by whoever changes the books."""
        self._request_count = 0
        self.open_books(ledger, world, clock.now())

    def open_books(self, ledger: Ledger, world: World | None, since: datetime) -> None:
        """Work on these books from now on; the runs after `since` are still to come."""
        self.ledger = ledger
        self.world = world
        self.casework = self._new_casework(ledger)
        self.forcing = Forcing(self.casework)
        self._clerk = Clerk(self.casework, self.forcing, world) if world else None
        self._last_run = since
        self._request_count = max(self._request_count, len(ledger.requests))

    def _new_casework(self, ledger: Ledger) -> Casework:
        return Casework(ledger, self._wake)

    # How others come to it

    async def ready(self) -> None:
        """What is due by now has happened, as far as it can while somebody else changes the books."""
        self.settle()

    async def kept(self) -> None:
        """What was put on the books so far survives as long as they do; here, as long as the process."""
        self.ledger.changes.clear()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Nobody else changes the books in here, and at its end everything is kept."""
        async with self.turn:
            await self.ready()
            yield
            await self.kept()

    async def go_through(self) -> None:
        """Run now, in between the due times; the turn is ours."""
        self.run(self.clock.now())
        self._end_requests()

    async def events_after(self, cursor: int, limit: int) -> list[Event]:
        """At most `limit` events after the cursor, oldest first."""
        return self.ledger.events_after(cursor, limit)

    # What time does

    def settle(self) -> None:
        """Let everything happen that is due by now, in the order in which it was due."""
        now = self.clock.now()
        while True:
            due, _, step = min(self._next_steps(), key=lambda step: step[:2])
            if due > now:
                return
            step()
            self._end_requests()

    def _next_steps(self) -> list[Step]:
        run_at = next_run(self._last_run)
        steps: list[Step] = [(run_at, 1, partial(self.run, run_at))]
        if self.world is not None and self.world.next_at is not None:
            steps.append((self.world.next_at, 0, partial(self.world.play, self.casework)))
        if self.forcing.next_at is not None:
            steps.append((self.forcing.next_at, 2, self.forcing.play))
        if self._clerk is not None:
            steps += [
                (request.due_at, 3, partial(self._clerk.pursue, request, request.due_at))
                for request in self.ledger.open_requests
                if request.due_at is not None
            ]
        return steps

    def run(self, at: datetime) -> None:
        """Go through the books: link, judge, book."""
        self._last_run = max(self._last_run, at)
        self.casework.run(at)

    def _end_requests(self) -> None:
        """A request ends when its payment is settled."""
        for request in self.ledger.open_requests:
            payment = self.ledger.find(request.serial_number)
            if payment is not None and payment.state in SETTLED:
                outcome = OUTCOMES[payment.state]
                ended = replace(request, status=RequestStatus.RESOLVED, outcome=outcome)
                self.ledger.put_request(ended)

    def _wake(self) -> None:
        """Let those who wait for events look again."""
        self.changed.set()
        self.changed = asyncio.Event()

    # What residents and staff ask

    def request_reconciliation(
        self, serial_number: str, contact_reference: str, key: str, asked: str
    ) -> tuple[ReconciliationRequest, bool]:
        """A new request, or the one this key opened in the last 7 days; and whether it is new.

        `asked` is the digest of all that was asked: the same key with another one is a conflict.
        """
        used = self._used("request", key, serial_number, asked)
        known = self.ledger.request(used.answer) if used else None
        if known is not None:
            return known, False
        request = self._new_request(serial_number, contact_reference)
        self.ledger.put_request(request)
        self._remember("request", key, serial_number, request.request_id, asked)
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

    def take_up_request(self, request_id: str) -> ReconciliationRequest:
        """A person looks into it, and at its payment, from now on."""
        request = self._open_request(request_id)
        payment = self.ledger.find(request.serial_number)
        if payment is not None:
            self.casework.take_up(payment, TAKEN_UP, self.clock.now())
        taken = replace(request, status=RequestStatus.INVESTIGATING)
        self.ledger.put_request(taken)
        return taken

    def answer_request(self, request_id: str, status: RequestStatus, outcome: str) -> ReconciliationRequest:
        """End the request with these words, which the resident reads."""
        answered = replace(self._open_request(request_id), status=status, outcome=outcome)
        self.ledger.put_request(answered)
        return answered

    def _open_request(self, request_id: str) -> ReconciliationRequest:
        request = self.ledger.request(request_id)
        if request is None:
            raise Missing("no reconciliation request goes by this id")
        if request.due_at is None:
            raise Conflicting("the request has been answered", says={"conflict": "request_answered"})
        return request

    def candidates(self, payment: Payment) -> list[Candidate]:
        """Bill lines that may belong to the payment, best first."""
        return candidates(self.casework.claim(payment), self.casework.free_lines(payment))

    def reconcile(
        self, serial_number: str, line_id: str, operator: str, note: str, key: str, asked: str
    ) -> Payment:
        """Match the payment with a bill line by hand; conflicts say who was first."""
        payment = self.payment(serial_number)
        if self._used("reconcile", key, payment.serial_number, asked):
            return payment
        line = self._free_line(payment, line_id)
        said = f"手动对账({line_id}),{operator}" + (f":{note}" if note else "")
        booked = self.casework.book_by_hand(payment, line, said, self.clock.now())
        self._remember("reconcile", key, payment.serial_number, payment.serial_number, asked)
        self._end_requests()
        return booked

    def _free_line(self, payment: Payment, line_id: str) -> Line:
        if payment.state is State.RECONCILED:
            raise Conflicting("the payment is already reconciled", says={"conflict": "payment_reconciled"})
        if payment.state not in OPEN_STATES:
            raise Conflicting(f"the payment is {payment.state.value}", says={"conflict": "payment_state"})
        line = self.ledger.line(line_id)
        if line is None or line.kind is not Kind.PAYMENT:
            raise InvalidRequest(f"there is no statement line {line_id}")
        holder = self.ledger.payment_of_line(line_id)
        if holder is not None and holder.taken_line == line_id:
            said = f"line {line_id} is taken by {holder.serial_number}"
            raise Conflicting(said, says={"conflict": "line_taken"})
        return line

    def payment(self, number: str) -> Payment:
        """The payment that goes by this number; a 404 problem when none does."""
        found = self.ledger.find(number)
        if found is None:
            raise Missing("no payment goes by this number")
        return found

    def _used(self, action: str, key: str, serial_number: str, asked: str) -> KeyUse | None:
        used = self.ledger.key_use(action, key)
        if used is None or used.until <= self.clock.now():
            return None
        if used.serial_number != serial_number:
            raise Conflicting("the Idempotency-Key belongs to another payment", says={"conflict": "key_used"})
        if used.asked != asked:
            raise Conflicting("the Idempotency-Key came with another body", says={"conflict": "key_used"})
        return used

    def _remember(self, action: str, key: str, serial_number: str, answer: str, asked: str) -> None:
        until = self.clock.now() + KEY_LIVES
        self.ledger.put_key_use(KeyUse(action, key, serial_number, answer, until, asked))
