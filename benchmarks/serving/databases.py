"""Where a side keeps its conversations: a SQLite file, or a database on a PostgreSQL server that syncs."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import asyncpg

from tests.fakes.postgresql_server import FAST, PostgresqlServer, binaries

DURABLE = {
    **FAST,
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "128MB",
}


class Database(Protocol):
    """Makes a new, empty database each time it is asked for one."""

    name: str

    def url(self, folder: str) -> str:
        """The address of a new one, as our product takes it."""

    def tracker_store(self, folder: str) -> str:
        """Lines of Rasa's `endpoints.yml` for a new one."""


class SqliteFiles:
    """A file in the peer's folder, which is on the disk."""

    name = "SQLite"

    def url(self, folder: str) -> str:
        """A file that is not there yet."""
        return f"sqlite:///{folder}/bench.sqlite"

    def tracker_store(self, folder: str) -> str:
        """Another file, on Rasa's defaults: every commit is synced."""
        return f"  type: SQL\n  dialect: sqlite\n  db: {folder}/tracker.sqlite\n"


class PostgresqlDatabases:
    """Databases on a running server."""

    name = "PostgreSQL"

    def __init__(self, server: PostgresqlServer) -> None:
        self._server = server
        self._names = (f"bench_{number}" for number in itertools.count())

    def url(self, folder: str) -> str:
        """A new database."""
        return self._server.url(self._new())

    def tracker_store(self, folder: str) -> str:
        """A new database, by Rasa's own driver (psycopg2)."""
        return (
            "  type: SQL\n  dialect: postgresql\n  url: 127.0.0.1\n"
            f"  port: {self._server.port}\n  username: helpdesk\n  db: {self._new()}\n"
        )

    def address(self) -> str:
        """A new database, as asyncpg takes it."""
        return plain(self._server.url(self._new()))

    def processes(self) -> list[int]:
        """The server's processes."""
        return self._server.processes()

    def _new(self) -> str:
        name = next(self._names)
        asyncio.run(_create(plain(self._server.url("postgres")), name))
        return name


@contextmanager
def postgresql() -> Iterator[PostgresqlDatabases | None]:
    """A server of its own, on the disk; None where PostgreSQL is not installed."""
    found = binaries()
    if found is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)  # the server may be another user
        server = PostgresqlServer(found, DURABLE, Path(folder))
        server.start()
        try:
            yield PostgresqlDatabases(server)
        finally:
            server.stop()


def plain(url: str) -> str:
    """The address without the driver's name."""
    return url.replace("+asyncpg", "")


async def _create(url: str, name: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
