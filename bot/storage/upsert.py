"""A row that is made or changed in one statement, so that two at once do not stand in each other's way."""

from __future__ import annotations

from typing import Any, Callable, Optional

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

Only = Callable[[Any], Any]
"""Which present rows are changed, given the row that was to be inserted."""


def upsert(
    connection: Connection,
    table: sa.Table,
    key: dict[str, Any],
    values: dict[str, Any],
    only: Optional[Only] = None,
) -> None:
    """Inserts the row, or changes the one with the same key; not when `only` leaves it out."""
    insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(**key, **values)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(key),
            set_=values,
            where=only(statement.excluded) if only else None,
        )
    )
