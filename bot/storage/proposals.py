"""Manual reconciliations as stored."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from enum import Enum
from typing import Any, Iterable, List, Optional

import sqlalchemy as sa
from sqlalchemy.engine import Row

from bot.reconciliation.model import Proposal, ProposalState, Told
from bot.storage.repository import Repository
from bot.storage.tables import proposals as table

OPEN = [state.value for state in ProposalState if state.is_open]


class Proposals(Repository):
    """Proposals by reference."""

    def add(self, proposal: Proposal) -> None:
        """Stages a new one; `commit` raises Conflict when its payment has an open one."""
        self._work.stage_statement(table.insert().values(**_stored(dataclasses.asdict(proposal))))

    def change(self, proposal: Proposal, **values: Any) -> Proposal:
        """Stages changes; `commit` raises Conflict when it was decided, tried or ended since it was read."""
        self._work.stage_change(
            table.update()
            .where(
                table.c.reference == proposal.reference,
                table.c.state == proposal.state.value,
                table.c.tries == proposal.tries,
            )
            .values(**_stored(values)),
            f"proposal {proposal.reference}",
        )
        return dataclasses.replace(proposal, **values)

    async def get(self, reference: str) -> Optional[Proposal]:
        """The proposal, or None."""
        found = await self._fetch(sa.select(table).where(table.c.reference == reference))
        return found[0] if found else None

    async def open_on(self, serial_number: str) -> Optional[Proposal]:
        """The payment's open proposal, or None."""
        statement = sa.select(table).where(table.c.serial_number == serial_number, table.c.state.in_(OPEN))
        found = await self._fetch(statement)
        return found[0] if found else None

    async def of_ticket(self, number: str) -> List[Proposal]:
        """The ticket's proposals, newest first."""
        return await self._fetch(_newest(sa.select(table).where(table.c.ticket_number == number)))

    async def list(
        self, states: Iterable[ProposalState] = (), operator: str = "", limit: int = 50, offset: int = 0
    ) -> List[Proposal]:
        """A page of proposals in these states (any when empty), newest first."""
        statement = _newest(sa.select(table)).limit(limit).offset(offset)
        return await self._fetch(_filtered(statement, states, operator))

    async def count(
        self, states: Iterable[ProposalState] = (), operator: str = "", but_not_of: str = ""
    ) -> int:
        """How many there are; `but_not_of` leaves one operator's out."""
        statement = sa.select(sa.func.count()).select_from(table)
        if but_not_of:
            statement = statement.where(table.c.operator != but_not_of)
        return int((await self._work.fetch(_filtered(statement, states, operator)))[0][0])

    async def due(self, now: datetime, limit: int = 20) -> List[str]:
        """References of approved ones whose next try is due, the longest due first."""
        statement = (
            sa.select(table.c.reference)
            .where(table.c.state == ProposalState.APPROVED.value, table.c.next_try_at <= now)
            .order_by(table.c.next_try_at)
            .limit(limit)
        )
        return [row.reference for row in await self._work.fetch(statement)]

    def forget(self, tickets: Any) -> None:
        """Stages the end of what is kept of these tickets' payments; one that is being carried out stays.

        What nobody decided is withdrawn. Who booked what is in the bureau's own books.
        """
        of_tickets = table.c.ticket_number.in_(tickets)
        waits = sa.and_(of_tickets, table.c.state == ProposalState.PROPOSED.value)
        self._work.stage_statement(
            table.update().where(waits).values(state=ProposalState.WITHDRAWN.value, outcome="erased")
        )
        ended = sa.and_(of_tickets, table.c.state.not_in(OPEN))
        self._work.stage_statement(
            table.update()
            .where(ended)
            .values(serial_number="", statement_line_id="", note="", decision_note="")
        )

    async def _fetch(self, statement: Any) -> List[Proposal]:
        return [_proposal(row) for row in await self._work.fetch(statement)]


def _newest(statement: Any) -> Any:
    return statement.order_by(table.c.created_at.desc(), table.c.reference.desc())


def _filtered(statement: Any, states: Iterable[ProposalState], operator: str) -> Any:
    wanted = [state.value for state in states]
    if wanted:
        statement = statement.where(table.c.state.in_(wanted))
    return statement.where(table.c.operator == operator) if operator else statement


def _stored(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return list(value) if isinstance(value, tuple) else value


def _proposal(row: Row) -> Proposal:
    values = dict(row._mapping)
    values["state"] = ProposalState(row.state)
    values["told"] = Told(row.told)
    values["differs"] = tuple(row.differs)
    return Proposal(**values)
