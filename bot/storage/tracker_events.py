"""A conversation's dialogue events as stored, in Rasa's own JSON.

A `summary` is no event: it holds the few events that lead to where its session had come.
"""

from __future__ import annotations

import json
from typing import Any, Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from bot.storage.prepared import Prepared
from bot.storage.repository import Repository
from bot.storage.tables import tracker_events as table

SUMMARY = "summary"

INSERT = Prepared(table.insert())
as_json = json.JSONEncoder(ensure_ascii=False).encode


class TrackerEvents(Repository):
    """Events in order; a session starts with `session_started`."""

    def add(self, conversation_id: int, events: Sequence[dict[str, Any]]) -> None:
        """Stages events to be appended."""
        if not events:
            return
        self._insert(conversation_id, ((event["event"], event) for event in events))
        self._work.conversations.dialogue_changed(conversation_id)

    def sum_up(self, conversation_id: int, events: Sequence[dict[str, Any]]) -> None:
        """Stages the events that the session so far can be told in; they do not count as its own."""
        self._insert(conversation_id, [(SUMMARY, {"events": list(events)})])

    async def latest_session(self, conversation_id: int) -> list[dict[str, Any]]:
        """The events since (and with) the conversation's last session start, oldest first and in short."""
        found = _events(await self._work.fetch_briefly(LATEST_SESSION, {"conversation": conversation_id}))
        if found and "event" not in found[0]:
            return [*found[0]["events"], *found[1:]]
        return found

    async def all(self, conversation_id: int) -> list[dict[str, Any]]:
        """Every event of the conversation, oldest first."""
        every = sa.and_(table.c.conversation_id == conversation_id, table.c.type != SUMMARY)
        return _events(await self._work.fetch(_data(every)))

    def _insert(self, conversation_id: int, typed: Iterable[tuple[str, dict[str, Any]]]) -> None:
        rows = [
            {
                "conversation_id": conversation_id,
                "type": kind,
                "at": data.get("timestamp") or 0.0,
                "data": as_json(data),
            }
            for kind, data in typed
        ]

        def write(connection: Connection) -> None:
            INSERT.run_each(connection, rows)

        self._work.stage(write)


def _data(condition: Any) -> sa.sql.Select:
    return sa.select(table.c.data).where(condition).order_by(table.c.id)


def _latest_session() -> sa.sql.Select:
    theirs = table.c.conversation_id == sa.bindparam("conversation")
    begins = sa.or_(table.c.type == "session_started", table.c.type == SUMMARY)
    start = sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0)).where(theirs, begins)
    return _data(sa.and_(theirs, table.c.id >= start.scalar_subquery()))


LATEST_SESSION = Prepared(_latest_session())


def _events(rows: Iterable[Row]) -> list[dict[str, Any]]:
    return [json.loads(row.data) for row in rows]
