"""Alerts as stored."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import List, Mapping, Optional

import sqlalchemy as sa
from sqlalchemy.engine import Row

from bot.alerts import Alert, AlertKind
from bot.storage.repository import Repository
from bot.storage.tables import alerts as table


class Alerts(Repository):
    """What supervisors should notice, newest first."""

    def add(
        self, kind: AlertKind, subject: str, now: datetime, data: Optional[Mapping[str, str]] = None
    ) -> None:
        """Stages an alert."""
        self._work.stage_statement(
            table.insert().values(at=now, kind=kind.value, subject=subject[:128], data=dict(data or {}))
        )

    async def is_known(self, kind: AlertKind, subject: str, since: datetime) -> bool:
        """True when the same was raised after `since`, so that it is not raised again."""
        rows = await self._work.fetch(
            sa.select(table.c.id)
            .where(table.c.kind == kind.value, table.c.subject == subject[:128], table.c.at > since)
            .limit(1)
        )
        return bool(rows)

    async def list(self, unseen_only: bool = False, limit: int = 50, offset: int = 0) -> List[Alert]:
        """A page of alerts, newest first."""
        statement = sa.select(table).order_by(table.c.id.desc()).limit(limit).offset(offset)
        if unseen_only:
            statement = statement.where(table.c.seen_by.is_(None))
        return [_alert(row) for row in await self._work.fetch(statement)]

    async def count(self, unseen_only: bool = False) -> int:
        """How many alerts `list` would page through."""
        statement = sa.select(sa.func.count()).select_from(table)
        if unseen_only:
            statement = statement.where(table.c.seen_by.is_(None))
        return int((await self._work.fetch(statement))[0][0])

    async def get(self, alert_id: int) -> Optional[Alert]:
        """The alert with this number, or None."""
        rows = await self._work.fetch(sa.select(table).where(table.c.id == alert_id))
        return _alert(rows[0]) if rows else None

    def mark_seen(self, alert_id: int, agent: str, now: datetime) -> None:
        """Stages that somebody took notice; the first one counts."""
        self._work.stage_statement(
            table.update()
            .where(table.c.id == alert_id, table.c.seen_by.is_(None))
            .values(seen_by=agent, seen_at=now)
        )

    def mark_all_seen(self, newest: int, agent: str, now: datetime) -> None:
        """Stages that somebody took notice of every alert up to number `newest`."""
        self._work.stage_statement(
            table.update()
            .where(table.c.id <= newest, table.c.seen_by.is_(None))
            .values(seen_by=agent, seen_at=now)
        )

    def forget_before(self, now: datetime, age: timedelta) -> None:
        """Stages the end of what was seen longer ago than `age`."""
        self._work.stage_statement(
            table.delete().where(table.c.seen_at.isnot(None), table.c.seen_at < now - age)
        )


def _alert(row: Row) -> Alert:
    return Alert(**{**dict(row._mapping), "kind": AlertKind(row.kind)})
