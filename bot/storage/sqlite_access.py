"""SQLite without a thread in between: what a message reads and writes takes less time than handing it over.

A statement that an index answers takes 0.02 ms on a connection that stays open, and 0.15 ms by way of the
pool and aiosqlite's thread; with a busy event loop, which has to give Python's lock away and get it back for
each statement, many times that. So brief reads and transactions run right here; COMMIT, too, while the disk
takes it quickly (0.2 ms on an SSD). Long reads (the console's) go the usual way.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Iterator, Optional

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, Row
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import NullPool

from bot.errors import Unavailable
from bot.storage import sqlite
from bot.storage.access import Access, Values, Write
from bot.storage.beside import file_of
from bot.storage.failures import translated

LOOK_SECONDS = 0.001
"""How often whoever waits for another process looks; SQLite itself sleeps up to a tenth of a second."""
SLOW_COMMIT = 0.005
"""Seconds: where a commit usually takes so long, a thread waits for it, and others are answered meanwhile."""


class SqliteAccess(Access):
    """For a SQLite file. Another process that writes is waited for without holding anybody else up."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self._here = _engine(str(engine.url.database))
        self._reader: Optional[Connection] = None
        self._writer: Optional[Connection] = None
        self._committer: Optional[Executor] = None
        self._usual_commit = 0.0
        sa.event.listen(engine.sync_engine, "engine_disposed", self._close)

    async def read_briefly(self, statement: sa.sql.Executable, values: Values = None) -> list[Row]:
        """All rows of a read that looks at a few rows by an index; nothing else runs meanwhile."""
        try:
            return self._read(statement, values)
        except Unavailable:
            return await self.read(statement, values)  # who waits, waits elsewhere

    async def write(self, write: Write, is_one_statement: bool = False) -> None:
        """Runs `write` in a transaction, all or nothing; others wait in order."""
        async with self._one_writer:
            try:
                with translated():
                    await self._transaction(write)
            except BaseException:
                _end(self._writer)  # and with it what was begun
                self._writer = None
                raise

    def _read(self, statement: sa.sql.Executable, values: Values) -> list[Row]:
        with translated():
            if self._reader is None:
                self._reader = self._here.connect()
            try:
                return list(self._reader.execute(statement, values).all())
            except BaseException:
                _end(self._reader)
                self._reader = None
                raise

    async def _transaction(self, write: Write) -> None:
        if self._writer is None:
            self._writer = self._here.connect()
        driver = _driver(self._writer)
        await self._begin(driver)
        write(self._writer)
        took = await self._commit(driver) if self._usual_commit > SLOW_COMMIT else _commit(driver)
        self._usual_commit += (took - self._usual_commit) / 8

    async def _commit(self, driver: sqlite3.Connection) -> float:
        if self._committer is None:
            self._committer = ThreadPoolExecutor(1, thread_name_prefix="commit")
        committing = asyncio.get_running_loop().run_in_executor(self._committer, _commit, driver)
        try:
            return await asyncio.shield(committing)
        except asyncio.CancelledError:
            await asyncio.wait({committing})  # the next one may write only then
            raise

    async def _begin(self, driver: sqlite3.Connection) -> None:
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + sqlite.LOCK_WAIT_SECONDS
        while not _begun(driver, may_wait=loop.time() < give_up_at):  # noqa: ASYNC110 (it is another process)
            await asyncio.sleep(LOOK_SECONDS)

    def _close(self, _engine: Engine) -> None:
        """Gives back what it holds; whoever reads or writes after that begins anew."""
        for connection in (self._reader, self._writer):
            _end(connection)
        self._reader = self._writer = None
        if self._committer is not None:
            self._committer.shutdown(wait=False)
            self._committer = None


def _engine(path: str) -> Engine:
    def connect() -> sqlite3.Connection:
        # Nobody is waited for here, but in _begin; a transaction ends in another thread than it began in.
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


def _driver(connection: Connection) -> sqlite3.Connection:
    """SQLAlchemy has nothing to say where a transaction begins in one thread and ends in another."""
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def _begun(driver: sqlite3.Connection, may_wait: bool) -> bool:
    """False when another process writes at the moment."""
    try:
        with _as_sqlalchemy_says("BEGIN IMMEDIATE"):
            driver.execute("BEGIN IMMEDIATE")
    except sa.exc.OperationalError as error:
        if may_wait and "locked" in str(error.orig):
            return False
        raise
    return True


def _commit(driver: sqlite3.Connection) -> float:
    """The seconds that it took."""
    began = time.perf_counter()
    with _as_sqlalchemy_says("COMMIT"):
        driver.execute("COMMIT")
    return time.perf_counter() - began


@contextmanager
def _as_sqlalchemy_says(statement: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise sa.exc.DBAPIError.instance(statement, None, error, sqlite3.Error) from error


def _end(connection: Optional[Connection]) -> None:
    if connection is not None:
        with suppress(sa.exc.DBAPIError, sqlite3.Error):
            connection.invalidate()
        connection.close()


def access_to(engine: AsyncEngine) -> Access:
    """The way into a database: a SQLite file is read and written right here."""
    return SqliteAccess(engine) if file_of(engine) else Access(engine)
