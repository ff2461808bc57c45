"""What tickets are found by: pieces of what residents, agents and notes said, in one row a ticket.

The bot's own words are left out: they are alike in every conversation. Rows are written at the end of the
transaction that brings the words, always after the tickets' own rows, so that two never wait for each other.
"""

from __future__ import annotations

import re
from typing import Any, Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.messages import Author
from bot.storage.live_tickets import LiveTickets
from bot.storage.pairs import Wanted, pieces, wanted
from bot.storage.prepared import Prepared
from bot.storage.repository import Repository
from bot.storage.tables import messages, tickets
from bot.storage.tables import ticket_notes as notes
from bot.storage.tables import ticket_words as table

HEARD = (Author.RESIDENT.value, Author.AGENT.value)
LINES_BEFORE = 200
"""How much of the talk before a ticket belongs to it."""

PIECES_MOST = 6000
"""A ticket with more is found by its first words only; PostgreSQL takes no row of any size."""

HITS_MOST = 2000
"""A search looks no further than at so many of the newest tickets that have the words."""

LATELY = 10_000
"""Common words are found among so many of the newest tickets; only rarer ones make it look at all of them."""

TICKET_NUMBER = re.compile(r"GD\d{12}")

FTS5 = sa.text(
    "SELECT rowid FROM ticket_index WHERE ticket_index MATCH :looked_for ORDER BY rowid DESC LIMIT :most"
)


class TicketWords(Repository):
    """Collects what a unit of work adds to each ticket, and writes it with `write`."""

    def __init__(self, work: Any) -> None:
        super().__init__(work)
        self._opened: set[str] = set()
        self._added: dict[str, set[str]] = {}
        self._said: dict[int, set[str]] = {}
        self._merged: list[tuple[str, str]] = []

    def merged(self, number: str, into: str) -> None:
        """A ticket ends as a double: what was noted on it belongs to the one that stays."""
        self._merged.append((number, into))

    def opened(self, number: str) -> None:
        """A ticket begins, or begins again: what was said before belongs to it."""
        self._opened.add(number)

    def add(self, number: str, text: str) -> None:
        """A ticket's own words: its number, a serial number, a note."""
        self._added.setdefault(number, set()).update(pieces(text))

    def said(self, conversation_id: int, author: Author, text: str) -> None:
        """A line of a conversation, for its live tickets; what a page sends by itself says nothing."""
        if author.value in HEARD and not text.startswith("/"):
            self._said.setdefault(conversation_id, set()).update(pieces(text))

    def write(self, connection: Connection, live: LiveTickets) -> None:
        """Writes everything collected; part of the commit."""
        found, self._added = self._added, {}
        opened, self._opened = self._opened, set()
        said, self._said = self._said, {}
        for number in opened:
            found.setdefault(number, set()).update(_before(connection, number))
        for conversation_id, words in said.items():
            for number in live.of(conversation_id):
                found.setdefault(number, set()).update(words)
        merged, self._merged = self._merged, []
        for number, into in merged:
            found.setdefault(into, set()).update(_noted(connection, number))
        for number in sorted(found):
            _keep(connection, number, found[number])

    async def find(self, words: str) -> list[str]:
        """The numbers of the newest tickets that have all the words, at most HITS_MOST; newest first.

        A whole ticket number finds that ticket only; words without a letter or digit find nothing.
        """
        looked_for = wanted(words)
        if not looked_for:
            return []
        if TICKET_NUMBER.fullmatch(words.strip().upper()):
            return await self._numbers(
                sa.select(tickets.c.number).where(tickets.c.number == words.strip().upper())
            )
        newest = sa.select(table.c.ticket_number).order_by(table.c.id.desc()).limit(HITS_MOST)
        if self._work.dialect == "postgresql":
            return await self._in_postgresql(newest.where(table.c.words.op("@@")(_tsquery(looked_for))))
        found = FTS5.bindparams(looked_for=_fts5(looked_for), most=HITS_MOST)
        return await self._numbers(newest.where(table.c.id.in_(found.columns(sa.column("rowid")))))

    async def _in_postgresql(self, newest: sa.sql.Select) -> list[str]:
        """GIN knows no order: what most tickets have would all be fetched to find the newest."""
        # Not a subquery: the planner must see how few rows these are.
        last = (await self._work.fetch(sa.select(sa.func.max(table.c.id))))[0][0] or 0
        found = await self._numbers(newest.where(table.c.id > last - LATELY))
        return found if len(found) >= HITS_MOST else await self._numbers(newest)

    async def _numbers(self, statement: sa.sql.Select) -> list[str]:
        return [row[0] for row in await self._work.fetch(statement)]

    def forget(self, numbers: sa.sql.Select) -> None:
        """Stages that tickets can no longer be found by any words."""
        self._work.stage_statement(table.delete().where(table.c.ticket_number.in_(numbers)))


