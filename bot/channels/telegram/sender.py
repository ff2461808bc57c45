"""Hands a line to Telegram: plain text, in parts when long, with its file; buttons under the last."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import re

import structlog
from telegram import Bot, InlineKeyboardMarkup, InputFile, LinkPreviewOptions
from telegram.error import BadRequest, ChatMigrated, TelegramError

from bot.attachments.sending import Enclosure, file_name
from bot.channels.telegram.buttons import keyboard
from bot.channels.telegram.failures import translated
from bot.channels.telegram.membership import Membership
from bot.channels.telegram.parts import EnclosedFile, Files, Part, parts_of
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


class TelegramSender:
    """Sends lines to chats; a retry goes on with the part that failed, in another process too."""

    def __init__(self, bot: Bot, work: UnitOfWorkFactory, phrases: Phrases, files: Files) -> None:
        self._bot = bot
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
        total = len(parts) + (paper is not None)
        buttons = keyboard(line, self._bot.username) if line.buttons else None
        sent = await self._sent(line) if total > 1 else 0
        for number, part in enumerate(parts[sent:], start=sent + 1):
            await self._say(int(user_id), part, buttons if number == len(parts) else None)
            if number < total:
                await self._note(line, number)
        if paper is not None:
            await self._hand_over(int(user_id), paper)
        self._parts_sent.pop(line.id, None)

    async def _paper(self, line: Line) -> InputFile | None:
        """The document that goes with a line, made now; None when there is none, or none any more."""
        named = line.custom.get("document")
        if not named or self.papers is None:
            return None
        content = await self.papers(line.conversation_id, str(named["request_id"]))
        return InputFile(content, filename=str(named["name"])) if content else None

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

    async def _enclosed(self, line: Line) -> EnclosedFile | None:
        enclosure = Enclosure.of(line.custom)
        found = await self._files.open(line.conversation_id, enclosure.sha256) if enclosure else None
        return EnclosedFile(*found) if found else None

    async def _words(self, line: Line) -> str:
        if line.author is not Author.AGENT or not line.author_name:
            return line.text
        if Enclosure.of(line.custom) and FILE_MARK.fullmatch(line.text):
            return line.author_name
        async with self._work() as work:
            conversation = await work.conversations.get(line.conversation_id)
        language = conversation.language if conversation else "zh"
        return self._phrases.say("utter_agent_line", language, agent=line.author_name, text=line.text).text

    async def _hand_over(self, chat_id: int, paper: InputFile) -> None:
        try:
            await self._bot.send_document(chat_id, paper)
        except TelegramError as error:
            raise translated(error) from None

    async def _say(self, chat_id: int, part: Part, buttons: InlineKeyboardMarkup | None) -> None:
        try:
            await self._hand_over(chat_id, part, buttons)
        except ChatMigrated as moved:
            await self._membership.move(str(chat_id), str(moved.new_chat_id))
            await self._say(moved.new_chat_id, part, buttons)
        except TelegramError as error:
            raise translated(error) from None

    async def _hand_over(self, chat_id: int, part: Part, buttons: InlineKeyboardMarkup | None) -> None:
        if part.enclosed is None:
            await self._bot.send_message(
                chat_id, part.text, reply_markup=buttons, link_preview_options=NO_PREVIEW
            )
            return
        file, content, text = part.enclosed.file, part.enclosed.content, part.text or None
        if file.media_type.startswith("image/"):
            try:
                await self._bot.send_photo(chat_id, content, text, reply_markup=buttons)
                return
            except BadRequest as error:
                if isinstance(error, ChatMigrated) or "photo" not in error.message.lower():
                    raise
                # Too large or too long for a picture of Telegram's.
        await self._bot.send_document(
            chat_id, content, text, reply_markup=buttons, filename=file_name(file)
        )
