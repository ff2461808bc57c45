"""Alembic's entry: runs revisions on the connection that was handed in."""

from __future__ import annotations

from typing import Any, Optional

from alembic import context

from bot.storage.tables import metadata
from bot.storage.tables.tickets import ONLY_IN_REVISIONS


def _is_ours(name: Optional[str], kind: str, _parents: Any) -> bool:
    # SQLite keeps books of its own, such as sqlite_sequence, and its search over ticket_words.
    if kind == "index":
        return name not in ONLY_IN_REVISIONS
    return not (kind == "table" and (name or "").startswith(("sqlite_", "ticket_index")))


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    include_name=_is_ours,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=False,
)
context.run_migrations()
