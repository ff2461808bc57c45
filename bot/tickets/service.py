"""What residents do with tickets: open one, come back to it, ask for their place, leave the line."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Optional

from bot.clock import Clock
from bot.errors import NotFound
from bot.messages import Conversation, ConversationStatus
from bot.phrasebook import Phrases
from bot.tickets.deadlines import Deadlines, awaits_answer
from bot.tickets.journal import BOT, DESK, RESIDENT, Journal
from bot.tickets.model import AmountSource, Cause, HandoffReason, Priority, Ticket, TicketNote, TicketStatus
from bot.tickets.number import new_ticket_number
from bot.tickets.priority import Assessment, Facts, assess, heavier, higher, one_step_up
from bot.tickets.repository import Work
from bot.tickets.served import Served
from bot.tickets.tone import Tone, tones_of
from bot.tickets.waiting_line import Place, WaitingLine

REOPENS_FOR = timedelta(days=7)
APART = timedelta(minutes=30)
"""Who asks again sooner than that has not come back, but never left."""

OFFERED = "reopen_offered"
"""What the log calls the bot's asking whether a resolved case should be taken up again."""
COMES = frozenset({"opened", "asked_again", "called_again", "reopened", "back_in_line"})
"""What the log calls a resident's coming with a case."""


WANTS_PERSON = frozenset(
    {
        HandoffReason.CUSTOMER_REQUEST,
        HandoffReason.COMPLAINT,
        HandoffReason.MISMATCH,
        HandoffReason.MISUNDERSTOOD,
        HandoffReason.UNRESOLVED,
    }
)
"""Reasons that come from the resident and not from a look-up."""


class Arrival(str, Enum):
    """What became of a request for a person."""

    NEW = "new"
    KNOWN = "known"
    """A live ticket that waits for a person covers it already."""
    IN_HAND = "in_hand"
    """A person has answered on it; nobody is asked for again."""
    CALLED_AGAIN = "called_again"
    """A person has answered on it and gone, and is asked for again."""
    REOPENED = "reopened"
    BACK_IN_LINE = "back_in_line"


@dataclass(frozen=True)
class Opened:
    """The ticket for a trouble, how it came to be that, and where it stands in the line."""

    ticket: Ticket
    arrival: Arrival
    place: Place

    @property
    def is_new(self) -> bool:
        """True when no earlier ticket covers the trouble."""
        return self.arrival is Arrival.NEW

    @property
    def ahead(self) -> int:
        """How many people are ahead."""
        return self.place.ahead

    @property
    def opens_at(self) -> Optional[datetime]:
        """When agents are back, if they are off now."""
        return self.place.opens_at


@dataclass(frozen=True)
class _Trouble:
    """What a resident comes with."""

    reason: HandoffReason
    serial_number: Optional[str]
    checked: Mapping[str, str]
    tones: frozenset[Tone]
    at: datetime

    def is_that_of(self, ticket: Ticket) -> bool:
        """True when a ticket is about the same payment, or one of the two names none."""
        return self.serial_number is None or ticket.serial_number in (None, self.serial_number)

    def takes_up(self, ticket: Ticket) -> bool:
        """True when an ended ticket was about this; a payment looked up is not one that named none."""
        named = ticket.serial_number is not None or self.serial_number is None
        return self.is_that_of(ticket) and (named or self.reason in WANTS_PERSON)


