"""Tickets as the inbox lists them: by tab, most urgent first, narrowed by words, a tag, a channel.

Every tab has an index in its own order that ends in what it filters by, so a page costs the same with a
hundred thousand tickets as with a hundred. Conditions on the status are words, not values, because a partial
index serves only those.
"""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from typing import Any, Iterable

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from bot.messages import Author, Line
from bot.storage.lines import line
from bot.storage.repository import Repository
from bot.storage.tables import Moment, messages, ticket_reads, ticket_tags
from bot.storage.tables import ticket_notes as notes
from bot.storage.tables import tickets as table
from bot.storage.tables.tickets import DONE, LIVE, WAITING
from bot.storage.ticket_words import HITS_MOST
from bot.storage.tickets import ticket_of
from bot.tickets.inbox import COUNTED_UP_TO, Sought, Tab
from bot.tickets.model import Ticket

AS_THEY_CAME = (table.c.created_at, table.c.number)
"""What many have in common (a promise to the same five minutes, the same urgency) leaves the first first."""
MOST_URGENT_FIRST = (table.c.urgency.desc(), table.c.due_at, *AS_THEY_CAME)
ORDERS: dict[Tab, tuple[Any, ...]] = {
    Tab.SNOOZED: (table.c.snoozed_until, *AS_THEY_CAME),
    Tab.RESOLVED: (table.c.updated_at.desc(), table.c.number.desc()),
    Tab.ALL: (table.c.created_at.desc(), table.c.number.desc()),
}
COMES_TO_ALL = ("opened", "reopened", "called_again", "back_in_line", "unassigned")
"""What brings a ticket to those that nobody has."""
LOOKED_BACK = 100
"""So many entries of the log; who looks every few seconds misses nothing."""
MOST_MINE = 200
"""Unread lines are counted on so many of an agent's tickets."""

STATE = (
    "SELECT (SELECT max(id) FROM ticket_notes), (SELECT max(updated_at) FROM tickets),"
    " (SELECT max(last_message_at) FROM conversations WHERE status <> 'with_bot')"
)


class Inbox(Repository):
    """Pages and counts of the inbox's tabs; words are looked up once for all that one unit of work asks."""

    def __init__(self, work: Any) -> None:
        super().__init__(work)
        self._found: dict[str, list[str]] = {}

    async def page(self, sought: Sought, limit: int, offset: int = 0) -> list[Ticket]:
        """A page of a tab in its order."""
        order = ORDERS.get(sought.tab, MOST_URGENT_FIRST)
        # What comes before the page is skipped in the index alone.
        listed = self._listed(sought, await self._narrowed(sought))
        numbers = listed.order_by(*order).limit(limit).offset(offset).subquery()
        statement = sa.select(table).join(numbers, numbers.c.number == table.c.number).order_by(*order)
        return [ticket_of(row) for row in await self._work.fetch(statement)]

    async def counts(self, sought: Sought) -> dict[Tab, int]:
        """How many tickets each tab would list, up to COUNTED_UP_TO."""
        narrowed = await self._narrowed(sought)
        if sought.is_narrowed:
            return await self._counts_of_few(sought, narrowed)
        counted = [_capped(self._listed(_at(sought, tab), narrowed)) for tab in Tab]
        row = (await self._work.fetch(sa.select(*counted)))[0]
        return {tab: int(row[place]) for place, tab in enumerate(Tab)}

    async def is_too_much(self, words: str) -> bool:
        """True when more tickets have the words than a search looks at."""
        return bool(words) and len(await self._with_words(words)) >= HITS_MOST

    async def live_of(self, agent: str) -> list[str]:
        """The numbers of an agent's live tickets, those put aside, too."""
        rows = await self._work.fetch(sa.select(table.c.number).where(LIVE, table.c.assignee == agent))
        return [row.number for row in rows]

    async def last_lines(self, conversation_ids: Iterable[int]) -> dict[int, Line]:
        """The newest line that somebody wrote, by conversation."""
        wanted = list(set(conversation_ids))
        newest = (
            sa.select(sa.func.max(messages.c.id))
            .where(messages.c.conversation_id.in_(wanted), messages.c.author != Author.SYSTEM.value)
            .group_by(messages.c.conversation_id)
        )
        rows = await self._work.fetch(sa.select(messages).where(messages.c.id.in_(newest)))
        return {row.conversation_id: line(row) for row in rows}

    async def state(self) -> str:
        """Changes whenever a ticket, its log, or a conversation that a person serves does. Cheap."""
        rows = await self._work.fetch(sa.text(STATE))
        return "/".join(str(value or "") for value in rows[0])

    async def newest_waiting(self) -> tuple[int, str, str]:
        """Which ticket came last to those that wait for somebody to take them: when, in the order of the log,
        its number, and what brought it there; nothing when none did lately."""
        lately = sa.select(notes).order_by(notes.c.id.desc()).limit(LOOKED_BACK).subquery()
        newest = (
            sa.select(lately.c.id, table.c.number, lately.c.action)
            .select_from(lately.join(table, table.c.number == lately.c.ticket_number))
            .where(LIVE, table.c.assignee.is_(None), lately.c.action.in_(COMES_TO_ALL))
            .order_by(lately.c.id.desc())
            .limit(1)
        )
        rows = await self._work.fetch(newest)
        return (int(rows[0].id), str(rows[0].number), str(rows[0].action)) if rows else (0, "", "")

    async def unread_lines(self, agent: str, most: int = 100) -> int:
        """How many lines residents wrote on an agent's live tickets since the agent last looked."""
        mine = (
            sa.select(table.c.number, table.c.conversation_id)
            .where(LIVE, table.c.assignee == agent)
            .order_by(*MOST_URGENT_FIRST)
            .limit(MOST_MINE)
            .subquery()
        )
        seen = sa.and_(ticket_reads.c.ticket_number == mine.c.number, ticket_reads.c.agent == agent)
        unread = sa.and_(
            messages.c.conversation_id == mine.c.conversation_id,
            messages.c.id > sa.func.coalesce(ticket_reads.c.line_id, 0),
        )
        found = (
            sa.select(messages.c.id)
            .select_from(mine.outerjoin(ticket_reads, seen).join(messages, unread))
            .where(messages.c.author == Author.RESIDENT.value, messages.c.text.notlike("/%"))
            .limit(most)
            .subquery()
        )
        return int((await self._work.fetch(sa.select(sa.func.count()).select_from(found)))[0][0])

    def _listed(self, sought: Sought, narrowed: list[Any]) -> Any:
        if sought.tab is Tab.OVERDUE and not sought.is_narrowed:
            tab = [table.c.number.in_(_longest_overdue(sought.now))]
        else:
            tab = _of_tab(sought)
        return sa.select(table.c.number).where(*tab, *narrowed)

    async def _narrowed(self, sought: Sought) -> list[Any]:
        found: list[Any] = []
        if sought.channel:
            found.append(table.c.channel == sought.channel)
        if sought.tag:
            found.append(table.c.number.in_(_tagged(sought.tag)))
        if sought.words:
            found.append(self._is_among(await self._with_words(sought.words)))
        return found

    async def _with_words(self, words: str) -> list[str]:
        if words not in self._found:
            self._found[words] = await self._work.ticket_words.find(words)
        return self._found[words]

    def _is_among(self, numbers: list[str]) -> Any:
        """One parameter for thousands of numbers."""
        if self._work.dialect == "postgresql":
            return table.c.number == sa.any_(sa.literal(numbers, postgresql.ARRAY(sa.String)))
        each = sa.func.json_each(json.dumps(numbers)).table_valued("value")
        return table.c.number.in_(sa.select(each.c.value))

    async def _counts_of_few(self, sought: Sought, narrowed: list[Any]) -> dict[Tab, int]:
        counted = [
            sa.func.coalesce(sa.func.sum(sa.case((sa.and_(*_of_tab(_at(sought, tab))), 1), else_=0)), 0)
            for tab in Tab
        ]
        row = (await self._work.fetch(sa.select(*counted).select_from(table).where(*narrowed)))[0]
        return {tab: min(int(row[place]), COUNTED_UP_TO) for place, tab in enumerate(Tab)}


