"""Fetches what residents sent from the channel that has it, and keeps it encrypted.

A message is accepted with the channel's reference to its file; the file is fetched before the message is
answered, outside any transaction. What cannot be kept says why, so that the resident hears it.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from datetime import timedelta
from typing import Any, Optional, Protocol

import structlog

from bot.attachments.media import media_type_of
from bot.attachments.model import Attachment, AttachmentState
from bot.clock import Clock
from bot.errors import Conflict, ResidentError, RetryLater
from bot.messages import Author, Conversation, Reply
from bot.notifications.backoff import Jitter, backoff
from bot.phrasebook import Phrases
from bot.seal import Seal

log = structlog.get_logger(__name__)

TRIES = 3
LONGEST_PAUSE = 5.0
DAY = timedelta(days=1)

REFUSALS = {
    AttachmentState.TOO_LARGE: "utter_file_too_large",
    AttachmentState.WRONG_TYPE: "utter_file_wrong_type",
    AttachmentState.TOO_MANY: "utter_file_too_many",
    AttachmentState.UNAVAILABLE: "utter_file_unavailable",
}


class TooLarge(ResidentError):
    """The channel does not hand over a file of this size, or it is larger than was asked for."""


class FileSource(Protocol):
    """Where a channel's files come from."""

    async def fetch(self, reference: str, most: int) -> bytes:
        """The file, of at most so many bytes; raises TooLarge, RetryLater, or ResidentError for good."""


class Attachments(Protocol):
    """What the service needs stored."""

    async def of_incoming(self, incoming_id: int) -> list[Attachment]: ...
    async def left_over(self) -> list[int]: ...
    async def kept_since(self, conversation_id: int, since: Any) -> int: ...
    def keep(
        self, attachment: Attachment, media_type: str, sha256: str, size: int, sealed: bytes
    ) -> None: ...
    def refuse(self, attachment: Attachment, state: AttachmentState) -> None: ...
    async def sealed(self, attachment_id: int) -> Optional[bytes]: ...


class AttachmentsService:
    """`sources` hands over the files of each channel, by the channel's name."""

    def __init__(
        self,
        work: Any,
        seal: Seal,
        clock: Clock,
        phrases: Phrases,
        most: int,
        most_a_day: int,
        jitter: Jitter = random.random,
    ) -> None:
        self._work = work
        self._seal = seal
        self._clock = clock
        self._phrases = phrases
        self._most = most
        self._most_a_day = most_a_day
        self._jitter = jitter
        self.sources: dict[str, FileSource] = {}

    async def fetch(self, incoming_id: int) -> list[Attachment]:
        """Fetches what is missing of a message; returns its attachments, none of them pending any more.

        Raises RetryLater when the database cannot be used.
        """
        for one in await self._of(incoming_id):
            if one.state is AttachmentState.PENDING:
                await self._settle(one)
        return await self._of(incoming_id)

    async def fetch_late(self, incoming_id: int) -> None:
        """Fetches parts of an album that came after its answer; says so when one cannot be kept."""
        late = {one.id for one in await self._of(incoming_id) if one.state is AttachmentState.PENDING}
        if not late:
            return
        settled = [one for one in await self.fetch(incoming_id) if one.id in late]
        if settled:
            await self._say_refusals(incoming_id, settled)

    async def left_over(self) -> list[int]:
        """Answered messages with files that are not fetched: parts of an album that came late."""
        async with self._work() as work:
            found: list[int] = await work.attachments.left_over()
        return found

    async def open(self, attachment_id: int) -> Optional[bytes]:
        """The file again; None when it is not kept."""
        async with self._work() as work:
            sealed = await work.attachments.sealed(attachment_id)
        return await asyncio.to_thread(self._seal.open_bytes, sealed) if sealed is not None else None

    def refusals(self, attachments: list[Attachment], language: str) -> list[Reply]:
        """One line for each reason why something of a message is not kept."""
        states = dict.fromkeys(one.state for one in attachments if one.state in REFUSALS)
        most = self._most // (1024 * 1024)
        return [self._phrases.say(REFUSALS[state], language, most=most) for state in states]

    async def _say_refusals(self, incoming_id: int, settled: list[Attachment]) -> None:
        async with self._work() as work:
            conversation: Conversation = await work.conversations.get(settled[0].conversation_id)
            for reply in self.refusals(settled, conversation.language):
                work.lines.add(conversation, reply, self._clock.now(), in_reply_to=incoming_id)
            await work.commit()

    async def _of(self, incoming_id: int) -> list[Attachment]:
        async with self._work() as work:
            found: list[Attachment] = await work.attachments.of_incoming(incoming_id)
        return found

    async def _settle(self, attachment: Attachment) -> None:
        content, state = await self._try(attachment)
        media_type = media_type_of(content)
        if state is AttachmentState.KEPT and media_type is None:
            state = AttachmentState.WRONG_TYPE
        async with self._work() as work:
            if state is AttachmentState.KEPT:
                await self._keep(work, attachment, content, str(media_type))
            else:
                log.info("attachment_refused", attachment=attachment.id, state=state.value)
                work.attachments.refuse(attachment, state)
            try:
                await work.commit()
            except Conflict:
                log.info("attachment_gone", attachment=attachment.id)  # erased meanwhile, or fetched twice

    async def _try(self, attachment: Attachment) -> tuple[bytes, AttachmentState]:
        source = self.sources.get(attachment.channel)
        if (attachment.size or 0) > self._most:
            return b"", AttachmentState.TOO_LARGE
        if source is None:
            return b"", AttachmentState.UNAVAILABLE
        if await self._today(attachment) >= self._most_a_day:
            return b"", AttachmentState.TOO_MANY
        return await self._stubbornly(source, attachment)

    async def _stubbornly(self, source: FileSource, attachment: Attachment) -> tuple[bytes, AttachmentState]:
        for attempt in range(TRIES):
            try:
                content = await source.fetch(attachment.reference, self._most)
                return content, await self._judged(attachment, content)
            except TooLarge:
                return b"", AttachmentState.TOO_LARGE
            except RetryLater as error:
                log.info("attachment_not_fetched", attachment=attachment.id, error=type(error).__name__)
                await asyncio.sleep(backoff(attempt, LONGEST_PAUSE, self._jitter))
            except ResidentError:
                break  # the channel no longer has it
        return b"", AttachmentState.UNAVAILABLE

    async def _judged(self, attachment: Attachment, content: bytes) -> AttachmentState:
        if len(content) > self._most:
            return AttachmentState.TOO_LARGE
        if await self._today(attachment) + len(content) > self._most_a_day:
            return AttachmentState.TOO_MANY
        return AttachmentState.KEPT

    async def _today(self, attachment: Attachment) -> int:
        async with self._work() as work:
            total: int = await work.attachments.kept_since(
                attachment.conversation_id, self._clock.now() - DAY
            )
        return total

    async def _keep(self, work: Any, attachment: Attachment, content: bytes, media_type: str) -> None:
        sealed = await asyncio.to_thread(self._seal.close_bytes, content)
        digest = hashlib.sha256(content).hexdigest()
        work.attachments.keep(attachment, media_type, digest, len(content), sealed)
        conversation: Optional[Conversation] = await work.conversations.get(attachment.conversation_id)
        assert conversation is not None
        # The line shows it to whoever serves the resident, late parts of an album too.
        kind = "photo" if media_type.startswith("image/") else "document"
        line = Reply(f"‹{kind}›", author=Author.RESIDENT, custom={"attachment": attachment.id})
        work.lines.add(conversation, line, self._clock.now(), in_reply_to=attachment.incoming_id)
