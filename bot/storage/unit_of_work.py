"""What one message changes, kept together and committed in one short transaction.

Reads run at once, each in a transaction of its own; writes are staged and run together in `commit`.
So no transaction is held while the reconciliation system is asked (a call may take seconds), and a
process killed before `commit` has changed nothing.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Awaitable, Callable, Optional, Type

import sqlalchemy as sa
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.storage.agents import Agents
from bot.storage.bookmarks import Bookmarks
from bot.storage.conversations import Conversations
from bot.storage.incoming import Incoming
from bot.storage.lines import Lines
from bot.storage.misunderstandings import Misunderstandings
from bot.storage.outbox import Outbox
from bot.storage.personal_data import PersonalData
from bot.storage.tickets import Tickets
from bot.storage.tracker_events import TrackerEvents
from bot.storage.watches import Watches

Write = Callable[[AsyncConnection], Awaitable[None]]


class UnitOfWork:
    """All repositories over one set of staged writes; leaving without `commit` drops them."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._writes: list[Write] = []
        self.conversations = Conversations(self)
        self.incoming = Incoming(self)
        self.lines = Lines(self)
        self.outbox = Outbox(self)
        self.tracker_events = TrackerEvents(self)
        self.tickets = Tickets(self)
        self.watches = Watches(self)
        self.agents = Agents(self)
        self.misunderstandings = Misunderstandings(self)
        self.bookmarks = Bookmarks(self)
        self.personal_data = PersonalData(self)

    async def __aenter__(self) -> "UnitOfWork":
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._writes.clear()

    async def fetch(self, statement: sa.sql.Executable) -> list[Row]:
        """All rows of a read, in a transaction of its own."""
        async with self._engine.connect() as connection:
            return list((await connection.execute(statement)).all())

    def stage(self, write: Write) -> None:
        """Keeps a write for `commit`, in the order staged."""
        self._writes.append(write)

    def stage_statement(self, statement: Any) -> None:
        """Keeps one statement for `commit`."""

        async def run(connection: AsyncConnection) -> None:
            await connection.execute(statement)

        self.stage(run)

    def drop_staged(self) -> None:
        """Forgets every staged write."""
        self._writes.clear()

    async def commit(self) -> None:
        """Runs every staged write in one transaction: all or nothing. Raises sqlalchemy's errors."""
        writes, self._writes = self._writes, []
        if not writes:
            return
        async with self._engine.execution_options(writes=True).begin() as connection:
            for write in writes:
                await write(connection)


class UnitOfWorkFactory:
    """Makes a unit of work for each message, request or background step."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    def __call__(self) -> UnitOfWork:
        return UnitOfWork(self._engine)
