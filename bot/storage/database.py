"""One database, opened once: a SQLite file, or PostgreSQL."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
import structlog
from alembic.util import CommandError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.errors import Bug, Unavailable
from bot.storage import migrations
from bot.storage.failures import translated
from bot.storage.sqlite import open_sqlite

log = structlog.get_logger(__name__)

Database = AsyncEngine
"""What the rest of the house calls an opened database."""

CONNECTIONS = 20
"""Of one process to PostgreSQL, which takes 100 by default."""
CONNECT_SECONDS = 10
STATEMENT_SECONDS = 30
NOTICED_WHEN_CUT_OFF = {
    "tcp_keepalives_idle": "20",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
"""The session of a machine that vanished ends, with its locks, within a minute; not in two hours."""
ONE_MIGRATION = 0
"""PostgreSQL's lock while the schema changes; conversations, which are locked by their ids, count from 1."""


def open_database(url: str) -> Database:
    """Opens `url` without connecting; makes the folder of a SQLite file."""
    if url.startswith("sqlite"):
        return open_sqlite(url)
    engine = create_async_engine(
        url,
        future=True,
        hide_parameters=True,
        # As many as may be open: one beyond the pool's size would be opened and closed for each statement.
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_use_lifo=True,
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": STATEMENT_SECONDS,
            "server_settings": NOTICED_WHEN_CUT_OFF,
        },
    )
    sa.event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _refuse_closed(connection: Any, _record: Any, _fairy: Any) -> None:
    """Has the pool open another: the driver notices the server's end by itself, so nobody has to ask it."""
    if connection._connection.is_closed():
        raise sa.exc.DisconnectionError


async def migrate(engine: Database) -> None:
    """Brings the schema to the newest revision; does nothing when it is there already.

    Raises Unavailable, or Bug, with words for an operator when the database cannot be used.
    """
    try:
        with translated():
            async with engine.execution_options(writes=True).connect() as connection, connection.begin():
                if engine.dialect.name == "postgresql":
                    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ONE_MIGRATION)))
                await connection.run_sync(migrations.upgrade)
    except (Unavailable, Bug) as error:
        cause = error.__cause__
        said = getattr(cause, "orig", None) or cause
        raise type(error)(
            f"the database cannot be used ({said}): does its server run, and is there room on its disk?"
        ) from error


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
