"""Sends what the outbox holds: in order within a conversation, different conversations side by side.

A line is noted on a slip and marked sent in a unit of work of its own, as soon as the platform took it.
Only a process killed before it read the acknowledgement, or one lost on the way, repeats that one line:
platforms such as Telegram take no idempotency key, and a line said twice is better than one never said.

What is due comes from a queue that gives a line to one process only, however many share the database.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog

from bot.clock import Clock
from bot.errors import HelpdeskError, RateLimited, ResidentError, Unavailable
from bot.messages import Line
from bot.notifications.backoff import Jitter, backoff
from bot.notifications.model import Delivery
from bot.notifications.reach import lose
from bot.notifications.slips import Slips
from bot.storage.outbox_queue import OutboxQueue
from bot.storage.unit_of_work import UnitOfWork, UnitOfWorkFactory

log = structlog.get_logger(__name__)

GIVE_UP_AFTER = timedelta(days=1)
LEAST_TRIES = 3
"""Before a line is given up: a clock that jumps is no day of trying."""
LONGEST_PAUSE = 600.0
LONGEST_WISH = 3600.0
"""The longest pause that a platform is granted when it asks for one."""
IDLE_SECONDS = 1.0


class Undeliverable(ResidentError):
    """The channel will never take this line for this contact."""


class Blocked(Undeliverable):
    """The channel takes no line at all for this contact: they blocked us, or are gone."""


class Sender(Protocol):
    """Hands one line to a platform."""

    async def send(self, user_id: str, line: Line) -> None:
        """Returns once the platform took it; raises RetryLater or Undeliverable."""


Outcome = Callable[[UnitOfWork], None]


@dataclass(frozen=True)
class _Flight:
    """A line on its way."""

    delivery: Delivery
    task: asyncio.Task[None]


class OutboxRelay:
    """Sends the oldest pending line of each conversation until the outbox is empty, for ever."""

    def __init__(
        self,
        work: UnitOfWorkFactory,
        senders: Mapping[str, Sender],
        clock: Clock,
        concurrency: int = 32,
        jitter: Jitter = random.random,
        slips: Slips | None = None,
        queue: OutboxQueue | None = None,
    ) -> None:
        self._work = work
        self._queue = queue or OutboxQueue(work)
        self._senders = senders
        self._clock = clock
        self._concurrency = concurrency
        self._jitter = jitter
        self._slips = slips
        self._in_flight: dict[int, _Flight] = {}
        self._wake = asyncio.Event()
        self._one_pass = asyncio.Lock()
        self._draining = False

    def notify(self) -> None:
        """Something may be waiting in the outbox: look now."""
        self._wake.set()

    async def run(self) -> None:
        """Sends until `drain` is called; looks at least each second, for retries that fell due."""
        while not self._draining:
            self._wake.clear()
            await self._start_due()
            await self._woken()

    async def drain(self, seconds: float = 5.0) -> None:
        """Ends `run` and sends what is due now, for at most `seconds`; the rest goes after the next start."""
        self._draining = True
        self._wake.set()
        try:
            await asyncio.wait_for(self._until_empty(), seconds)
        except asyncio.TimeoutError:
            log.warning("outbox_not_drained", in_flight=len(self._in_flight))
        tasks = self._tasks()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._queue.let_go()

    async def _until_empty(self) -> None:
        # One that ended while it was looked for the next may have been what the next one waited for.
        was_busy = True
        while await self._start_due() or self._in_flight or was_busy:
            was_busy = bool(self._in_flight)
            if was_busy:
                await asyncio.wait(self._tasks(), return_when=asyncio.FIRST_COMPLETED)

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [flight.task for flight in self._in_flight.values()]

    async def _woken(self) -> None:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._wake.wait(), IDLE_SECONDS)

    async def _start_due(self) -> int:
        """Starts every due delivery that there is room for; returns how many."""
        async with self._one_pass:
            # Noted before reading: one that ends meanwhile may still look pending in what was read.
            busy = dict(self._in_flight)
            taken = await self._take(busy)
            due = [one for one in taken if one.line.conversation_id not in busy]
            for delivery in due:
                self._start(delivery)
            return len(due)

    async def _take(self, busy: Mapping[int, _Flight]) -> list[Delivery]:
        in_flight = [flight.delivery.id for flight in busy.values()]
        try:
            return await self._queue.take(self._clock.now(), self._concurrency - len(busy), in_flight)
        except Exception as error:
            # The database is away: what is in the outbox waits there.
            log.warning("outbox_unreadable", error=type(error).__name__)
            return []

    def _start(self, delivery: Delivery) -> None:
        conversation_id = delivery.line.conversation_id
        task = asyncio.create_task(self._deliver(delivery))
        self._in_flight[conversation_id] = _Flight(delivery, task)
        task.add_done_callback(lambda _: self._ended(conversation_id))

    def _ended(self, conversation_id: int) -> None:
        self._in_flight.pop(conversation_id, None)
        self.notify()

    async def _deliver(self, delivery: Delivery) -> None:
        outcome = await self._attempt(delivery)
        attempt = 0
        while not await self._recorded(outcome):
            # Nothing else of this conversation starts before it is known that this line was sent.
            if self._slips:
                await asyncio.to_thread(self._slips.secure)
            await asyncio.sleep(backoff(attempt, 30.0, self._jitter))
            attempt += 1
        if self._slips:
            self._slips.forget(delivery)

    async def _attempt(self, delivery: Delivery) -> Outcome:
        try:
            await self._send(delivery)
        except Blocked as error:
            return self._lost(delivery, _named(error))
        except Undeliverable as error:
            return self._dead(delivery, _named(error))
        except Exception as error:
            # A defect in a sender holds up its own contact and heals with the next release.
            return self._later(delivery, error)
        sent_at = self._clock.now()
        return lambda work: work.outbox.mark_sent(delivery.id, sent_at)

    async def _send(self, delivery: Delivery) -> None:
        if self._slips and self._slips.has(delivery):
            return  # an earlier process was killed before the database knew
        await self._sender(delivery.channel).send(delivery.user_id, delivery.line)
        if self._slips:
            self._slips.note(delivery)

    def _sender(self, channel: str) -> Sender:
        if channel not in self._senders:
            raise Unavailable(f"no sender for {channel}")
        return self._senders[channel]

    def _later(self, delivery: Delivery, error: Exception) -> Outcome:
        now = self._clock.now()
        tried_since = delivery.queued_at or delivery.created_at
        if now - tried_since >= GIVE_UP_AFTER and delivery.attempts >= LEAST_TRIES:
            return self._dead(delivery, _named(error))
        until = now + timedelta(seconds=self._pause(delivery, error))
        log.info(
            "delivery_postponed", delivery=delivery.id, channel=delivery.channel, error=type(error).__name__
        )
        return lambda work: work.outbox.postpone(delivery, until, _named(error))

    def _pause(self, delivery: Delivery, error: Exception) -> float:
        if isinstance(error, RateLimited) and error.retry_after is not None:
            return min(LONGEST_WISH, error.retry_after + self._jitter())
        return backoff(delivery.attempts, LONGEST_PAUSE, self._jitter)

    def _dead(self, delivery: Delivery, reason: str) -> Outcome:
        log.warning("delivery_given_up", delivery=delivery.id, channel=delivery.channel, reason=reason)
        return lambda work: work.outbox.mark_dead(delivery.id, reason)

    def _lost(self, delivery: Delivery, reason: str) -> Outcome:
        given_up = self._dead(delivery, reason)

        def outcome(work: UnitOfWork) -> None:
            # The conversation before the line, as everybody locks them.
            lose(work, delivery.line.conversation_id)
            given_up(work)

        return outcome

    async def _recorded(self, outcome: Outcome) -> bool:
        try:
            async with self._work() as work:
                outcome(work)
                await work.commit()
        except Exception as error:
            log.error("delivery_not_recorded", error=type(error).__name__)
            return False
        return True


def _named(error: Exception) -> str:
    # Only our own errors' words are known to hold nothing of the resident's.
    name = type(error).__name__
    return f"{name}: {error}" if isinstance(error, HelpdeskError) else name
