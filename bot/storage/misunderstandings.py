"""Messages the bot did not understand, masked, kept to learn from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Optional

import sqlalchemy as sa

from bot.storage.repository import Repository
from bot.storage.tables import misunderstandings as table


@dataclass(frozen=True)
class Misunderstanding:
    """One message below the threshold, or denied afterwards; `label` is what a person says it meant."""

    id: int
    text: str
    guess: str
    runner_up: str
    confidence: float
    cause: str
    at: datetime
    label: Optional[str]
    labelled_by: Optional[str]
    conversation_id: Optional[int] = None


class Misunderstandings(Repository):
    """What to learn from, newest first, until a person labels it."""

    def add(self, text: str, guess: str, runner_up: str, confidence: float, cause: str, now: datetime,
            conversation_id: Optional[int] = None) -> None:  # fmt: skip
        """Stages a masked message with the two best guesses; `cause` is `below_threshold` or `denied`.

        With its conversation it is erased when the resident asks for that.
        """
        self._work.stage_statement(
            table.insert().values(
                conversation_id=conversation_id,
                text=text,
                guess=guess,
                runner_up=runner_up,
                confidence=confidence,
                cause=cause,
                at=now,
            )
        )

    async def unlabelled(self, limit: int = 500) -> list[Misunderstanding]:
        """What nobody has labelled yet, newest first."""
        rows = await self._work.fetch(
            sa.select(table).where(table.c.label.is_(None)).order_by(table.c.id.desc()).limit(limit)
        )
        return [Misunderstanding(**dict(row._mapping)) for row in rows]

    async def get(self, misunderstanding_id: int) -> Optional[Misunderstanding]:
        """One of them, or None."""
        rows = await self._work.fetch(sa.select(table).where(table.c.id == misunderstanding_id))
        return Misunderstanding(**dict(rows[0]._mapping)) if rows else None

    def label(self, misunderstanding_id: int, intent: str, by: str) -> None:
        """Stages what a person says it meant."""
        self._work.stage_statement(
            table.update().where(table.c.id == misunderstanding_id).values(label=intent, labelled_by=by)
        )
