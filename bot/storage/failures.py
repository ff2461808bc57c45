"""What a database's errors mean: somebody was quicker, try again later, or a defect."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import Iterator

import asyncpg  # type: ignore[import-untyped]
import sqlalchemy as sa

from bot.errors import Conflict, Unavailable

PASSING = ("08", "40", "53", "55", "57", "58")
"""Classes of SQLSTATE that pass: connection, rollback, resources, lock, operator, system."""


@contextmanager
def translated() -> Iterator[None]:
    """Turns a broken constraint into Conflict and passing trouble into Unavailable; the rest are defects."""
    try:
        yield
    except sa.exc.IntegrityError as error:
        raise Conflict("a constraint of the database") from error
    except sa.exc.DBAPIError as error:
        if _passes(error):
            raise Unavailable("the database") from error
        raise
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
    if isinstance(error, (sa.exc.OperationalError, sa.exc.InterfaceError)):
        return True
    return str(getattr(error.orig, "pgcode", None) or "").startswith(PASSING)
