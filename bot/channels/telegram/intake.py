"""Takes updates in, from polling or webhook: committed first, answered after."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Coroutine
from typing import Protocol

import structlog
from telegram import Bot, Update
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.channels.telegram.buttons import pressed_payload
from bot.channels.telegram.membership import Membership
from bot.channels.telegram.updates import Me, read_update
from bot.errors import Bug, ResidentError
from bot.messages import Accepted, IncomingMessage, Line, MessageKind
from bot.notifications.backoff import backoff
from bot.storage.unit_of_work import UnitOfWorkFactory

log = structlog.get_logger(__name__)

TYPING_AFTER = 0.3
TYPING_LASTS = 4.0
ANSWER_TRIES = 8


class Desk(Protocol):
    """What the channel needs of the desk."""

    async def accept(self, message: IncomingMessage) -> Accepted: ...

    async def answer(self, accepted: Accepted) -> list[Line]: ...


class Intake:
    """Accepts each update once, and answers it in a task of its own."""

    def __init__(self, bot: Bot, desk: Desk, work: UnitOfWorkFactory, notify: Callable[[], None]) -> None:
        self._bot = bot
        self._desk = desk
        self._work = work
        self._notify = notify
        self._membership = Membership(work)
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, update: Update) -> None:
        """Returns when the update is committed or known to say nothing; raises when it has to come again."""
        await self._membership.note(update)
        message = self._read(update, Me(self._bot.id, self._bot.username))
        accepted = await self._accept(update, message) if message else None
        if update.callback_query:
            self._start(self._stop_spinner(update.callback_query.id))
        if message and accepted and (message.file or accepted.answered_at is None):
            self._start(self._answer(accepted))

    async def finish(self, seconds: float) -> None:
        """Waits for answers on their way; what is cut off here is answered after the next start."""
        tasks = set(self._tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _read(self, update: Update, me: Me) -> IncomingMessage | None:
        try:
            return read_update(update, me)
        except Exception as error:
            # It would fail the same way each time, and nothing behind it would ever be reached.
            log.error("telegram_update_unreadable", update=update.update_id, error=type(error).__name__)
            return None

    async def _accept(self, update: Update, message: IncomingMessage) -> Accepted | None:
        if update.callback_query and message.kind is MessageKind.BUTTON:
            payload = await pressed_payload(self._work, message.contact, message.text)
            message = dataclasses.replace(message, text=payload)
        try:
            return await self._desk.accept(message)
        except (ResidentError, Bug) as error:
            log.error("telegram_update_refused", update=message.message_id, error=type(error).__name__)
            return None

    async def _answer(self, accepted: Accepted) -> None:
        typing = asyncio.create_task(self._type(int(accepted.contact.user_id)))
        try:
            await self._answer_stubbornly(accepted)
        finally:
            typing.cancel()
        self._notify()

    async def _answer_stubbornly(self, accepted: Accepted) -> None:
        for attempt in range(ANSWER_TRIES):
            try:
                await self._desk.answer(accepted)
                return
            except Exception as error:
                log.error("answer_failed", incoming=accepted.id, error=type(error).__name__)
                await asyncio.sleep(backoff(attempt, 60.0))

    async def _type(self, chat_id: int) -> None:
        # Most answers are quicker than this, and each call counts against Telegram's limits.
        await asyncio.sleep(TYPING_AFTER)
        while True:
            await _if_possible(self._bot.send_chat_action(chat_id, ChatAction.TYPING))
            await asyncio.sleep(TYPING_LASTS)

    async def _stop_spinner(self, query_id: str) -> None:
        await _if_possible(self._bot.answer_callback_query(query_id))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _if_possible(call: Awaitable[object]) -> None:
    try:
        await call
    except TelegramError as error:
        log.debug("telegram_courtesy_failed", error=type(error).__name__)
