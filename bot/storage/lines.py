"""The transcript as stored, and the outbox rows that lines to a pushed channel bring with them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Optional

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from bot.messages import Author, Button, Conversation, Line, Reply
from bot.storage.prepared import Prepared
from bot.storage.repository import Repository
from bot.storage.tables import incoming, outbox
from bot.storage.tables import messages as table

PULLED_CHANNELS = frozenset({"web", "rest", "terminal"})
"""Channels that fetch their lines themselves; every other one is sent to through the outbox."""


class Lines(Repository):
    """Every line of every conversation, in order of `id`."""

    def add(self, conversation: Conversation, reply: Reply, now: datetime,
            in_reply_to: Optional[int] = None) -> None:  # fmt: skip
        """Stages a line; one that is not the resident's own is put into the outbox with it."""
        self._work.hold(conversation.id)
        self._work.ticket_words.said(conversation.id, reply.author, reply.text)
        if reply.author is Author.RESIDENT and not reply.text.startswith("/"):
            self._work.webhooks.resident_wrote(conversation.id, now)
        values = {
            "conversation_id": conversation.id,
            "author": reply.author.value,
            "author_name": reply.author_name,
            "text": reply.text,
            "buttons": [dict(vars(button)) for button in reply.buttons],
            "custom": dict(reply.custom),
            "in_reply_to": in_reply_to,
            "created_at": now,
        }

        if conversation.contact.channel in PULLED_CHANNELS:
            self._work.stage_row(table, values)
            return

        def write(connection: Connection) -> None:
            result: Any = connection.execute(table.insert().values(**values))
            if reply.author is not Author.RESIDENT:
                message_id = result.inserted_primary_key[0]
                connection.execute(_outbox_row(conversation, message_id, now))

        self._work.stage(write)

    async def replies_to(self, incoming_id: int) -> list[Line]:
        """What was answered to one accepted message, or to those it was folded with, in order."""
        return [line(row) for row in await self._work.fetch_briefly(REPLIES, {"answered": incoming_id})]

    async def after(self, conversation_id: int, line_id: int = 0, limit: int = 100) -> list[Line]:
        """The conversation's lines with a higher id, oldest first, at most `limit`."""
        condition = sa.and_(table.c.conversation_id == conversation_id, table.c.id > line_id)
        return await self._fetch(condition, limit)

    async def last(self, conversation_id: int, limit: int = 100, before: Optional[int] = None) -> list[Line]:
        """The conversation's newest lines (before an id, for paging back), oldest first."""
        condition = table.c.conversation_id == conversation_id
        if before is not None:
            condition = sa.and_(condition, table.c.id < before)
        rows = await self._work.fetch(
            sa.select(table).where(condition).order_by(table.c.id.desc()).limit(limit)
        )
        return [line(row) for row in reversed(rows)]

    async def get(self, line_id: int) -> Optional[Line]:
        """One line, or None."""
        lines = await self._fetch(table.c.id == line_id)
        return lines[0] if lines else None

    async def _fetch(self, condition: object, limit: int = 1000) -> list[Line]:
        rows = await self._work.fetch(
            sa.select(table).where(condition).order_by(table.c.id).limit(limit)  # type: ignore[arg-type]
        )
        return [line(row) for row in rows]


def _replies() -> sa.sql.Select:
    answered = sa.bindparam("answered", type_=table.c.in_reply_to.type)
    folded_into = sa.select(incoming.c.answered_with).where(incoming.c.id == answered)
    first = sa.func.coalesce(folded_into.scalar_subquery(), answered)
    theirs = sa.and_(table.c.in_reply_to == first, table.c.author != Author.RESIDENT.value)
    return sa.select(table).where(theirs).order_by(table.c.id).limit(1000)


REPLIES = Prepared(_replies())


def _outbox_row(conversation: Conversation, message_id: int, now: datetime) -> sa.sql.Insert:
    return outbox.insert().values(
        message_id=message_id,
        conversation_id=conversation.id,
        channel=conversation.contact.channel,
        user_id=conversation.contact.user_id,
        state="pending",
        attempts=0,
        next_attempt_at=now,
        last_error="",
        created_at=now,
        queued_at=now,
    )


def line(row: Row) -> Line:
    """The stored row as a line."""
    return Line(
        id=row.id,
        conversation_id=row.conversation_id,
        author=Author(row.author),
        author_name=row.author_name,
        text=row.text,
        buttons=tuple(Button(**button) for button in row.buttons),
        custom=row.custom,
        in_reply_to=row.in_reply_to,
        created_at=row.created_at,
    )
