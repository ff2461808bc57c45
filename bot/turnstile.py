"""One at a time: a conversation's messages, tries at a payment's last four, logins under a name."""

from __future__ import annotations

import asyncio
import weakref
import zlib
from abc import abstractmethod
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import AsyncIterator

import structlog

log = structlog.get_logger(__name__)

PATIENCE = 30.0
SHORTEST_PAUSE = 0.01
LONGEST_PAUSE = 0.25


class Turnstile:
    """Lets one task of this process at a time work on a conversation; others wait in order."""

    def __init__(self) -> None:
        self._locks: "weakref.WeakValueDictionary[int, asyncio.Lock]" = weakref.WeakValueDictionary()

    @asynccontextmanager
    async def one_at_a_time(self, conversation_id: int) -> AsyncIterator[None]:
        """Holds the conversation for the caller."""
        # The local name keeps the lock alive for as long as anybody holds it or waits for it.
        lock = self._locks.setdefault(conversation_id, asyncio.Lock())
        async with lock:
            yield

    def by_name(self, name: str) -> AbstractAsyncContextManager[None]:
        """Holds what is no conversation; two names may share a lock, and then wait for each other."""
        # Conversations count from 1 up.
        return self.one_at_a_time(-1 - zlib.crc32(name.encode("utf-8", "replace")))

    async def aclose(self) -> None:
        """Gives back what it holds."""


class PatientTurnstile(Turnstile):
    """The same among processes, with a lock that all of them see.

    Commits are guarded (a message is marked answered once, a conversation is changed from what was read), so
    the turnstile saves work done twice; it is not what keeps answers from being given twice. Therefore a
    process that waited `PATIENCE` seconds for another one, which may hang or be cut off, goes on without it.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        super().__init__()
        self._patience = patience

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

    @abstractmethod
    async def _try_lock(self, conversation_id: int) -> bool:
        """False when another process has it. Raises Unavailable."""

    @abstractmethod
    async def _unlock(self, conversation_id: int) -> None:
        """Others may have it."""
