"""Compares what residents heard with what they were owed, in the chats, the database and the bureau."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Protocol

from tests.doubles.bot_api import Sent
from tests.faults.kills import Kills
from tests.faults.residents import Resident


@dataclass(frozen=True)
class Table:
    """The outcome; everything in `violations` has to be nought."""

    residents: int
    messages_sent: int
    accepted: int
    answered: int
    answered_together: int
    lines_heard: int
    missing: int
    out_of_order: int
    duplicated_by_lost_acknowledgement: int
    duplicated_otherwise: int
    tickets: int
    tickets_twice: int
    requests: int
    requests_twice: int
    kills: int
    restarts: int
    seconds: float

    @property
    def violations(self) -> dict[str, int]:
        """What went wrong, by name; empty when all is well."""
        wrong = {
            "not accepted": self.messages_sent - self.accepted,
            "missing": self.missing,
            "out of order": self.out_of_order,
            "duplicated otherwise": self.duplicated_otherwise,
            "tickets twice": self.tickets_twice,
            "requests twice": self.requests_twice,
        }
        return {name: count for name, count in wrong.items() if count}

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Names and values."""
        return [(one.name.replace("_", " "), f"{getattr(self, one.name):g}") for one in fields(self)]


@dataclass(frozen=True)
class Ticket:
    """A ticket, and the payment that it is about, if any."""

    chat_id: int
    number: str
    serial_number: str | None


class Books:
    """The product's database, read after it has stopped."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def accepted(self) -> int:
        """Messages accepted."""
        return int(self._rows("SELECT count(*) FROM incoming")[0][0])

    def unanswered(self) -> int:
        """Messages accepted and not answered."""
        return int(self._rows("SELECT count(*) FROM incoming WHERE answered_at IS NULL")[0][0])

    def in_silence(self) -> int:
        """Messages marked answered though nothing was said to them, or to those they were folded into."""
        return int(
            self._rows(
                "SELECT count(*) FROM incoming i WHERE answered_at IS NOT NULL AND NOT EXISTS"
                " (SELECT 1 FROM messages m WHERE m.in_reply_to = coalesce(i.answered_with, i.id)"
                " AND m.conversation_id = i.conversation_id AND m.author <> 'resident')"
            )[0][0]
        )

    def folded(self) -> dict[int, dict[int, int]]:
        """By chat: which message was folded into which, by their places among what the chat said."""
        place = "(SELECT count(*) FROM incoming o WHERE o.conversation_id = i.conversation_id AND o.id < {})"
        rows = self._rows(
            f"SELECT user_id, {place.format('i.id')}, {place.format('i.answered_with')}"
            " FROM incoming i JOIN conversations c ON c.id = i.conversation_id"
            " WHERE i.answered_with IS NOT NULL"
        )
        folded: dict[int, dict[int, int]] = {}
        for user_id, own, first in rows:
            folded.setdefault(int(user_id), {})[int(own)] = int(first)
        return folded

    def unsent(self) -> int:
        """Lines that were not sent."""
        return int(self._rows("SELECT count(*) FROM outbox WHERE state <> 'sent'")[0][0])

    def lines(self) -> dict[int, list[str]]:
        """What each chat was to hear, in order; a document behind its line has no words."""
        lines: dict[int, list[str]] = {}
        for user_id, text, custom in self._rows(
            "SELECT user_id, text, custom FROM outbox JOIN messages ON messages.id = message_id"
            " ORDER BY outbox.id"
        ):
            heard = [text, ""] if "document" in json.loads(custom) else [text]
            lines.setdefault(int(user_id), []).extend(heard)
        return lines

    def fate(self, chat_id: int, place: int) -> str:
        """What became of a chat's message, for whoever waits for its answer in vain."""
        rows = self._rows(
            "SELECT i.id, i.answered_at, coalesce(i.answered_with, i.id) FROM incoming i"
            " JOIN conversations c ON c.id = i.conversation_id"
            f" WHERE c.user_id = '{chat_id}' ORDER BY i.id LIMIT 1 OFFSET {place}"
        )
        if not rows or rows[0][1] is None:
            return "not answered" if rows else "not accepted"
        said = self._rows(
            "SELECT m.text, o.state FROM messages m JOIN outbox o ON o.message_id = m.id"
            f" WHERE m.in_reply_to = {rows[0][2]} ORDER BY m.id"
        )
        return "answered " + ", ".join(f"{text[:40]!r} ({state})" for text, state in said)

    def tickets(self) -> list[Ticket]:
        """Every ticket."""
        rows = self._rows(
            "SELECT user_id, number, serial_number FROM tickets"
            " JOIN conversations c ON c.id = conversation_id"
        )
        return [Ticket(int(user_id), number, serial) for user_id, number, serial in rows]

    def _rows(self, statement: str) -> list[tuple[str, ...]]:
        with closing(sqlite3.connect(self._path)) as connection:
            return connection.execute(statement).fetchall()


