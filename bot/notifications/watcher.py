"""Follows the reconciliation system's events and tells whoever watches a payment.

A watch that was set in the very moment when its payment changed may have missed the event, and events may be
lost on their side; so once in a while every watched payment is looked up again. The same rounds find what is
late and watches that have lasted long enough.
"""

from __future__ import annotations

import asyncio
from typing import Callable, Optional, Protocol

import structlog

from bot.clock import Clock
from bot.errors import Bug, Conflict, HelpdeskError, InvalidInput, NotFound, RetryLater
from bot.notifications.service import WatchesService
from bot.payments.model import EventsPage, Payment
from bot.storage.unit_of_work import UnitOfWork, UnitOfWorkFactory

log = structlog.get_logger(__name__)

BOOKMARK = "reconciliation_events"
WAIT_SECONDS = 10
PAUSE_AFTER_ERROR = 5.0
ROUNDS_EVERY = 3600.0


class Events(Protocol):
    """Where state changes are read from."""

    async def events(self, after: Optional[str] = None, wait: int = 0, limit: int = 100) -> EventsPage: ...
    async def get_payment(self, serial: str, payer_id_last4: Optional[str] = None) -> Payment: ...


class Watcher:
    """Reads events in order; a page's notices and the bookmark behind it commit together."""

    def __init__(
        self,
        work: UnitOfWorkFactory,
        source: Events,
        watches: WatchesService,
        announce: Callable[[int], None],
        notify: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._clock = clock
        self._work = work
        self._source = source
        self._watches = watches
        self._announce = announce
        self._notify = notify

    async def run(self) -> None:
        """Follows events until cancelled; trouble with the source only delays it."""
        loop = asyncio.get_running_loop()
        next_rounds = loop.time()
        while True:
            try:
                if loop.time() >= next_rounds:
                    next_rounds = loop.time() + ROUNDS_EVERY
                    await self.look_again()
                    await self.expire()
                await self.tell_held()
                await self.step(WAIT_SECONDS)
            except HelpdeskError as error:
                log.warning("events_unavailable", error=type(error).__name__)
                await asyncio.sleep(PAUSE_AFTER_ERROR)
            except Exception:
                log.exception("watcher_failed")
                await asyncio.sleep(PAUSE_AFTER_ERROR)

    async def step(self, wait: int = 0) -> int:
        """Reads one page and tells; returns how many conversations were told.

        Raises RetryLater and Bug for the source's trouble, Conflict when a watch changed in this moment; the
        page is then read again by the next step.
        """
        async with self._work() as work:
            after = await work.bookmarks.get(BOOKMARK)
        page = await self._page(after, wait)
        if page.cursor == after:
            return 0
        told: list[int] = []
        async with self._work() as work:
            changed = list(dict.fromkeys(event.serial_number for event in page.events))
            for serial in changed:
                if await work.watches.on(serial):
                    told += await self._tell(work, serial)
            work.requests.look_now(changed, self._clock.now())
            work.bookmarks.set(BOOKMARK, page.cursor)
            await work.commit()
        self._wake(told)
        return len(told)

    async def tell_held(self) -> int:
        """Tells what was kept back over the night; returns how many conversations were told."""
        async with self._work() as work:
            serials = await work.watches.held_until(self._clock.now())
        return sum([await self._look_again_at(serial) for serial in serials])

    async def look_again(self) -> int:
        """Looks every watched payment up, and tells what no event told; returns how many were told."""
        async with self._work() as work:
            serials = dict.fromkeys(watch.serial_number for watch in await work.watches.active())
        return sum([await self._look_again_at(serial) for serial in serials])

    async def expire(self) -> None:
        """Ends watches whose payment could not be asked for any more."""
        async with self._work() as work:
            told = await self._watches.expire(work)
            await work.commit()
        self._wake(told)

    async def _page(self, after: Optional[str], wait: int) -> EventsPage:
        try:
            return await self._source.events(after=after, wait=wait)
        except InvalidInput:
            if after is None:
                raise
            # They no longer know where we were; from their start on, only what is news is told.
            log.warning("events_bookmark_refused")
            return await self._source.events(after=None, wait=0)

    async def _look_again_at(self, serial: str) -> int:
        try:
            async with self._work() as work:
                told = await self._tell(work, serial)
                await work.commit()
        except Conflict:
            return 0  # It changed in this moment; the next rounds see it.
        except RetryLater as error:
            log.warning("watch_not_looked_at", error=type(error).__name__)
            return 0
        self._wake(told)
        return len(told)

    async def _tell(self, work: UnitOfWork, serial: str) -> list[int]:
        try:
            payment = await self._source.get_payment(serial)
        except NotFound:
            return []
        except Bug as error:
            # What they say of one payment must not keep everybody else from hearing of theirs.
            log.error("watched_payment_unreadable", error=type(error).__name__)
            return []
        return await self._watches.tell(work, payment)

    def _wake(self, conversations: list[int]) -> None:
        for conversation_id in conversations:
            self._announce(conversation_id)
        if conversations:
            self._notify()
