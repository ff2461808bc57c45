"""The Telegram channel: long polling without a public address, webhook with one.

Of several processes on one database one polls and the others stand by; all of them take webhooks, and send.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from enum import Enum

import structlog
from starlette.routing import Route
from telegram import Bot
from telegram.error import InvalidToken, TelegramError
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import HTTPXRequest

from bot.channels.telegram.commands import register_commands
from bot.channels.telegram.files import TelegramFiles
from bot.channels.telegram.intake import Desk, Intake
from bot.channels.telegram.pace import Pace, at_once
from bot.channels.telegram.parts import Files
from bot.channels.telegram.polling import Polling
from bot.channels.telegram.sender import TelegramSender
from bot.channels.telegram.updates import ALLOWED_UPDATES
from bot.channels.telegram.webhook import telegram_routes, webhook_address, webhook_secret
from bot.notifications.backoff import backoff
from bot.phrasebook import Phrases
from bot.storage.leadership import Leadership
from bot.storage.unit_of_work import UnitOfWorkFactory

log = structlog.get_logger(__name__)

READ_SECONDS = 20.0
"""Long, because a message given up too early is sent a second time."""

LONGEST_PAUSE = 60.0


class ChannelState(str, Enum):
    """Where the channel stands; REFUSED needs an operator (a wrong token)."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    REFUSED = "refused"


class TelegramChannel:
    """Brings residents' updates to the desk; `sender` takes the replies back, `files` fetches photos.

    To end: `stop` (nothing comes in any more), then drain the relay, then `close`.
    """

    def __init__(
        self,
        desk: Desk,
        work: UnitOfWorkFactory,
        phrases: Phrases,
        *,
        token: str,
        secret: str,
        notify: Callable[[], None],
        sending: Files,
        api_base_url: str = "https://api.telegram.org",
        webhook_url: str = "",
        messages_per_second: float = 30,
        chat_messages_per_second: float = 1,
        poll_seconds: int = 30,
        leadership: Leadership | None = None,
    ) -> None:
        self.state = ChannelState.STOPPED
        self._bot = _bot(token, api_base_url, messages_per_second)
        self._phrases = phrases
        self._webhook_url = webhook_url
        self._secret = webhook_secret(secret, token)
        self._sender = TelegramSender(self._bot, work, phrases, sending, Pace(chat_messages_per_second))
        self.files = TelegramFiles(self._bot)
        self._intake = Intake(self._bot, desk, work, notify)
        self._polling = Polling(self._bot, self._intake, poll_seconds)
        self._leadership = leadership or Leadership()
        self._task: asyncio.Task[None] | None = None

    @property
    def sender(self) -> TelegramSender:
        """Hands lines to Telegram, for the relay."""
        return self._sender

    def routes(self) -> list[Route]:
        """The webhook's route; none when polling."""
        return telegram_routes(self._bot, self._intake, self._secret) if self._webhook_url else []

    async def start(self) -> None:
        """Begins in the background: Telegram being away must not keep the other channels from starting."""
        _keep_secrets_out_of_logs()
        self.state = ChannelState.STARTING
        self._task = asyncio.create_task(self._run())

    async def stop(self, seconds: float = 10.0) -> None:
        """Takes nothing in any more and waits for answers on their way; sending stays possible."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if self.state is ChannelState.RUNNING and not self._webhook_url:
            await self._polling.confirm()
        await self._intake.finish(seconds)
        self.state = ChannelState.STOPPED

    async def close(self) -> None:
        """Closes the connections; nothing can be sent after."""
        await self._bot.shutdown()

    async def _run(self) -> None:
        try:
            await self._prepare_stubbornly()
            self.state = ChannelState.RUNNING
            log.info("telegram_running", webhook=bool(self._webhook_url))
            if not self._webhook_url:
                # Telegram answers one poll at a time, and breaks the other off.
                await self._leadership.lead("telegram-polling", self._polling.run)
        except InvalidToken:
            # Without the exception: PTB puts the token into its words.
            self.state = ChannelState.REFUSED
            log.error("telegram_token_refused", hint="check TELEGRAM_BOT_TOKEN and TELEGRAM_API_BASE_URL")

    async def _prepare_stubbornly(self) -> None:
        attempt = 0
        while True:
            try:
                return await self._prepare()
            except InvalidToken:
                raise
            except TelegramError as error:
                seconds = backoff(attempt, LONGEST_PAUSE)
                log.warning("telegram_not_ready", error=type(error).__name__, retry_in=round(seconds, 1))
                await asyncio.sleep(seconds)
                attempt += 1

    async def _prepare(self) -> None:
        await self._bot.initialize()
        await self._show_commands()
        if not self._webhook_url:
            await self._bot.delete_webhook()
            return
        await self._bot.set_webhook(
            webhook_address(self._webhook_url), secret_token=self._secret, allowed_updates=ALLOWED_UPDATES
        )

    async def _show_commands(self) -> None:
        try:
            await register_commands(self._bot, self._phrases)
        except TelegramError as error:
            log.warning("telegram_commands_not_shown", error=type(error).__name__)


def _bot(token: str, api_base_url: str, messages_per_second: float) -> Bot:
    most, seconds = at_once(messages_per_second)
    return ExtBot(
        token,
        base_url=f"{api_base_url}/bot",
        base_file_url=f"{api_base_url}/file/bot",
        request=HTTPXRequest(read_timeout=READ_SECONDS, connect_timeout=10.0, pool_timeout=READ_SECONDS),
        rate_limiter=AIORateLimiter(overall_max_rate=most, overall_time_period=seconds),
    )


def _keep_secrets_out_of_logs() -> None:
    # httpx logs each address at INFO, and Telegram's addresses hold the token; PTB logs parameters, which
    # hold residents' texts, and answers that it cannot read. Every failure is logged here, in our own words.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("telegram").setLevel(logging.CRITICAL)