@dataclass
class Hearing:
    """One chat's lines beside what was to be heard there."""

    missing: int = 0
    out_of_order: int = 0
    lost: int = 0
    otherwise: int = 0


class Deaths(Protocol):
    """What the ledger needs to know of the kills."""

    def came_between(self, earlier: float, later: float) -> bool: ...


def hearing(resident: Resident, owed: Sequence[str], kills: Deaths) -> Hearing:
    """Walks what was heard along what was owed; a line heard again is a duplicate, others are strays."""
    found = Hearing()
    place = 0
    copies: dict[str, Sent] = {}
    for sent in resident.heard:
        if place < len(owed) and sent.text == owed[place]:
            # Of equal lines behind each other nobody can tell which one was said twice.
            if place == 0 or owed[place - 1] != sent.text:
                copies[sent.text] = sent
            place += 1
        elif sent.text in copies:
            first = copies[sent.text]
            if kills.came_between(first.at, sent.at) and sent.text == owed[place - 1]:
                found.lost += 1
            else:
                found.otherwise += 1
        else:
            found.out_of_order += 1
    found.missing = len(owed) - place
    return found


def _twice(tickets: Sequence[Ticket]) -> int:
    """Tickets of one chat about the same thing, beyond the first."""
    return len(tickets) - len({(ticket.chat_id, ticket.serial_number) for ticket in tickets})


def _untold(tickets: Sequence[Ticket], residents: Sequence[Resident]) -> int:
    """Tickets that their resident never heard of."""
    heard = {one.chat_id: "\n".join(sent.text for sent in one.heard) for one in residents}
    return sum(ticket.number not in heard.get(ticket.chat_id, "") for ticket in tickets)


def settle(
    residents: list[Resident], books: Books, requested: int, kills: Kills, restarts: int, seconds: float
) -> Table:
    """The table."""
    owed, tickets = books.lines(), books.tickets()
    hearings = [hearing(one, owed.get(one.chat_id, []), kills) for one in residents]
    planned = sum(len(one.script.steps) for one in residents)
    answered = sum(one.answered for one in residents)
    asked = sum(one.script.count("request") for one in residents)
    return Table(
        residents=len(residents),
        messages_sent=planned,
        accepted=books.accepted(),
        answered=answered,
        answered_together=sum(len(one.folded) for one in residents),
        lines_heard=sum(len(one.heard) for one in residents),
        missing=max(
            planned - answered,
            books.unanswered() + books.in_silence() + books.unsent() + sum(h.missing for h in hearings),
        ),
        out_of_order=sum(h.out_of_order for h in hearings),
        duplicated_by_lost_acknowledgement=sum(h.lost for h in hearings),
        duplicated_otherwise=sum(h.otherwise for h in hearings),
        tickets=len(tickets),
        tickets_twice=_twice(tickets) + _untold(tickets, residents),
        requests=requested,
        requests_twice=max(0, requested - asked),
        kills=len(kills.moments),
        restarts=restarts,
        seconds=round(seconds, 1),
    )
