"""Attachments as stored: expected with the message, then kept encrypted or refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Optional

import sqlalchemy as sa
from sqlalchemy.engine import Row

from bot.attachments.model import Attachment, AttachmentState
from bot.messages import FileReference
from bot.storage.repository import Repository
from bot.storage.tables import attachments as table
from bot.storage.tables import incoming

SHOWN = [column for column in table.c if column.name != "sealed"]
"""A list must not bring megabytes."""


class Attachments(Repository):
    """Every file of every message; (message, the channel's key) is unique."""

    def expect(self, channel: str, message_id: str, file: FileReference, now: datetime) -> None:
        """Stages a file to be fetched; nothing when the message has it already."""
        message = sa.and_(incoming.c.channel == channel, incoming.c.message_id == message_id)
        known = (
            sa.select(table.c.id)
            .where(table.c.incoming_id == incoming.c.id, table.c.file_key == file.key)
            .exists()
        )
        row = sa.select(
            incoming.c.conversation_id,
            incoming.c.id,
            incoming.c.channel,
            sa.literal(file.key),
            sa.literal(AttachmentState.PENDING.value),
            sa.literal(file.reference),
            sa.cast(sa.literal(file.size), sa.BigInteger)
            if file.size is not None
            else sa.cast(sa.null(), sa.BigInteger),
            sa.literal(""),
            sa.literal(""),
            sa.literal(now, type_=table.c.created_at.type),
        ).where(message, ~known)
        names = [
            "conversation_id", "incoming_id", "channel", "file_key", "state",
            "reference", "size", "media_type", "sha256", "created_at",
        ]  # fmt: skip
        self._work.stage_statement(table.insert().from_select(names, row))

    async def get(self, attachment_id: int) -> Optional[Attachment]:
        """One attachment, or None."""
        found = await self._fetch(table.c.id == attachment_id)
        return found[0] if found else None

    async def has(self, conversation_id: int, file_key: str) -> bool:
        """Whether the conversation brought this file before."""
        theirs = sa.and_(table.c.conversation_id == conversation_id, table.c.file_key == file_key)
        return bool(await self._work.fetch(sa.select(table.c.id).where(theirs).limit(1)))

    async def of_incoming(self, incoming_id: int) -> list[Attachment]:
        """The attachments of one message, in the order they came."""
        return await self._fetch(table.c.incoming_id == incoming_id)

    async def left_over(self) -> list[int]:
        """Answered messages that have attachments to be fetched, oldest first."""
        rows = await self._work.fetch(
            sa.select(table.c.incoming_id)
            .join(incoming, incoming.c.id == table.c.incoming_id)
            .where(table.c.state == AttachmentState.PENDING.value, incoming.c.answered_at.is_not(None))
            .distinct()
            .order_by(table.c.incoming_id)
        )
        return [int(row[0]) for row in rows]

    async def kept_since(self, conversation_id: int, since: datetime) -> int:
        """How many bytes of a conversation were kept after a moment."""
        rows = await self._work.fetch(
            sa.select(sa.func.coalesce(sa.func.sum(table.c.size), 0)).where(
                table.c.conversation_id == conversation_id,
                table.c.state == AttachmentState.KEPT.value,
                table.c.created_at > since,
            )
        )
        return int(rows[0][0])

    async def latest_kept(self, conversation_id: int, since: datetime, limit: int) -> list[Attachment]:
        """The conversation's kept files from `since` on, newest first."""
        condition = sa.and_(
            table.c.conversation_id == conversation_id,
            table.c.state == AttachmentState.KEPT.value,
            table.c.created_at >= since,
        )
        return list(reversed(await self._fetch(condition)))[:limit]

    async def sealed(self, attachment_id: int) -> Optional[bytes]:
        """The encrypted file, or None when it is not kept."""
        rows = await self._work.fetch(sa.select(table.c.sealed).where(table.c.id == attachment_id))
        return rows[0].sealed if rows else None

    def keep(self, attachment: Attachment, media_type: str, sha256: str, size: int, sealed: bytes) -> None:
        """Stages the encrypted file; `commit` raises Conflict when it was fetched or erased meanwhile."""
        self._settle(
            attachment,
            state=AttachmentState.KEPT.value,
            media_type=media_type,
            sha256=sha256,
            size=size,
            sealed=sealed,
        )

    def refuse(self, attachment: Attachment, state: AttachmentState) -> None:
        """Stages why it is not kept; `commit` raises Conflict when it was fetched or erased meanwhile."""
        self._settle(attachment, state=state.value)

    def _settle(self, attachment: Attachment, **values: Any) -> None:
        self._work.stage_change(
            table.update()
            .where(table.c.id == attachment.id, table.c.state == AttachmentState.PENDING.value)
            .values(reference="", **values),
            f"attachment {attachment.id}",
        )

    async def _fetch(self, condition: Any) -> list[Attachment]:
        rows = await self._work.fetch(sa.select(*SHOWN).where(condition).order_by(table.c.id))
        return [_attachment(row) for row in rows]


def _attachment(row: Row) -> Attachment:
    return Attachment(
        id=row.id,
        conversation_id=row.conversation_id,
        incoming_id=row.incoming_id,
        channel=row.channel,
        state=AttachmentState(row.state),
        reference=row.reference,
        size=row.size,
        media_type=row.media_type,
        sha256=row.sha256,
        created_at=row.created_at,
    )
