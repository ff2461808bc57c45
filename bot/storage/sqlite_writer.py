"""Transactions on a SQLite file, right in the event loop's thread: one COMMIT for several writes."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from typing import Callable, Optional, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from bot.errors import Bug, Unavailable
from bot.storage import sqlite
from bot.storage.access import Write
from bot.storage.failures import translated
from bot.storage.prepared import as_sqlalchemy_says

LOOK_SECONDS = 0.001
"""How often whoever waits for another process looks; SQLite itself sleeps up to a tenth of a second."""
SLOW_COMMIT = 0.005
"""Seconds: where a commit usually takes so long, a thread waits for it, and others are answered meanwhile."""


class SqliteWriter:
    """A connection that writes. Everything raises Unavailable, Conflict and Bug."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Optional[Connection] = None
        self._committer: Optional[Executor] = None
        self._usual_commit = 0.0

    async def write(self, take: Callable[[], Sequence[Write]]) -> list[Optional[Exception]]:
        """Runs writes in one transaction, each all or nothing; says why one was left out.

        They are taken when nobody else writes any more. What it raises itself has left out all of them.
        """
        try:
            with translated():
                return await self._transaction(take)
        except BaseException:
            end(self._connection)  # and with it what was begun
            self._connection = None
            raise

    async def _transaction(self, take: Callable[[], Sequence[Write]]) -> list[Optional[Exception]]:
        if self._connection is None:
            self._connection = self._engine.connect()
            # Else SQLAlchemy begins with the first statement, and takes all back when that one fails.
            self._connection.begin()
        driver = driver_of(self._connection)
        await _begin(driver)
        writes = take()
        if len(writes) == 1:
            writes[0](self._connection)
            failures: list[Optional[Exception]] = [None]
        else:
            failures = [_run_apart(write, self._connection, driver) for write in writes]
        took = await self._commit(driver) if self._usual_commit > SLOW_COMMIT else _commit(driver)
        self._usual_commit += (took - self._usual_commit) / 8
        return failures

    async def _commit(self, driver: sqlite3.Connection) -> float:
        if self._committer is None:
            self._committer = ThreadPoolExecutor(1, thread_name_prefix="commit")
        committing = asyncio.get_running_loop().run_in_executor(self._committer, _commit, driver)
        try:
            return await asyncio.shield(committing)
        except asyncio.CancelledError:
            await asyncio.wait({committing})  # the connection is another thread's until then
            raise

    def close(self) -> None:
        """Gives back what it holds; whoever writes after that begins anew."""
        end(self._connection)
        self._connection = None
        if self._committer is not None:
            self._committer.shutdown(wait=False)
            self._committer = None


def _run_apart(write: Write, connection: Connection, driver: sqlite3.Connection) -> Optional[Exception]:
    """Runs one of several; when it fails, nothing is left of it, and the others' stays.

    Raises Unavailable where SQLite gave up the whole transaction, as it does on a full disk.
    """
    failure: Optional[Exception] = None
    _say(driver, "SAVEPOINT one")
    try:
        with translated():
            write(connection)
    except StopIteration as error:  # which no future takes
        failure = Bug(f"a write ended in the middle: {error!r}")
    except Exception as error:
        failure = error
    if not driver.in_transaction:
        raise Unavailable("the database") from failure
    if failure is not None:
        _say(driver, "ROLLBACK TO one")
    _say(driver, "RELEASE one")
    return failure


async def _begin(driver: sqlite3.Connection) -> None:
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + sqlite.LOCK_WAIT_SECONDS
    while not _begun(driver, may_wait=loop.time() < give_up_at):  # noqa: ASYNC110 (it is another process)
        await asyncio.sleep(LOOK_SECONDS)


def _begun(driver: sqlite3.Connection, may_wait: bool) -> bool:
    """False when another process writes at the moment."""
    try:
        _say(driver, "BEGIN IMMEDIATE")
    except sa.exc.OperationalError as error:
        if may_wait and "locked" in str(error.orig):
            return False
        raise
    return True


def _commit(driver: sqlite3.Connection) -> float:
    """The seconds that it took."""
    began = time.perf_counter()
    _say(driver, "COMMIT")
    return time.perf_counter() - began


def _say(driver: sqlite3.Connection, statement: str) -> None:
    with as_sqlalchemy_says(statement):
        driver.execute(statement)


def driver_of(connection: Connection) -> sqlite3.Connection:
    """SQLAlchemy has nothing to say where a transaction begins in one thread and ends in another."""
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def end(connection: Optional[Connection]) -> None:
    """Closes a connection, whatever became of it."""
    if connection is not None:
        with suppress(sa.exc.DBAPIError, sqlite3.Error):
            connection.invalidate()
        connection.close()
