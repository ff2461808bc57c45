"""The desk and the services on a database of the test's own, with fakes around them."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.announcer import Announcer
from bot.desk import Desk
from bot.messages import Author, Contact, Conversation, IncomingMessage, MessageKind
from bot.notifications.addresses import AddressesService, AddressKind
from bot.notifications.service import WatchesService
from bot.personal_data import PersonalDataService
from bot.requests.links import RequestLinks
from bot.requests.service import RequestsService
from bot.seal import Seal
from bot.services import Services
from bot.storage import tables
from bot.storage.access import Access, Write
from bot.storage.database import Database, open_database
from bot.storage.failures import translated
from bot.storage.sqlite_access import access_to
from bot.storage.turnstile import turnstile_for
from bot.storage.unit_of_work import UnitOfWorkFactory
from bot.tickets.casework import Casework
from bot.tickets.deadlines import Deadlines
from bot.tickets.hours import WorkingHours
from bot.tickets.satisfaction import Satisfaction
from bot.tickets.service import TicketsService
from tests.fakes.bureau import FakeBureau
from tests.fakes.clock import FixedClock
from tests.fakes.dialogue import FakeDialogue
from tests.fakes.phrases import NamedPhrases

SECRET = "a secret of sixteen"
NO_PAYMENTS: Any = None

message_numbers = itertools.count(1)


def message(
    text: str,
    user: str = "anna",
    message_id: str | None = None,
    kind: MessageKind = MessageKind.TEXT,
    channel: str = "telegram",
    language: str | None = None,
) -> IncomingMessage:
    """A message; with a new id unless one is given."""
    return IncomingMessage(
        contact=Contact(channel, user),
        message_id=message_id or f"m{next(message_numbers)}",
        text=text,
        kind=kind,
        language=language,
    )


class BreakingAccess(Access):
    """Raises what is in `breaks` when everything was written and nothing is committed yet, one each time."""

    def __init__(self, engine: Database) -> None:
        super().__init__(engine)
        self.breaks: list[Exception] = []
        self._whole = access_to(engine)
        self.read, self.read_briefly = self._whole.read, self._whole.read_briefly  # type: ignore[method-assign]

    async def write(self, write: Write, is_one_statement: bool = False) -> None:
        """One statement is broken before it runs: it may be committed by itself."""
        if is_one_statement:
            self._break()
            return await self._whole.write(write, is_one_statement)

        def breaking(connection: Connection) -> None:
            write(connection)
            self._break()

        return await self._whole.write(breaking)

    def _break(self) -> None:
        if self.breaks:
            with translated():
                raise self.breaks.pop(0)


def locked() -> Exception:
    """What SQLite says when another process holds the database for too long."""
    return sa.exc.OperationalError("UPDATE", {}, Exception("database is locked"))


@dataclass
class FakeHouse:
    """Everything a test of the desk looks at."""

    engine: Database
    clock: FixedClock = field(default_factory=FixedClock)
    phrases: NamedPhrases = field(default_factory=NamedPhrases)
    dialogue: FakeDialogue = field(default_factory=FakeDialogue)
    announcer: Announcer = field(default_factory=Announcer)

    def __post_init__(self) -> None:
        self.access = BreakingAccess(self.engine)
        self.work = UnitOfWorkFactory(self.engine, self.access)
        self.hours = WorkingHours(time(9), time(17, 30))
        self.deadlines = Deadlines.usual(self.hours)
        self.tickets = TicketsService(self.clock, self.deadlines, self.phrases)
        self.casework = Casework(self.clock, self.phrases, self.deadlines)
        self.watches = WatchesService(self.clock, self.phrases, timedelta(days=30))
        self.personal_data = PersonalDataService()
        self.satisfaction = Satisfaction(self.clock, self.phrases)
        self.addresses = AddressesService(self.clock, self.phrases, Seal(SECRET), list(AddressKind))
        self.links = RequestLinks(SECRET, "http://help.test")
        self.bureau = FakeBureau()
        self.requests = RequestsService(self.bureau, self.clock, self.phrases, self.links)
        self.services = Services(
            self.clock,
            self.phrases,
            NO_PAYMENTS,
            self.tickets,
            self.casework,
            self.watches,
            self.personal_data,
            self.satisfaction,
            self.requests,
            self.addresses,
        )
        self.turnstile = turnstile_for(self.engine)
        self.desk = self.new_desk()

    def new_desk(self, secret: str = SECRET, flood: int = 30) -> Desk:
        """A desk, as another process or the next start would have it."""
        return Desk(
            self.work,
            self.dialogue,
            self.services,
            Seal(secret),
            self.phrases,
            self.announcer,
            message_max_chars=200,
            flood_messages_per_minute=flood,
            turnstile=self.turnstile,
        )

    async def conversation(self, user: str = "anna", channel: str = "telegram") -> Conversation:
        """The contact's conversation as stored, made when there is none."""
        async with self.work() as work:
            return await work.conversations.open(Contact(channel, user), self.clock.now(), "zh")

    async def transcript(self, user: str = "anna") -> list[tuple[Author, str]]:
        """Who said what."""
        conversation = await self.conversation(user)
        async with self.work() as work:
            return [(line.author, line.text) for line in await work.lines.after(conversation.id)]

    async def said(self, user: str = "anna") -> list[str]:
        """What the resident heard."""
        return [text for author, text in await self.transcript(user) if author is not Author.RESIDENT]

    async def every_value(self) -> str:
        """The whole database, as text; moments are left out, whose digits may be any."""
        values: list[str] = []
        async with self.engine.connect() as connection:
            for table in tables.metadata.sorted_tables:
                for row in (await connection.execute(sa.select(table))).all():
                    values.append(str([value for value in row if not isinstance(value, datetime)]))
        return "\n".join(values)

    async def count(self, table: sa.Table) -> int:
        """How many rows a table has."""
        async with self.engine.connect() as connection:
            statement = sa.select(sa.func.count()).select_from(table)
            return int((await connection.execute(statement)).scalar_one())

    async def aclose(self) -> None:
        """Closes every connection."""
        await self.turnstile.aclose()
        await self.engine.dispose()


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[FakeHouse]:
    """A house on an empty database."""
    opened = FakeHouse(open_database(database_url))
    yield opened
    await opened.aclose()


@pytest.fixture
async def second(house: FakeHouse, database_url: str) -> AsyncIterator[FakeHouse]:
    """Another process on the same database, with a dialogue of its own."""
    other = FakeHouse(open_database(database_url), clock=house.clock)
    yield other
    await other.aclose()
