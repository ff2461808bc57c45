"""Tickets and their log as stored."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any, Iterable, List, Mapping, Optional, Tuple

import sqlalchemy as sa
from sqlalchemy.engine import Row

from bot.storage.prepared import Prepared
from bot.storage.repository import Repository
from bot.storage.tables import ticket_notes as notes
from bot.storage.tables import ticket_tags as tags
from bot.storage.tables import tickets as table
from bot.storage.tables.tickets import LIVE
from bot.tickets.model import AmountSource, Cause, HandoffReason, Priority, Ticket, TicketNote, TicketStatus

LIVE_STATUSES = [status.value for status in TicketStatus if status.is_live]
TAKEN_UP_AGAIN = ("reopened", "back_in_line")
"""Entries of the log after which the talk of the time between belongs to the ticket, too."""


class Tickets(Repository):
    """Cases by number. A ticket staged in this unit of work is already found by `get` and `live_of`."""

    def __init__(self, work: Any) -> None:
        super().__init__(work)
        self._staged: dict[str, Ticket] = {}

    def add(self, ticket: Ticket) -> None:
        """Stages a new ticket; `commit` raises Conflict when the number is taken."""
        self._staged[ticket.number] = ticket
        self._work.stage_statement(table.insert().values(**_values(ticket)))
        self._work.ticket_words.opened(ticket.number)
        self._work.ticket_words.add(ticket.number, f"{ticket.number} {ticket.serial_number or ''}")

    def save(self, ticket: Ticket) -> Ticket:
        """Stages a changed ticket; `commit` raises Conflict when somebody changed it since it was read."""
        saved = dataclasses.replace(ticket, version=ticket.version + 1)
        self._staged[ticket.number] = saved

        self._work.stage_change(
            table.update()
            .where(table.c.number == ticket.number, table.c.version == ticket.version)
            .values(**_values(saved)),
            f"ticket {ticket.number}",
        )
        if saved.serial_number:
            self._work.ticket_words.add(saved.number, saved.serial_number)
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
        self._work.webhooks.announce(note)
        if note.action == "merged":
            self._work.ticket_words.merged(note.ticket_number, note.data["into"])
        if note.action == "noted":
            self._work.ticket_words.add(note.ticket_number, note.note)
        elif note.action in TAKEN_UP_AGAIN:
            self._work.ticket_words.opened(note.ticket_number)

    async def get(self, number: str) -> Optional[Ticket]:
        """The ticket with this number, or None."""
        if number in self._staged:
            return self._staged[number]
        rows = await self._work.fetch_briefly(sa.select(table).where(table.c.number == number))
        return ticket_of(rows[0]) if rows else None

    async def of_conversation(self, conversation_id: int, limit: int = 20) -> List[Ticket]:
        """The conversation's tickets, newest first."""
        return await self._newest(OF_CONVERSATION, conversation_id, limit)

    async def about(self, serial_number: str, but_not: int, limit: int = 10) -> List[Ticket]:
        """Tickets of other conversations about the same payment, newest first."""
        same = sa.and_(table.c.serial_number == serial_number, table.c.conversation_id != but_not)
        return await self._fetch(
            sa.select(table).where(same).order_by(table.c.created_at.desc()).limit(limit)
        )

    async def live_of(self, conversation_id: int) -> List[Ticket]:
        """The conversation's tickets that somebody still works on, newest first."""
        return [t for t in await self._newest(LIVE_OF_CONVERSATION, conversation_id, 100) if t.status.is_live]

    async def list(
        self, statuses: Iterable[TicketStatus] = (), limit: int = 50, offset: int = 0, words: str = ""
    ) -> List[Ticket]:
        """Tickets by status (all when empty) and number or serial number, oldest due first."""
        order = (table.c.due_at, table.c.created_at, table.c.number)
        statement = sa.select(table).order_by(*order).limit(limit).offset(offset)
        return await self._fetch(_filtered(statement, statuses, words))

    async def changed(
        self,
        after: Optional[Tuple[datetime, str]] = None,
        since: Optional[datetime] = None,
        statuses: Iterable[TicketStatus] = (),
        assignee: Optional[str] = None,
        tag: Optional[str] = None,
        serial_number: Optional[str] = None,
        limit: int = 50,
    ) -> List[Ticket]:
        """Tickets in the order of their last change, after a (moment, number) or since a moment."""
        statement = sa.select(table).order_by(table.c.updated_at, table.c.number).limit(limit)
        if after is not None:
            moment, number = after
            later = sa.and_(table.c.updated_at == moment, table.c.number > number)
            statement = statement.where(sa.or_(table.c.updated_at > moment, later))
        if since is not None:
            statement = statement.where(table.c.updated_at >= since)
        if assignee is not None:
            statement = statement.where(table.c.assignee == assignee)
        if serial_number is not None:
            statement = statement.where(table.c.serial_number == serial_number)
        if tag is not None:
            tagged = sa.select(tags.c.ticket_number).where(tags.c.tag == tag)
            statement = statement.where(table.c.number.in_(tagged))
        return await self._fetch(_filtered(statement, statuses, ""))

    async def count(self, statuses: Iterable[TicketStatus] = (), words: str = "") -> int:
        """How many tickets `list` would page through."""
        statement = sa.select(sa.func.count()).select_from(table)
        return int((await self._work.fetch(_filtered(statement, statuses, words)))[0][0])

    async def log(self, number: str) -> List[TicketNote]:
        """The ticket's log, oldest first."""
        return await self._entries(notes.c.ticket_number == number)

    async def entries(self, numbers: Iterable[str], action: str) -> List[TicketNote]:
        """What the logs of several tickets have of one action, oldest first."""
        return await self._entries(notes.c.ticket_number.in_(list(numbers)), notes.c.action == action)

    async def doubles_of(self, ticket: Ticket) -> List[str]:
        """The numbers of the tickets that were merged into this one, and into those."""
        # By the conversation, which has an index: only one resident's tickets are merged.
        rows = await self._work.fetch(
            sa.select(table.c.number, table.c.merged_into).where(
                table.c.conversation_id == ticket.conversation_id, table.c.merged_into.is_not(None)
            )
        )
        return merged_into(ticket.number, {row.number: row.merged_into for row in rows})

    async def _entries(self, *conditions: Any) -> List[TicketNote]:
        rows = await self._work.fetch(sa.select(notes).where(*conditions).order_by(notes.c.id))
        return [TicketNote(r.ticket_number, r.at, r.actor, r.action, r.note, r.data, r.id) for r in rows]

    def tag(self, number: str, tag: str) -> None:
        """Stages a tag; a second time changes nothing."""
        self.untag(number, tag)
        self._work.stage_statement(tags.insert().values(ticket_number=number, tag=tag))

    def untag(self, number: str, tag: str) -> None:
        """Stages the end of a tag."""
        self._work.stage_statement(tags.delete().where(tags.c.ticket_number == number, tags.c.tag == tag))

    async def tags_of(self, numbers: Iterable[str]) -> dict[str, List[str]]:
        """The tags of several tickets, by number; tickets without tags are left out."""
        rows = await self._work.fetch(
            sa.select(tags).where(tags.c.ticket_number.in_(list(numbers))).order_by(tags.c.tag)
        )
        found: dict[str, List[str]] = {}
        for row in rows:
            found.setdefault(row.ticket_number, []).append(row.tag)
        return found

    async def all_tags(self) -> List[str]:
        """Every tag in use, in their order."""
        # From one tag to the next: DISTINCT would read every tagged ticket for the few tags there are.
        found = sa.select(sa.func.min(tags.c.tag).label("tag")).cte("in_use", recursive=True)
        following = sa.select(sa.func.min(tags.c.tag)).where(tags.c.tag > found.c.tag).scalar_subquery()
        in_use = found.union_all(sa.select(following).where(found.c.tag.is_not(None)))
        return [row.tag for row in await self._work.fetch(sa.select(in_use.c.tag)) if row.tag is not None]

    async def snoozed(self, now: datetime, limit: int = 100) -> List[Ticket]:
        """Tickets whose rest is over at `now`, the longest over first."""
        return await self._fetch(
            sa.select(table).where(table.c.snoozed_until <= now).order_by(table.c.snoozed_until).limit(limit)
        )

    async def _newest(self, statement: Prepared, conversation_id: int, limit: int) -> List[Ticket]:
        values = {"conversation": conversation_id, "most": limit}
        found = {row.number: ticket_of(row) for row in await self._work.fetch_briefly(statement, values)}
        staged = {t.number: t for t in self._staged.values() if t.conversation_id == conversation_id}
        newest_first = sorted({**found, **staged}.values(), key=lambda t: t.created_at, reverse=True)
        return newest_first[:limit]

    async def _fetch(self, statement: sa.sql.Select) -> List[Ticket]:
        return [ticket_of(row) for row in await self._work.fetch(statement)]


