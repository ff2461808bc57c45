"""How often something happened lately, counted for all processes together: wrong logins, calls."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.storage.repository import Repository
from bot.storage.tables import lately as table


class Lately(Repository):
    """What is counted is forgotten a while after the first time, or after the last."""

    async def happened(
        self, what: str, who: str, now: datetime, forget_after: timedelta, since_last: bool = False
    ) -> int:
        """Counts once more, at once; returns how often it happened, this time included."""
        until = now + forget_after
        values = {"what": what, "who": who, "now": now, "until": until, "since_first": not since_last}
        times: list[int] = []

        def write(connection: Connection) -> None:
            times.append(int((connection.execute(COUNT, values)).scalar_one()))

        self._work.stage(write, is_one_statement=True)
        await self._work.commit()
        return times[0]

    async def times(self, what: str, who: str, now: datetime) -> int:
        """How often it happened."""
        known = sa.and_(table.c.what == what, table.c.who == who, table.c.until > now)
        rows = await self._work.fetch(sa.select(table.c.times).where(known))
        return int(rows[0].times) if rows else 0

    def forget(self, now: datetime) -> None:
        """Stages the end of what is to be forgotten by now."""
        self._work.stage_statement(table.delete().where(table.c.until <= now))


COUNT = sa.text(
    "INSERT INTO lately (what, who, times, until) VALUES (:what, :who, 1, :until)"
    " ON CONFLICT (what, who) DO UPDATE SET"
    " times = CASE WHEN lately.until > :now THEN lately.times + 1 ELSE 1 END,"
    " until = CASE WHEN lately.until > :now AND :since_first THEN lately.until ELSE excluded.until END"
    " RETURNING times"
).bindparams(
    sa.bindparam("what", type_=table.c.what.type),
    sa.bindparam("who", type_=table.c.who.type),
    sa.bindparam("now", type_=table.c.until.type),
    sa.bindparam("until", type_=table.c.until.type),
    sa.bindparam("since_first", type_=sa.Boolean()),
)
