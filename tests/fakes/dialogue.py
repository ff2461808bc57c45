"""A dialogue that does what a test tells it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from itertools import takewhile
from typing import Optional

from bot.messages import Button, Reply
from bot.turn import Turn

Act = Callable[[Turn], Awaitable[None]]
YES_NO = (Button("好的", "/affirm"), Button("不用", "/deny"))


class FakeDialogue:
    """Repeats what it hears; `acts` run at a text first, and it waits while a text is in `closed`.

    The texts in `story` are one matter, when they come together.
    """

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.last4: list[Optional[str]] = []
        self.slot: Optional[str] = None
        self.silent = False
        self.story: set[str] = set()
        self.judged: list[tuple[str, ...]] = []
        self.judges = asyncio.Event()
        self.judgement: Optional[asyncio.Event] = None
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

    def hold_judgement(self) -> asyncio.Event:
        """Makes the next judgement of a burst wait until the returned event is set."""
        self.judgement = asyncio.Event()
        return self.judgement

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

    async def together(self, texts: Sequence[str]) -> int:
        self.judged.append(tuple(texts))
        self.judges.set()
        if self.judgement:
            await self.judgement.wait()
        return max(1, len(list(takewhile(self.story.__contains__, texts))))
