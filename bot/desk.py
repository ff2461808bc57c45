"""The way of a message: accept once, keep order, hand it to a person or to the dialogue."""

from __future__ import annotations

import asyncio
import weakref
from typing import Optional, Protocol

import structlog
from sqlalchemy.exc import IntegrityError

from bot.announcer import Announcer
from bot.errors import InvalidInput
from bot.messages import (
    Accepted,
    Author,
    Contact,
    Conversation,
    ConversationStatus,
    IncomingMessage,
    Line,
    MessageKind,
    Reply,
)
from bot.phrasebook import Phrases
from bot.reading import Reading, read_message
from bot.seal import Seal
from bot.services import Services
from bot.storage.unit_of_work import UnitOfWork, UnitOfWorkFactory
from bot.turn import Private, Turn

log = structlog.get_logger(__name__)

MAX_USER_ID = 128
MAX_MESSAGE_ID = 160


class Dialogue(Protocol):
    """Understands a message and decides what to say."""

    async def awaiting(self, turn: Turn) -> Optional[str]:
        """The slot that the last question asked for, or None."""

    async def respond(self, turn: Turn, text: str) -> list[Reply]:
        """The replies to a message (masked text, or a button's payload)."""

    def knows(self, payload: str) -> bool:
        """True when a button's payload names something that the dialogue can do."""


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
    ) -> None:
        self._work = work
        self._dialogue = dialogue
        self._services = services
        self._seal = seal
        self._phrases = phrases
        self._announcer = announcer
        self._max_chars = message_max_chars
        self._locks: "weakref.WeakValueDictionary[int, asyncio.Lock]" = weakref.WeakValueDictionary()

    async def accept(self, message: IncomingMessage) -> Accepted:
        """Stores a message before it is acknowledged; the same one again is answered from the store.

        Raises InvalidInput when the channel's ids cannot be stored.
        """
        _check_ids(message)
        async with self._work() as work:
            known = await work.incoming.find(message.contact.channel, message.message_id)
            if known:
                return known
            now = self._services.clock.now()
            conversation = await work.conversations.open(message.contact, now, message.language or "zh")
            # One character over the limit is enough to say that it is too long.
            sealed = self._seal.close(message.text[: self._max_chars + 1])
            work.incoming.add(
                conversation.id, message.contact, message.message_id, message.kind, sealed, now
            )
            try:
                await work.commit()
            except IntegrityError:
                pass  # Delivered twice at the same moment; the first one's row is as good.
            accepted = await work.incoming.find(message.contact.channel, message.message_id)
        assert accepted is not None
        return accepted

    async def answer(self, accepted: Accepted) -> list[Line]:
        """The replies to an accepted message, made now if they are not there; older ones go first."""
        lock = self._locks.setdefault(accepted.conversation_id, asyncio.Lock())
        async with lock:
            async with self._work() as work:
                waiting = await work.incoming.unanswered(accepted.conversation_id)
            for one in waiting:
                if one.id <= accepted.id:
                    await self._answer_one(one)
        async with self._work() as work:
            return await work.lines.replies_to(accepted.id)

    async def handle(self, message: IncomingMessage) -> list[Line]:
        """Accepts a message and answers it."""
        return await self.answer(await self.accept(message))

    async def recover(self) -> int:
        """Answers what an earlier process accepted and did not finish; returns how many."""
        async with self._work() as work:
            waiting = await work.incoming.unanswered()
        for one in waiting:
            await self.answer(one)
        return len(waiting)

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

    async def wait_for_lines(self, contact: Contact, seconds: float) -> None:
        """Returns when the contact's conversation may have new lines, at the latest after `seconds`."""
        conversation = await self.conversation_of(contact)
        if conversation is None:
            await asyncio.sleep(min(seconds, 1.0))
        else:
            await self._announcer.wait(conversation.id, seconds)

    async def _answer_one(self, accepted: Accepted) -> None:
        async with self._work() as work:
            conversation = await work.conversations.get(accepted.conversation_id)
            assert conversation is not None and accepted.sealed is not None
            turn = Turn(
                conversation=conversation,
                work=work,
                services=self._services,
                message_key=f"message-{accepted.contact.channel}-{accepted.id}",
                now=self._services.clock.now(),
            )
            reading, replies = await self._replies(turn, accepted)
            self._stage(turn, accepted, reading, replies)
            await work.commit()
        self._announcer.announce(conversation.id)

    async def _replies(self, turn: Turn, accepted: Accepted) -> tuple[Reading, list[Reply]]:
        assert accepted.sealed is not None
        text = self._seal.open(accepted.sealed)
        reading = read_message(
            text,
            kind=accepted.kind,
            offered=turn.conversation.offered,
            awaiting=await self._dialogue.awaiting(turn),
            max_chars=self._max_chars,
            knows=self._dialogue.knows,
        )
        turn.private = Private(id_last4=reading.id_last4)
        if turn.conversation.status is ConversationStatus.WITH_AGENT:
            await self._services.tickets.resident_wrote(turn.work, turn.conversation)
            return reading, []
        if reading.refusal:
            return reading, [self._phrases.say(reading.refusal, turn.conversation.language)]
        return reading, await self._decide(turn, reading)

    async def _decide(self, turn: Turn, reading: Reading) -> list[Reply]:
        try:
            return await self._dialogue.respond(turn, reading.for_dialogue)
        except Exception:
            # A defect must not leave the resident without an answer, nor the message in the queue for ever.
            log.exception("dialogue_failed", message_key=turn.message_key)
            turn.work.drop_staged()
            return [self._phrases.say("utter_internal_error", turn.conversation.language)]

    def _stage(self, turn: Turn, accepted: Accepted, reading: Reading, replies: list[Reply]) -> None:
        work: UnitOfWork = turn.work
        said = Reply(text=reading.for_transcript, author=Author.RESIDENT)
        work.lines.add(turn.conversation, said, turn.now, in_reply_to=accepted.id)
        for reply in replies:
            work.lines.add(turn.conversation, reply, turn.now, in_reply_to=accepted.id)
        work.incoming.mark_answered(accepted.id, reading.for_transcript, turn.now)
        offered = replies[-1].buttons if replies else turn.conversation.offered
        turn.change_conversation(offered=offered, last_message_at=turn.now)


def _check_ids(message: IncomingMessage) -> None:
    if not message.contact.user_id or len(message.contact.user_id) > MAX_USER_ID:
        raise InvalidInput("sender", f"a sender id has 1 to {MAX_USER_ID} characters")
    if not message.message_id or len(message.message_id) > MAX_MESSAGE_ID:
        raise InvalidInput("message_id", f"a message id has 1 to {MAX_MESSAGE_ID} characters")
    if not isinstance(message.kind, MessageKind):
        raise InvalidInput("kind", "unknown kind of message")
