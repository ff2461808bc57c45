"""Files that agents sent, as stored: encrypted, found by their content's digest within a conversation."""

from __future__ import annotations

from typing import Optional

import sqlalchemy as sa

from bot.attachments.model import AgentFile
from bot.storage.repository import Repository
from bot.storage.tables import agent_files as table

SHOWN = [column for column in table.c if column.name not in ("id", "sealed")]


class AgentFiles(Repository):
    """One row for each file of a conversation."""

    def add(self, file: AgentFile, sealed: bytes) -> None:
        """Stages a file."""
        self._work.stage_statement(
            table.insert().values(
                conversation_id=file.conversation_id,
                agent=file.agent,
                media_type=file.media_type,
                size=file.size,
                sha256=file.sha256,
                sealed=sealed,
                created_at=file.created_at,
            )
        )

    async def find(self, conversation_id: int, sha256: str) -> Optional[AgentFile]:
        """The file with this digest in the conversation, or None."""
        found = sa.and_(table.c.conversation_id == conversation_id, table.c.sha256 == sha256)
        rows = await self._work.fetch(sa.select(*SHOWN).where(found).limit(1))
        return AgentFile(**dict(rows[0]._mapping)) if rows else None

    async def sealed(self, file: AgentFile) -> Optional[bytes]:
        """The encrypted content, or None when it was erased meanwhile."""
        same = sa.and_(table.c.conversation_id == file.conversation_id, table.c.sha256 == file.sha256)
        rows = await self._work.fetch(sa.select(table.c.sealed).where(same).limit(1))
        return rows[0].sealed if rows else None