class _TsQuery(sa.types.UserDefinedType):  # type: ignore[type-arg]
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "tsquery"


def _fts5(looked_for: Iterable[Wanted]) -> str:
    # Pieces are letters and digits only, so nothing in them can be taken for a sign of the query's own.
    return " AND ".join(f'"{one.text}"{"*" if one.is_start else ""}' for one in looked_for)


def _tsquery(looked_for: Iterable[Wanted]) -> Any:
    text = " & ".join(f"'{one.text}'{':*' if one.is_start else ''}" for one in looked_for)
    return sa.cast(sa.literal(text), _TsQuery())


def _before(connection: Connection, number: str) -> set[str]:
    ticket = sa.select(tickets.c.conversation_id).where(tickets.c.number == number).scalar_subquery()
    said = (
        sa.select(messages.c.text)
        .where(messages.c.conversation_id == ticket, messages.c.author.in_(HEARD))
        .order_by(messages.c.id.desc())
        .limit(LINES_BEFORE)
    )
    noted = sa.select(notes.c.note).where(notes.c.ticket_number == number, notes.c.action == "noted")
    found: set[str] = set()
    for statement in (said, noted):
        for row in connection.execute(statement):
            found |= pieces(row[0])
    return found


def _noted(connection: Connection, number: str) -> set[str]:
    """The words of what was noted on a ticket, and on what was merged into it before."""
    found, numbers = set(), [number]
    while numbers:
        rows = connection.execute(
            sa.select(notes.c.note).where(notes.c.ticket_number.in_(numbers), notes.c.action == "noted")
        )
        found |= {piece for row in rows for piece in pieces(row[0])}
        conversation = sa.select(tickets.c.conversation_id).where(tickets.c.number == number)
        before = sa.select(tickets.c.number).where(
            tickets.c.conversation_id == conversation.scalar_subquery(), tickets.c.merged_into.in_(numbers)
        )
        numbers = [row[0] for row in connection.execute(before)]
    return found


def _keep(connection: Connection, number: str, words: set[str]) -> None:
    if connection.dialect.name == "postgresql":
        _keep_in_postgresql(connection, number, words)
        return
    rows = WORDS.run(connection, {"number": number}).rows
    kept = set(rows[0].words.split()) if rows else set()
    if not words - kept or len(kept) >= PIECES_MOST:
        return
    together = f" {' '.join(sorted(kept | words))} "
    (CHANGE if rows else ADD).run(connection, {"number": number, "together": together})


def _keep_in_postgresql(connection: Connection, number: str, words: set[str]) -> None:
    connection.execute(KEEP, {"number": number, "words": sorted(words), "most": PIECES_MOST})


_NUMBER = sa.bindparam("number", type_=table.c.ticket_number.type)
_TOGETHER = sa.bindparam("together", type_=sa.Text())
WORDS = Prepared(sa.select(table.c.words).where(table.c.ticket_number == _NUMBER))
CHANGE = Prepared(table.update().where(table.c.ticket_number == _NUMBER).values(words=_TOGETHER))
ADD = Prepared(table.insert().values(ticket_number=_NUMBER, words=_TOGETHER))
KEEP = sa.text(
    "INSERT INTO ticket_words AS kept (ticket_number, words)"
    " VALUES (:number, array_to_tsvector(CAST(:words AS text[])))"
    " ON CONFLICT (ticket_number) DO UPDATE SET words = kept.words || excluded.words"
    " WHERE length(kept.words) < :most AND length(kept.words || excluded.words) > length(kept.words)"
)
