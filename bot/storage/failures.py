"""What a database's errors mean: somebody was quicker, try again later, or a defect."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import Iterator

import asyncpg  # type: ignore[import-untyped]
import sqlalchemy as sa

from bot.errors import Bug, Conflict, Unavailable

PASSING = ("08", "40", "53", "55", "57", "58")
"""Classes of SQLSTATE that pass: connection, rollback, resources, lock, operator, system."""

SQLITE_PASSING = ("locked", "busy", "disk", "full", "unable to open", "readonly")
"""SQLite calls a wrong statement by the same name as a full disk; Python 3.10 knows only its words."""


@contextmanager
def translated() -> Iterator[None]:
    """Turns a broken constraint into Conflict, passing trouble into Unavailable, and the rest into Bug."""
    try:
        yield
    except sa.exc.IntegrityError as error:
        raise Conflict("a constraint of the database") from error
    except sa.exc.DBAPIError as error:
        if _passes(error):
            raise Unavailable("the database") from error
        raise Bug("the database refused a statement") from error
    # While connecting, asyncpg's own errors come through unwrapped.
    except (sa.exc.TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unavailable("the database") from error
    except (OSError, asyncio.TimeoutError) as error:
        raise Unavailable("the database") from error


def _passes(error: sa.exc.DBAPIError) -> bool:
    if error.connection_invalidated:
        return True
    if isinstance(getattr(error.orig, "__cause__", None), ValueError):
        return False  # asyncpg's word for a value that does not fit its column
    if isinstance(error, sa.exc.InterfaceError):
        return True
    if isinstance(error, sa.exc.OperationalError):
        return any(words in str(error.orig) for words in SQLITE_PASSING)
    return str(getattr(error.orig, "pgcode", None) or "").startswith(PASSING)
