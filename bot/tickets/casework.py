"""What agents do with a case: take it, answer, put it aside, pass it on, give it back, end it."""

from __future__ import annotations

import dataclasses
import re
from datetime import datetime, timedelta
from typing import Any, Iterable, Mapping, Optional

from bot.clock import Clock
from bot.errors import InvalidInput, NotFound
from bot.messages import Author, Conversation, ConversationStatus, Reply
from bot.phrasebook import Phrases
from bot.reading import clean
from bot.tickets.deadlines import Deadlines, awaits_answer
from bot.tickets.journal import DESK, Journal
from bot.tickets.model import AmountSource, Cause, Priority, Ticket, TicketNote, TicketStatus
from bot.tickets.repository import Work
from bot.tickets.satisfaction import Satisfaction

REPLY_MAX_CHARS = 2000
NOTE_MAX_CHARS = 2000
MOST_TAGS = 12
LONGEST_SNOOZE = timedelta(days=30)
BEGINS = frozenset({"opened", "reopened", "back_in_line"})
"""What the log calls a case's beginning, and its beginning again."""
WAITS = BEGINS | {"called_again"}
"""After these somebody waits for an answer."""
TAG = re.compile(r"[\w一-鿿-]{1,32}")


class Casework:
    """Every method stages its changes in the caller's unit of work.

    All raise NotFound for an unknown ticket, and Conflict at commit when it was changed since it was read.
    """

    def __init__(self, clock: Clock, phrases: Phrases, deadlines: Deadlines) -> None:
        self._clock = clock
        self._deadlines = deadlines
        self._journal = Journal(clock, phrases)
        self._satisfaction = Satisfaction(clock, phrases)

    async def claim(self, work: Work, number: str, agent: str) -> Ticket:
        """Takes a ticket nobody has, or keeps one's own.

        Raises InvalidInput("already_resolved" | "already_claimed").
        """
        ticket = await self._live(work, number)
        if ticket.assignee not in (None, agent):
            raise InvalidInput("already_claimed")
        self._journal.log(work, number, agent, "claimed")
        return self._save(work, _taken(ticket, agent))

    async def assign(self, work: Work, number: str, agent: str, to: Optional[str], note: str = "") -> Ticket:
        """Gives a ticket to an agent (transfer), or to nobody, with a word on why.

        Who serves goes on serving: the resident's words then wait for whoever takes it.
        Raises InvalidInput("already_resolved" | "same_assignee").
        """
        ticket = await self._live(work, number)
        if to == ticket.assignee:
            raise InvalidInput("same_assignee")
        action = "unassigned" if to is None else "assigned"
        self._journal.log(
            work, number, agent, action, _note(note), {"to": to or "", "from": ticket.assignee or ""}
        )
        return self._save(work, _taken(ticket, to) if to else dataclasses.replace(ticket, assignee=None))

    async def reply(
        self,
        work: Work,
        number: str,
        agent: str,
        agent_name: str,
        text: str,
        custom: Optional[Mapping[str, Any]] = None,
    ) -> Ticket:
        """Sends an agent's words, or a file (`custom`), and takes the conversation over from the bot.

        A ticket that nobody has becomes the agent's; who helps out on a colleague's leaves it with them.
        Raises InvalidInput("empty_reply" | "reply_too_long" | "already_resolved").
        """
        text = clean(text, keep="\n")
        if not text and not custom:
            raise InvalidInput("empty_reply")
        if len(text) > REPLY_MAX_CHARS:
            raise InvalidInput("reply_too_long")
        said = Reply(text, author=Author.AGENT, author_name=agent_name, custom=custom or {})
        return await self._say(work, number, agent, said)

    async def _say(self, work: Work, number: str, agent: str, said: Reply) -> Ticket:
        ticket = await self._live(work, number)
        conversation = await self._conversation(work, ticket)
        now = self._clock.now()
        if conversation.status is not ConversationStatus.WITH_AGENT:
            self._journal.tell(work, conversation, now, "utter_agent_joined", name=said.author_name)
        work.lines.add(conversation, said, now)
        # Also where nothing changes: of two agents who reply at once, one would not see the other come.
        work.conversations.update(conversation, status=ConversationStatus.WITH_AGENT, offered=())
        ends_wait = awaits_answer(ticket)
        kept = _promise(ticket.due_at, await work.tickets.log(number), WAITS) if ends_wait else {}
        self._journal.log(work, number, agent, "replied", data=kept)
        for other in await work.tickets.live_of(ticket.conversation_id):
            # One thread: what the resident wrote is answered on this agent's other ticket, too.
            if other.number != number and other.reply_by and other.assignee in (None, agent):
                self._save(work, dataclasses.replace(other, reply_by=None))
        return self._save(
            work,
            dataclasses.replace(
                ticket,
                status=TicketStatus.WAITING,
                assignee=ticket.assignee or agent,
                serving=True,
                snoozed_until=None,
                first_replied_at=ticket.first_replied_at or now,
                reply_by=None,
            ),
        )

    async def set_priority(self, work: Work, number: str, agent: str, priority: Priority) -> Ticket:
        """Changes how soon somebody should look; what was promised is brought forward, never put off.

        Raises InvalidInput("already_resolved").
        """
        ticket = await self._live(work, number)
        if priority is ticket.priority:
            return ticket
        data = {"from": ticket.priority.value, "to": priority.value}
        self._journal.log(work, number, agent, "prioritised", data=data)
        return self._save(work, self._deadlines.prioritised(ticket, priority, self._clock.now()))

    async def note(self, work: Work, number: str, agent: str, text: str) -> None:
        """Keeps a note that the resident never sees. Raises InvalidInput("empty_note" | "note_too_long")."""
        ticket = await self._get(work, number)
        text = clean(text, keep="\n")
        if not text:
            raise InvalidInput("empty_note")
        if len(text) > NOTE_MAX_CHARS:
            raise InvalidInput("note_too_long")
        self._journal.log(work, ticket.number, agent, "noted", text)

    async def tag(self, work: Work, number: str, agent: str, tag: str) -> None:
        """Tags a ticket, once; letters, digits, Chinese, `-` and `_`.

        Raises InvalidInput("bad_tag" | "too_many_tags").
        """
        ticket = await self._get(work, number)
        tag = tag.strip().lower()
        if not TAG.fullmatch(tag):
            raise InvalidInput("bad_tag")
        tags = await self._tags(work, number)
        if tag in tags:
            return
        if len(tags) >= MOST_TAGS:
            raise InvalidInput("too_many_tags")
        work.tickets.tag(ticket.number, tag)
        self._journal.log(work, number, agent, "tagged", tag)

    async def untag(self, work: Work, number: str, agent: str, tag: str) -> None:
        """Takes a tag off."""
        await self._get(work, number)
        if tag not in await self._tags(work, number):
            return
        work.tickets.untag(number, tag)
        self._journal.log(work, number, agent, "untagged", tag)

    async def snooze(self, work: Work, number: str, agent: str, until: datetime) -> Ticket:
        """Puts a ticket aside until a moment within 30 days; a message from the resident wakes it sooner.

        Raises InvalidInput("already_resolved" | "bad_moment").
        """
        ticket = await self._live(work, number)
        now = self._clock.now()
        if not now < until <= now + LONGEST_SNOOZE:
            raise InvalidInput("bad_moment")
        self._journal.log(work, number, agent, "snoozed", data={"until": until.isoformat()})
        return self._save(
            work, dataclasses.replace(_taken(ticket, ticket.assignee or agent), snoozed_until=until)
        )

    async def wake(self, work: Work, number: str, agent: str = DESK) -> Ticket:
        """Brings a snoozed ticket back."""
        ticket = await self._get(work, number)
        if ticket.snoozed_until is None:
            return ticket
        self._journal.log(work, number, agent, "woken")
        return self._save(work, dataclasses.replace(ticket, snoozed_until=None))

    async def merge(self, work: Work, number: str, into: str, agent: str) -> Ticket:
        """Ends a ticket as a double of another of the same contact's; returns the one that stays.

        Raises InvalidInput("already_resolved" | "merge_with_itself" | "merge_other_contact").
        """
        double, kept = await self._live(work, number), await self._live(work, into)
        if double.number == kept.number:
            raise InvalidInput("merge_with_itself")
        if double.conversation_id != kept.conversation_id:
            raise InvalidInput("merge_other_contact")
        now = self._clock.now()
        conversation = await self._conversation(work, kept)
        self._journal.tell(work, conversation, now, "utter_ticket_merged", number=number, into=into)
        self._journal.log(work, number, agent, "merged", data={"into": into})
        self._journal.log(work, into, agent, "merged_from", data={"from": number})
        for tag in await self._tags(work, number):
            work.tickets.tag(into, tag)
        self._save(
            work,
            dataclasses.replace(
                double,
                status=TicketStatus.CLOSED,
                resolved_at=now,
                serving=False,
                merged_into=into,
                snoozed_until=None,
                reply_by=None,
            ),
        )
        return self._save(
            work,
            dataclasses.replace(
                kept,
                serving=kept.serving or double.serving,
                assignee=kept.assignee or double.assignee,
                priority=max(kept.priority, double.priority, key=lambda one: one.rank),
                urgency=max(kept.urgency, double.urgency),
                due_at=min(kept.due_at, double.due_at),
                resolve_by=_earlier(kept.resolve_by, double.resolve_by),
                reply_by=_earlier(kept.reply_by, double.reply_by),
                first_replied_at=_earlier(kept.first_replied_at, double.first_replied_at),
                **_better_known_amount(kept, double),
                contacts=kept.contacts + double.contacts,
                serial_number=kept.serial_number or double.serial_number,
                checked={**double.checked, **kept.checked},
            ),
        )

    async def hand_back(self, work: Work, number: str, agent: str) -> Ticket:
        """Gives the conversation back to the bot while the ticket stays open; the resident is told, once."""
        ticket = await self._get(work, number)
        conversation = await self._conversation(work, ticket)
        if conversation.status is ConversationStatus.WITH_BOT:
            return ticket
        self._journal.log(work, number, agent, "handed_back")
        after = await self._served_after(work, ticket)
        if after is not ConversationStatus.WITH_AGENT:
            self._journal.tell(work, conversation, self._clock.now(), "utter_handed_back")
        work.conversations.update(conversation, status=after)
        return self._save(work, dataclasses.replace(ticket, serving=False, reply_by=None))

    async def resolve(
        self, work: Work, number: str, agent: str, note: str = "", cause: Optional[Cause] = None
    ) -> Ticket:
        """Ends a case: the resident is told, and the bot serves again, unless another case keeps an agent.

        Resolving twice changes nothing.
        """
        ticket = await self._get(work, number)
        if not ticket.status.is_live:
            return ticket
        conversation = await self._conversation(work, ticket)
        now = self._clock.now()
        served_by = await self._served_after(work, ticket)
        still_served = served_by is ConversationStatus.WITH_AGENT
        said = "utter_ticket_resolved_served" if still_served else "utter_ticket_resolved"
        self._journal.tell(work, conversation, now, said, number=number)
        work.conversations.update(conversation, status=served_by)
        if not still_served:
            await self._satisfaction.ask(work, conversation, ticket)
        data = _promise(ticket.resolve_by, await work.tickets.log(number), BEGINS)
        data |= {"cause": cause.value} if cause else {}
        self._journal.log(work, number, agent, "resolved", _note(note), data)
        return self._save(
            work,
            dataclasses.replace(
                ticket,
                status=TicketStatus.RESOLVED,
                resolved_at=now,
                serving=False,
                snoozed_until=None,
                reply_by=None,
                cause=cause or ticket.cause,
            ),
        )

    async def reopen(self, work: Work, number: str, agent: str) -> Ticket:
        """Takes an ended case up again; raises InvalidInput("not_resolved" | "merged")."""
        ticket = await self._get(work, number)
        if ticket.status.is_live:
            raise InvalidInput("not_resolved")
        if ticket.merged_into:
            raise InvalidInput("merged")
        conversation = await self._conversation(work, ticket)
        self._journal.tell(work, conversation, self._clock.now(), "utter_ticket_reopened", number=number)
        self._journal.log(work, number, agent, "reopened")
        taken_up = dataclasses.replace(ticket, status=TicketStatus.OPEN, resolved_at=None, cause=None)
        return self._save(work, self._deadlines.begun(taken_up, self._clock.now()))

    def _save(self, work: Work, ticket: Ticket) -> Ticket:
        return work.tickets.save(dataclasses.replace(ticket, updated_at=self._clock.now()))

    async def _get(self, work: Work, number: str) -> Ticket:
        ticket = await work.tickets.get(number)
        if ticket is None:
            raise NotFound(number)
        return ticket

    async def _live(self, work: Work, number: str) -> Ticket:
        ticket = await self._get(work, number)
        if not ticket.status.is_live:
            raise InvalidInput("already_resolved")
        return ticket

    async def _conversation(self, work: Work, ticket: Ticket) -> Conversation:
        conversation = await work.conversations.get(ticket.conversation_id)
        assert conversation is not None, "a ticket without a conversation"
        return conversation

    async def _tags(self, work: Work, number: str) -> list[str]:
        return (await work.tickets.tags_of([number])).get(number, [])

    async def _served_after(self, work: Work, ticket: Ticket) -> ConversationStatus:
        """Who serves the resident when this ticket no longer keeps an agent with them.

        Whoever was promised a person on another ticket, and has heard none, still waits for one.
        """
        live = await work.tickets.live_of(ticket.conversation_id)
        others = [other for other in live if other.number != ticket.number]
        if any(other.serving for other in others):
            return ConversationStatus.WITH_AGENT
        if any(awaits_answer(other) for other in others):
            return ConversationStatus.WAITING_FOR_AGENT
        return ConversationStatus.WITH_BOT


