"""Forms that were obeyed, as stored: one that is sent twice does its work once, whichever process gets it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from bot.errors import Conflict
from bot.storage.repository import Repository
from bot.storage.tables import obeyed_forms as table

KEPT_FOR = timedelta(days=1)
"""Longer than a login lasts; a page that is older has to be loaded again anyway."""


class Forms(Repository):
    """By account, and by the key that the page put into the form."""

    async def was_obeyed(self, account_id: int, key: str) -> bool:
        """True when this form was obeyed within a day."""
        is_it = sa.and_(table.c.account_id == account_id, table.c.key == key)
        return bool(await self._work.fetch(sa.select(table.c.key).where(is_it)))

    def obey(self, account_id: int, key: str, now: datetime) -> None:
        """Stages that a form is obeyed; `commit` raises Conflict when it was, or is being just now."""

        def write(connection: Connection) -> None:
            old = sa.and_(table.c.account_id == account_id, table.c.at < now - KEPT_FOR)
            connection.execute(table.delete().where(old))
            insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            # Waits for another transaction that has the same form in hand.
            statement = insert(table).values(account_id=account_id, key=key, at=now).on_conflict_do_nothing()
            result: Any = connection.execute(statement)
            if result.rowcount != 1:
                raise Conflict(f"form {key} was obeyed already")

        self._work.stage(write)
