"""Tickets and their log as stored."""

from __future__ import annotations

import dataclasses
from typing import Any, Iterable, Optional

import sqlalchemy as sa
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import Conflict
from bot.storage.repository import Repository
from bot.storage.tables import ticket_notes as notes
from bot.storage.tables import tickets as table
from bot.tickets.model import HandoffReason, Priority, Ticket, TicketNote, TicketStatus

LIVE = [status.value for status in TicketStatus if status.is_live]


class Tickets(Repository):
    """Cases by number. A ticket staged in this unit of work is already found by `get` and `live_of`."""

    def __init__(self, work: Any) -> None:
        super().__init__(work)
        self._staged: dict[str, Ticket] = {}

    def add(self, ticket: Ticket) -> None:
        """Stages a new ticket; `commit` raises IntegrityError when the number is taken."""
        self._staged[ticket.number] = ticket
        self._work.stage_statement(table.insert().values(**_values(ticket)))

    def save(self, ticket: Ticket) -> Ticket:
        """Stages a changed ticket; `commit` raises Conflict when somebody else changed it since it was read."""
        saved = dataclasses.replace(ticket, version=ticket.version + 1)
        self._staged[ticket.number] = saved

        async def write(connection: AsyncConnection) -> None:
            result = await connection.execute(
                table.update()
                .where(table.c.number == ticket.number, table.c.version == ticket.version)
                .values(**_values(saved))
            )
            if result.rowcount != 1:
                raise Conflict(f"ticket {ticket.number} was changed meanwhile")

        self._work.stage(write)
        return saved

    def note(self, note: TicketNote) -> None:
        """Stages an entry of the ticket's log."""
        self._work.stage_statement(
            notes.insert().values(
                ticket_number=note.ticket_number,
                at=note.at,
                actor=note.actor,
                action=note.action,
                note=note.note,
                data=dict(note.data),
            )
        )

    async def get(self, number: str) -> Optional[Ticket]:
        """The ticket with this number, or None."""
        if number in self._staged:
            return self._staged[number]
        found = await self._fetch(sa.select(table).where(table.c.number == number))
        return found[0] if found else None

    async def of_conversation(self, conversation_id: int, limit: int = 20) -> list[Ticket]:
        """The conversation's tickets, newest first."""
        found = await self._fetch(
            sa.select(table)
            .where(table.c.conversation_id == conversation_id)
            .order_by(table.c.created_at.desc())
            .limit(limit)
        )
        staged = [t for t in self._staged.values() if t.conversation_id == conversation_id]
        known = {ticket.number for ticket in staged}
        return staged + [ticket for ticket in found if ticket.number not in known]

    async def live_of(self, conversation_id: int) -> list[Ticket]:
        """The conversation's tickets that somebody still works on, newest first."""
        return [t for t in await self.of_conversation(conversation_id) if t.status.is_live]

    async def list(
        self, statuses: Iterable[TicketStatus] = (), limit: int = 50, offset: int = 0, words: str = ""
    ) -> list[Ticket]:
        """Tickets by status (all when empty) and number or serial number, oldest due first."""
        statement = sa.select(table).order_by(table.c.due_at, table.c.number).limit(limit).offset(offset)
        return await self._fetch(_filtered(statement, statuses, words))

    async def count(self, statuses: Iterable[TicketStatus] = (), words: str = "") -> int:
        """How many tickets `list` would page through."""
        statement = sa.select(sa.func.count()).select_from(table)
        return int((await self._work.fetch(_filtered(statement, statuses, words)))[0][0])

    async def ahead_of(self, ticket: Ticket) -> int:
        """How many new tickets were opened before this one and still wait."""
        rows = await self._work.fetch(
            sa.select(sa.func.count())
            .select_from(table)
            .where(table.c.status == TicketStatus.NEW.value, table.c.created_at < ticket.created_at)
        )
        return int(rows[0][0])

    async def log(self, number: str) -> list[TicketNote]:
        """The ticket's log, oldest first."""
        rows = await self._work.fetch(
            sa.select(notes).where(notes.c.ticket_number == number).order_by(notes.c.id)
        )
        return [TicketNote(r.ticket_number, r.at, r.actor, r.action, r.note, r.data) for r in rows]

    async def _fetch(self, statement: sa.sql.Select) -> list[Ticket]:
        return [_ticket(row) for row in await self._work.fetch(statement)]


def _filtered(statement: Any, statuses: Iterable[TicketStatus], words: str) -> Any:
    wanted = [status.value for status in statuses]
    if wanted:
        statement = statement.where(table.c.status.in_(wanted))
    if words:
        pattern = f"%{words.upper()}%"
        statement = statement.where(
            sa.or_(table.c.number.like(pattern), sa.func.upper(table.c.serial_number).like(pattern))
        )
    return statement


def _values(ticket: Ticket) -> dict[str, Any]:
    values = {field.name: getattr(ticket, field.name) for field in dataclasses.fields(ticket)}
    values["reason"] = ticket.reason.value
    values["status"] = ticket.status.value
    values["priority"] = ticket.priority.value
    values["checked"] = dict(ticket.checked)
    return values


def _ticket(row: Row) -> Ticket:
    values = dict(row._mapping)
    values["reason"] = HandoffReason(row.reason)
    values["status"] = TicketStatus(row.status)
    values["priority"] = Priority(row.priority)
    return Ticket(**values)
