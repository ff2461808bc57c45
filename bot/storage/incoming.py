"""Accepted messages as stored: each once, sealed until answered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Iterable, Optional

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from bot.messages import Accepted, Contact, Conversation, MessageKind, Source, Understood
from bot.storage.conversations import conversation_of
from bot.storage.prepared import Prepared
from bot.storage.repository import Repository
from bot.storage.tables import conversations, tickets
from bot.storage.tables import incoming as table


@dataclass(frozen=True)
class Marks:
    """By what a later version of a message is recognised: where it is, and the fingerprint of its text."""

    source: Optional[Source] = None
    text: Optional[str] = None


NO_MARKS = Marks()


class Incoming(Repository):
    """Every message a channel brought; (channel, message id) is unique."""

    def add(self, conversation_id: int, contact: Contact, message_id: str, kind: MessageKind,
            sealed: bytes, now: datetime, marks: Marks = NO_MARKS) -> None:  # fmt: skip
        """Stages a new message; `commit` raises Conflict when it was accepted before."""
        self._work.stage_statement(
            table.insert().values(
                conversation_id=conversation_id,
                channel=contact.channel,
                message_id=message_id,
                kind=kind.value,
                sealed=sealed,
                received_at=now,
                **_columns(marks),
            )
        )

    async def accept(self, contact: Contact, message_id: str, kind: MessageKind, sealed: bytes,
                     now: datetime, marks: Marks = NO_MARKS) -> Optional[Accepted]:  # fmt: skip
        """Stores a message at once, if its contact has a conversation and it was not accepted before."""
        values = {
            "channel": contact.channel, "user_id": contact.user_id, "message_id": message_id,
            "kind": kind.value, "sealed": sealed, "now": now, **_columns(marks),
        }  # fmt: skip
        made: list[Row] = []

        def write(connection: Connection) -> None:
            made.extend(ACCEPT.run(connection, values).rows)

        self._work.stage(write, is_one_statement=True)
        await self._work.commit()
        if not made:
            return None
        return Accepted(
            id=made[0].id,
            conversation_id=made[0].conversation_id,
            contact=contact,
            message_id=message_id,
            kind=kind,
            sealed=sealed,
            text=None,
            received_at=now,
            answered_at=None,
        )

    async def find(self, channel: str, message_id: str) -> Optional[Accepted]:
        """The accepted message with the channel's own id, or None."""
        rows = await self._fetch(sa.and_(table.c.channel == channel, table.c.message_id == message_id))
        return rows[0] if rows else None

    async def latest_version(self, channel: str, origin: str) -> Optional[tuple[Accepted, Marks]]:
        """What was accepted last of a message that may have been changed since, and its marks."""
        theirs = sa.and_(table.c.channel == channel, table.c.origin == origin)
        newest = sa.select(sa.func.max(table.c.id)).where(theirs).scalar_subquery()
        rows = await self._rows(table.c.id == newest)
        if not rows:
            return None
        row = rows[0]
        return _accepted(row, row.user_id), Marks(Source(row.origin, row.version, row.thread), row.text_mark)

    def rewrite(self, accepted: Accepted, kind: MessageKind, sealed: bytes, marks: Marks) -> None:
        """Stages another text for a message that waits; `commit` raises Conflict when it was answered
        meanwhile."""
        waits = sa.and_(table.c.id == accepted.id, table.c.answered_at.is_(None))
        values = {"kind": kind.value, "sealed": sealed, **_columns(marks)}
        self._work.stage_change(table.update().where(waits).values(**values), f"message {accepted.id}")

    async def thread_of(self, incoming_id: int) -> Optional[int]:
        """The topic of a group that a message was written in, or None."""
        rows = await self._work.fetch(sa.select(table.c.thread).where(table.c.id == incoming_id))
        return rows[0].thread if rows else None

    async def get(self, incoming_id: int) -> Optional[Accepted]:
        """The accepted message with our id, or None."""
        rows = await self._fetch(table.c.id == incoming_id)
        return rows[0] if rows else None

    async def unanswered(self, conversation_id: int, limit: int) -> list[Accepted]:
        """The conversation's messages not answered yet, oldest first, at most `limit`."""
        waiting = sa.and_(table.c.answered_at.is_(None), table.c.conversation_id == conversation_id)
        return await self._fetch(waiting, limit)

    async def waiting(
        self, asked: Accepted, limit: int, since: datetime
    ) -> tuple[Optional[Conversation], list[Accepted]]:
        """The conversation's messages not answered yet, oldest first, at most `limit`; and itself, if any.

        `asked`, where it is among them, carries how many came since a moment, whether a ticket sleeps, and
        what was heard when it came.
        """
        values = {
            "conversation": asked.conversation_id, "most": limit,
            "since": since, "until": asked.received_at, "until_id": asked.id,
        }  # fmt: skip
        rows = await self._work.fetch_briefly(WAITING, values)
        if not rows:
            return None, []
        conversation = conversation_of(rows[0]._mapping, "of_")
        found = [_accepted(row, conversation.contact.user_id) for row in rows]
        more = {"lately": rows[0].lately, "asleep": bool(rows[0].asleep)}
        return conversation, [_again(one, asked, more) if one.id == asked.id else one for one in found]

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
                      understood: Optional[Understood] = None,
                      read: Optional[bytes] = None) -> None:  # fmt: skip
        """Stages the end of a message: the sealed original is erased, the masked text stays.

        `answered_with` names the message that it was folded into, whose replies are its own. `commit` raises
        Conflict when it was answered meanwhile, or is not sealed any more as it was `read`.
        """
        values = {
            "message": incoming_id,
            "sealed": None,
            "text": masked_text,
            "answered_at": now,
            "answered_with": answered_with,
            "intent": understood.intent if understood else None,
            "confidence": understood.confidence if understood else None,
        }
        if read is None:
            self._work.stage_change(ANSWERED, f"message {incoming_id}", values)
        else:
            self._work.stage_change(ANSWERED_AS_READ, f"message {incoming_id}", {**values, "read": read})

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
        between = {"conversation": conversation_id, "since": since, "until_id": until_id}
        rows = await self._work.fetch(_between(until), between)
        return int(rows[0][0])

    async def _fetch(self, condition: Any, limit: Optional[int] = None) -> list[Accepted]:
        return [_accepted(row, row.user_id) for row in await self._rows(condition, limit)]

    async def _rows(self, condition: Any, limit: Optional[int] = None) -> list[Row]:
        joined = sa.select(table, conversations.c.user_id).join(
            conversations, conversations.c.id == table.c.conversation_id
        )
        return list(await self._work.fetch(joined.where(condition).order_by(table.c.id).limit(limit)))


