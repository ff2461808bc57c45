"""Answers what a conversation waits for: reads it, hands it to a person or to the dialogue, commits once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Awaitable, Callable, Iterator, Optional, Protocol, Sequence

import structlog

from bot.attachments.model import Attachment, AttachmentState
from bot.attachments.service import AttachmentsService
from bot.errors import Bug, Conflict, RetryLater, Unavailable
from bot.flood import FloodLimit, matters
from bot.folding import MOST, Part, as_one, folded
from bot.messages import (
    WITH_FILES,
    Accepted,
    Author,
    Button,
    Conversation,
    ConversationStatus,
    MessageKind,
    Reply,
)
from bot.metrics import ANSWERED, TURN_SECONDS
from bot.phrasebook import Phrases
from bot.reading import LAST4_ASKED, REFUSALS, SILENT, Reading, read_message
from bot.seal import Seal
from bot.services import Services
from bot.storage.unit_of_work import UnitOfWork, UnitOfWorkFactory
from bot.tickets.served import returns_to_bot
from bot.turn import Private, Turn

log = structlog.get_logger(__name__)

TRIES = 5
ASKS_UNASKED = "web"
"""The channel whose page greets by itself."""
UNREADABLE = "‹unreadable›"


class Dialogue(Protocol):
    """Understands a message and decides what to say."""

    async def awaiting(self, turn: Turn) -> Optional[str]:
        """The slot that the last question asked for, or None."""

    async def respond(self, turn: Turn, text: str) -> list[Reply]:
        """The replies to a message (masked text, or a button's payload)."""

    def knows(self, payload: str) -> bool:
        """True when a button's payload names something that the dialogue can do."""

    async def together(self, texts: Sequence[str]) -> int:
        """How many of a burst's texts, from the first on, are one matter; at least one."""


@dataclass(frozen=True)
class Answer:
    """What is kept of each message, and what is said to all; `shown` when files' own lines show it."""

    kept: Sequence[tuple[Accepted, str]]
    replies: Sequence[Reply] = ()
    shown: bool = False


Waiting = Sequence[Accepted]
"""A conversation's messages that are not answered yet, oldest first; never empty."""

Decide = Callable[[Turn, Waiting], Awaitable[Answer]]


class Clerk:
    """One turn, one transaction: everything that its answer changes is stored, or nothing."""

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

    async def answer(self, waiting: Waiting, conversation: Optional[Conversation] = None) -> set[int]:
        """Answers the first that waits, and those folded into its turn; returns the ids of what is answered.

        `conversation` is theirs, if it was read together with them.

        Whatever is wrong with it, it is marked answered. What changed under its feet (an agent stepped in, a
        ticket's number was taken) is decided again from the start. Raises RetryLater when the database cannot
        be used: then nothing is stored, and it is still to be answered.
        """
        first = waiting[0]
        try:
            with TURN_SECONDS.time():
                decide = await self._way_of(first)
                if decide != self._decide:
                    conversation = None  # fetching files may have taken long
                return await self._until_stored(waiting, decide, conversation)
        except RetryLater:
            raise
        except Exception:
            # A defect must not leave the resident without an answer, nor the message in the way for ever.
            log.exception("turn_failed", incoming=first.id)
            return await self._apologise(first)

    async def _way_of(self, accepted: Accepted) -> Decide:
        """How a message is decided on; its files are fetched first, outside any transaction."""
        files: list[Attachment] = []
        if self._attachments and accepted.kind in WITH_FILES:
            files = await self._attachments.fetch(accepted.id)
        if not files:
            return self._decide

        async def decide(turn: Turn, waiting: Waiting) -> Answer:
            return await self._decide_on_files(turn, waiting[0], files)

        return decide

    async def _until_stored(
        self, waiting: Waiting, decide: Decide, conversation: Optional[Conversation] = None
    ) -> set[int]:
        first = waiting[0]
        for attempt in range(TRIES):
            if attempt:
                waiting, conversation = await self._still(first), None
            if not waiting:
                return {first.id}
            try:
                return await self._take_turn(waiting, decide, conversation)
            except _Overtaken as error:
                log.info("turn_repeated", incoming=first.id, cause=str(error))
        raise _Overtaken(f"{TRIES} times")

    async def _still(self, first: Accepted) -> Waiting:
        """What waits now, from this message on; empty when somebody answered it meanwhile."""
        async with self._work() as work:
            waiting = await work.incoming.unanswered(first.conversation_id, MOST)
        return waiting if waiting and waiting[0].id == first.id else []

    async def _take_turn(
        self, waiting: Waiting, decide: Decide, conversation: Optional[Conversation]
    ) -> set[int]:
        async with self._work() as work:
            turn = await self._open_turn(work, waiting[0], conversation)
            try:
                answer = await decide(turn, waiting)
            except Exception as error:
                if work.blind:
                    raise work.blind from error
                raise _Failed from error  # nor is anything else that failed a reason to try for ever
            _stage(turn, answer)
            try:
                await work.commit()
            except Conflict as error:
                raise _Overtaken(str(error)) from error
            ANSWERED.labels(turn.conversation.contact.channel).inc(len(answer.kept))
            return {accepted.id for accepted, _ in answer.kept}

    async def _open_turn(
        self, work: UnitOfWork, accepted: Accepted, conversation: Optional[Conversation]
    ) -> Turn:
        conversation = conversation or await work.conversations.get(accepted.conversation_id)
        assert conversation is not None, "a message without a conversation"
        return Turn(
            conversation=conversation,
            work=work,
            services=self._services,
            message_key=self._key_of(accepted),
            now=self._services.clock.now(),
            starts_afresh=accepted.received_at - conversation.last_session_at > self._session_idle,
        )

    def _key_of(self, accepted: Accepted) -> str:
        # Not by our own number: that begins again with each new database, while others remember the key.
        contact = accepted.contact
        mark = self._seal.fingerprint("message", contact.channel, contact.user_id, accepted.message_id)
        return f"message-{mark}"

    async def _decide(self, turn: Turn, waiting: Waiting) -> Answer:
        awaiting = await self._dialogue.awaiting(turn)
        first = Part(waiting[0], self._read(waiting[0], turn, awaiting))
        with_agent = turn.conversation.status is ConversationStatus.WITH_AGENT
        if with_agent and returns_to_bot(first.reading.for_dialogue):
            return Answer(_kept([first]), [await self._go_back(turn)])
        greets = _greets_by_itself(turn, first.reading)
        if not greets:
            await self._hear(turn, waiting[0])
        if with_agent:
            return Answer(_kept([first]), [] if greets else await self._off_hours(turn))
        parts = [first, *self._others(turn, waiting[1:], awaiting)]
        parts = await folded(parts, awaiting, self._dialogue.together, self._max_chars)
        reading = as_one(parts)
        turn.private = Private(id_last4=reading.id_last4, address=reading.address)
        if await self._flood.leaves_out(turn, first.accepted, matters(reading)):
            return Answer(_kept(parts), self._ask_to_slow_down(turn, first.accepted))
        if reading.refusal:
            return Answer(_kept(parts), self._say(turn, reading.refusal))
        return Answer(_kept(parts), await self._respond(turn, reading))

    async def _off_hours(self, turn: Turn) -> list[Reply]:
        """The bot is silent while a person serves; but who writes when nobody is there is told so."""
        return await self._services.tickets.served.off_hours(turn.work, turn.conversation)

    async def _hear(self, turn: Turn, accepted: Accepted) -> None:
        """What is put aside, or served, hears of the message; most conversations have neither."""
        with_agent = turn.conversation.status is ConversationStatus.WITH_AGENT
        if with_agent or accepted.asleep is not False:
            await self._services.tickets.served.resident_wrote(turn.work, turn.conversation)

    async def _go_back(self, turn: Turn) -> Reply:
        status, said = await self._services.tickets.served.go_back(turn.work, turn.conversation)
        turn.change_conversation(status=status)
        return said

    def _others(self, turn: Turn, waiting: Waiting, awaiting: Optional[str]) -> Iterator[Part]:
        """What came behind the first, as far as it can be read; its own turn says what is wrong with it."""
        for accepted in waiting:
            try:
                yield Part(accepted, self._read(accepted, turn, awaiting))
            except Bug:
                return

    async def _decide_on_files(self, turn: Turn, accepted: Accepted, files: list[Attachment]) -> Answer:
        """Says what became of the files, then answers the words beside them."""
        said = self._on_files(turn, accepted, files)
        if not self._words(accepted).strip():
            answer = await self._answer_files(turn, accepted, said)
            return replace(answer, shown=_some_kept(files))
        answer = await self._decide(turn, [replace(accepted, kind=MessageKind.TEXT)])
        return replace(answer, replies=[*said, *answer.replies])

    async def _answer_files(self, turn: Turn, accepted: Accepted, said: list[Reply]) -> Answer:
        await self._hear(turn, accepted)
        if turn.conversation.status is ConversationStatus.WITH_AGENT:
            said = [*said, *await self._off_hours(turn)]
        elif await self._flood.leaves_out(turn, accepted):
            said = self._ask_to_slow_down(turn, accepted)
        return Answer([(accepted, f"‹{accepted.kind.value}›")], said)

    def _on_files(self, turn: Turn, accepted: Accepted, files: list[Attachment]) -> list[Reply]:
        assert self._attachments is not None
        refused = self._attachments.refusals(files, turn.conversation.language)
        if turn.conversation.status is ConversationStatus.WITH_AGENT:
            # Nobody else would tell the resident that the person does not get it.
            return [replace(one, author=Author.SYSTEM) for one in refused]
        return [*(self._say(turn, REFUSALS[accepted.kind]) if _some_kept(files) else ()), *refused]

    def _words(self, accepted: Accepted) -> str:
        assert accepted.sealed is not None, "answered already"
        return self._seal.open(accepted.sealed) if accepted.heard is None else accepted.heard

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

    async def _apologise(self, accepted: Accepted) -> set[int]:
        try:
            return await self._until_stored([accepted], self._apology)
        except _Overtaken as error:
            raise Unavailable("the conversation kept changing") from error

    async def _apology(self, turn: Turn, waiting: Waiting) -> Answer:
        with_agent = turn.conversation.status is ConversationStatus.WITH_AGENT
        replies = [] if with_agent else self._say(turn, "utter_internal_error")
        accepted = waiting[0]
        return Answer([(accepted, self._transcript_of_failed(accepted, turn))], replies)

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


def _kept(parts: Sequence[Part]) -> list[tuple[Accepted, str]]:
    return [(part.accepted, part.reading.for_transcript) for part in parts]


def _greets_by_itself(turn: Turn, reading: Reading) -> bool:
    """True for what the web chat's page says unasked; elsewhere somebody typed it."""
    return (
        turn.conversation.contact.channel == ASKS_UNASKED and SILENT.match(reading.for_transcript) is not None
    )


def _stage(turn: Turn, answer: Answer) -> None:
    work = turn.work
    first, _ = answer.kept[0]
    for accepted, transcript in answer.kept:
        if not answer.shown:
            said = Reply(text=transcript, author=Author.RESIDENT, custom=_done(turn, accepted is first))
            work.lines.add(turn.conversation, said, turn.now, in_reply_to=accepted.id)
        folded_into = None if accepted is first else first.id
        understood = turn.understood if accepted is first else None
        work.incoming.mark_answered(
            accepted.id, transcript, turn.now, folded_into, understood, accepted.sealed
        )
    for reply in answer.replies:
        work.lines.add(turn.conversation, reply, turn.now, in_reply_to=first.id)
    turn.change_conversation(offered=_offered(turn, answer.replies), last_message_at=turn.now)


def _done(turn: Turn, is_first: bool) -> dict[str, Any]:
    """What the resident's line keeps of what the bot did about it, for the agent who reads along."""
    if turn.understood is None or not is_first:
        return {}
    done = {"did": list(turn.understood.did), "found": dict(turn.understood.found)}
    return {name: value for name, value in done.items() if value}


def _offered(turn: Turn, replies: Sequence[Reply]) -> tuple[Button, ...]:
    """The buttons that a typed digit means: the ones shown last, even when a plain line follows them."""
    if not replies:
        return turn.conversation.offered
    return next((reply.buttons for reply in reversed(replies) if reply.buttons), ())
