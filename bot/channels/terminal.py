"""Residents at a terminal, which mostly means developers: the same desk, in plain text."""

from __future__ import annotations

import asyncio
import getpass
import sys
import threading
import uuid
from pathlib import Path
from typing import AsyncIterator, Callable, Optional

from bot.channels.words import Words, load_words
from bot.desk import Desk
from bot.messages import Author, Contact, IncomingMessage, Line, MessageKind

CHANNEL = "terminal"
POLL_SECONDS = 2.0

Output = Callable[[str], None]


async def chat(
    desk: Desk,
    language: str,
    input: AsyncIterator[str],
    output: Output = print,
    contact: Optional[Contact] = None,
) -> None:
    """Talks until the input ends; lines that agents write meanwhile are shown as they come."""
    contact = contact or Contact(CHANNEL, getpass.getuser())
    words = load_words(Path(__file__).parent / "words")[language]
    screen = _Screen(desk, contact, words, output)
    await screen.skip_old_lines()
    output(words("terminal.hint"))
    watching = asyncio.ensure_future(screen.watch())
    try:
        await screen.send("/greet", MessageKind.BUTTON, language)
        async for text in input:
            await screen.send(text.rstrip("\n"), MessageKind.TEXT, language)
    except (asyncio.CancelledError, KeyboardInterrupt):
        pass
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        output(words("terminal.bye"))


async def standard_input() -> AsyncIterator[str]:
    """The lines typed at the terminal, until its end; a waiting read never keeps the process alive."""
    loop = asyncio.get_running_loop()
    lines: "asyncio.Queue[str]" = asyncio.Queue()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, "")

    threading.Thread(target=read, daemon=True).start()
    while True:
        line = await lines.get()
        if not line:
            return
        yield line


class _Screen:
    """What was shown so far, so that every line is shown once."""

    def __init__(self, desk: Desk, contact: Contact, words: Words, output: Output) -> None:
        self._desk = desk
        self._contact = contact
        self._words = words
        self._output = output
        self._shown = 0
        self._showing = asyncio.Lock()

    async def skip_old_lines(self) -> None:
        """Takes everything already said as shown."""
        while lines := await self._desk.lines_after(self._contact, self._shown):
            self._shown = lines[-1].id

    async def send(self, text: str, kind: MessageKind, language: str) -> None:
        """Hands a message in and shows what was said since."""
        await self._desk.handle(IncomingMessage(self._contact, uuid.uuid4().hex, text, kind, language))
        await self._show_new()

    async def watch(self) -> None:
        """Shows lines nobody here asked for."""
        while True:
            await self._desk.wait_for_lines(self._contact, POLL_SECONDS)
            await self._show_new()

    async def _show_new(self) -> None:
        async with self._showing:
            for line in await self._desk.lines_after(self._contact, self._shown):
                self._shown = line.id
                if line.author is not Author.RESIDENT:
                    self._show(line)

    def _show(self, line: Line) -> None:
        if line.author is Author.AGENT:
            self._output(self._words("terminal.agent", name=line.author_name, text=line.text))
        elif line.author is Author.SYSTEM:
            self._output(self._words("terminal.system", text=line.text))
        else:
            self._output(line.text)
        for place, button in enumerate(line.buttons, start=1):
            self._output(self._words("terminal.option", place=place, title=button.title))
