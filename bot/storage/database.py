"""One database, opened once: SQLite tuned for a single process, or PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiosqlite
import sqlalchemy as sa
import structlog
from alembic.util import CommandError
from sqlalchemy.dialects.sqlite.aiosqlite import (  # type: ignore[import-untyped]
    AsyncAdapt_aiosqlite_connection,
)
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import await_only

from bot.storage import migrations
from bot.storage.failures import translated

log = structlog.get_logger(__name__)

Database = AsyncEngine
"""What the rest of the house calls an opened database."""

LOCK_WAIT_SECONDS = 10
CONNECT_SECONDS = 10
STATEMENT_SECONDS = 30
ONE_MIGRATION = 0
"""PostgreSQL's lock while the schema changes; conversations, which are locked by their ids, count from 1."""


def open_database(url: str) -> Database:
    """Opens `url` without connecting; makes the folder of a SQLite file."""
    if url.startswith("sqlite"):
        return _open_sqlite(url)
    return create_async_engine(
        url,
        future=True,
        hide_parameters=True,
        pool_size=10,
        max_overflow=10,
        pool_pre_ping=True,
        connect_args={"timeout": CONNECT_SECONDS, "command_timeout": STATEMENT_SECONDS},
    )


async def migrate(engine: Database) -> None:
    """Brings the schema to the newest revision; does nothing when it is there already."""
    async with engine.execution_options(writes=True).connect() as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ONE_MIGRATION)))
        await connection.run_sync(migrations.upgrade)


async def ping(engine: Database) -> None:
    """Returns when the database answers; raises Unavailable."""
    with translated():
        async with engine.connect() as connection:
            await connection.execute(sa.text("SELECT 1"))


async def command(url: str, action: str) -> int:
    """`upgrade` the schema, or `check` that the tables in code and the revisions agree (1 when not)."""
    engine = open_database(url)
    try:
        await migrate(engine)
        if action == "check":
            async with engine.begin() as connection:
                await connection.run_sync(migrations.check)
    except CommandError as error:
        log.error("schema_differs", error=str(error))
        return 1
    finally:
        await engine.dispose()
    return 0


def _open_sqlite(url: str) -> Database:
    path = sa.engine.make_url(url).database
    if not path or path == ":memory:":
        return _prepared(create_async_engine(url, future=True, hide_parameters=True))
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    # Not the default pool, which opens the file again for every read.
    engine = create_async_engine(
        url,
        future=True,
        hide_parameters=True,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=8,
        max_overflow=8,
        connect_args={"timeout": LOCK_WAIT_SECONDS},
    )
    return _prepared(engine)


def _prepared(engine: Database) -> Database:
    sa.event.listen(engine.sync_engine, "do_connect", _connect_sqlite)
    sa.event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    sa.event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _connect_sqlite(dialect: Any, _record: Any, arguments: Any, options: Any) -> Any:
    options["check_same_thread"] = False
    connection: Any = aiosqlite.connect(*arguments, **options)
    # SQLAlchemy 1.4 sets this where aiosqlite kept its thread before 0.22; without it a process that ends
    # with a connection open never ends.
    connection._thread.daemon = True
    return AsyncAdapt_aiosqlite_connection(dialect.dbapi, await_only(connection))


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own BEGIN comes too late for reads; we issue ours in _begin_sqlite.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # what was acknowledged survives a power cut, too
        "secure_delete=FAST",  # what was erased is overwritten where that costs nothing
        "foreign_keys=ON",
        f"busy_timeout={LOCK_WAIT_SECONDS * 1000}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.engine.Connection) -> None:
    # A transaction that will write takes the lock at once: upgrading a read later can fail without waiting.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
