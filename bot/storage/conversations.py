"""Conversations as stored: one thread per contact."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any, Collection, Optional

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.errors import Conflict
from bot.messages import Button, Contact, Conversation, ConversationStatus
from bot.storage.prepared import Prepared
from bot.storage.repository import Repository
from bot.storage.tables import conversations as table
from bot.storage.tables import outbox

BY_ID = Prepared(sa.select(table).where(table.c.id == sa.bindparam("conversation")))
OF_CONTACT = Prepared(
    sa.select(table).where(
        table.c.channel == sa.bindparam("channel"), table.c.user_id == sa.bindparam("user_id")
    )
)


@dataclasses.dataclass
class Change:
    """What becomes of a conversation's row; nothing, when it is not served any more as it was when read."""

    served: Optional[ConversationStatus] = None
    values: dict[str, Any] = dataclasses.field(default_factory=dict)
    versions: int = 0


class Conversations(Repository):
    """One row a contact; `open` makes it on the first message."""

    def __init__(self, work: Any) -> None:
        super().__init__(work)
        self._statuses: dict[int, ConversationStatus] = {}
        self.changes: dict[int, Change] = {}
        """What `commit` will change, by conversation."""

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
        return await self._one(OF_CONTACT, {"channel": contact.channel, "user_id": contact.user_id})

    async def get(self, conversation_id: int) -> Optional[Conversation]:
        """The conversation with this id, or None."""
        return await self._one(BY_ID, {"conversation": conversation_id})

    def update(self, conversation: Conversation, **changes: Any) -> Conversation:
        """Stages changes (status, language, offered, flooded_at and such); returns the new value.

        `commit` raises Conflict when the conversation went to somebody else since it was read: neither the
        bot nor a person may speak on what was true before.
        """
        values = dict(changes)
        if "status" in values:
            values["status"] = values["status"].value
        if "offered" in values:
            values["offered"] = [dict(vars(button)) for button in values["offered"]]
        served = self._statuses.get(conversation.id, conversation.status)
        self._statuses[conversation.id] = changes.get("status", served)
        change = self.changes.setdefault(conversation.id, Change())
        change.served = change.served or served
        change.values.update(values)
        return dataclasses.replace(conversation, **changes)

    def dialogue_changed(self, conversation_id: int) -> None:
        """Stages that the dialogue's events are others than before."""
        self.changes.setdefault(conversation_id, Change()).versions += 1

    def write(self, connection: Connection, held: Collection[int]) -> None:
        """Makes the changes, one statement a conversation; the first part of a commit.

        A changed conversation is locked by that, those held besides before: always the lowest id first.
        """
        changes, self.changes = self.changes, {}
        if connection.dialect.name == "postgresql" and not set(held) <= set(changes):
            ids = sorted({*held, *changes})
            rows = sa.select(table.c.id).where(table.c.id.in_(ids)).order_by(table.c.id)
            connection.execute(rows.with_for_update(key_share=True))
        for conversation_id in sorted(changes):
            _make(connection, conversation_id, changes[conversation_id])

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

    async def _one(self, statement: Prepared, values: dict[str, Any]) -> Optional[Conversation]:
        rows = await self._work.fetch_briefly(statement, values)
        return conversation_of(rows[0]._mapping) if rows else None


def _make(connection: Connection, conversation_id: int, change: Change) -> None:
    statement = _update(tuple(sorted(change.values)), change.served is not None, change.versions > 0)
    values = {f"new_{name}": value for name, value in change.values.items()}
    values |= {"conversation": conversation_id, "versions": change.versions}
    if change.served:
        values["served"] = change.served.value
    changed = statement.run(connection, values).changed
    if change.served and changed != 1:
        raise Conflict(f"conversation {conversation_id} was changed meanwhile")


@lru_cache(maxsize=256)
def _update(names: tuple[str, ...], if_served: bool, counts: bool) -> Prepared:
    """Made once for each set of columns: making it anew takes four times as long as running it."""
    statement = table.update().where(table.c.id == sa.bindparam("conversation"))
    values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in names}
    if if_served:
        statement = statement.where(table.c.status == sa.bindparam("served"))
    if counts:
        values["dialogue_version"] = table.c.dialogue_version + sa.bindparam("versions")
    return Prepared(statement.values(**values))


def conversation_of(row: Any, prefix: str = "") -> Conversation:
    """A row's mapping as a conversation; `prefix` begins the columns' names where others are beside them."""
    return Conversation(
        id=row[f"{prefix}id"],
        contact=Contact(row[f"{prefix}channel"], row[f"{prefix}user_id"]),
        status=ConversationStatus(row[f"{prefix}status"]),
        language=row[f"{prefix}language"],
        offered=tuple(Button(**button) for button in row[f"{prefix}offered"]),
        created_at=row[f"{prefix}created_at"],
        last_message_at=row[f"{prefix}last_message_at"],
        flooded_at=row[f"{prefix}flooded_at"],
        reachable=row[f"{prefix}reachable"],
        dialogue_version=row[f"{prefix}dialogue_version"],
        last_dialogue_at=row[f"{prefix}last_dialogue_at"],
    )
