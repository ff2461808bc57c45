"""A dialogue that does what a test tells it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Optional

from bot.messages import Button, Reply
from bot.turn import Turn

Act = Callable[[Turn], Awaitable[None]]
YES_NO = (Button("好的", "/affirm"), Button("不用", "/deny"))


class FakeDialogue:
    """Repeats what it hears; `acts` run at a text first, and it waits while a text is in `closed`."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.last4: list[Optional[str]] = []
        self.slot: Optional[str] = None
        self.silent = False
        self.buttons: tuple[Button, ...] = ()
        self.acts: dict[str, Act] = {}
        self.closed: dict[str, asyncio.Event] = {}
        self.entered: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.busy: set[int] = set()
        self.overlapped = False

    def hold(self, text: str) -> asyncio.Event:
        """Makes the answer to `text` wait until the returned event is set."""
        self.closed[text] = asyncio.Event()
        return self.closed[text]

    async def awaiting(self, turn: Turn) -> Optional[str]:
        return self.slot

    async def respond(self, turn: Turn, text: str) -> list[Reply]:
        self.heard.append(text)
        self.last4.append(turn.private.id_last4)
        self.overlapped = self.overlapped or turn.conversation.id in self.busy
        self.busy.add(turn.conversation.id)
        try:
            self.entered[text].set()
            if text in self.closed:
                await self.closed[text].wait()
            await asyncio.sleep(0)
            if text in self.acts:
                await self.acts[text](turn)
        finally:
            self.busy.discard(turn.conversation.id)
        return [] if self.silent else [Reply(f"re: {text}", buttons=self.buttons)]

    def knows(self, payload: str) -> bool:
        return payload in ("/affirm", "/deny", "/query_status")
