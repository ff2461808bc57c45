"""Reconciliation requests as stored: one per conversation and the bureau's number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Optional

import sqlalchemy as sa
from sqlalchemy.engine import Row

from bot.payments.model import ReconciliationRequest, RequestStatus
from bot.requests.model import SentRequest
from bot.storage.prepared import Prepared
from bot.storage.repository import Repository
from bot.storage.tables import reconciliation_requests as table


class Requests(Repository):
    """What residents asked the bureau for, and when to ask how far it is."""

    async def find(self, conversation_id: int, request_id: str) -> Optional[SentRequest]:
        """The conversation's request under the bureau's number, or None."""
        values = {"conversation": conversation_id, "request": request_id}
        rows = await self._work.fetch_briefly(FIND, values)
        return _request(rows[0]) if rows else None

    async def of_conversation(self, conversation_id: int, limit: int = 20) -> list[SentRequest]:
        """The conversation's requests, newest first."""
        rows = await self._work.fetch_briefly(NEWEST, {"conversation": conversation_id, "most": limit})
        return [_request(row) for row in rows]

    async def due(self, now: datetime, limit: int = 100) -> list[SentRequest]:
        """Requests whose end was not told yet, to be asked about by now, the longest overdue first."""
        statement = sa.select(table).where(table.c.look_at <= now)
        rows = await self._work.fetch(statement.order_by(table.c.look_at).limit(limit))
        return [_request(row) for row in rows]

    def add(
        self, conversation_id: int, sent: ReconciliationRequest, serial_number: str,
        claimed: Mapping[str, Any], look_at: Optional[datetime],
    ) -> None:  # fmt: skip
        """Stages a request that the bureau took; `commit` raises Conflict when it is known already."""
        self._work.stage_statement(
            table.insert().values(
                conversation_id=conversation_id,
                request_id=sent.request_id,
                serial_number=serial_number,
                status=sent.status.value,
                claimed=dict(claimed),
                created_at=sent.created_at,
                expected_by=sent.expected_by,
                look_at=look_at,
                looks=0,
            )
        )

    def update(self, request: SentRequest, fresh: SentRequest) -> None:
        """Stages what was seen; `commit` raises Conflict when somebody asked about it meanwhile."""
        self._work.stage_change(
            table.update()
            .where(
                table.c.id == request.id,
                table.c.status == request.status.value,
                table.c.looks == request.looks,
            )
            .values(
                status=fresh.status.value,
                outcome=fresh.outcome,
                expected_by=fresh.expected_by,
                look_at=fresh.look_at,
                looks=request.looks + 1,
            ),
            f"request {request.id}",
        )

    def look_now(self, serial_numbers: Iterable[str], now: datetime) -> None:
        """Stages that open requests for these payments are asked about at once: they changed."""
        self._work.stage_statement(
            table.update()
            .where(table.c.serial_number.in_(list(serial_numbers)), table.c.look_at > now)
            .values(look_at=now)
        )

    async def _fetch(self, condition: Any) -> list[SentRequest]:
        rows = await self._work.fetch(sa.select(table).where(condition).order_by(table.c.id))
        return [_request(row) for row in rows]


_THEIRS = sa.select(table).where(table.c.conversation_id == sa.bindparam("conversation"))
FIND = Prepared(_THEIRS.where(table.c.request_id == sa.bindparam("request")))
NEWEST = Prepared(_THEIRS.order_by(table.c.id.desc()).limit(sa.bindparam("most")))


def _request(row: Row) -> SentRequest:
    return SentRequest(**{**dict(row._mapping), "status": RequestStatus(row.status)})
