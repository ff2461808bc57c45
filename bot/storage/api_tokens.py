"""API tokens as stored, and what was answered to a key of theirs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Iterable, Optional, Tuple

import sqlalchemy as sa
from sqlalchemy.engine import Row

from bot.storage.repository import Repository
from bot.storage.tables import api_answers as answers
from bot.storage.tables import api_tokens as table
from bot.ticket_api.model import ApiToken, Scope


class ApiTokens(Repository):
    """Tokens by hash and by name; a revoked one keeps its name."""

    def add(
        self,
        name: str,
        token_hash: str,
        hint: str,
        scopes: Iterable[Scope],
        by: str,
        now: datetime,
        expires_at: Optional[datetime],
    ) -> None:
        """Stages a new token; `commit` raises Conflict when the name is taken."""
        self._work.stage_statement(
            table.insert().values(
                name=name,
                token_hash=token_hash,
                hint=hint,
                scopes=sorted(scope.value for scope in scopes),
                created_by=by,
                created_at=now,
                expires_at=expires_at,
            )
        )

    async def by_hash(self, token_hash: str) -> Optional[ApiToken]:
        """The token with this hash, or None."""
        return await self._one(table.c.token_hash == token_hash)

    async def by_name(self, name: str) -> Optional[ApiToken]:
        """The token with this name, or None."""
        return await self._one(table.c.name == name)

    async def all(self) -> list[ApiToken]:
        """Every token, newest first."""
        rows = await self._work.fetch(sa.select(table).order_by(table.c.id.desc()))
        return [_token(row) for row in rows]

    def revoke(self, token_id: int, by: str, now: datetime) -> None:
        """Stages the end of a token."""
        self._work.stage_statement(
            table.update().where(table.c.id == token_id).values(revoked_at=now, revoked_by=by)
        )

    def used(self, token_id: int, now: datetime) -> None:
        """Stages when a token was used last."""
        self._work.stage_statement(table.update().where(table.c.id == token_id).values(last_used_at=now))

    async def answered(self, token_id: int, key: str) -> Optional[Tuple[str, int, str]]:
        """What a key was used for (a hash of the request), the status and the body of the answer; or None."""
        rows = await self._work.fetch(
            sa.select(answers.c.request_hash, answers.c.status, answers.c.body).where(
                answers.c.token_id == token_id, answers.c.key == key
            )
        )
        return tuple(rows[0]) if rows else None

    def keep_answer(
        self, token_id: int, key: str, request_hash: str, number: str, status: int, body: str, now: datetime
    ) -> None:
        """Stages the answer to a key; `commit` raises Conflict when the key was used meanwhile."""
        self._work.stage_statement(
            answers.insert().values(
                token_id=token_id,
                key=key,
                request_hash=request_hash,
                ticket_number=number,
                status=status,
                body=body,
                created_at=now,
            )
        )

    def forget_answers(self, before: datetime) -> None:
        """Stages the end of answers that nobody asks for again."""
        self._work.stage_statement(answers.delete().where(answers.c.created_at < before))

    async def _one(self, condition: Any) -> Optional[ApiToken]:
        rows = await self._work.fetch(sa.select(table).where(condition))
        return _token(rows[0]) if rows else None


def _token(row: Row) -> ApiToken:
    return ApiToken(**{**dict(row._mapping), "scopes": frozenset(Scope(name) for name in row.scopes)})
