"""Hands a line to Telegram: plain text, in parts when long, buttons under the last."""

from __future__ import annotations

import structlog
from telegram import Bot, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.error import ChatMigrated, TelegramError

from bot.channels.telegram.buttons import keyboard
from bot.channels.telegram.failures import translated
from bot.channels.telegram.membership import Membership
from bot.channels.telegram.splitting import split
from bot.errors import Unavailable
from bot.messages import Author, Line
from bot.phrasebook import Phrases
from bot.storage.unit_of_work import UnitOfWorkFactory

log = structlog.get_logger(__name__)

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class TelegramSender:
    """Sends lines to chats; a retry goes on with the part that failed, in another process too."""

    def __init__(self, bot: Bot, work: UnitOfWorkFactory, phrases: Phrases) -> None:
        self._bot = bot
        self._work = work
        self._phrases = phrases
        self._membership = Membership(work)
        self._parts_sent: dict[int, int] = {}

    async def send(self, user_id: str, line: Line) -> None:
        """Returns once Telegram took every part; raises RetryLater or Undeliverable."""
        parts = split(await self._words(line))
        buttons = keyboard(line, self._bot.username) if line.buttons else None
        sent = await self._sent(line) if len(parts) > 1 else 0
        for number, part in enumerate(parts[sent:], start=sent + 1):
            await self._say(int(user_id), part, buttons if number == len(parts) else None)
            if number < len(parts):
                await self._note(line, number)
        self._parts_sent.pop(line.id, None)

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

    async def _words(self, line: Line) -> str:
        if line.author is not Author.AGENT or not line.author_name:
            return line.text
        async with self._work() as work:
            conversation = await work.conversations.get(line.conversation_id)
        language = conversation.language if conversation else "zh"
        return self._phrases.say("utter_agent_line", language, agent=line.author_name, text=line.text).text

    async def _say(self, chat_id: int, text: str, buttons: InlineKeyboardMarkup | None) -> None:
        try:
            await self._bot.send_message(chat_id, text, reply_markup=buttons, link_preview_options=NO_PREVIEW)
        except ChatMigrated as moved:
            await self._membership.move(str(chat_id), str(moved.new_chat_id))
            await self._say(moved.new_chat_id, text, buttons)
        except TelegramError as error:
            raise translated(error) from None
