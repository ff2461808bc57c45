"""The way of a message: accept once, keep order, have it answered, and answer again what was left over."""

from __future__ import annotations

import asyncio
import unicodedata
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Optional

import structlog

from bot.announcer import Announcer
from bot.attachments.service import AttachmentsService
from bot.clerk import Clerk, Dialogue
from bot.corrections import Corrections
from bot.errors import Conflict, InvalidInput
from bot.flood import WINDOW
from bot.folding import MOST
from bot.messages import (
    WITH_FILES,
    Accepted,
    Contact,
    Conversation,
    IncomingMessage,
    Line,
    MessageKind,
)
from bot.metrics import ACCEPTED
from bot.phrasebook import Phrases
from bot.seal import Seal
from bot.services import Services
from bot.storage.turnstile import Turnstile
from bot.storage.unit_of_work import UnitOfWorkFactory

log = structlog.get_logger(__name__)

MAX_USER_ID = 128
MAX_MESSAGE_ID = 160
LANGUAGES = ("zh", "en")
RECOVERED_AT_ONCE = 8
PAGE = 500


class Desk:
    """Every channel hands its messages in here, and nowhere else."""

    def __init__(
        self,
        work: UnitOfWorkFactory,
        dialogue: Dialogue,
        services: Services,
        seal: Seal,
        phrases: Phrases,
        announcer: Announcer,
        message_max_chars: int = 2000,
        flood_messages_per_minute: int = 30,
        turnstile: Optional[Turnstile] = None,
        session_idle: timedelta = timedelta(hours=24),
        attachments: Optional[AttachmentsService] = None,
    ) -> None:
        self._work = work
        self._clock = services.clock
        self._seal = seal
        self._announcer = announcer
        self._max_chars = message_max_chars
        self._turnstile = turnstile or Turnstile()
        self._attachments = attachments
        self._corrections = Corrections(work, seal)
        self._clerk = Clerk(
            work,
            dialogue,
            services,
            seal,
            phrases,
            message_max_chars,
            flood_messages_per_minute,
            session_idle,
            attachments,
        )

    async def accept(self, message: IncomingMessage) -> Accepted:
        """Stores a message before it is acknowledged; the same one again is answered from the store.

        Raises InvalidInput when the channel's ids cannot be stored, RetryLater when nothing was stored.
        """
        _check_ids(message)
        message, known = await self._corrections.settle(message, self._sealed)
        if known is not None:
            return known
        accepted = None if message.file else await self._accept_known(message)
        if accepted is not None:
            return accepted
        async with self._work() as work:
            accepted = await work.incoming.find(message.contact.channel, message.message_id)
            if accepted is None:
                await self._store(message)
                accepted = await work.incoming.find(message.contact.channel, message.message_id)
            elif message.file:
                await self._expect_file(message)  # another part of an album
        assert accepted is not None
        if accepted.contact != message.contact:
            raise InvalidInput("message_id", "somebody else's message has this id")
        return accepted

    async def answer(self, accepted: Accepted) -> list[Line]:
        """The replies to an accepted message, made now if they are not there; older ones go first.

        Messages that were folded into one turn have the same replies. Raises RetryLater when the database
        cannot be used; the message then stays to be answered.
        """
        if accepted.answered_at is None or accepted.kind in WITH_FILES:
            async with self._turnstile.one_at_a_time(accepted.conversation_id):
                await self._answer_until(accepted)
                await self._fetch_late(accepted)
        async with self._work() as work:
            return await work.lines.replies_to(accepted.id)

    async def handle(self, message: IncomingMessage) -> list[Line]:
        """Accepts a message and answers it."""
        return await self.answer(await self.accept(message))

    async def recover(self, older_than: timedelta = timedelta(0)) -> int:
        """Answers what was accepted and left over, by this process or an earlier one; returns how many.

        One that cannot be answered now holds up its own conversation only.
        """
        left_over = await self._left_over(older_than)
        limit = asyncio.Semaphore(RECOVERED_AT_ONCE)
        by_conversation: dict[int, list[Accepted]] = {}
        for accepted in left_over:
            by_conversation.setdefault(accepted.conversation_id, []).append(accepted)
        answered = await asyncio.gather(*(self._recover_all(own, limit) for own in by_conversation.values()))
        await self._fetch_left_over()
        return sum(answered)

    async def run(self, every: float = 30.0) -> None:
        """Answers what was left over, for ever: after a restart, and after the database was away."""
        older_than = timedelta(0)
        while True:
            try:
                answered = await self.recover(older_than)
                if answered:
                    log.info("left_over_answered", messages=answered)
            except Exception as error:
                log.warning("left_over_unreadable", error=type(error).__name__)
            await asyncio.sleep(every)
            older_than = timedelta(seconds=every)  # what came later is being answered right now

    async def conversation_of(self, contact: Contact) -> Optional[Conversation]:
        """The contact's conversation, or None before the first message."""
        async with self._work() as work:
            return await work.conversations.of(contact)

    async def lines_after(self, contact: Contact, line_id: int = 0, limit: int = 100) -> list[Line]:
        """The contact's transcript after a line, oldest first; empty for a stranger."""
        conversation = await self.conversation_of(contact)
        if conversation is None:
            return []
        async with self._work() as work:
            return await work.lines.after(conversation.id, line_id, limit)

    async def is_written_to(self, contact: Contact) -> bool:
        """True while an agent types an answer to the contact."""
        async with self._work() as work:
            return await work.presence.writes_to(contact, self._clock.now())

    async def wait_for_lines(self, contact: Contact, seconds: float) -> None:
        """Returns when the contact's conversation may have new lines, at the latest after `seconds`."""
        conversation = await self.conversation_of(contact)
        if conversation is None:
            await asyncio.sleep(min(seconds, 1.0))
        else:
            await self._announcer.wait(conversation.id, seconds)

    async def _accept_known(self, message: IncomingMessage) -> Optional[Accepted]:
        """The usual case in one statement: a new message of somebody who wrote before; else None."""
        contact, now = message.contact, self._clock.now()
        async with self._work() as work:
            accepted = await work.incoming.accept(
                contact,
                message.message_id,
                message.kind,
                self._sealed(message),
                now,
                self._corrections.marks(message),
            )
        if accepted is None:
            return None
        ACCEPTED.labels(contact.channel).inc()
        return replace(accepted, heard=self._text(message))

    def _sealed(self, message: IncomingMessage) -> bytes:
        return self._seal.close(self._text(message))

    def _text(self, message: IncomingMessage) -> str:
        # One character over the limit is enough to say that it is too long.
        return message.text[: self._max_chars + 1].encode("utf-8", "replace").decode()

    async def _store(self, message: IncomingMessage) -> None:
        now = self._clock.now()
        language = message.language if message.language in LANGUAGES else LANGUAGES[0]
        async with self._work() as work:
            conversation = await work.conversations.open(message.contact, now, language)
            work.incoming.add(
                conversation.id,
                message.contact,
                message.message_id,
                message.kind,
                self._sealed(message),
                now,
                self._corrections.marks(message),
            )
            if message.file:
                work.attachments.expect(message.contact.channel, message.message_id, message.file, now)
            if not conversation.reachable:
                work.conversations.set_reachable(conversation.id, True)
            with suppress(Conflict):  # delivered twice at the same moment; the first one's row is as good
                await work.commit()
                ACCEPTED.labels(message.contact.channel).inc()

    async def _expect_file(self, message: IncomingMessage) -> None:
        assert message.file is not None
        async with self._work() as work:
            work.attachments.expect(
                message.contact.channel, message.message_id, message.file, self._clock.now()
            )
            with suppress(Conflict):  # delivered twice at the same moment
                await work.commit()

    async def _fetch_left_over(self) -> None:
        if self._attachments is None:
            return
        for incoming_id in await self._attachments.left_over():
            try:
                await self._attachments.fetch_late(incoming_id)
            except Exception as error:
                log.error("file_left_over_again", incoming=incoming_id, error=type(error).__name__)

    async def _fetch_late(self, accepted: Accepted) -> None:
        if self._attachments and accepted.kind in WITH_FILES:
            await self._attachments.fetch_late(accepted.id)
            self._announcer.announce(accepted.conversation_id)

    async def _answer_until(self, accepted: Accepted) -> None:
        answered: set[int] = set()
        while accepted.id not in answered:
            async with self._work() as work:
                since = accepted.received_at - WINDOW
                conversation, waiting = await work.incoming.waiting(accepted, MOST, since)
            if not waiting or waiting[0].id > accepted.id:
                return
            answered = await self._clerk.answer(waiting, conversation)
            self._announcer.announce(accepted.conversation_id)

    async def _left_over(self, older_than: timedelta) -> list[Accepted]:
        now = self._clock.now()
        found: list[Accepted] = []
        while True:
            async with self._work() as work:
                page = await work.incoming.left_over(
                    now - older_than, found[-1].id if found else 0, PAGE, now
                )
            found += page
            if len(page) < PAGE:
                return found

    async def _recover_all(self, messages: list[Accepted], limit: asyncio.Semaphore) -> int:
        """Answers one conversation's messages in order, up to the first that cannot be answered now."""
        async with limit:
            for count, accepted in enumerate(messages):
                try:
                    await self.answer(accepted)
                except Exception as error:
                    log.error("left_over_not_answered", incoming=accepted.id, error=type(error).__name__)
                    return count
        return len(messages)


def _check_ids(message: IncomingMessage) -> None:
    if not _storable(message.contact.user_id, MAX_USER_ID):
        raise InvalidInput("sender", f"a sender id has 1 to {MAX_USER_ID} printable characters")
    if not _storable(message.message_id, MAX_MESSAGE_ID):
        raise InvalidInput("message_id", f"a message id has 1 to {MAX_MESSAGE_ID} printable characters")
    if not isinstance(message.kind, MessageKind):
        raise InvalidInput("kind", "unknown kind of message")


def _storable(identifier: str, longest: int) -> bool:
    # PostgreSQL stores neither NUL nor half a surrogate pair.
    kinds = {unicodedata.category(character) for character in identifier}
    return 0 < len(identifier) <= longest and not kinds & {"Cc", "Cs"}
