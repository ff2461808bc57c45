"""One at a time: a conversation's messages, tries at a payment's last four, logins under a name."""

from __future__ import annotations

import asyncio
import weakref
import zlib
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import AsyncIterator


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
