"""What a resident's message means for the tickets that are live: they wake, and wait for an answer again.

Whom a person serves hears nothing from the bot, so who writes when nobody is there is told so, once each time
the desk is closed, and may go back to the bot while the ticket stays open.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Optional

from bot import formats
from bot.clock import Clock
from bot.messages import Author, Conversation, ConversationStatus, Reply
from bot.phrasebook import Phrases
from bot.tickets.deadlines import Deadlines, awaits_answer
from bot.tickets.journal import DESK, RESIDENT, Journal
from bot.tickets.model import Ticket, TicketNote, TicketStatus
from bot.tickets.repository import Work

BACK = '/ticket_status{"choice": "back_to_bot"}'
"""The button that leads from a person back to the bot."""
TOLD = "hours_told"
STAYS_LONGER = timedelta(minutes=30)
"""An agent who wrote so lately is there, whatever the hours say."""

RETURNS = re.compile(
    r"(?:那|我|就|还是|想|要|先|请|帮我)*(?:返回|回到|切回|切换到?|转回|转到|转|换回|换|找|问|叫|用|跟)(?:一?下|给)?机器人(?:助手|客服)?"
    r"(?:问|说|聊|服务)?(?:吧|了|啊|呢)?"
    r"|(?:那|我|就|先)*(?:不用|不要|不需要|结束|退出|停止|取消)(?:转|再找)?(?:人工|人工服务|人工客服)(?:吧|了|啦)?"
    r"|(?:(?:i )?(?:want|would like|'d like) to )?(?:(?:please )?(?:go|take me|switch|talk|get) )?"
    r"back to the (?:bot|assistant|robot)(?:,? please)?"
    r"|(?:ask|talk to) the (?:bot|assistant|robot)(?: first| again)?",
    re.IGNORECASE,
)
"""The whole of a message: within one, an agent is told of the bot as often as not."""


def returns_to_bot(text: str) -> bool:
    """True for the button that leads back to the bot, and for its words."""
    said = unicodedata.normalize("NFKC", text).strip(" .。,，!！~～")
    return text == BACK or RETURNS.fullmatch(said) is not None


class Served:
    """Every method stages its changes in the caller's unit of work."""

    def __init__(self, clock: Clock, deadlines: Deadlines, phrases: Phrases) -> None:
        self._clock = clock
        self._deadlines = deadlines
        self._phrases = phrases
        self._journal = Journal(clock, phrases)

    async def resident_wrote(self, work: Work, conversation: Conversation) -> None:
        """Brings back what was put aside; with an agent, the ticket waits for an answer again, in time."""
        now = self._clock.now()
        with_agent = conversation.status is ConversationStatus.WITH_AGENT
        for ticket in await work.tickets.live_of(conversation.id):
            heard = self._awake(work, ticket)
            if with_agent and heard.status is TicketStatus.WAITING:
                heard = dataclasses.replace(heard, status=TicketStatus.OPEN)
            if with_agent and heard.serving:
                heard = self._deadlines.asked_on(heard, now)
            if heard != ticket:
                work.tickets.save(dataclasses.replace(heard, updated_at=now))

    async def off_hours(self, work: Work, conversation: Conversation) -> list[Reply]:
        """What a served resident is told who writes while the desk is closed; nothing when told already."""
        now, hours = self._clock.now(), self._deadlines.hours
        serving = await self._serving(work, conversation)
        if not serving or hours.is_open(now):
            return []
        opens = hours.next_opening(now)
        for ticket in serving:
            log = await work.tickets.log(ticket.number)
            if _was_told(log, opens) or _is_there(log, now):
                return []
        self._journal.log(work, serving[0].number, DESK, TOLD, data={"until": opens.isoformat()})
        when = formats.moment(opens, now, self._phrases, conversation.language)
        return [self._say(conversation, "utter_served_after_hours", opens=when)]

    async def go_back(self, work: Work, conversation: Conversation) -> tuple[ConversationStatus, Reply]:
        """Leaves the person for the bot: who serves now, and what is said. The tickets stay open."""
        now = self._clock.now()
        serving = await self._serving(work, conversation)
        for ticket in serving:
            self._journal.log(work, ticket.number, RESIDENT, "returned")
            work.tickets.save(dataclasses.replace(ticket, serving=False, updated_at=now))
        others = await work.tickets.live_of(conversation.id)
        awaited = any(awaits_answer(one) for one in others)
        after = ConversationStatus.WAITING_FOR_AGENT if awaited else ConversationStatus.WITH_BOT
        numbers = formats.listed((one.number for one in serving), self._phrases, conversation.language)
        return after, self._say(conversation, "utter_back_with_bot", numbers=numbers)

    def _awake(self, work: Work, ticket: Ticket) -> Ticket:
        if ticket.snoozed_until is None:
            return ticket
        self._journal.log(work, ticket.number, RESIDENT, "woken")
        return dataclasses.replace(ticket, snoozed_until=None)

    async def _serving(self, work: Work, conversation: Conversation) -> list[Ticket]:
        return [one for one in await work.tickets.live_of(conversation.id) if one.serving]

    def _say(self, conversation: Conversation, name: str, **values: str) -> Reply:
        said = self._phrases.say(name, conversation.language, **values)
        return dataclasses.replace(said, author=Author.SYSTEM)


def _was_told(log: Sequence[TicketNote], opens: datetime) -> bool:
    """True when the resident heard of this opening already."""
    return any(note.action == TOLD and note.data.get("until") == opens.isoformat() for note in log)


def _is_there(log: Sequence[TicketNote], now: datetime) -> bool:
    replied: Optional[datetime] = max((note.at for note in log if note.action == "replied"), default=None)
    return replied is not None and now - replied < STAYS_LONGER
