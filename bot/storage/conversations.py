"""Conversations as stored: one thread per contact."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from datetime import datetime
from typing import Any, Optional

import sqlalchemy as sa
from sqlalchemy.engine import Row

from bot.errors import Conflict
from bot.messages import Button, Contact, Conversation, ConversationStatus
from bot.storage.repository import Repository
from bot.storage.tables import conversations as table
from bot.storage.tables import outbox


class Conversations(Repository):
    """One row a contact; `open` makes it on the first message."""

    def __init__(self, work: Any) -> None:
        super().__init__(work)
        self._statuses: dict[int, ConversationStatus] = {}

    async def open(self, contact: Contact, now: datetime, language: str) -> Conversation:
        """The contact's conversation, made (and committed) at once when there is none."""
        found = await self.of(contact)
        if found:
            return found
        self._work.stage_statement(
            table.insert().values(
                channel=contact.channel,
                user_id=contact.user_id,
                status=ConversationStatus.WITH_BOT.value,
                language=language,
                offered=[],
                created_at=now,
                last_message_at=now,
            )
        )
        with suppress(Conflict):  # another message of the same contact was quicker; its row serves both
            await self._work.commit()
        made = await self.of(contact)
        assert made is not None
        return made

    async def of(self, contact: Contact) -> Optional[Conversation]:
        """The contact's conversation, or None."""
        return await self._one(
            sa.and_(table.c.channel == contact.channel, table.c.user_id == contact.user_id)
        )

    async def get(self, conversation_id: int) -> Optional[Conversation]:
        """The conversation with this id, or None."""
        return await self._one(table.c.id == conversation_id)

    def update(self, conversation: Conversation, **changes: Any) -> Conversation:
        """Stages changes (status, language, offered, last_message_at, flooded_at); returns the new value.

        `commit` raises Conflict when the conversation went to somebody else since it was read: neither the
        bot nor a person may speak on what was true before.
        """
        values = dict(changes)
        if "status" in values:
            values["status"] = values["status"].value
        if "offered" in values:
            values["offered"] = [dataclasses.asdict(button) for button in values["offered"]]
        served = self._statuses.get(conversation.id, conversation.status)
        self._statuses[conversation.id] = changes.get("status", served)
        self._work.stage_change(
            table.update()
            .where(table.c.id == conversation.id, table.c.status == served.value)
            .values(**values),
            f"conversation {conversation.id}",
        )
        return dataclasses.replace(conversation, **changes)

    def set_reachable(self, conversation_id: int, reachable: bool) -> None:
        """Stages whether the contact can be written to, whoever serves them."""
        self._work.stage_statement(
            table.update().where(table.c.id == conversation_id).values(reachable=reachable)
        )

    def move(self, conversation_id: int, user_id: str) -> None:
        """Stages the contact's new id; `commit` raises Conflict when another conversation has it."""
        self._work.stage_statement(
            table.update().where(table.c.id == conversation_id).values(user_id=user_id)
        )
        self._work.stage_statement(
            outbox.update()
            .where(outbox.c.conversation_id == conversation_id, outbox.c.state == "pending")
            .values(user_id=user_id)
        )

    async def _one(self, condition: Any) -> Optional[Conversation]:
        rows = await self._work.fetch(sa.select(table).where(condition))
        return _conversation(rows[0]) if rows else None


def _conversation(row: Row) -> Conversation:
    return Conversation(
        id=row.id,
        contact=Contact(row.channel, row.user_id),
        status=ConversationStatus(row.status),
        language=row.language,
        offered=tuple(Button(**button) for button in row.offered),
        created_at=row.created_at,
        last_message_at=row.last_message_at,
        flooded_at=row.flooded_at,
        reachable=row.reachable,
        dialogue_version=row.dialogue_version,
    )
