"""SQLite without a thread in between: what a message reads and writes takes less time than handing it over.

A statement that an index answers takes 0.02 ms on a connection that stays open, and 0.15 ms by way of the
pool and aiosqlite's thread; with a busy event loop, which has to give Python's lock away and get it back for
each statement, many times that. So brief reads and transactions run right here. Long reads (the console's)
go the usual way.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Optional

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import NullPool

from bot.errors import Unavailable
from bot.storage import sqlite
from bot.storage.access import Access, Values, Write
from bot.storage.beside import file_of
from bot.storage.failures import translated
from bot.storage.prepared import Statement, run
from bot.storage.sqlite_writer import SqliteWriter, end

TOGETHER_MOST = 32
"""Writes that one COMMIT ends; another process waits as long as they take."""


@dataclass(eq=False)
class _Staged:
    """A write that waits for its transaction, and how that ended."""

    write: Write
    ended: asyncio.Future[None]


class SqliteAccess(Access):
    """For a SQLite file. Another process that writes is waited for without holding anybody else up."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self._here = _engine(str(engine.url.database))
        self._reader: Optional[Connection] = None
        self._writer = SqliteWriter(self._here)
        self._staged: deque[_Staged] = deque()
        self._writing_staged: Optional[asyncio.Task[None]] = None
        sa.event.listen(engine.sync_engine, "engine_disposed", self._close)

    async def read_briefly(self, statement: Statement, values: Values = None) -> list[Row]:
        """All rows of a read that looks at a few rows by an index; nothing else runs meanwhile."""
        try:
            return self._read(statement, values)
        except Unavailable:
            return await self.read(statement, values)  # who waits, waits elsewhere

    async def write(self, write: Write, is_one_statement: bool = False) -> None:
        """Runs `write`, all or nothing, in order; one COMMIT ends it and those that others staged meanwhile.

        The disk takes as long for one as for all of them. Whoever is cancelled knows nothing: it may be done.
        """
        loop = asyncio.get_running_loop()
        staged = _Staged(write, loop.create_future())
        staged.ended.add_done_callback(_seen)
        self._staged.append(staged)
        if self._writing_staged is None or self._writing_staged.done():
            self._writing_staged = loop.create_task(self._write_staged())
        try:
            await asyncio.shield(staged.ended)
        except asyncio.CancelledError:
            await self._withdraw(staged)
            raise

    async def _withdraw(self, staged: _Staged) -> None:
        """Leaves out what has not begun; what has is waited for, so that nothing follows before its end."""
        if staged in self._staged:
            self._staged.remove(staged)
            staged.ended.cancel()
        while not staged.ended.done():
            with suppress(asyncio.CancelledError):  # again
                await asyncio.wait({staged.ended})

    async def _write_staged(self) -> None:
        while self._staged:
            await self._write_together()

    async def _write_together(self) -> None:
        taken: list[_Staged] = []

        def take(most: int = TOGETHER_MOST) -> list[Write]:
            few = min(len(self._staged), most)
            taken.extend(self._staged.popleft() for _ in range(few))
            return [one.write for one in taken]

        waited = len(self._staged)
        try:
            failures = await self._writer.write(take)
        except Exception as error:
            if not taken:  # another process wrote for too long; who came later waits on
                take(waited)
            failures = [error] * len(taken)
        except BaseException:
            for one in (*taken, *self._staged):
                one.ended.cancel()
            self._staged.clear()
            raise
        _tell(taken, failures)

    def _read(self, statement: Statement, values: Values) -> list[Row]:
        with translated():
            if self._reader is None:
                self._reader = self._here.connect()
            try:
                return run(self._reader, statement, values).rows
            except BaseException:
                end(self._reader)
                self._reader = None
                raise

    def _close(self, _engine: Engine) -> None:
        """Gives back what it holds; whoever reads or writes after that begins anew."""
        end(self._reader)
        self._reader = None
        self._writer.close()


def _seen(ended: asyncio.Future[None]) -> None:
    """Nobody may be left to be told why it failed."""
    _ = ended.cancelled() or ended.exception()


def _tell(staged: list[_Staged], failures: list[Optional[Exception]]) -> None:
    for one, failure in zip(staged, failures, strict=True):
        if failure is None:
            one.ended.set_result(None)
        else:
            one.ended.set_exception(failure)


def _engine(path: str) -> Engine:
    def connect() -> sqlite3.Connection:
        # Whoever waits for another process does so in SqliteWriter; a COMMIT may run in another thread.
        made = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
        try:
            for setting in sqlite.SETTINGS:
                made.execute(f"PRAGMA {setting}")
        except BaseException:
            made.close()
            raise
        return made

    return sa.create_engine(
        "sqlite://", creator=connect, poolclass=NullPool, future=True, hide_parameters=True
    )


def access_to(engine: AsyncEngine) -> Access:
    """The way into a database: a SQLite file is read and written right here."""
    return SqliteAccess(engine) if file_of(engine) else Access(engine)