def _taken(ticket: Ticket, agent: str) -> Ticket:
    status = TicketStatus.OPEN if ticket.status is TicketStatus.NEW else ticket.status
    return dataclasses.replace(ticket, assignee=agent, status=status)


def _better_known_amount(kept: Ticket, double: Ticket) -> dict[str, Any]:
    """Of two cases about one payment: the amount of record, where one of them has it."""
    by_record = [one for one in (kept, double) if one.amount_source is AmountSource.OF_RECORD]
    known = [*by_record, *(one for one in (kept, double) if one.amount is not None), kept][0]
    return {
        "amount": known.amount,
        "amount_source": known.amount_source,
        "amount_asked_at": known.amount_asked_at,
    }


def _promise(due: Optional[datetime], log: Iterable[TicketNote], since: frozenset[str]) -> dict[str, str]:
    """What an answer or an end is judged by ever after: when it was due then, and waited for since when."""
    began = max((note.at for note in log if note.action in since), default=None)
    moments = {"promised": due, "since": began}
    return {name: at.isoformat() for name, at in moments.items() if at}


def _note(text: str) -> str:
    return clean(text, keep="\n")[:NOTE_MAX_CHARS]


def _earlier(one: Optional[datetime], other: Optional[datetime]) -> Optional[datetime]:
    return min((moment for moment in (one, other) if moment), default=None)