class TicketsService:
    """The life of a case; every method stages its changes in the caller's unit of work."""

    def __init__(self, clock: Clock, deadlines: Deadlines, phrases: Phrases) -> None:
        self._clock = clock
        self._deadlines = deadlines
        self._line = WaitingLine(deadlines.hours)
        self._journal = Journal(clock, phrases)
        self.served = Served(clock, deadlines, phrases)

    async def open(
        self,
        work: Work,
        conversation: Conversation,
        reason: HandoffReason,
        serial_number: Optional[str] = None,
        checked: Optional[Mapping[str, str]] = None,
        words: str = "",
    ) -> Opened:
        """A ticket for this trouble; the same trouble (same payment, or none named) keeps its live one.

        One that was resolved, or left, less than `REOPENS_FOR` ago is taken up again, as the resident was
        told. `words` are what the resident wrote, for their tone.
        """
        trouble = _Trouble(reason, serial_number, dict(checked or {}), tones_of(words), self._clock.now())
        for ticket in await work.tickets.live_of(conversation.id):
            if trouble.is_that_of(ticket):
                return await self._join(work, ticket, trouble)
        for ticket in await self._ended_lately(work, conversation):
            if trouble.takes_up(ticket):
                return await self._come_back(work, ticket, trouble)
        return await self._open(work, conversation, trouble)

    async def of(self, work: Work, conversation: Conversation) -> list[Ticket]:
        """The conversation's tickets, newest first."""
        return await work.tickets.of_conversation(conversation.id)

    async def find(self, work: Work, conversation: Conversation, number: str) -> Ticket:
        """The resident's own ticket; somebody else's and none raise NotFound alike."""
        ticket = await work.tickets.get(number)
        if ticket is None or ticket.conversation_id != conversation.id:
            raise NotFound(number)
        return ticket

    async def place_of(self, work: Work, ticket: Ticket) -> Place:
        """Where a ticket that waits for its first answer stands in the line."""
        return await self._line.place_of(work, ticket, self._clock.now())

    async def heard(self, work: Work, ticket: Ticket, words: str) -> Ticket:
        """Weighs a live ticket again by what the resident wrote while waiting; words without a tone change
        nothing."""
        tones = tones_of(words)
        if not tones:
            return ticket
        trouble = _Trouble(ticket.reason, ticket.serial_number, {}, tones, self._clock.now())
        return (await self._join(work, ticket, trouble)).ticket

    async def appraise(self, work: Work, number: str, amount: Optional[int]) -> None:
        """Keeps what the reconciliation system says a live case is about, in fen, and weighs it again; None
        when it cannot say."""
        now, ticket = self._clock.now(), await work.tickets.get(number)
        if ticket is None or not ticket.status.is_live or ticket.amount_asked_at:
            return
        asked = dataclasses.replace(ticket, amount_asked_at=now)
        work.tickets.save(asked if amount is None else await self._appraised(work, asked, amount, now))

    async def _appraised(self, work: Work, ticket: Ticket, amount: int, now: datetime) -> Ticket:
        log = await work.tickets.log(ticket.number)
        known = dataclasses.replace(
            ticket, amount=amount, amount_source=AmountSource.OF_RECORD, updated_at=now
        )
        facts = _facts_of(known, known.checked)
        weighed = assess(ticket.reason, facts, _tones_before(log), ticket.contacts, now)
        priority = _raised(ticket.priority, weighed.priority, log)
        data = {"recorded_fen": str(amount), **weighed.as_data()}
        self._journal.log(work, ticket.number, DESK, "appraised", data=data)
        if priority is ticket.priority:
            return known
        return self._deadlines.prioritised(known, priority, now)

    async def in_line(self, work: Work, conversation: Conversation) -> list[Ticket]:
        """The resident's tickets that wait for a first answer, in the order of the line."""
        waiting = [t for t in await work.tickets.live_of(conversation.id) if awaits_answer(t)]
        return sorted(waiting, key=lambda one: (-one.urgency, one.due_at, one.created_at))

    async def may_leave(self, work: Work, conversation: Conversation) -> list[Ticket]:
        """The resident's live tickets that nobody serves just now: what leaving the line would end."""
        return [one for one in await work.tickets.live_of(conversation.id) if not one.serving]

    async def leave(self, work: Work, conversation: Conversation) -> list[Ticket]:
        """Ends what the resident no longer waits for; returns it. Asking for a person brings it back."""
        now = self._clock.now()
        left = []
        for ticket in await self.may_leave(work, conversation):
            self._journal.log(work, ticket.number, RESIDENT, "left")
            ended = dataclasses.replace(
                ticket,
                status=TicketStatus.RESOLVED,
                cause=Cause.LEFT,
                resolved_at=now,
                snoozed_until=None,
                reply_by=None,
                updated_at=now,
            )
            left.append(work.tickets.save(ended))
        if conversation.status is ConversationStatus.WAITING_FOR_AGENT:
            work.conversations.update(conversation, status=ConversationStatus.WITH_BOT)
        return left

    async def lately_resolved(self, work: Work, conversation: Conversation) -> Optional[Ticket]:
        """The ticket that an agent resolved last, while it can be taken up again; None with a newer one."""
        ended = await self._ended_lately(work, conversation)
        last = next((ticket for ticket in ended if ticket.cause is not Cause.LEFT), None)
        if last is None or last.resolved_at is None:
            return None
        newer = (one.created_at > last.resolved_at for one in await work.tickets.live_of(conversation.id))
        return None if any(newer) else last

    async def offers_to_reopen(self, work: Work, ticket: Ticket) -> bool:
        """True the first time since the ticket was resolved; that is then written down."""
        log = await work.tickets.log(ticket.number)
        if any(note.action == OFFERED and note.at >= (ticket.resolved_at or note.at) for note in log):
            return False
        self._journal.log(work, ticket.number, BOT, OFFERED)
        return True

    async def _ended_lately(self, work: Work, conversation: Conversation) -> list[Ticket]:
        """The tickets that can still be taken up again, the last one to end first."""
        since = self._clock.now() - REOPENS_FOR
        ended = [
            (ticket.resolved_at, ticket)
            for ticket in await work.tickets.of_conversation(conversation.id)
            if ticket.status is TicketStatus.RESOLVED and ticket.resolved_at and ticket.resolved_at > since
        ]
        return [ticket for _, ticket in sorted(ended, key=lambda one: one[0], reverse=True)]

    async def _open(self, work: Work, conversation: Conversation, trouble: _Trouble) -> Opened:
        facts = Facts.of(trouble.checked)
        weighed = assess(trouble.reason, facts, trouble.tones, contacts=1, now=trouble.at)
        ticket = Ticket(
            number=new_ticket_number(trouble.at),
            conversation_id=conversation.id,
            channel=conversation.contact.channel,
            reason=trouble.reason,
            status=TicketStatus.NEW,
            priority=weighed.priority,
            serial_number=trouble.serial_number,
            checked=trouble.checked,
            created_at=trouble.at,
            updated_at=trouble.at,
            due_at=trouble.at,
            **_amount_of(facts, trouble.at),
        )
        ticket = self._deadlines.begun(ticket, trouble.at)
        work.tickets.add(ticket)
        self._log(work, ticket, BOT, "opened", trouble, weighed)
        return await self._opened(work, ticket, Arrival.NEW)

    async def _join(self, work: Work, ticket: Ticket, trouble: _Trouble) -> Opened:
        arrival = _arrival_at_live(ticket, trouble)
        joined, weighed = self._weighed(ticket, trouble, await work.tickets.log(ticket.number))
        if arrival is Arrival.CALLED_AGAIN:
            called = self._deadlines.called_again(joined, trouble.at)
            joined = dataclasses.replace(called, status=TicketStatus.OPEN)
        joined = dataclasses.replace(joined, snoozed_until=None)
        joined = self._deadlines.prioritised(joined, joined.priority, trouble.at)
        if joined != ticket:
            joined = work.tickets.save(dataclasses.replace(joined, updated_at=trouble.at))
        action = "called_again" if arrival is Arrival.CALLED_AGAIN else "asked_again"
        self._log(work, joined, RESIDENT, action, trouble, weighed)
        return await self._opened(work, joined, arrival)

    async def _come_back(self, work: Work, ticket: Ticket, trouble: _Trouble) -> Opened:
        arrival = Arrival.BACK_IN_LINE if ticket.cause is Cause.LEFT else Arrival.REOPENED
        taken_up, weighed = self._weighed(ticket, trouble, await work.tickets.log(ticket.number))
        if arrival is Arrival.REOPENED:
            # It was not solved, though somebody said so.
            taken_up = dataclasses.replace(
                taken_up, priority=higher(taken_up.priority, one_step_up(ticket.priority))
            )
        taken_up = dataclasses.replace(
            taken_up,
            status=TicketStatus.OPEN if ticket.assignee else TicketStatus.NEW,
            resolved_at=None,
            cause=None,
            updated_at=trouble.at,
        )
        taken_up = work.tickets.save(self._deadlines.begun(taken_up, trouble.at))
        self._log(work, taken_up, RESIDENT, arrival.value, trouble, weighed)
        return await self._opened(work, taken_up, arrival)

    def _weighed(
        self, ticket: Ticket, trouble: _Trouble, log: Iterable[TicketNote]
    ) -> tuple[Ticket, Assessment]:
        """The ticket with what the resident brings, weighed anew: its priority goes up, never down."""
        log = list(log)
        checked = {**ticket.checked, **trouble.checked}
        contacts = ticket.contacts + (1 if _came_back(log, trouble.at) else 0)
        facts = _facts_of(ticket, checked)
        tones = trouble.tones | _tones_before(log)
        weighed = assess(heavier(ticket.reason, trouble.reason), facts, tones, contacts, trouble.at)
        joined = dataclasses.replace(
            ticket,
            priority=_raised(ticket.priority, weighed.priority, log),
            serial_number=ticket.serial_number or trouble.serial_number,
            checked=checked,
            contacts=contacts,
            **_amount_of(facts, trouble.at),
        )
        return joined, weighed

    def _log(
        self, work: Work, ticket: Ticket, actor: str, action: str, trouble: _Trouble, weighed: Assessment
    ) -> None:
        self._journal.log(work, ticket.number, actor, action, trouble.reason.value, weighed.as_data())

    async def _opened(self, work: Work, ticket: Ticket, arrival: Arrival) -> Opened:
        return Opened(ticket, arrival, await self.place_of(work, ticket))


