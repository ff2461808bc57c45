"""What only one process may do at a time: the others stand by, and one takes over when it ends.

What is led this way has to be safe when two do it for a moment: a process that is cut off from the database
notices it a little later than the one that takes over.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.storage.beside import beside
from bot.storage.failures import translated

log = structlog.get_logger(__name__)

LOOK_SECONDS = 2.0
"""How often those who stand by look, and the one who leads makes sure."""

ROOM = 4
"""PostgreSQL keeps locks of two numbers apart from those of one, which conversations are locked by."""


class Leadership:
    """For the only process there is."""

    async def lead(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        """Does the work while this process is the one that may, until it ends by itself or is cancelled."""
        await work()


class SharedLeadership(Leadership):
    """For processes that share one PostgreSQL; each thing led takes a connection of its own."""

    def __init__(self, engine: AsyncEngine, look_seconds: float = LOOK_SECONDS) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._look_seconds = look_seconds

    async def lead(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        """Stands by until this process may, and again when it no longer may."""
        while True:
            try:
                async with self._connection() as connection:
                    await self._elected(connection, what)
                    log.info("leads", what=what)
                    if await self._while_leading(connection, asyncio.ensure_future(work())):
                        return
            except _Lost:
                log.warning("leads_no_longer", what=what)
            await asyncio.sleep(self._look_seconds)

    async def _elected(self, connection: AsyncConnection, what: str) -> None:
        mine = sa.select(sa.func.pg_try_advisory_lock(ROOM, _number(what)))
        while True:
            if await _ask(connection, mine):
                return
            await asyncio.sleep(self._look_seconds)

    async def _while_leading(self, connection: AsyncConnection, work: asyncio.Future[None]) -> bool:
        """True when the work came to its end; raises what it raised, and _Lost when it has to stop."""
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=self._look_seconds)
                if not work.done():
                    await _ask(connection, sa.select(sa.true()))
            await work
            return True
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        try:
            with translated():
                connection = await self._engine.connect()
        except Exception as error:
            raise _Lost from error
        try:
            yield connection
        finally:
            # In the pool it would go on holding the lock.
            await asyncio.shield(_end(connection))


class _Lost(Exception):
    """The connection that held the lock is gone, and the lock with it."""


async def _ask(connection: AsyncConnection, statement: sa.sql.Select) -> bool:
    try:
        with translated():
            return bool((await connection.execute(statement)).scalar())
    except Exception as error:
        raise _Lost from error


async def _end(connection: AsyncConnection) -> None:
    with suppress(Exception):
        await connection.invalidate()
    await connection.close()


def _number(what: str) -> int:
    return zlib.crc32(what.encode()) & 0x7FFFFFFF


class FileLeadership(Leadership):
    """For processes that share one SQLite file; each thing led is a file of its own, whose lock is held."""

    def __init__(self, path: Path, look_seconds: float = LOOK_SECONDS) -> None:
        """`path` is what the files' names begin with."""
        self._path = path
        self._look_seconds = look_seconds

    async def lead(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        """Stands by until this process may."""
        lock = await self._elected(self._path.with_name(f"{self._path.name}-{what}"))
        try:
            log.info("leads", what=what)
            await work()
        finally:
            os.close(lock)

    async def _elected(self, path: Path) -> int:
        while True:
            try:
                return _locked(path)
            except BlockingIOError:
                pass  # another process leads
            except OSError as error:
                log.warning("cannot_lead", error=type(error).__name__)
            await asyncio.sleep(self._look_seconds)


def _locked(path: Path) -> int:
    """The descriptor whose end is the lock's."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def leadership_for(engine: AsyncEngine, look_seconds: float = LOOK_SECONDS) -> Leadership:
    """The leadership on a database; one in memory is this process's own."""
    if engine.dialect.name == "postgresql":
        return SharedLeadership(engine, look_seconds)
    path = beside(engine, "leads")
    return FileLeadership(path, look_seconds) if path else Leadership()
