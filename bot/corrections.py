"""What becomes of a message that its writer changed on the platform.

One that still waits is changed in place and answered once, as it reads now. One that was answered is answered
again only when it says something else; its file, if it is the same one, is not taken a second time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Optional

from bot.errors import Conflict
from bot.messages import WITH_FILES, Accepted, IncomingMessage, MessageKind
from bot.seal import Seal
from bot.storage.incoming import Marks
from bot.storage.unit_of_work import UnitOfWork, UnitOfWorkFactory


class Corrections:
    """Compares a changed message with what was accepted of it before."""

    def __init__(self, work: UnitOfWorkFactory, seal: Seal) -> None:
        self._work = work
        self._seal = seal

    def marks(self, message: IncomingMessage) -> Marks:
        """By what a later version of the message will be recognised."""
        if message.source is None:
            return Marks()
        return Marks(message.source, self._seal.fingerprint("text", message.text))

    async def settle(
        self, message: IncomingMessage, seal: Callable[[IncomingMessage], bytes]
    ) -> tuple[IncomingMessage, Optional[Accepted]]:
        """What there is to accept of a message, and what was accepted already, if that is all there is to it.

        Raises RetryLater when the database cannot be used.
        """
        if message.source is None or not message.source.version:
            return message, None
        async with self._work() as work:
            found = await work.incoming.latest_version(message.contact.channel, message.source.origin)
            if found is None or found[0].contact != message.contact:
                return message, None
            known, marks = found
            message = await self._without_known_file(work, message, known)
            if message.file:
                return message, None
            if self._says_nothing_new(message, marks):
                return message, known
            if known.answered_at is None:
                return message, await self._rewritten(work, message, known, seal(message))
            return message, None if message.text else known

    async def _without_known_file(
        self, work: UnitOfWork, message: IncomingMessage, known: Accepted
    ) -> IncomingMessage:
        if message.file and await work.attachments.has(known.conversation_id, message.file.key):
            return replace(message, file=None, kind=MessageKind.TEXT)
        return message

    def _says_nothing_new(self, message: IncomingMessage, marks: Marks) -> bool:
        assert message.source is not None
        assert marks.source is not None
        is_older = message.source.version <= marks.source.version  # the platform brought it again
        return is_older or self.marks(message).text == marks.text

    async def _rewritten(
        self, work: UnitOfWork, message: IncomingMessage, known: Accepted, sealed: bytes
    ) -> Optional[Accepted]:
        """The message as it waits now; None when it was answered meanwhile."""
        kind = known.kind if known.kind in WITH_FILES else message.kind
        work.incoming.rewrite(known, kind, sealed, self.marks(message))
        try:
            await work.commit()
        except Conflict:
            return None
        return replace(known, kind=kind, sealed=sealed)