def _capped(listed: Any) -> Any:
    return sa.select(sa.func.count()).select_from(listed.limit(COUNTED_UP_TO).subquery()).scalar_subquery()


def _at(sought: Sought, tab: Tab) -> Sought:
    return dataclasses.replace(sought, tab=tab)


def _of_tab(sought: Sought) -> list[Any]:
    now = sa.literal(sought.now, Moment())
    awake = sa.func.coalesce(table.c.snoozed_until, now) <= now
    if sought.tab is Tab.MINE:
        return [LIVE, table.c.assignee == sought.agent, awake]
    if sought.tab is Tab.UNASSIGNED:
        return [LIVE, table.c.assignee.is_(None), awake]
    if sought.tab is Tab.LIVE:
        return [LIVE, awake]
    if sought.tab is Tab.WAITING:
        return [WAITING, awake]
    if sought.tab is Tab.SNOOZED:
        return [LIVE, table.c.snoozed_until > sought.now]
    if sought.tab is Tab.OVERDUE:
        return [LIVE, _broken_promise(sought.now)]
    if sought.tab is Tab.RESOLVED:
        return [DONE]
    return [sa.true()]


def _no_answer_in_time(now: datetime) -> Any:
    return sa.and_(table.c.first_replied_at.is_(None), table.c.due_at < now)


def _broken_promise(now: datetime) -> Any:
    return sa.or_(_no_answer_in_time(now), table.c.reply_by < now, table.c.resolve_by < now)


def _longest_overdue(now: datetime) -> Any:
    """Found by their deadlines: looked for in the order of urgency, a few late ones would cost a walk."""
    unanswered = sa.select(table.c.number).where(LIVE, _no_answer_in_time(now)).order_by(table.c.due_at)
    unreplied = sa.select(table.c.number).where(LIVE, table.c.reply_by < now).order_by(table.c.reply_by)
    unresolved = sa.select(table.c.number).where(LIVE, table.c.resolve_by < now).order_by(table.c.resolve_by)
    found = [statement.limit(COUNTED_UP_TO).subquery() for statement in (unanswered, unreplied, unresolved)]
    return sa.union(*(sa.select(one.c.number) for one in found))


def _tagged(tag: str) -> Any:
    return (
        sa.select(ticket_tags.c.ticket_number)
        .where(ticket_tags.c.tag == tag)
        .order_by(ticket_tags.c.ticket_number.desc())
        .limit(HITS_MOST)
    )
