"""Accepted messages as stored: each once, sealed until answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Iterable, Optional

import sqlalchemy as sa
from sqlalchemy.engine import Row

from bot.messages import Accepted, Contact, MessageKind, Understood
from bot.storage.repository import Repository
from bot.storage.tables import conversations
from bot.storage.tables import incoming as table


class Incoming(Repository):
    """Every message a channel brought; (channel, message id) is unique."""

    def add(self, conversation_id: int, contact: Contact, message_id: str, kind: MessageKind,
            sealed: bytes, now: datetime) -> None:  # fmt: skip
        """Stages a new message; `commit` raises Conflict when it was accepted before."""
        self._work.stage_statement(
            table.insert().values(
                conversation_id=conversation_id,
                channel=contact.channel,
                message_id=message_id,
                kind=kind.value,
                sealed=sealed,
                received_at=now,
            )
        )

    async def find(self, channel: str, message_id: str) -> Optional[Accepted]:
        """The accepted message with the channel's own id, or None."""
        rows = await self._fetch(sa.and_(table.c.channel == channel, table.c.message_id == message_id))
        return rows[0] if rows else None

    async def get(self, incoming_id: int) -> Optional[Accepted]:
        """The accepted message with our id, or None."""
        rows = await self._fetch(table.c.id == incoming_id)
        return rows[0] if rows else None

    async def unanswered(self, conversation_id: int, limit: int) -> list[Accepted]:
        """The conversation's messages not answered yet, oldest first, at most `limit`."""
        waiting = sa.and_(table.c.answered_at.is_(None), table.c.conversation_id == conversation_id)
        return await self._fetch(waiting, limit)

    async def left_over(
        self, before: datetime, after_id: int = 0, limit: int = 500, now: Optional[datetime] = None
    ) -> list[Accepted]:
        """Messages of every conversation accepted before a moment and not answered yet, oldest first.

        With `now` also those that seem to come from the future: the clock was put back since.
        """
        left = table.c.received_at <= before
        if now is not None:
            left = sa.or_(left, table.c.received_at > now)
        return await self._fetch(sa.and_(table.c.answered_at.is_(None), left, table.c.id > after_id), limit)

    def mark_answered(self, incoming_id: int, masked_text: str, now: datetime,
                      answered_with: Optional[int] = None,
                      understood: Optional[Understood] = None) -> None:  # fmt: skip
        """Stages the end of a message: the sealed original is erased, the masked text stays.

        `answered_with` names the message that it was folded into, whose replies are its own. `commit` raises
        Conflict when it was answered meanwhile.
        """
        self._work.stage_change(
            table.update()
            .where(table.c.id == incoming_id, table.c.answered_at.is_(None))
            .values(
                sealed=None,
                text=masked_text,
                answered_at=now,
                answered_with=answered_with,
                intent=understood.intent if understood else None,
                confidence=understood.confidence if understood else None,
            ),
            f"message {incoming_id}",
        )

    async def understood(self, incoming_ids: Iterable[int]) -> dict[int, Understood]:
        """What messages were taken for, by their ids; those that the dialogue never saw are left out."""
        rows = await self._work.fetch(
            sa.select(table.c.id, table.c.intent, table.c.confidence).where(
                table.c.id.in_(list(incoming_ids)), table.c.intent.is_not(None)
            )
        )
        return {row.id: Understood(row.intent, row.confidence or 0.0) for row in rows}

    async def count_between(self, conversation_id: int, since: datetime, until_id: int) -> int:
        """How many messages the conversation brought after a moment, up to (and with) one.

        Those that seem later than that one do not count: the clock was put back since.
        """
        until = sa.select(table.c.received_at).where(table.c.id == until_id).scalar_subquery()
        rows = await self._work.fetch(
            sa.select(sa.func.count())
            .select_from(table)
            .where(
                table.c.conversation_id == conversation_id,
                table.c.received_at > since,
                table.c.received_at <= until,
                table.c.id <= until_id,
            )
        )
        return int(rows[0][0])

    async def _fetch(self, condition: Any, limit: Optional[int] = None) -> list[Accepted]:
        joined = sa.select(table, conversations.c.user_id).join(
            conversations, conversations.c.id == table.c.conversation_id
        )
        rows = await self._work.fetch(joined.where(condition).order_by(table.c.id).limit(limit))
        return [_accepted(row) for row in rows]


def _accepted(row: Row) -> Accepted:
    return Accepted(
        id=row.id,
        conversation_id=row.conversation_id,
        contact=Contact(row.channel, row.user_id),
        message_id=row.message_id,
        kind=MessageKind(row.kind),
        sealed=row.sealed,
        text=row.text,
        received_at=row.received_at,
        answered_at=row.answered_at,
    )
