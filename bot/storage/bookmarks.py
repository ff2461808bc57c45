"""Where a background reader has got to, by name."""

from __future__ import annotations

from typing import Any, Optional

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.storage.repository import Repository
from bot.storage.tables import bookmarks as table


class Bookmarks(Repository):
    """Cursors that commit with what was read up to them."""

    async def get(self, name: str) -> Optional[str]:
        """The named cursor, or None at the very start."""
        rows = await self._work.fetch(sa.select(table.c.value).where(table.c.name == name))
        return rows[0].value if rows else None

    def set(self, name: str, value: str) -> None:
        """Stages the cursor's new place."""

        def write(connection: Connection) -> None:
            update = table.update().where(table.c.name == name).values(value=value)
            changed: Any = connection.execute(update)
            if changed.rowcount == 0:
                connection.execute(table.insert().values(name=name, value=value))

        self._work.stage(write)
