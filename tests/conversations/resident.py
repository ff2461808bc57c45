"""A resident who types and presses, and what they heard."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Optional, Union

from bot.messages import Author, Button, Contact, IncomingMessage, Line, MessageKind
from bot.phrasebook import Phrasebook

if TYPE_CHECKING:
    from tests.conversations.office import Office

PHRASES = Phrasebook.load()
LANGUAGES = ("zh", "en")


class Heard:
    """The replies to one message."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = list(lines)

    @property
    def text(self) -> str:
        """Everything that was said, a reply a line."""
        return "\n".join(line.text for line in self.lines)

    @property
    def buttons(self) -> list[str]:
        """The titles of the buttons shown last."""
        return [button.title for button in self.offered]

    @property
    def offered(self) -> tuple[Button, ...]:
        """The buttons shown last."""
        return next((line.buttons for line in reversed(self.lines) if line.buttons), ())

    def named(self, name: str, language: Optional[str] = None) -> bool:
        """Whether one of the replies is this named response (in this language)."""
        patterns = [_pattern(name, one) for one in LANGUAGES if language in (None, one)]
        return any(pattern.fullmatch(line.text) for pattern in patterns for line in self.lines)

    def mentions(self, name: str, language: str = "zh") -> bool:
        """Whether this named response is part of a reply."""
        return any(_pattern(name, language).search(line.text) for line in self.lines)

    def __repr__(self) -> str:
        shown = [f"{line.text} {[button.title for button in line.buttons]}" for line in self.lines]
        return "Heard(" + " | ".join(shown) + ")"


class Resident:
    """One contact of the REST channel."""

    def __init__(self, office: Office, name: str) -> None:
        self.office = office
        self.contact = Contact("rest", name)
        self.offered: tuple[Button, ...] = ()
        self._sent = 0

    async def says(self, *texts: str, kind: MessageKind = MessageKind.TEXT) -> Heard:
        """Sends messages one after another; returns the replies to the last."""
        heard = Heard([])
        for text in texts:
            heard = await self.sends(text, kind)
        return heard

    async def presses(self, button: Union[str, int]) -> Heard:
        """Presses a button shown last, by its title or its place counted from 1."""
        for place, shown in enumerate(self.offered, 1):
            if button in (shown.title, place):
                return await self.sends(shown.payload, MessageKind.BUTTON)
        raise AssertionError(f"no button {button!r} among {[shown.title for shown in self.offered]}")

    async def sends(
        self, text: str, kind: MessageKind = MessageKind.TEXT, message_id: Optional[str] = None
    ) -> Heard:
        """Delivers one message, with an id of its own unless one is given."""
        self._sent += 1
        self.office.advance(seconds=5)
        message_id = message_id or f"{self.contact.user_id}-{self._sent}"
        message = IncomingMessage(self.contact, message_id, text, kind)
        heard = Heard(await self.office.desk.handle(message))
        self.offered = heard.offered or self.offered
        return heard

    async def reads(self) -> Heard:
        """What came by itself since the resident wrote last."""
        lines = await self.sees()
        own = [place for place, line in enumerate(lines) if line.author is Author.RESIDENT]
        heard = Heard([line for line in lines[own[-1] + 1 :] if line.in_reply_to is None])
        self.offered = heard.offered or self.offered
        return heard

    async def sees(self) -> list[Line]:
        """The whole conversation, as the channel shows it."""
        return await self.office.desk.lines_after(self.contact)


@cache
def _pattern(name: str, language: str) -> re.Pattern[str]:
    text = re.escape(PHRASES.say(name, language).text)
    return re.compile(re.sub(r"(?:\\\n)?\\\{\w+\\\}", r"(?s:.*?)", text))
