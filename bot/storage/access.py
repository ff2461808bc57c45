"""The ways into an opened database: a read by itself, and a transaction that writes."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any, AsyncIterator, Callable, Mapping, Optional

from sqlalchemy.engine import Connection, Row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.storage.failures import translated
from bot.storage.prepared import Prepared, Statement

Write = Callable[[Connection], None]
Values = Optional[Mapping[str, Any]]


class Access:
    """For every kind of database. Everything raises Unavailable, Conflict and Bug."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.dialect: str = engine.dialect.name
        """Which kind of database this is: `sqlite` or `postgresql`."""
        self._engine = engine.execution_options(writes=True)
        self._alone = each_alone(engine)
        # SQLite lets one write at a time: ours wait in order.
        self._one_writer: AbstractAsyncContextManager[None] = (
            asyncio.Lock() if self.dialect == "sqlite" else nullcontext()
        )

    async def read(self, statement: Statement, values: Values = None) -> list[Row]:
        """All rows of a read, in a transaction of its own."""
        with translated():
            async with self._alone.connect() as connection:
                said = statement.statement if isinstance(statement, Prepared) else statement
                return list((await connection.execute(said, values)).all())

    async def read_briefly(self, statement: Statement, values: Values = None) -> list[Row]:
        """The same for a read that looks at a few rows by an index."""
        return await self.read(statement, values)

    async def write(self, write: Write, is_one_statement: bool = False) -> None:
        """Runs `write` in a transaction, all or nothing; one statement is a transaction by itself."""
        with translated():
            async with self._writing(is_one_statement) as connection:
                await connection.run_sync(write)

    @asynccontextmanager
    async def _writing(self, is_one_statement: bool) -> AsyncIterator[AsyncConnection]:
        begun = self._alone.connect if is_one_statement else self._begun
        async with self._one_writer, begun() as connection:
            yield connection

    @asynccontextmanager
    async def _begun(self) -> AsyncIterator[AsyncConnection]:
        # Not engine.begin(): when BEGIN itself fails (locked), that never gives the connection back.
        async with self._engine.connect() as connection, connection.begin():
            yield connection


def each_alone(engine: AsyncEngine) -> AsyncEngine:
    """The engine for single statements: none needs BEGIN and COMMIT around it to be whole."""
    options: dict[str, Any] = {"alone": True}
    if engine.dialect.name == "postgresql":
        options["isolation_level"] = "AUTOCOMMIT"
    return engine.execution_options(**options)
