"""What a database's errors mean."""

from __future__ import annotations

import asyncio
import sqlite3

import asyncpg
import pytest
import sqlalchemy as sa

from bot.errors import Bug, Conflict, HelpdeskError, Unavailable
from bot.storage.failures import translated


class PostgresError(Exception):
    """As SQLAlchemy's asyncpg dialect wraps the server's errors."""

    def __init__(self, pgcode: str | None) -> None:
        super().__init__("x")
        self.pgcode = pgcode


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def wrapped(kind: type[sa.exc.DBAPIError], orig: Exception, lost: bool = False) -> sa.exc.DBAPIError:
    return kind("SELECT", {}, orig, connection_invalidated=lost)


@pytest.mark.parametrize(
    ("error", "branch"),
    [
        (wrapped(sa.exc.IntegrityError, PostgresError("23505")), Conflict),
        (wrapped(sa.exc.OperationalError, sqlite3.OperationalError("database is locked")), Unavailable),
        (wrapped(sa.exc.OperationalError, sqlite3.OperationalError("database or disk is full")), Unavailable),
        (wrapped(sa.exc.OperationalError, sqlite3.OperationalError("disk I/O error")), Unavailable),
        (wrapped(sa.exc.OperationalError, sqlite3.OperationalError("no such table: x")), Bug),
        (wrapped(sa.exc.DBAPIError, PostgresError("40001")), Unavailable),
        (wrapped(sa.exc.DBAPIError, PostgresError("40P01")), Unavailable),
        (wrapped(sa.exc.DBAPIError, PostgresError("57P01")), Unavailable),
        (wrapped(sa.exc.DBAPIError, PostgresError("53300")), Unavailable),
        (wrapped(sa.exc.DBAPIError, PostgresError("22001")), Bug),
        (wrapped(sa.exc.ProgrammingError, PostgresError("42601")), Bug),
        (wrapped(sa.exc.InterfaceError, PostgresError(None)), Unavailable),
        (wrapped(sa.exc.InterfaceError, caused(PostgresError(None), ValueError())), Bug),
        (wrapped(sa.exc.DBAPIError, PostgresError(None), lost=True), Unavailable),
        (sa.exc.TimeoutError(), Unavailable),
        (asyncpg.CannotConnectNowError("starting up"), Unavailable),
        (asyncpg.InterfaceError("closed"), Unavailable),
        (ConnectionRefusedError(), Unavailable),
        (asyncio.TimeoutError(), Unavailable),
    ],
)
def test_every_failure_has_its_branch(error: Exception, branch: type[HelpdeskError]) -> None:
    with pytest.raises(branch) as raised, translated():
        raise error
    assert raised.value.__cause__ is error


@pytest.mark.parametrize("error", [KeyError("x"), Conflict("x"), Unavailable("x"), asyncio.CancelledError()])
def test_what_is_not_the_databases_passes_through(error: BaseException) -> None:
    with pytest.raises(type(error)) as raised, translated():
        raise error
    assert raised.value is error
