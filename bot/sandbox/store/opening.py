"""Opening the database: SQLite through aiosqlite or PostgreSQL through asyncpg, for one process at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

import aiosqlite
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.aiosqlite import (  # type: ignore[import-untyped]
    AsyncAdapt_aiosqlite_connection,
)
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only

CONNECT_SECONDS = 10
STATEMENT_SECONDS = 120
"""A server that vanished is noticed after so long, and the books are read again."""
SQLITE_SETTINGS = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000")
"""What was answered survives a power cut, too."""
NOTICED_WHEN_CUT_OFF = {
    "tcp_keepalives_idle": "20",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
OURS = 0x626F6F6B
"""PostgreSQL's advisory lock of whoever writes the books."""
DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}


class CannotOpen(Exception):
    """The database cannot be used; the text is for the operator."""


def open_engine(url: str, may_make: bool = True) -> AsyncEngine:
    """An engine, not connected yet; makes the folder of a SQLite file. CannotOpen for any other database."""
    try:
        parsed = sa.engine.make_url(url)
        driver = DRIVERS[parsed.drivername.partition("+")[0]]
    except (KeyError, sa.exc.ArgumentError):
        raise CannotOpen("--database: sqlite:///folder/books.db or postgresql://user@host/name") from None
    parsed = parsed.set(drivername=driver)
    if driver == DRIVERS["sqlite"]:
        return _sqlite(parsed, may_make)
    settings = {
        "timeout": CONNECT_SECONDS,
        "command_timeout": STATEMENT_SECONDS,
        "server_settings": NOTICED_WHEN_CUT_OFF,
    }
    return create_async_engine(
        parsed, future=True, hide_parameters=True, poolclass=NullPool, connect_args=settings
    )


def _sqlite(url: sa.engine.URL, may_make: bool) -> AsyncEngine:
    if not url.database or url.database == ":memory:":
        raise CannotOpen("--database: a SQLite database needs a file, as in sqlite:///folder/books.db")
    if may_make:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        Path(url.database).touch(mode=0o600)  # it holds names
    elif not Path(url.database).exists():
        raise CannotOpen(f"there is no database {url.database}")
    engine = create_async_engine(url, future=True, hide_parameters=True, poolclass=NullPool)
    sa.event.listen(engine.sync_engine, "do_connect", _connect)
    sa.event.listen(engine.sync_engine, "connect", _prepare)
    return engine


def _connect(dialect: Any, _record: Any, arguments: Any, options: Any) -> Any:
    connection: Any = aiosqlite.connect(*arguments, **options)
    # As bot/storage does: otherwise a process that ends with a connection open never ends.
    connection._thread.daemon = True
    return AsyncAdapt_aiosqlite_connection(dialect.dbapi, await_only(connection))


def _prepare(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for setting in SQLITE_SETTINGS:
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


class FileLock:
    """That one process writes a SQLite database: held until it ends, however it ends."""

    def __init__(self, database: str) -> None:
        self._file = os.open(f"{database}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise CannotOpen(f"another process works on {database}") from None

    def release(self) -> None:
        """Let another process write."""
        os.close(self._file)
