"""Residents' photos and documents, fetched from Telegram's file server."""

from __future__ import annotations

from telegram import Bot, Message
from telegram.error import BadRequest, TelegramError

from bot.attachments.service import TooLarge
from bot.channels.telegram.failures import translated
from bot.messages import FileReference

TOO_BIG = "file is too big"
"""Telegram hands bots no file above 20 MB, and says so in these words."""


class TelegramFiles:
    """Where the channel's files come from."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def fetch(self, reference: str, most: int) -> bytes:
        """The whole file; raises TooLarge, RetryLater, or Undeliverable when Telegram has it no more."""
        try:
            file = await self._bot.get_file(reference)
            if (file.file_size or 0) > most:
                raise TooLarge("larger than may be kept")
            return bytes(await file.download_as_bytearray())
        except BadRequest as error:
            raise TooLarge(TOO_BIG) if TOO_BIG in error.message.lower() else translated(error) from None
        except TelegramError as error:
            raise translated(error) from None


def file_of(message: Message) -> FileReference | None:
    """The message's photo in its largest size, or its document."""
    if message.animation:
        return None
    file = message.photo[-1] if message.photo else message.document
    return FileReference(file.file_id, file.file_unique_id, file.file_size) if file else None
