"""One database, opened once: SQLite tuned for a single process, or PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.storage import migrations


def open_database(url: str) -> AsyncEngine:
    """Opens `url` without connecting; makes the folder of a SQLite file."""
    if url.startswith("sqlite"):
        return _open_sqlite(url)
    return create_async_engine(url, future=True, pool_size=10, max_overflow=10, pool_pre_ping=True)


async def migrate(engine: AsyncEngine) -> None:
    """Brings the schema to the newest revision; does nothing when it is there already."""
    async with engine.execution_options(writes=True).begin() as connection:
        await connection.run_sync(migrations.upgrade)


def _open_sqlite(url: str) -> AsyncEngine:
    path = sa.engine.make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(url, future=True, connect_args={"timeout": 10})
    sa.event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    sa.event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own BEGIN comes too late for reads; we issue ours in _begin_sqlite.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.engine.Connection) -> None:
    # A transaction that will write takes the lock at once: upgrading a read later can fail without waiting.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
