"""One message of a conversation at a time among all processes that share one database.

PostgreSQL's session locks need a connection of their own: not one through PgBouncer's transaction pooling.
"""

from __future__ import annotations

import asyncio
from typing import Any, Optional

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.errors import Unavailable
from bot.storage.beside import beside
from bot.storage.failures import translated
from bot.storage.file_turnstile import FileTurnstile
from bot.turnstile import PATIENCE, PatientTurnstile, Turnstile

__all__ = ["FileTurnstile", "SharedTurnstile", "Turnstile", "turnstile_for"]

log = structlog.get_logger(__name__)

LOCK, UNLOCK = "SELECT pg_try_advisory_lock($1)", "SELECT pg_advisory_unlock($1)"


class SharedTurnstile(PatientTurnstile):
    """For PostgreSQL: all conversations of this process are locked on one connection."""

    def __init__(self, engine: AsyncEngine, patience: float = PATIENCE) -> None:
        super().__init__(patience)
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._connection: Optional[AsyncConnection] = None
        self._driver: Any = None
        self._one_statement = asyncio.Lock()

    async def aclose(self) -> None:
        """Ends the connection, and every lock with it; in the pool it would go on holding them."""
        await self._drop()

    async def _try_lock(self, conversation_id: int) -> bool:
        try:
            return await self._ask(LOCK, conversation_id)
        except Unavailable:
            # The connection may have died long ago, unnoticed.
            return await self._ask(LOCK, conversation_id)

    async def _unlock(self, conversation_id: int) -> None:
        try:
            await self._ask(UNLOCK, conversation_id)
        except Unavailable:
            log.info("turnstile_connection_lost")  # and the lock with it

    async def _ask(self, statement: str, conversation_id: int) -> bool:
        async with self._one_statement:
            try:
                with translated():
                    if self._connection is None:
                        self._connection = await self._engine.connect()
                        self._driver = (await self._connection.get_raw_connection()).driver_connection
                    # The driver itself: SQLAlchemy takes three times as long over two statements a message.
                    return bool(await self._driver.fetchval(statement, conversation_id))
            except BaseException:
                # Whatever was interrupted, a fresh connection holds no lock that nobody knows of.
                await self._drop()
                raise

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.invalidate()
            await connection.close()


def turnstile_for(engine: AsyncEngine) -> Turnstile:
    """The turnstile for a database; one in memory is this process's own."""
    if engine.dialect.name == "postgresql":
        return SharedTurnstile(engine)
    path = beside(engine, "turnstile")
    return FileTurnstile(path) if path else Turnstile()
