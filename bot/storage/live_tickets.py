"""A conversation's live tickets as they stand at the end of a transaction, looked up once for all who ask."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.storage.prepared import Prepared
from bot.storage.tables import tickets
from bot.storage.tables.tickets import LIVE

OF_CONVERSATION = Prepared(
    sa.select(tickets.c.number).where(tickets.c.conversation_id == sa.bindparam("conversation"), LIVE)
)


class LiveTickets:
    """For one transaction, after its last write."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._found: dict[int, list[str]] = {}

    def of(self, conversation_id: int) -> list[str]:
        """Their numbers, in order."""
        if conversation_id not in self._found:
            rows = OF_CONVERSATION.run(self._connection, {"conversation": conversation_id}).rows
            self._found[conversation_id] = sorted(row.number for row in rows)
        return self._found[conversation_id]