def _newest_of(*conditions: Any) -> Prepared:
    theirs = table.c.conversation_id == sa.bindparam("conversation")
    newest_first = sa.select(table).where(theirs, *conditions).order_by(table.c.created_at.desc())
    return Prepared(newest_first.limit(sa.bindparam("most")))


OF_CONVERSATION = _newest_of()
LIVE_OF_CONVERSATION = _newest_of(LIVE)


def _filtered(statement: Any, statuses: Iterable[TicketStatus], words: str) -> Any:
    wanted = [status.value for status in statuses]
    if wanted:
        statement = statement.where(table.c.status.in_(wanted))
    if words:
        wanted_words = words.upper()
        statement = statement.where(
            sa.or_(
                table.c.number.contains(wanted_words, autoescape=True),
                sa.func.upper(table.c.serial_number).contains(wanted_words, autoescape=True),
            )
        )
    return statement


def _values(ticket: Ticket) -> dict[str, Any]:
    values = {field.name: getattr(ticket, field.name) for field in dataclasses.fields(ticket)}
    values["reason"] = ticket.reason.value
    values["status"] = ticket.status.value
    values["priority"] = ticket.priority.value
    values["checked"] = dict(ticket.checked)
    values["cause"] = ticket.cause.value if ticket.cause else None
    values["amount_source"] = ticket.amount_source.value if ticket.amount_source else None
    return values


def ticket_of(row: Row) -> Ticket:
    """The stored row as a ticket."""
    values = dict(row._mapping)
    values["reason"] = HandoffReason(row.reason)
    values["status"] = TicketStatus(row.status)
    values["priority"] = Priority(row.priority)
    values["cause"] = Cause(row.cause) if row.cause else None
    values["amount_source"] = AmountSource(row.amount_source) if row.amount_source else None
    return Ticket(**values)


def merged_into(number: str, went: Mapping[str, str]) -> List[str]:
    """Whoever went into this ticket, by whatever way; `went` says where each went."""
    direct = [one for one, into in went.items() if into == number]
    return [found for one in direct for found in (one, *merged_into(one, went))]
