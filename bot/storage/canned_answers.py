"""Canned answers as stored."""

from __future__ import annotations

from typing import Any, List, Optional

import sqlalchemy as sa
from sqlalchemy.engine import Row

from bot.console.canned import CannedAnswer
from bot.storage.repository import Repository
from bot.storage.tables import canned_answers as table


class CannedAnswers(Repository):
    """A few dozen rows; the shortcut is unique."""

    async def all(self) -> List[CannedAnswer]:
        """Every answer, by shortcut."""
        return [_answer(row) for row in await self._work.fetch(sa.select(table).order_by(table.c.shortcut))]

    async def get(self, answer_id: int) -> Optional[CannedAnswer]:
        """One answer, or None."""
        rows = await self._work.fetch(sa.select(table).where(table.c.id == answer_id))
        return _answer(rows[0]) if rows else None

    def add(self, answer: CannedAnswer) -> None:
        """Stages a new answer; `commit` raises Conflict when the shortcut is taken."""
        self._work.stage_statement(table.insert().values(version=0, **_values(answer)))

    def change(self, answer: CannedAnswer) -> None:
        """Stages a changed answer; `commit` raises Conflict when it is not at `version` any more."""
        self._work.stage_change(
            table.update().where(_at_version(answer)).values(version=answer.version + 1, **_values(answer)),
            f"canned answer {answer.id}",
        )

    def remove(self, answer: CannedAnswer) -> None:
        """Stages the end of an answer; `commit` raises Conflict when it is not at `version` any more."""
        self._work.stage_change(table.delete().where(_at_version(answer)), f"canned answer {answer.id}")


def _at_version(answer: CannedAnswer) -> Any:
    return sa.and_(table.c.id == answer.id, table.c.version == answer.version)


def _values(answer: CannedAnswer) -> dict[str, Any]:
    return {
        "shortcut": answer.shortcut,
        "title": answer.title,
        "texts": dict(answer.texts),
        "updated_at": answer.updated_at,
        "updated_by": answer.updated_by,
    }


def _answer(row: Row) -> CannedAnswer:
    return CannedAnswer(**dict(row._mapping))
