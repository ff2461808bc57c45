"""Answers one accepted message: reads it, hands it to a person or to the dialogue, commits once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Awaitable, Callable, Optional, Protocol, Sequence

import structlog

from bot.attachments.model import Attachment, AttachmentState
from bot.attachments.service import AttachmentsService
from bot.errors import Bug, Conflict, RetryLater, Unavailable
from bot.flood import FloodLimit, matters
from bot.messages import WITH_FILES, Accepted, Author, Button, ConversationStatus, MessageKind, Reply
from bot.phrasebook import Phrases
from bot.reading import LAST4_ASKED, REFUSALS, Reading, read_message
from bot.seal import Seal
from bot.services import Services
from bot.storage.unit_of_work import UnitOfWork, UnitOfWorkFactory
from bot.turn import Private, Turn

log = structlog.get_logger(__name__)

TRIES = 5
UNREADABLE = "‹unreadable›"


class Dialogue(Protocol):
    """Understands a message and decides what to say."""

    async def awaiting(self, turn: Turn) -> Optional[str]:
        """The slot that the last question asked for, or None."""

    async def respond(self, turn: Turn, text: str) -> list[Reply]:
        """The replies to a message (masked text, or a button's payload)."""

    def knows(self, payload: str) -> bool:
        """True when a button's payload names something that the dialogue can do."""


@dataclass(frozen=True)
class Answer:
    """What is kept of a message, and what is said to it; `shown` when its files' own lines show it."""

    transcript: str
    replies: Sequence[Reply] = ()
    shown: bool = False


Decide = Callable[[Turn, Accepted], Awaitable[Answer]]


class Clerk:
    """One message, one transaction: everything that its answer changes is stored, or nothing."""

    def __init__(
        self,
        work: UnitOfWorkFactory,
        dialogue: Dialogue,
        services: Services,
        seal: Seal,
        phrases: Phrases,
        message_max_chars: int,
        flood_messages_per_minute: int,
        session_idle: timedelta = timedelta(hours=24),
        attachments: Optional[AttachmentsService] = None,
    ) -> None:
        self._work = work
        self._dialogue = dialogue
        self._services = services
        self._seal = seal
        self._phrases = phrases
        self._max_chars = message_max_chars
        self._flood = FloodLimit(flood_messages_per_minute)
        self._session_idle = session_idle
        self._attachments = attachments

    async def answer(self, accepted: Accepted) -> None:
        """Answers the message, unless somebody has; whatever is wrong with it, it is marked answered.

        What changed under its feet (an agent stepped in, a ticket's number was taken) is decided again from
        the start. Raises RetryLater when the database cannot be used: then nothing is stored, and it is
        still to be answered.
        """
        try:
            await self._until_stored(accepted, await self._way_of(accepted))
        except RetryLater:
            raise
        except Exception:
            # A defect must not leave the resident without an answer, nor the message in the way for ever.
            log.exception("turn_failed", incoming=accepted.id)
            await self._apologise(accepted)

    async def _way_of(self, accepted: Accepted) -> Decide:
        """How a message is decided on; its files are fetched first, outside any transaction."""
        files: list[Attachment] = []
        if self._attachments and accepted.kind in WITH_FILES:
            files = await self._attachments.fetch(accepted.id)
        if not files:
            return self._decide

        async def decide(turn: Turn, one: Accepted) -> Answer:
            return await self._decide_on_files(turn, one, files)

        return decide

    async def _until_stored(self, accepted: Accepted, decide: Decide) -> None:
        for attempt in range(TRIES):
            try:
                await self._take_turn(accepted, decide, again=attempt > 0)
                return
            except _Overtaken as error:
                log.info("turn_repeated", incoming=accepted.id, cause=str(error))
        raise _Overtaken(f"{TRIES} times")

    async def _take_turn(self, accepted: Accepted, decide: Decide, again: bool) -> None:
        async with self._work() as work:
            if again and await _is_answered(work, accepted):
                return
            turn = await self._open_turn(work, accepted)
            try:
                answer = await decide(turn, accepted)
            except Exception as error:
                if work.blind:
                    raise work.blind from error
                raise _Failed from error  # nor is anything else that failed a reason to try for ever
            _stage(turn, accepted, answer)
            try:
                await work.commit()
            except Conflict as error:
                raise _Overtaken(str(error)) from error

    async def _open_turn(self, work: UnitOfWork, accepted: Accepted) -> Turn:
        conversation = await work.conversations.get(accepted.conversation_id)
        assert conversation is not None, "a message without a conversation"
        return Turn(
            conversation=conversation,
            work=work,
            services=self._services,
            message_key=f"message-{accepted.contact.channel}-{accepted.id}",
            now=self._services.clock.now(),
            starts_afresh=accepted.received_at - conversation.last_message_at > self._session_idle,
        )

    async def _decide(self, turn: Turn, accepted: Accepted) -> Answer:
        reading = self._read(accepted, turn, await self._dialogue.awaiting(turn))
        turn.private = Private(id_last4=reading.id_last4)
        if turn.conversation.status is ConversationStatus.WITH_AGENT:
            await self._services.tickets.resident_wrote(turn.work, turn.conversation)
            return Answer(reading.for_transcript)
        if await self._flood.leaves_out(turn, accepted, matters(reading)):
            return Answer(reading.for_transcript, self._ask_to_slow_down(turn, accepted))
        if reading.refusal:
            return Answer(reading.for_transcript, self._say(turn, reading.refusal))
        return Answer(reading.for_transcript, await self._respond(turn, reading))

    async def _decide_on_files(self, turn: Turn, accepted: Accepted, files: list[Attachment]) -> Answer:
        """Says what became of the files, then answers the words beside them."""
        said = self._on_files(turn, accepted, files)
        if not self._words(accepted).strip():
            answer = await self._answer_files(turn, accepted, said)
            return replace(answer, shown=_some_kept(files))
        answer = await self._decide(turn, replace(accepted, kind=MessageKind.TEXT))
        return replace(answer, replies=[*said, *answer.replies])

    async def _answer_files(self, turn: Turn, accepted: Accepted, said: list[Reply]) -> Answer:
        if turn.conversation.status is ConversationStatus.WITH_AGENT:
            await self._services.tickets.resident_wrote(turn.work, turn.conversation)
        elif await self._flood.leaves_out(turn, accepted):
            said = self._ask_to_slow_down(turn, accepted)
        return Answer(f"‹{accepted.kind.value}›", said)

    def _on_files(self, turn: Turn, accepted: Accepted, files: list[Attachment]) -> list[Reply]:
        assert self._attachments is not None
        refused = self._attachments.refusals(files, turn.conversation.language)
        if turn.conversation.status is ConversationStatus.WITH_AGENT:
            # Nobody else would tell the resident that the person does not get it.
            return [replace(one, author=Author.SYSTEM) for one in refused]
        return [*(self._say(turn, REFUSALS[accepted.kind]) if _some_kept(files) else ()), *refused]

    def _words(self, accepted: Accepted) -> str:
        assert accepted.sealed is not None, "answered already"
        return self._seal.open(accepted.sealed)

    def _read(self, accepted: Accepted, turn: Turn, awaiting: Optional[str]) -> Reading:
        return read_message(
            self._words(accepted),
            kind=accepted.kind,
            offered=turn.conversation.offered,
            awaiting=awaiting,
            max_chars=self._max_chars,
            knows=self._dialogue.knows,
        )

    async def _respond(self, turn: Turn, reading: Reading) -> list[Reply]:
        replies = await self._dialogue.respond(turn, reading.for_dialogue)
        if turn.failure is not None:
            raise turn.failure
        if not replies:
            raise Bug("the dialogue said nothing")
        return replies

    def _ask_to_slow_down(self, turn: Turn, accepted: Accepted) -> list[Reply]:
        return self._say(turn, "utter_flood") if self._flood.is_time_to_ask(turn, accepted) else []

    async def _apologise(self, accepted: Accepted) -> None:
        try:
            await self._until_stored(accepted, self._apology)
        except _Overtaken as error:
            raise Unavailable("the conversation kept changing") from error

    async def _apology(self, turn: Turn, accepted: Accepted) -> Answer:
        with_agent = turn.conversation.status is ConversationStatus.WITH_AGENT
        replies = [] if with_agent else self._say(turn, "utter_internal_error")
        return Answer(self._transcript_of_failed(accepted, turn), replies)

    def _transcript_of_failed(self, accepted: Accepted, turn: Turn) -> str:
        try:
            # Nobody knows what was asked, so four digits may be those of an identity card.
            return self._read(accepted, turn, LAST4_ASKED).for_transcript
        except Exception:
            return UNREADABLE

    def _say(self, turn: Turn, name: str) -> list[Reply]:
        return [self._phrases.say(name, turn.conversation.language)]


class _Overtaken(Exception):
    """Somebody changed what this turn was decided on."""


class _Failed(Exception):
    """The turn broke before anything was stored; its cause says why."""


def _some_kept(files: Sequence[Attachment]) -> bool:
    return any(file.state is AttachmentState.KEPT for file in files)


async def _is_answered(work: UnitOfWork, accepted: Accepted) -> bool:
    now = await work.incoming.get(accepted.id)
    return now is None or now.answered_at is not None


def _stage(turn: Turn, accepted: Accepted, answer: Answer) -> None:
    work = turn.work
    if not answer.shown:
        said = Reply(text=answer.transcript, author=Author.RESIDENT)
        work.lines.add(turn.conversation, said, turn.now, in_reply_to=accepted.id)
    for reply in answer.replies:
        work.lines.add(turn.conversation, reply, turn.now, in_reply_to=accepted.id)
    work.incoming.mark_answered(accepted.id, answer.transcript, turn.now)
    turn.change_conversation(offered=_offered(turn, answer.replies), last_message_at=turn.now)


def _offered(turn: Turn, replies: Sequence[Reply]) -> tuple[Button, ...]:
    """The buttons that a typed digit means: the ones shown last, even when a plain line follows them."""
    if not replies:
        return turn.conversation.offered
    return next((reply.buttons for reply in reversed(replies) if reply.buttons), ())
