"""Wakes whoever waits for new lines of a conversation, inside this process."""

from __future__ import annotations

import asyncio
from collections import defaultdict


class Announcer:
    """`announce` after a commit; `wait` until something was announced or the time is over."""

    def __init__(self) -> None:
        self._waiting: dict[int, set["asyncio.Future[None]"]] = defaultdict(set)

    def announce(self, conversation_id: int) -> None:
        """Wakes everyone who waits for this conversation."""
        for future in self._waiting.pop(conversation_id, set()):
            if not future.done():
                future.set_result(None)

    async def wait(self, conversation_id: int, seconds: float) -> None:
        """Returns when something was announced, at the latest after `seconds`."""
        future: "asyncio.Future[None]" = asyncio.get_running_loop().create_future()
        self._waiting[conversation_id].add(future)
        try:
            await asyncio.wait_for(future, seconds)
        except asyncio.TimeoutError:
            pass
        finally:
            self._waiting[conversation_id].discard(future)
            if not self._waiting[conversation_id]:
                self._waiting.pop(conversation_id, None)
