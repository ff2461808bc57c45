"""Addresses for notices as stored: one of each kind for a conversation."""

from __future__ import annotations

from typing import Any, Optional

import sqlalchemy as sa

from bot.notifications.addresses import AddressKind, NoticeAddress
from bot.storage.repository import Repository
from bot.storage.tables import notice_addresses as table


class Addresses(Repository):
    """Where else residents want to be told."""

    async def find(self, conversation_id: int, kind: AddressKind) -> Optional[NoticeAddress]:
        """The conversation's address of this kind, confirmed or not, or None."""
        found = await self._fetch(
            sa.and_(table.c.conversation_id == conversation_id, table.c.kind == kind.value)
        )
        return found[0] if found else None

    async def by_reference(self, reference: str) -> Optional[NoticeAddress]:
        """The address that an outbox row names, or None when it was erased or changed."""
        found = await self._fetch(table.c.reference == reference)
        return found[0] if found else None

    async def confirmed(self, conversation_id: int) -> list[NoticeAddress]:
        """The addresses that may be written to."""
        return await self._fetch(
            sa.and_(table.c.conversation_id == conversation_id, table.c.confirmed_at.is_not(None))
        )

    def add(self, conversation_id: int, kind: AddressKind, **values: Any) -> None:
        """Stages a new address; `commit` raises Conflict when there is one of this kind."""
        self._work.stage_statement(
            table.insert().values(conversation_id=conversation_id, kind=kind.value, **values)
        )

    def update(self, address: NoticeAddress, **values: Any) -> None:
        """Stages changes; `commit` raises Conflict when it was changed meanwhile, another try included."""
        self._work.stage_change(
            table.update()
            .where(
                table.c.id == address.id,
                table.c.reference == address.reference,
                table.c.tries == address.tries,
            )
            .values(**values),
            f"address {address.id}",
        )

    async def _fetch(self, condition: Any) -> list[NoticeAddress]:
        rows = await self._work.fetch(sa.select(table).where(condition).order_by(table.c.id))
        return [NoticeAddress(**{**dict(row._mapping), "kind": AddressKind(row.kind)}) for row in rows]
