"""The books' database: opened by one process, loaded at its start, written before anything is answered."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.sandbox.books.ledger import Ledger, Record
from bot.sandbox.model import Event
from bot.sandbox.store.forms import moment_text
from bot.sandbox.store.opening import OURS, CannotOpen, FileLock, open_engine
from bot.sandbox.store.shelves import EVENTS, SHELVES, Shelf, shelf_of
from bot.sandbox.store.tables import VERSION, about, events, key_uses, metadata

PAGE = 20_000
"""Rows read at once."""
AT_ONCE = 4_000
"""Changes written at once."""


class NotKept(Exception):
    """The database did not take a change: nothing of it is on the books."""


class Store:
    """One database; its only writer holds one connection, and with it the right to write."""

    def __init__(self, engine: AsyncEngine, connection: AsyncConnection, lock: FileLock | None) -> None:
        self._engine = engine
        self._connection = connection
        self._lock = lock
        self._statements: dict[Shelf, str] = {}

    @classmethod
    async def open(cls, url: str, writes: bool = True) -> Store:
        """Connect, make the tables where there are none; CannotOpen says why not.

        Who `writes` is alone; who only reads may do so beside it.
        """
        engine = open_engine(url, may_make=writes)
        alone = writes and engine.dialect.name == "sqlite"
        lock = FileLock(str(engine.url.database)) if alone else None
        try:
            connection = await engine.connect()
            store = cls(engine, connection, lock)
        except (sa.exc.SQLAlchemyError, OSError) as error:
            await engine.dispose()
            _release(lock)
            raise CannotOpen(f"the database cannot be opened: {_plain(error)}") from None
        try:
            await store._prepare(writes)
        except (sa.exc.SQLAlchemyError, OSError) as error:
            await store.close()
            raise CannotOpen(f"the database cannot be used: {_plain(error)}") from None
        except CannotOpen:
            await store.close()
            raise
        return store

    async def _prepare(self, writes: bool) -> None:
        connection = self._connection
        if writes and connection.dialect.name == "postgresql":
            alone = await connection.execute(sa.select(sa.func.pg_try_advisory_lock(OURS)))
            if not alone.scalar():
                raise CannotOpen("another process works on this database")
            await connection.commit()
        if writes:
            await connection.run_sync(metadata.create_all)
        elif connection.dialect.name == "postgresql":  # the books as they were at one moment
            await connection.execution_options(isolation_level="REPEATABLE READ")
        else:
            await connection.exec_driver_sql("BEGIN")
        found = (await connection.execute(sa.select(about.c.value).where(about.c.name == "version"))).scalar()
        if found is None and writes:
            await connection.execute(about.insert().values(name="version", value=str(VERSION)))
        elif found != str(VERSION):
            raise CannotOpen(f"the database has tables of version {found}, this program needs {VERSION}")
        if writes:
            await connection.commit()

    async def close(self) -> None:
        """Let go of the database."""
        with suppress(sa.exc.SQLAlchemyError, OSError):  # it may be gone already
            await self._connection.close()
        await self._engine.dispose()
        _release(self._lock)
        self._lock = None

    # Reading

    async def load(self, now: datetime) -> Ledger:
        """The books as they were last written; idempotency keys that have run out stay behind."""
        gc.disable()  # millions of tuples, none in a cycle
        try:
            return await self._load(now)
        finally:
            gc.freeze()
            gc.enable()

    async def _load(self, now: datetime) -> Ledger:
        last = (await self._connection.execute(sa.select(sa.func.max(events.c.cursor)))).scalar()
        ledger = Ledger(last or 0)
        for shelf in SHELVES.values():
            live = key_uses.c.until > moment_text(now) if shelf.table is key_uses else None
            await self._restore(ledger, shelf, live)
        await self._connection.rollback()
        return ledger

    async def _restore(self, ledger: Ledger, shelf: Shelf, only: Any) -> None:
        key = [shelf.table.c[name] for name in shelf.key]
        query = sa.select(shelf.table).order_by(*key).limit(PAGE)
        if only is not None:
            query = query.where(only)
        page = query
        while True:
            rows = (await self._connection.execute(page)).fetchall()
            for row in rows:
                shelf.restore(ledger, row)
            ledger.changes.clear()
            if len(rows) < PAGE:
                return
            page = query.where(sa.tuple_(*key) > sa.tuple_(*(rows[-1][place] for place in shelf.key_places)))

    async def events_after(self, cursor: int, limit: int) -> list[Event]:
        """At most `limit` events after the cursor, oldest first, of those that are written."""
        found = events.select().where(events.c.cursor > cursor).order_by(events.c.cursor).limit(limit)
        try:
            rows = (await self._connection.execute(found)).fetchall()
            await self._connection.rollback()
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise NotKept(_plain(error)) from None
        return [Event(*EVENTS.read(row)) for row in rows]

    # Writing

    async def keep(self, changes: Sequence[Record]) -> None:
        """Write these changes, all or none; NotKept when that is not certain."""
        try:
            for first in range(0, len(changes), AT_ONCE):  # so that others have their turn in between
                await self._write(changes[first : first + AT_ONCE])
            await self._connection.commit()
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise NotKept(_plain(error)) from None

    async def _write(self, changes: Sequence[Record]) -> None:
        rows: dict[Shelf, dict[tuple[Any, ...], Any]] = {}
        for record in changes:
            shelf = shelf_of(record)
            row = tuple(shelf.row(record))
            # Of several changes to one row the last one counts.
            rows.setdefault(shelf, {})[tuple(row[place] for place in shelf.key_places)] = row
        for shelf, newest in rows.items():
            await self._connection.exec_driver_sql(self._statement(shelf), [*newest.values()])

    def _statement(self, shelf: Shelf) -> str:
        """Insert a row, or change the one of its key; with a place for each column, in their order."""
        if shelf not in self._statements:
            insert: Any = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
            statement = insert(shelf.table)
            if shelf is not EVENTS:  # two writers of one cursor are a fault, never a change
                others = {name: statement.excluded[name] for name in shelf.names if name not in shelf.key}
                statement = statement.on_conflict_do_update(index_elements=shelf.key, set_=others)
            self._statements[shelf] = str(statement.compile(dialect=self._engine.dialect))
        return self._statements[shelf]


def _plain(error: Exception) -> str:
    """What the driver says, without the statement."""
    return str(getattr(error, "orig", None) or error)


def _release(lock: FileLock | None) -> None:
    if lock is not None:
        lock.release()
