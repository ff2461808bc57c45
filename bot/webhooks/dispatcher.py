"""Sends what waits for webhooks: in order for each ticket, again after a pause, for a day.

An event is told at least once: a receiver that answered just before this process was killed hears it again,
under the same id. A receiver in trouble rests as a whole, so that a thousand waiting events do not knock at
its door at once. Several processes share one queue; one is at an event at a time.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from bot.alerts import AlertKind
from bot.clock import Clock
from bot.errors import Bug, Conflict
from bot.notifications.backoff import Jitter, backoff
from bot.seal import Seal
from bot.webhooks.model import Attempt, Delivery, DeliveryState, Event, Webhook
from bot.webhooks.signing import headers

log = structlog.get_logger(__name__)

GIVE_UP_AFTER = timedelta(days=1)
LEAST_TRIES = 3
"""Before an event is given up: a clock that jumps is no day of trying."""
LONGEST_PAUSE = 1800.0
LONGEST_WISH = 3600.0
"""The longest pause that a receiver is granted when it asks for one."""
KEPT_FOR = timedelta(days=30)
"""How long deliveries that have ended can be looked at and sent again."""
AT_ONCE = 16
AT_ONCE_EACH = 4
MOST_DUE = 64
"""Looked at in one go."""
IDLE_SECONDS = 1.0
CLEANING_EVERY = timedelta(hours=1)
ITSELF = "webhooks"
"""The actor of what happens by itself."""


class Post(Protocol):
    """Hands a body to a receiver."""

    async def post(self, url: str, headers: dict[str, str], body: str) -> Attempt: ...


@dataclass
class _Rest:
    """A receiver in trouble: how often in a row, and until when it is left alone."""

    failures: int
    until: datetime


class WebhookDispatcher:
    """Looks for what is due each second; `notify` makes it look now."""

    def __init__(
        self,
        work: Callable[[], Any],
        post: Post,
        seal: Seal,
        clock: Clock,
        jitter: Jitter = random.random,
        holder: str = "",
    ) -> None:
        self._work = work
        self._post = post
        self._seal = seal
        self._clock = clock
        self._jitter = jitter
        self._holder = holder or secrets.token_hex(8)
        self._in_flight: dict[int, tuple[Delivery, asyncio.Task[None]]] = {}
        self._resting: dict[int, _Rest] = {}
        self._wake = asyncio.Event()
        self._clean_at = clock.now()

    def notify(self) -> None:
        """Something may be waiting: look now."""
        self._wake.set()

    async def run(self) -> None:
        """Sends until cancelled; a database that is away only delays it."""
        while True:
            self._wake.clear()
            try:
                await self.step()
                await self._clean()
            except Exception as error:
                log.warning("webhooks_wait", error=type(error).__name__)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), IDLE_SECONDS)

    async def step(self) -> int:
        """Starts what is due and there is room for; returns how much."""
        room = AT_ONCE - len(self._in_flight)
        if room <= 0:
            return 0
        now = self._clock.now()
        async with self._work() as work:
            due: list[Delivery] = await work.webhooks.due(now, MOST_DUE, self._busy(now))
            if not due:
                return 0
            webhooks = {webhook.id: webhook for webhook in await work.webhooks.all()}
        started = 0
        for delivery in due:
            is_test = delivery.event is Event.PING
            may_start = is_test or self._has_room(delivery.webhook_id, now)
            if started < room and may_start and await self._hold(delivery, now):
                self._start(delivery, webhooks[delivery.webhook_id])
                started += 1
        return started

    async def settle(self) -> None:
        """Returns when nothing is on its way any more and nothing is due."""
        while await self.step() or self._in_flight:
            tasks = [task for _, task in self._in_flight.values()]
            if tasks:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)

    async def aclose(self, seconds: float = 1.0) -> None:
        """Lets what is on its way arrive for at most `seconds`; the rest goes after the next start."""
        tasks = [task for _, task in self._in_flight.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(Exception):  # else its time runs out
            async with self._work() as work:
                work.webhooks.let_go(self._holder)
                await work.commit()

    def _busy(self, now: datetime) -> list[int]:
        """Receivers that can be told nothing more just now."""
        known = {one.webhook_id for one, _ in self._in_flight.values()} | set(self._resting)
        return [webhook_id for webhook_id in known if not self._has_room(webhook_id, now)]

    def _has_room(self, webhook_id: int, now: datetime) -> bool:
        rest = self._resting.get(webhook_id)
        on_their_way = sum(one.webhook_id == webhook_id for one, _ in self._in_flight.values())
        if rest is None:
            return on_their_way < AT_ONCE_EACH
        # One goes ahead to see whether the trouble is over. A pause longer than any: the clock was put back.
        is_over = rest.until <= now or rest.until > now + timedelta(seconds=LONGEST_WISH)
        return is_over and on_their_way == 0

    async def _hold(self, delivery: Delivery, now: datetime) -> bool:
        try:
            async with self._work() as work:
                work.webhooks.hold(delivery, self._holder, now)
                await work.commit()
        except Conflict:
            return False  # another process is at it
        return True

    def _start(self, delivery: Delivery, webhook: Webhook) -> None:
        task = asyncio.create_task(self._deliver(delivery, webhook))
        self._in_flight[delivery.id] = (delivery, task)
        task.add_done_callback(lambda _: self._ended(delivery.id))

    def _ended(self, delivery_id: int) -> None:
        self._in_flight.pop(delivery_id, None)
        self.notify()

    async def _deliver(self, delivery: Delivery, webhook: Webhook) -> None:
        try:
            attempt = await self._attempt(delivery, webhook)
            self._take_rest(delivery, attempt)
            await self._record(delivery, webhook, attempt)
        except Exception:
            # It stays held for a minute and is tried again.
            log.exception("webhook_delivery_failed", delivery=delivery.id)

    async def _attempt(self, delivery: Delivery, webhook: Webhook) -> Attempt:
        now = self._clock.now()
        try:
            keys = [self._seal.open(sealed) for sealed in _secrets(webhook, now)]
        except Bug:  # another SECRET_KEY: the admin has to renew the secret
            return Attempt(None, "", "secret_lost", 0)
        signed = headers(delivery.event_id, int(now.timestamp()), delivery.body, keys)
        return await self._post.post(webhook.url, signed, delivery.body)

    def _take_rest(self, delivery: Delivery, attempt: Attempt) -> None:
        if not attempt.is_receivers_trouble:
            self._resting.pop(delivery.webhook_id, None)
            return
        before = self._resting.get(delivery.webhook_id)
        failures = before.failures if before else 0
        pause = self._pause(failures, attempt)
        self._resting[delivery.webhook_id] = _Rest(failures + 1, self._clock.now() + pause)

    async def _record(self, delivery: Delivery, webhook: Webhook, attempt: Attempt) -> None:
        now = self._clock.now()
        seen = {
            "status": attempt.status,
            "answer": attempt.answer,
            "error": attempt.error,
            "milliseconds": attempt.milliseconds,
        }
        async with self._work() as work:
            store = work.webhooks
            if attempt.succeeded:
                store.end(delivery.id, self._holder, DeliveryState.SENT, now, **seen)
            elif delivery.event is Event.PING:
                store.end(delivery.id, self._holder, DeliveryState.GIVEN_UP, now, **seen)
            elif self._is_over(delivery, now):
                store.end(delivery.id, self._holder, DeliveryState.GIVEN_UP, now, **seen)
                store.give_up_older(webhook.id, now - GIVE_UP_AFTER, attempt.error, now)
                await self._tell_supervisors(work, webhook, now)
            else:
                until = now + self._pause(delivery.attempts, attempt)
                store.postpone(delivery.id, self._holder, until, **seen)
            if attempt.is_gone:
                store.update(webhook, active=False)
                work.agents.record(ITSELF, "webhook_paused", webhook.name, now)
            await work.commit()
        log.info("webhook_attempt", delivery=delivery.id, status=attempt.status, error=attempt.error or None)

    async def _tell_supervisors(self, work: Any, webhook: Webhook, now: datetime) -> None:
        if not await work.alerts.is_known(AlertKind.WEBHOOK_GIVEN_UP, webhook.name, now - GIVE_UP_AFTER):
            work.alerts.add(AlertKind.WEBHOOK_GIVEN_UP, webhook.name, now)

    def _is_over(self, delivery: Delivery, now: datetime) -> bool:
        return now - delivery.created_at >= GIVE_UP_AFTER and delivery.attempts + 1 >= LEAST_TRIES

    def _pause(self, failures: int, attempt: Attempt) -> timedelta:
        pause = backoff(failures, LONGEST_PAUSE, self._jitter)
        if attempt.retry_after is not None:
            pause = min(LONGEST_WISH, max(pause, attempt.retry_after))
        return timedelta(seconds=pause)

    async def _clean(self) -> None:
        """Forgets deliveries that ended long ago, once an hour."""
        now = self._clock.now()
        if self._clean_at <= now:
            self._clean_at = now + CLEANING_EVERY
            async with self._work() as work:
                work.webhooks.forget_before(now - KEPT_FOR)
                await work.commit()


def _secrets(webhook: Webhook, now: datetime) -> list[bytes]:
    """What signs now, sealed: the secret, and the one before for as long as it does."""
    former = webhook.former_secret if webhook.former_until and webhook.former_until > now else None
    return [webhook.sealed_secret, *([former] if former else ())]
