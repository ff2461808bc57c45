"""A conversation's dialogue events as stored, in Rasa's own JSON."""

from __future__ import annotations

import json
from typing import Any, Sequence

import sqlalchemy as sa

from bot.storage.repository import Repository
from bot.storage.tables import tracker_events as table


class TrackerEvents(Repository):
    """Events in order; a session starts with `session_started`."""

    def add(self, conversation_id: int, events: Sequence[dict[str, Any]]) -> None:
        """Stages events to be appended."""
        if not events:
            return
        rows = [
            {
                "conversation_id": conversation_id,
                "type": event["event"],
                "at": event.get("timestamp") or 0.0,
                "data": json.dumps(event, ensure_ascii=False),
            }
            for event in events
        ]
        self._work.stage_statement(table.insert().values(rows))

    async def latest_session(self, conversation_id: int) -> list[dict[str, Any]]:
        """The events since (and with) the conversation's last session start, oldest first."""
        start = (
            sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0))
            .where(table.c.conversation_id == conversation_id, table.c.type == "session_started")
            .scalar_subquery()
        )
        return await self._load(sa.and_(table.c.conversation_id == conversation_id, table.c.id >= start))

    async def all(self, conversation_id: int) -> list[dict[str, Any]]:
        """Every event of the conversation, oldest first."""
        return await self._load(table.c.conversation_id == conversation_id)

    async def _load(self, condition: Any) -> list[dict[str, Any]]:
        rows = await self._work.fetch(sa.select(table.c.data).where(condition).order_by(table.c.id))
        return [json.loads(row.data) for row in rows]
