"""Long polling that confirms an update only after it was committed.

Telegram forgets an update as soon as `getUpdates` is asked with a higher offset. PTB's own Updater does that
whether or not the update was processed, so a crash would lose it; here the offset follows the commits.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

import structlog
from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.channels.telegram.failures import retry_after
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.updates import ALLOWED_UPDATES
from bot.notifications.backoff import backoff

log = structlog.get_logger(__name__)

LONGEST_PAUSE = 30.0
GRACE_SECONDS = 10.0
CONFIRM_SECONDS = 1.5


class Polling:
    """Fetches, commits, and only then asks for more."""

    def __init__(self, bot: Bot, intake: Intake, seconds: int) -> None:
        self._bot = bot
        self._intake = intake
        self._seconds = seconds
        self._offset: int | None = None
        self._failures = 0

    async def run(self) -> None:
        """Polls until cancelled; raises InvalidToken when Telegram refuses the token."""
        while True:
            try:
                await self._take(await self._fetch(self._seconds))
                self._failures = 0
            except InvalidToken:
                raise
            except Exception as error:
                await self._pause(error)

    async def confirm(self) -> None:
        """Confirms what was committed, so that the next start does not see it again."""
        if self._offset is None:
            return
        try:
            await asyncio.wait_for(self._fetch(0), CONFIRM_SECONDS)
        except (TelegramError, asyncio.TimeoutError) as error:
            log.info("telegram_not_confirmed", error=type(error).__name__)

    async def _fetch(self, seconds: int) -> list[dict[str, Any]]:
        # Not Bot.get_updates: it reads a batch as a whole, so one update that this version of PTB cannot read
        # would block all behind it for ever; and it logs that batch, texts and all.
        query: dict[str, Any] = {"timeout": seconds, "allowed_updates": json.dumps(ALLOWED_UPDATES)}
        if self._offset is not None:
            query["offset"] = self._offset
        address = f"{self._bot.base_url}/getUpdates?{urlencode(query)}"
        answer: Any = await self._bot.request.post(address, read_timeout=seconds + GRACE_SECONDS)
        return list(answer)

    async def _take(self, batch: list[dict[str, Any]]) -> None:
        for raw in batch:
            update = self._read(raw)
            if update:
                await self._intake.take(update)
            self._offset = int(raw["update_id"]) + 1

    def _read(self, raw: dict[str, Any]) -> Update | None:
        try:
            return Update.de_json(raw, self._bot)
        except Exception as error:
            log.error("telegram_update_unreadable", update=raw["update_id"], error=type(error).__name__)
            return None

    async def _pause(self, error: Exception) -> None:
        seconds = backoff(self._failures, LONGEST_PAUSE)
        self._failures += 1
        if isinstance(error, RetryAfter):
            seconds += retry_after(error)
        event = "telegram_polled_elsewhere" if isinstance(error, Conflict) else "telegram_polling_failed"
        log.warning(event, error=type(error).__name__, retry_in=round(seconds, 1))
        await asyncio.sleep(seconds)
