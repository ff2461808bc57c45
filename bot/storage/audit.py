"""The audit log as it is read; what it records is staged by `Agents.record`."""

from __future__ import annotations

from typing import Any, AsyncIterator, List

import sqlalchemy as sa

from bot.console.audit import Entry, Sought
from bot.storage.repository import Repository
from bot.storage.tables import audit as table

AT_ONCE = 1000


class Audit(Repository):
    """Entries, newest first."""

    async def page(self, sought: Sought, limit: int, before: int = 0) -> List[Entry]:
        """What is sought, from the newest on, or from just before the entry with this number."""
        statement = _sought(sought).order_by(table.c.at.desc(), table.c.id.desc()).limit(limit)
        if before:
            statement = statement.where(await self._older(before))
        return [Entry(**row._mapping) for row in await self._work.fetch(statement)]

    async def all(self, sought: Sought) -> AsyncIterator[List[Entry]]:
        """Everything that is sought, in parts that fit into memory."""
        before = 0
        while found := await self.page(sought, AT_ONCE, before):
            yield found
            before = found[-1].id

    async def _older(self, than: int) -> Any:
        rows = await self._work.fetch(sa.select(table.c.at).where(table.c.id == than))
        if not rows:
            return sa.false()
        at = rows[0].at
        return sa.and_(table.c.at <= at, sa.or_(table.c.at < at, table.c.id < than))


def _sought(sought: Sought) -> Any:
    statement = sa.select(table).where(table.c.at >= sought.days.start, table.c.at < sought.days.end)
    if sought.actor:
        statement = statement.where(table.c.actor == sought.actor)
    if sought.action:
        statement = statement.where(table.c.action == sought.action)
    if sought.subject:
        subject = sa.func.lower(table.c.subject)
        statement = statement.where(subject.contains(sought.subject.lower(), autoescape=True))
    return statement
