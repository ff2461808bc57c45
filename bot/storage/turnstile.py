"""One message of a conversation at a time among all processes that share one PostgreSQL.

Commits are guarded (a message is marked answered once, a conversation is changed from what was read), so
the turnstile saves work done twice; it is not what keeps answers from being given twice. Therefore a process
that waited `PATIENCE` seconds for another one, which may hang or be cut off, goes on without it.

PostgreSQL's session locks need a connection of their own: not one through PgBouncer's transaction pooling.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import Any, AsyncIterator, Optional

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.errors import Unavailable
from bot.storage.failures import translated
from bot.turnstile import Turnstile

__all__ = ["SharedTurnstile", "Turnstile", "turnstile_for"]

log = structlog.get_logger(__name__)

PATIENCE = 30.0
LOCK, UNLOCK = "SELECT pg_try_advisory_lock($1)", "SELECT pg_advisory_unlock($1)"
SHORTEST_PAUSE = 0.01
LONGEST_PAUSE = 0.25


class SharedTurnstile(Turnstile):
    """The same among processes: all conversations of this process are locked on one connection."""

    def __init__(self, engine: AsyncEngine, patience: float = PATIENCE) -> None:
        super().__init__()
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._patience = patience
        self._connection: Optional[AsyncConnection] = None
        self._driver: Any = None
        self._one_statement = asyncio.Lock()

    @asynccontextmanager
    async def one_at_a_time(self, conversation_id: int) -> AsyncIterator[None]:
        """Holds the conversation for the caller, among all processes. Raises Unavailable."""
        async with super().one_at_a_time(conversation_id):
            held = await self._lock(conversation_id)
            try:
                yield
            finally:
                if held:
                    await asyncio.shield(self._unlock(conversation_id))

    async def aclose(self) -> None:
        """Ends the connection, and every lock with it; in the pool it would go on holding them."""
        await self._drop()

    async def _lock(self, conversation_id: int) -> bool:
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + self._patience
        pause = SHORTEST_PAUSE
        while not await self._try_lock(conversation_id):
            if loop.time() >= give_up_at:
                log.warning("turnstile_passed_without_lock", conversation=conversation_id)
                return False
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)
        return True

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
    """The turnstile for a database: only PostgreSQL is shared by processes."""
    return SharedTurnstile(engine) if engine.dialect.name == "postgresql" else Turnstile()
