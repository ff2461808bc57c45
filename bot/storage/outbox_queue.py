"""What is due in the outbox, in order within a conversation, handed to one process at a time.

A process holds a line while it sends it: for `HELD_SECONDS` from when it took it or said again that it is at
it, by the clock of PostgreSQL's server, or of the one machine that the processes on a SQLite file are on. So
the lines of a process that died go to another one. Nobody is declared dead while the database itself could
not be reached: whoever sent a line meanwhile has to come back first and say so.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.notifications.model import Delivery
from bot.storage.access import each_alone
from bot.storage.beside import file_of
from bot.storage.failures import translated
from bot.storage.outbox import delivery_of, due_heads
from bot.storage.tables import messages
from bot.storage.tables import outbox as table
from bot.storage.unit_of_work import UnitOfWorkFactory

log = structlog.get_logger(__name__)

HELD_SECONDS = 90.0
"""Longer than a platform may take to answer, and than the relay waits before it marks a line again."""

SAY_AGAIN = 3
"""How often, while it is held, a process says that it is still at it."""


class OutboxQueue:
    """For the only process that sends."""

    def __init__(self, work: UnitOfWorkFactory) -> None:
        self._work = work

    async def take(self, now: datetime, limit: int, in_flight: Collection[int]) -> list[Delivery]:
        """The oldest pending delivery of each conversation, where it is due and not in flight already."""
        if limit <= 0:
            return []
        async with self._work() as work:
            return await work.outbox.heads(now, limit, in_flight)

    async def let_go(self) -> None:
        """Nothing is sent here any more."""


class HoldingOutboxQueue(OutboxQueue):
    """For processes that share a database; `holder` is this one's name, the same after a restart."""

    def __init__(
        self,
        work: UnitOfWorkFactory,
        holder: str,
        held_seconds: float = HELD_SECONDS,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(work)
        self._holder = holder
        self._held = timedelta(seconds=held_seconds)
        self._seconds = seconds
        self._in_touch_since = seconds()
        self._said_at = seconds()

    async def take(self, now: datetime, limit: int, in_flight: Collection[int]) -> list[Delivery]:
        """What is due and nobody else's, from now on held by this process. Raises Unavailable."""
        try:
            if in_flight and self._passed(self._said_at) * SAY_AGAIN >= 1:
                await self._say_again(now, in_flight)
            return await self._take(now, limit, in_flight) if limit > 0 else []
        except Exception:
            self._in_touch_since = self._seconds()
            raise

    async def let_go(self) -> None:
        """Others may send at once what this process still holds."""
        held = sa.and_(table.c.held_by == self._holder, table.c.state == "pending")
        try:
            await self._write(table.update().where(held).values(held_by=None, held_until=None))
        except Exception as error:
            log.info("outbox_not_let_go", error=type(error).__name__)  # its time will run out

    @abstractmethod
    async def _take(self, now: datetime, limit: int, in_flight: Collection[int]) -> list[Delivery]:
        """Holds what is due and free."""

    @abstractmethod
    async def _write(self, statement: Any) -> None:
        """Runs one statement at once."""

    @abstractmethod
    def _moment(self, now: datetime) -> Any:
        """The time by the clock that all go by; `now` is this process's."""

    def _taken(self, now: datetime) -> dict[str, Any]:
        return {"held_by": self._holder, "held_until": self._moment(now) + self._held}

    def _is_free(self, now: datetime) -> Any:
        free = [table.c.held_by.is_(None), table.c.held_by == self._holder]
        if self._passed(self._in_touch_since) >= 1:
            free.append(table.c.held_until < self._moment(now))
            # Longer than anything is held: the clock was put back since.
            free.append(table.c.held_until > self._moment(now) + 2 * self._held)
        return sa.or_(*free)

    async def _say_again(self, now: datetime, in_flight: Collection[int]) -> None:
        mine = sa.and_(table.c.id.in_(in_flight), table.c.held_by == self._holder)
        await self._write(table.update().where(mine).values(self._taken(now)))
        self._said_at = self._seconds()

    def _passed(self, since: float) -> float:
        """How often a line could have been held and lost since a moment."""
        return (self._seconds() - since) / self._held.total_seconds()

    def _delivery(self, row: Any, held_before: str | None) -> Delivery:
        return replace(delivery_of(row), taken_over=held_before not in (None, self._holder))


class SharedOutboxQueue(HoldingOutboxQueue):
    """On PostgreSQL: found and held by one statement, which passes over what others are just taking."""

    def __init__(
        self,
        work: UnitOfWorkFactory,
        engine: AsyncEngine,
        holder: str,
        held_seconds: float = HELD_SECONDS,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(work, holder, held_seconds, seconds)
        self._engine = each_alone(engine)

    def _moment(self, now: datetime) -> Any:
        return sa.func.now()

    async def _take(self, now: datetime, limit: int, in_flight: Collection[int]) -> list[Delivery]:
        picked = (
            due_heads(now, in_flight)
            .with_only_columns(table.c.id, table.c.held_by)
            .where(self._is_free(now))
            .order_by(table.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("picked")
        )
        held = (
            table.update()
            .where(table.c.id == picked.c.id)
            .values(self._taken(now))
            .returning(*table.c, picked.c.held_by.label("held_before"))
            .cte("held")
        )
        columns = [column.label(f"out_{column.name}") for column in held.c]
        rows = await self._execute(
            sa.select(messages, *columns).join(held, messages.c.id == held.c.message_id).order_by(held.c.id)
        )
        return [self._delivery(row, row.out_held_before) for row in rows]

    async def _write(self, statement: Any) -> None:
        await self._execute(statement)

    async def _execute(self, statement: Any) -> list[Any]:
        with translated():
            async with self._engine.connect() as connection:
                result: Any = await connection.execute(statement)
                return list(result.all()) if result.returns_rows else []


class FileOutboxQueue(HoldingOutboxQueue):
    """On a SQLite file: found and held in one transaction; who finds nothing due takes no lock."""

    def _moment(self, now: datetime) -> Any:
        return now

    async def _take(self, now: datetime, limit: int, in_flight: Collection[int]) -> list[Delivery]:
        due = due_heads(now, in_flight).where(self._is_free(now)).order_by(table.c.id).limit(limit)
        rows: list[Any] = []

        def write(connection: Connection) -> None:
            rows.extend(connection.execute(_with_lines(due)).all())
            ids = [row.out_id for row in rows]
            connection.execute(table.update().where(table.c.id.in_(ids)).values(self._taken(now)))

        async with self._work() as work:
            if await work.fetch(due.limit(1)):
                work.stage(write)
                await work.commit()
        return [self._delivery(row, row.out_held_by) for row in rows]

    async def _write(self, statement: Any) -> None:
        async with self._work() as work:
            work.stage_statement(statement)
            await work.commit()


def _with_lines(due: sa.sql.Select) -> sa.sql.Select:
    columns = [column.label(f"out_{column.name}") for column in table.c]
    joined = sa.select(messages, *columns).join(messages, messages.c.id == table.c.message_id)
    return joined.where(table.c.id.in_(due)).order_by(table.c.id)


def queue_for(
    engine: AsyncEngine,
    work: UnitOfWorkFactory,
    holder: str,
    seconds: Callable[[], float] = time.monotonic,
) -> OutboxQueue:
    """The queue of a database; one in memory is this process's own."""
    if engine.dialect.name == "postgresql":
        return SharedOutboxQueue(work, engine, holder, seconds=seconds)
    return FileOutboxQueue(work, holder, seconds=seconds) if file_of(engine) else OutboxQueue(work)
