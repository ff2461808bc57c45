"""What was said to and by a resident, and what agents noted among themselves, in one order of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Optional

from bot.attachments.sending import Enclosure
from bot.messages import Author, Line, Understood
from bot.reading import SILENT
from bot.storage.unit_of_work import UnitOfWork
from bot.tickets.model import Ticket, TicketNote

LINES = 100
NOTED = "noted"


@dataclass(frozen=True)
class Entry:
    """Either a line, with what the bot made of it, or a note that the resident never sees."""

    at: datetime
    line: Optional[Line] = None
    understood: Optional[Understood] = None
    note: Optional[TicketNote] = None

    @property
    def enclosure(self) -> Optional[Enclosure]:
        """The file that an agent sent with the line."""
        return Enclosure.of(self.line.custom) if self.line else None


@dataclass(frozen=True)
class Timeline:
    """A part of the thread. `earlier` is the line before which there is more, 0 when there is none.

    `last_line` and `last_note` say where to go on.
    """

    entries: list[Entry]
    earlier: int
    last_line: int
    last_note: int
    has_more: bool = False
    """True when more came than one reading brings."""


async def newest(work: UnitOfWork, ticket: Ticket, before: int = 0) -> Timeline:
    """The end of the thread, or the page that ends before a line."""
    lines = await work.lines.last(ticket.conversation_id, LINES + 1, before or None)
    earlier = lines[1].id if len(lines) > LINES else 0
    lines = lines[-LINES:]
    notes = await _notes(work, ticket)
    since = lines[0].created_at if earlier else None
    until = await _moment_of(work, before)
    shown = [note for note in notes if _within(note.at, since, until)]
    return await _timeline(work, lines, shown, earlier, notes)


async def after(work: UnitOfWork, ticket: Ticket, line_id: int, note_id: int) -> Timeline:
    """What was added since a line and a note."""
    lines = await work.lines.after(ticket.conversation_id, line_id, LINES)
    notes = [note for note in await _notes(work, ticket) if note.id > note_id]
    found = await _timeline(work, lines, notes, 0, notes)
    return Timeline(
        found.entries, 0, found.last_line or line_id, found.last_note or note_id, len(lines) == LINES
    )


async def _timeline(
    work: UnitOfWork, lines: list[Line], notes: list[TicketNote], earlier: int, all_notes: list[TicketNote]
) -> Timeline:
    asked = [line.in_reply_to for line in lines if line.author is Author.RESIDENT and line.in_reply_to]
    understood = await work.incoming.understood(asked) if asked else {}
    entries = []
    for line in lines:
        if line.author is Author.RESIDENT and SILENT.match(line.text):
            continue
        meant = understood.get(line.in_reply_to or 0) if line.author is Author.RESIDENT else None
        entries.append(Entry(line.created_at, line, meant))
    entries += [Entry(note.at, note=note) for note in notes]
    return Timeline(
        sorted(entries, key=lambda entry: entry.at),
        earlier,
        lines[-1].id if lines else 0,
        all_notes[-1].id if all_notes else 0,
    )


async def _notes(work: UnitOfWork, ticket: Ticket) -> list[TicketNote]:
    """The ticket's own, and those of its doubles."""
    numbers = [ticket.number, *await work.tickets.doubles_of(ticket)]
    return await work.tickets.entries(numbers, NOTED)


async def _moment_of(work: UnitOfWork, line_id: int) -> Optional[datetime]:
    line = await work.lines.get(line_id) if line_id else None
    return line.created_at if line else None


def _within(at: datetime, since: Optional[datetime], until: Optional[datetime]) -> bool:
    return (since is None or since <= at) and (until is None or at < until)