def _arrival_at_live(ticket: Ticket, trouble: _Trouble) -> Arrival:
    if awaits_answer(ticket):
        return Arrival.KNOWN
    return Arrival.CALLED_AGAIN if trouble.reason in WANTS_PERSON and not ticket.serving else Arrival.IN_HAND


def _facts_of(ticket: Ticket, checked: Mapping[str, str]) -> Facts:
    """What was checked, with the ticket's own amount where that is the better one: a claim never replaces the
    record."""
    facts = Facts.of(checked)
    if facts.amount is None or ticket.amount_source is AmountSource.OF_RECORD:
        return dataclasses.replace(facts, amount=ticket.amount, amount_source=ticket.amount_source)
    return facts


def _amount_of(facts: Facts, now: datetime) -> dict[str, Any]:
    """A ticket's amount, and since when nobody has to ask for it."""
    known: dict[str, Any] = {"amount": facts.amount, "amount_source": facts.amount_source}
    return {**known, "amount_asked_at": now} if facts.amount_source is AmountSource.OF_RECORD else known


def _came_back(log: Iterable[TicketNote], now: datetime) -> bool:
    """True when the resident was away since they came last."""
    last = max((note.at for note in log if note.action in COMES), default=now)
    return now - last >= APART


def _tones_before(log: Iterable[TicketNote]) -> frozenset[Tone]:
    return frozenset(tone for note in log if note.action in COMES for tone in Tone if tone.value in note.data)


def _raised(now: Priority, weighed: Priority, log: Iterable[TicketNote]) -> Priority:
    """The higher one; but what an agent lowered is only raised by more than the agent knew of."""
    lowered_from = (n.data["from"] for n in log if n.action == "prioritised" and "from" in n.data)
    known = max((Priority(one).rank for one in lowered_from), default=-1)
    return higher(now, weighed) if weighed.rank > known else now