_ACCEPT = sa.text(
    "INSERT INTO incoming (conversation_id, channel, message_id, kind, sealed, received_at,"
    " origin, version, text_mark, thread)"
    " SELECT id, channel, :message_id, :kind, :sealed, :now, :origin, :version, :text_mark, :thread"
    " FROM conversations"
    " WHERE channel = :channel AND user_id = :user_id AND reachable"
    " ON CONFLICT DO NOTHING RETURNING id, conversation_id"
).bindparams(
    sa.bindparam("message_id", type_=table.c.message_id.type),
    sa.bindparam("kind", type_=table.c.kind.type),
    sa.bindparam("sealed", type_=table.c.sealed.type),
    sa.bindparam("now", type_=table.c.received_at.type),
    sa.bindparam("origin", type_=table.c.origin.type),
    sa.bindparam("version", type_=table.c.version.type),
    sa.bindparam("text_mark", type_=table.c.text_mark.type),
    sa.bindparam("thread", type_=table.c.thread.type),
    sa.bindparam("channel", type_=conversations.c.channel.type),
    sa.bindparam("user_id", type_=conversations.c.user_id.type),
)
"""In words, because SQLAlchemy 1.4 knows no RETURNING on SQLite."""
ACCEPT = Prepared(_ACCEPT)


def _between(until: Any) -> sa.sql.Select:
    """Counts a conversation's messages from `since` until a moment, and up to `until_id`."""
    counted = table.alias()
    return (
        sa.select(sa.func.count())
        .select_from(counted)
        .where(
            counted.c.conversation_id == sa.bindparam("conversation"),
            counted.c.received_at > sa.bindparam("since"),
            counted.c.received_at <= until,
            counted.c.id <= sa.bindparam("until_id"),
        )
    )


def _waiting() -> sa.sql.Select:
    lately = _between(sa.bindparam("until")).scalar_subquery().label("lately")
    asleep = (
        sa.exists()
        .where(sa.and_(tickets.c.conversation_id == conversations.c.id, tickets.c.snoozed_until.is_not(None)))
        .label("asleep")
    )
    c = table.c
    ours = (c.id, c.conversation_id, c.channel, c.message_id, c.kind, c.sealed, c.text, c.received_at)
    theirs = [column.label(f"of_{column.name}") for column in conversations.c]
    return (
        sa.select(*ours, c.answered_at, *theirs, lately, asleep)
        .join(conversations, conversations.c.id == table.c.conversation_id)
        .where(table.c.answered_at.is_(None), table.c.conversation_id == sa.bindparam("conversation"))
        .order_by(table.c.id)
        .limit(sa.bindparam("most"))
    )


WAITING = Prepared(_waiting())
_ANSWERED = (
    table.update()
    .where(table.c.id == sa.bindparam("message"), table.c.answered_at.is_(None))
    .values(
        {
            name: sa.bindparam(name)
            for name in ("sealed", "text", "answered_at", "answered_with", "intent", "confidence")
        }
    )
)
ANSWERED = Prepared(_ANSWERED)
ANSWERED_AS_READ = Prepared(_ANSWERED.where(table.c.sealed == sa.bindparam("read")))


def _again(read: Accepted, asked: Accepted, more: dict[str, Any]) -> Accepted:
    """What was asked for as it is stored now: a resident may have written something else in its place."""
    heard = asked.heard if read.sealed == asked.sealed else None
    return replace(read, heard=heard, **more)


def _columns(marks: Marks) -> dict[str, Any]:
    source = marks.source
    return {
        "origin": source.origin if source else None,
        "version": source.version if source else None,
        "thread": source.thread if source else None,
        "text_mark": marks.text,
    }


def _accepted(row: Row, user_id: str) -> Accepted:
    return Accepted(
        id=row.id,
        conversation_id=row.conversation_id,
        contact=Contact(row.channel, user_id),
        message_id=row.message_id,
        kind=MessageKind(row.kind),
        sealed=row.sealed,
        text=row.text,
        received_at=row.received_at,
        answered_at=row.answered_at,
    )
