"""Hands a line to Telegram: plain text, in parts when long, with its file; buttons under the last."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from telegram import Bot, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.error import BadRequest, ChatMigrated, TelegramError

from bot.attachments.sending import Enclosure
from bot.channels.telegram.buttons import keyboard
from bot.channels.telegram.failures import translated
from bot.channels.telegram.membership import Membership
from bot.channels.telegram.pace import Pace
from bot.channels.telegram.parts import Document, Files, Part, parts_of
from bot.errors import Unavailable
from bot.messages import Author, Line
from bot.phrasebook import Phrases
from bot.storage.unit_of_work import UnitOfWorkFactory

log = structlog.get_logger(__name__)

Papers = Callable[[int, str], Awaitable["bytes | None"]]
"""A document by its conversation and request."""

FILE_MARK = re.compile("‹(photo|document)›")
"""What stands for a file that was sent without words."""

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

NO_PICTURE = re.compile("photo|IMAGE_PROCESS_FAILED", re.IGNORECASE)
"""How Telegram says that it cannot show a picture; as a document it takes the same file."""

NO_TOPIC = "thread not found"
"""How Telegram says that a topic was deleted."""


@dataclass(frozen=True)
class Place:
    """A chat, or a topic of a group."""

    chat_id: int
    topic: int | None = None


class TelegramSender:
    """Sends lines to chats; a retry goes on with the part that failed, in another process too."""

    def __init__(
        self, bot: Bot, work: UnitOfWorkFactory, phrases: Phrases, files: Files, pace: Pace | None = None
    ) -> None:
        self._bot = bot
        self._pace = pace or Pace()
        self._files = files
        self._work = work
        self._phrases = phrases
        self._membership = Membership(work)
        self._parts_sent: dict[int, int] = {}
        self.papers: Papers | None = None
        """Where the documents that lines name are made; without it their addresses in the text must do."""

    async def send(self, user_id: str, line: Line) -> None:
        """Returns once Telegram took every part; raises RetryLater or Undeliverable."""
        parts = parts_of(await self._words(line), await self._enclosed(line))
        paper = await self._paper(line)
        if paper:
            parts.append(Part("", paper))
        last_words = max((n for n, part in enumerate(parts, start=1) if part.text), default=len(parts))
        buttons = keyboard(line, self._bot.username) if line.buttons else None
        place = Place(int(user_id), await self._topic(user_id, line))
        sent = await self._sent(line) if len(parts) > 1 else 0
        for number, part in enumerate(parts[sent:], start=sent + 1):
            await self._say(place, part, buttons if number == last_words else None)
            if number < len(parts):
                await self._note(line, number)
        self._parts_sent.pop(line.id, None)

    async def _paper(self, line: Line) -> Document | None:
        """The document that goes with a line, made now; None when there is none, or none any more."""
        named = line.custom.get("document")
        if not named or self.papers is None:
            return None
        content = await self.papers(line.conversation_id, str(named["request_id"]))
        return Document(str(named["name"]), content) if content else None

    async def _sent(self, line: Line) -> int:
        async with self._work() as work:
            return max(await work.outbox.parts_sent(line.id), self._parts_sent.get(line.id, 0))

    async def _note(self, line: Line, parts: int) -> None:
        """Kept in the database, so that another process goes on there; here only while that is away."""
        self._parts_sent[line.id] = parts
        async with self._work() as work:
            work.outbox.note_parts(line.id, parts)
            try:
                await work.commit()
                del self._parts_sent[line.id]
            except Unavailable:
                log.warning("part_not_recorded", line=line.id)

    async def _enclosed(self, line: Line) -> Document | None:
        """The file that an agent sent with a line; None when there is none, or none any more."""
        enclosure = Enclosure.of(line.custom)
        found = await self._files.open(line.conversation_id, enclosure.sha256) if enclosure else None
        return Document.of(*found) if found else None

    async def _words(self, line: Line) -> str:
        if line.author is not Author.AGENT or not line.author_name:
            return line.text
        if Enclosure.of(line.custom) and FILE_MARK.fullmatch(line.text):
            return line.author_name
        async with self._work() as work:
            conversation = await work.conversations.get(line.conversation_id)
        language = conversation.language if conversation else "zh"
        return self._phrases.say("utter_agent_line", language, agent=line.author_name, text=line.text).text

    async def _topic(self, user_id: str, line: Line) -> int | None:
        """The topic that a group's question was asked in; None outside groups, and for what nobody asked."""
        if not user_id.startswith("-") or line.in_reply_to is None:
            return None
        async with self._work() as work:
            return await work.incoming.thread_of(line.in_reply_to)

    async def _say(self, place: Place, part: Part, buttons: InlineKeyboardMarkup | None) -> None:
        await self._pace.keep(place.chat_id)
        try:
            await self._hand_over(place, part, buttons)
        except ChatMigrated as moved:
            await self._membership.move(str(place.chat_id), str(moved.new_chat_id))
            await self._say(Place(moved.new_chat_id), part, buttons)
        except TelegramError as error:
            if place.topic is None or NO_TOPIC not in error.message.lower():
                raise translated(error) from None
            await self._say(Place(place.chat_id), part, buttons)

    async def _hand_over(self, place: Place, part: Part, buttons: InlineKeyboardMarkup | None) -> None:
        document, text = part.document, part.text or None
        if document is None:
            await self._bot.send_message(
                place.chat_id, part.text, reply_markup=buttons, link_preview_options=NO_PREVIEW,
                message_thread_id=place.topic,
            )  # fmt: skip
        elif not (document.is_picture and await self._shown(place, part, buttons)):
            await self._bot.send_document(
                place.chat_id, document.content, text, reply_markup=buttons, filename=document.name,
                message_thread_id=place.topic,
            )  # fmt: skip

    async def _shown(self, place: Place, part: Part, buttons: InlineKeyboardMarkup | None) -> bool:
        """True when Telegram took the picture as one; False for one too long or too broad for it."""
        assert part.document is not None
        try:
            await self._bot.send_photo(
                place.chat_id, part.document.content, part.text or None, reply_markup=buttons,
                filename=part.document.name, message_thread_id=place.topic,
            )  # fmt: skip
        except BadRequest as error:
            if not NO_PICTURE.search(error.message):
                raise
            return False
        return True
