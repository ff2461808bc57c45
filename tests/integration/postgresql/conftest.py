"""A PostgreSQL server for all these tests, an empty database for each, and a second process on it.

`make postgresql` runs them. The server's binaries come with Debian's package `postgresql`.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from bot.storage import tables
from bot.storage.database import migrate, open_database
from tests.fakes.house import house, second
from tests.fakes.postgresql_server import FOLDERS, PostgresqlServer, binaries

__all__ = ["house", "second"]

SHARED = "helpdesk"

numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresqlServer]:
    """A running server with one migrated database."""
    folder = binaries()
    if folder is None:
        words = f"no PostgreSQL server binaries in {', '.join(str(one) for one in FOLDERS)}"
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    running = PostgresqlServer(folder)
    running.start()
    try:
        asyncio.run(_make_shared_database(running))
        yield running
    finally:
        running.stop()


async def _make_shared_database(running: PostgresqlServer) -> None:
    await _execute(running, "postgres", f'CREATE DATABASE "{SHARED}"')
    engine = open_database(running.url(SHARED))
    await migrate(engine)
    await engine.dispose()


async def _execute(running: PostgresqlServer, database: str, statement: str) -> None:
    connection = await asyncpg.connect(running.url(database).replace("+asyncpg", ""))
    await connection.execute(statement)
    await connection.close()


@pytest.fixture
async def database_url(server: PostgresqlServer) -> str:
    """An emptied database; one database a test would cost a second each."""
    emptied = (table.name for table in tables.metadata.sorted_tables if table.name != "canned_answers")
    names = ", ".join(emptied)
    await _execute(server, SHARED, f"TRUNCATE {names} RESTART IDENTITY")
    # What a new house starts with stays, as on SQLite.
    await _execute(server, SHARED, "DELETE FROM canned_answers WHERE updated_by <> ''")
    return server.url(SHARED)


@pytest.fixture
async def bare_database_url(server: PostgresqlServer) -> AsyncIterator[str]:
    """A database without a schema."""
    name = f"bare{next(numbers)}"
    await _execute(server, "postgres", f'CREATE DATABASE "{name}"')
    yield server.url(name)
    await _execute(server, "postgres", f'DROP DATABASE "{name}" WITH (FORCE)')
