"""A bureau whose books are in a database: nothing is answered before it is written there.

Whatever changes the books does so in memory first and is written before its caller hears of it. When the
database does not take a change, the books in memory are given up and read again before anything else is
answered. A run writes as it goes: what it concluded follows from what came in, so a run that was broken off
is simply made again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

from bot.sandbox.bills.errors import BillError
from bot.sandbox.books.arrival import Arrival
from bot.sandbox.books.ledger import Ledger
from bot.sandbox.bureau import Bureau
from bot.sandbox.casework import Casework
from bot.sandbox.clock import SandboxClock, wall_clock
from bot.sandbox.model import Event
from bot.sandbox.outcome import worked_through
from bot.sandbox.problems import Away, Problem
from bot.sandbox.report import Report, report_of
from bot.sandbox.schedule import next_run
from bot.sandbox.store.opening import CannotOpen
from bot.sandbox.store.store import NotKept, Store

logger = logging.getLogger(__name__)

AT_ONCE = 20_000
"""Changes that one transaction of a run may hold."""


class KeptBureau(Bureau):
    """Opened once, then open until it is closed; on real time, with nobody playing the world."""

    def __init__(self, url: str, clock: SandboxClock | None = None) -> None:
        super().__init__(clock or SandboxClock(), Ledger())
        self._url = url
        self._store: Store | None = None
        self._writing = asyncio.Lock()

    def _new_casework(self, ledger: Ledger) -> Casework:
        return Casework(ledger, self._wake, issues=None)

    async def check(self) -> None:
        """Whether the database can be opened; CannotOpen says why not, before anything else is started."""
        await (await Store.open(self._url)).close()

    async def open(self) -> None:
        """Read the books; CannotOpen when the database cannot be used."""
        async with self.turn:
            await self._open()

    async def catch_up(self) -> None:
        """Take up what was left undone; meanwhile others may read the books as they were left."""
        async with self.turn:
            await self._catch_up()

    async def _open(self) -> None:
        store = await Store.open(self._url)
        try:
            now = self.clock.now()
            ledger = await store.load(now)
        except BaseException:
            await store.close()
            raise
        self.open_books(ledger, None, now)
        self._store = store
        self.casework.resume(everything=bool(self._unfinished()))

    def _unfinished(self) -> list[Arrival]:
        """Files that are on the books and were not gone through to the end."""
        return [one for one in self.ledger.arrivals.values() if one.accepted and not one.worked]

    async def _catch_up(self) -> None:
        await self.go_through()
        for arrival in self._unfinished():
            self.ledger.put_arrival(worked_through(self.casework, arrival))
        await self.kept()

    async def close(self) -> None:
        """Write what is left and let go of the database."""
        async with self._writing:
            store, self._store = self._store, None
        if store is not None:
            await store.close()

    async def ready(self) -> None:
        """The books are there, and the runs that are due were made; not while somebody else is at it."""
        if not self.turn.locked():
            async with self.turn:
                await self._prepared()

    async def _prepared(self) -> None:
        if self._store is None:
            await self._open_again()
        if next_run(self._last_run) <= self.clock.now():
            await self.go_through()

    async def _open_again(self) -> None:
        try:
            await self._open()
        except (CannotOpen, NotKept) as error:
            logger.error("the books cannot be read again: %s", error)
            raise Away("the books' database is away") from None
        await self._catch_up()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Nobody else changes the books in here, and at its end everything is written."""
        async with self.turn:
            await self._prepared()
            try:
                yield
                await self.kept()
            except (Problem, BillError):
                raise  # refused before anything was changed, or given up already
            except BaseException:
                await self._give_up()
                raise

    async def go_through(self) -> None:
        """Run now, letting others read between its steps and writing as it goes; the turn is ours."""
        now = self.clock.now()
        self._last_run = max(self._last_run, now)
        for _ in self.casework.running(now):
            if len(self.ledger.changes) > AT_ONCE:
                await self.kept()
            await asyncio.sleep(0)
        self._end_requests()
        await self.kept()

    async def kept(self) -> None:
        """Everything that is on the books now is written; Away when it is not certain."""
        async with self._writing:
            if self._store is None:
                raise Away("the books' database is away")
            changes = self.ledger.changes[:]
            self.ledger.changes.clear()
            if not changes:
                return
            try:
                await self._store.keep(changes)
            except NotKept as error:
                logger.error("the books could not be written: %s", error)
                await self._let_go()
                raise Away("the books could not be written") from None
            except BaseException:
                await self._let_go()
                raise

    async def _give_up(self) -> None:
        """Forget what is in memory: it may be half a change."""
        async with self._writing:
            await self._let_go()

    async def _let_go(self) -> None:
        store, self._store = self._store, None
        self.ledger.changes.clear()
        if store is not None:
            await store.close()

    async def events_after(self, cursor: int, limit: int) -> list[Event]:
        """At most `limit` events after the cursor, oldest first; those of earlier starts are read again."""
        if cursor >= self.ledger.first_cursor:
            return self.ledger.events_after(cursor, limit)
        async with self._writing:
            if self._store is None:
                raise Away("the books' database is away")
            try:
                return await self._store.events_after(cursor, limit)
            except NotKept:
                await self._let_go()
                raise Away("the books' database is away") from None


async def read_report(url: str, day: date) -> Report:
    """The day's report from the database, beside whoever writes it; CannotOpen when there is none."""
    store = await Store.open(url, writes=False)
    now = wall_clock()
    try:
        ledger = await store.load(now)
    finally:
        await store.close()
    return await report_of(Casework(ledger, lambda: None, issues=None), day, now)
