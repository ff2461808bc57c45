"""Where a background reader has got to, by name."""

from __future__ import annotations

from typing import Any, Optional

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

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

        async def write(connection: AsyncConnection) -> None:
            update = table.update().where(table.c.name == name).values(value=value)
            changed: Any = await connection.execute(update)
            if changed.rowcount == 0:
                await connection.execute(table.insert().values(name=name, value=value))

        self._work.stage(write)
