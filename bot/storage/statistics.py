"""Counting in the database: by days of Shanghai, on SQLite and PostgreSQL alike.

Moments are turned into whole milliseconds, so that days, hours and gaps are plain arithmetic on both.
"""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, timedelta
from typing import Any, Mapping, Optional

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from bot.payments.model import State
from bot.statistics.model import Days, Tally, day_of
from bot.statistics.repository import (
    Done,
    Kept,
    Late,
    Misheard,
    Ratings,
    Resolutions,
    Said,
    SessionCount,
    Step,
    Traffic,
    Understood,
)
from bot.storage.repository import Repository
from bot.storage.tables import (
    conversations,
    incoming,
    messages,
    misunderstandings,
    outbox,
    proposals,
    ratings,
    reconciliation_requests,
    statistics_days,
    ticket_notes,
    tickets,
    watches,
)
from bot.storage.tables import webhook_deliveries as deliveries
from bot.storage.tickets import LIVE_STATUSES
from bot.storage.upsert import upsert
from bot.tickets.model import TicketStatus

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
SHANGHAI_MS = 8 * HOUR_MS
"""Shanghai has been 8 hours ahead all year since 1992."""
LONGEST_SESSION = timedelta(days=2)
"""How far a session is followed beyond the days that are counted."""

UNANSWERED = (TicketStatus.NEW.value, TicketStatus.OPEN.value)
COURTESY = ("greet", "thanks", "goodbye")
PERSONS = ("bot", "resident", "desk")
"""Actors of a case's log that are nobody in the console."""
SETTLED = tuple(s.value for s in (State.RECONCILED, State.REFUNDED, State.CLOSED, State.PAYMENT_FAILED))


class milliseconds(FunctionElement):  # type: ignore[type-arg]  # noqa: N801
    """A moment as whole milliseconds since 1970."""

    type = sa.BigInteger()
    inherit_cache = True


@compiles(milliseconds, "sqlite")  # type: ignore[misc,untyped-decorator]
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"CAST(ROUND(julianday({moment}) * 86400000 - 210866760000000) AS INTEGER)"


@compiles(milliseconds, "postgresql")  # type: ignore[misc,untyped-decorator]
def _on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"CAST(ROUND(EXTRACT(EPOCH FROM {moment}) * 1000) AS BIGINT)"


class Statistics(Repository):
    """Reads for counting; what is counted of days that are over is kept."""

    async def kept(self, days: Days, method: str) -> dict[tuple[date, str], Kept]:
        """What was counted of these days by this method, by day and part, and when."""
        rows = await self._work.fetch(sa.select(statistics_days).where(_kept(days, method)))
        return {
            (date.fromisoformat(row.day), row.part): Kept(Tally(row.tally), row.counted_at) for row in rows
        }

    async def counted(self, days: Days, method: str) -> dict[tuple[date, str], datetime]:
        """When the parts of days were counted that `kept` would find."""
        table = statistics_days.c
        rows = await self._work.fetch(
            sa.select(table.day, table.part, table.counted_at).where(_kept(days, method))
        )
        return {(date.fromisoformat(row.day), row.part): row.counted_at for row in rows}

    def keep(self, day: date, part: str, method: str, tally: Tally, now: datetime) -> None:
        """Stages what was counted of a day; what was kept of it before is replaced."""
        values = {"method": method, "tally": dict(tally.counts), "counted_at": now}

        def write(connection: Connection) -> None:
            upsert(connection, statistics_days, {"day": day.isoformat(), "part": part}, values)

        self._work.stage(write)

    async def first_day(self) -> Optional[date]:
        """The day of the first message ever, or None."""
        rows = await self._work.fetch(sa.select(sa.func.min(incoming.c.received_at)))
        return day_of(rows[0][0]) if rows[0][0] else None

    async def traffic(self, days: Days) -> list[Traffic]:
        """Messages by hour, channel and language; a page that greets by itself is no message."""
        hour = _local(incoming.c.received_at) / HOUR_MS
        statement = (
            sa.select(hour.label("hour"), incoming.c.channel, conversations.c.language, sa.func.count())
            .join(conversations, conversations.c.id == incoming.c.conversation_id)
            .where(_within(incoming.c.received_at, days), WRITTEN)
            .group_by(sa.text("1"), incoming.c.channel, conversations.c.language)
        )
        return [
            Traffic(_date(hour // 24), int(hour % 24), channel, language, count)
            for hour, channel, language, count in await self._work.fetch(statement)
        ]

    async def understood(self, days: Days) -> list[Understood]:
        """Messages by what they meant, where that is known."""
        statement = (
            sa.select(_day(incoming.c.received_at).label("day"), incoming.c.intent, sa.func.count())
            .where(_within(incoming.c.received_at, days), incoming.c.intent.isnot(None), WRITTEN)
            .group_by(sa.text("1"), incoming.c.intent)
        )
        return [
            Understood(_date(day), intent, count) for day, intent, count in await self._work.fetch(statement)
        ]

    async def sessions(self, days: Days, gap: timedelta, now: datetime) -> list[SessionCount]:
        """Sessions that began on these days, with what is known of them at `now`."""
        found = _sessions(days, gap, now)
        rows = await self._work.fetch(
            sa.select(
                found.c.day,
                found.c.channel,
                found.c.language,
                sa.func.count(),
                _sum(found.c.ended),
                _sum(sa.and_(found.c.ended, found.c.person)),
                _sum(found.c.known_day),
                _sum(sa.and_(found.c.known_day, sa.not_(found.c.person), found.c.quiet >= _ms(DAY))),
                _sum(found.c.known_week),
                _sum(sa.and_(found.c.known_week, sa.not_(found.c.person), found.c.quiet >= _ms(WEEK))),
            ).group_by(found.c.day, found.c.channel, found.c.language)
        )
        return [SessionCount(_date(row[0]), *row[1:]) for row in rows]

    async def opened(self, days: Days) -> list[Step]:
        """Cases opened."""
        return await self._steps(days, "opened", tickets.c.created_at, tickets.c.due_at)

    async def first_answers(self, days: Days) -> list[Step]:
        """A person's answers that ended a wait: the first to a case, and after each time it was taken up."""
        earlier = ticket_notes.alias("earlier")
        is_first = ~sa.exists().where(
            sa.and_(
                earlier.c.ticket_number == ticket_notes.c.ticket_number,
                earlier.c.action == "replied",
                earlier.c.id < ticket_notes.c.id,
            )
        )
        # Entries of before the promise was kept with them: the first is told by its place.
        ends_wait = sa.or_(ticket_notes.c.data["promised"].as_string().is_not(None), is_first)
        return await self._steps(days, "replied", tickets.c.created_at, tickets.c.due_at, ends_wait)

    async def resolved(self, days: Days) -> list[Step]:
        """Cases resolved, each time that one was."""
        again = ticket_notes.alias("again")
        taken_up = (
            sa.select(sa.func.max(again.c.at))
            .where(
                again.c.ticket_number == ticket_notes.c.ticket_number,
                again.c.action.in_(("reopened", "back_in_line")),
                again.c.id < ticket_notes.c.id,
            )
            .scalar_subquery()
        )
        since = sa.func.coalesce(taken_up, tickets.c.created_at, type_=tickets.c.created_at.type)
        return await self._steps(days, "resolved", since, tickets.c.resolve_by)

    async def done(self, days: Days) -> list[Done]:
        """What agents did, and residents who left the line."""
        statement = (
            sa.select(_day(ticket_notes.c.at).label("day"), ticket_notes.c.actor, ticket_notes.c.action)
            .add_columns(sa.func.count())
            .where(
                _within(ticket_notes.c.at, days),
                sa.or_(
                    ticket_notes.c.action == "left",
                    sa.and_(
                        ticket_notes.c.action.in_(("replied", "resolved")),
                        ticket_notes.c.actor.notin_(PERSONS),
                    ),
                ),
            )
            .group_by(sa.text("1"), ticket_notes.c.actor, ticket_notes.c.action)
        )
        return [Done(_date(row[0]), *row[1:]) for row in await self._work.fetch(statement)]

    async def resolutions(self, days: Days, now: datetime) -> list[Resolutions]:
        """Cases resolved, and how many came back within 7 days."""
        later = ticket_notes.alias("later")
        resolved, since = milliseconds(ticket_notes.c.at), milliseconds(later.c.at)
        came_back = sa.exists().where(
            sa.and_(
                later.c.ticket_number == ticket_notes.c.ticket_number,
                later.c.action == "reopened",
                later.c.id > ticket_notes.c.id,
                since - resolved < _ms(WEEK),
            )
        )
        known = resolved + _ms(WEEK) <= _moment_ms(now)
        rows = await self._work.fetch(
            sa.select(
                _day(ticket_notes.c.at).label("day"),
                ticket_notes.c.actor,
                sa.func.count(),
                _sum(known),
                _sum(sa.and_(known, came_back)),
            )
            .where(_within(ticket_notes.c.at, days), ticket_notes.c.action == "resolved")
            .group_by(sa.text("1"), ticket_notes.c.actor)
        )
        return [Resolutions(_date(row[0]), *row[1:]) for row in rows]

    async def ratings(self, days: Days) -> list[Ratings]:
        """Scores by the day on which residents were asked."""
        statement = (
            sa.select(_day(ratings.c.asked_at).label("day"), tickets.c.assignee, ratings.c.score)
            .add_columns(sa.func.count())
            .join(tickets, tickets.c.number == ratings.c.ticket_number)
            .where(_within(ratings.c.asked_at, days))
            .group_by(sa.text("1"), tickets.c.assignee, ratings.c.score)
        )
        return [
            Ratings(_date(day), agent or "", score, count)
            for day, agent, score, count in await self._work.fetch(statement)
        ]

    async def misheard(self, days: Days, limit: int) -> list[Misheard]:
        """What was misunderstood most often and nobody has labelled yet."""
        count, last = sa.func.count(), sa.func.max(misunderstandings.c.at)
        statement = (
            sa.select(misunderstandings.c.text, sa.func.max(misunderstandings.c.guess), count, last)
            .where(_within(misunderstandings.c.at, days), misunderstandings.c.label.is_(None))
            .group_by(misunderstandings.c.text)
            .order_by(count.desc(), last.desc())
            .limit(limit)
        )
        return [Misheard(*row) for row in await self._work.fetch(statement)]

    async def said(self, days: Days, limit: int) -> list[Said]:
        """What residents wrote beside their scores, newest first."""
        statement = (
            sa.select(ratings.c.rated_at, ratings.c.ticket_number, ratings.c.score, ratings.c.words)
            .where(_within(ratings.c.rated_at, days), ratings.c.words != "")
            .order_by(ratings.c.rated_at.desc())
            .limit(limit)
        )
        return [Said(*row) for row in await self._work.fetch(statement)]

    async def late(self, now: datetime) -> list[Late]:
        """Live cases by priority, and those that are late at `now`."""
        unanswered = sa.and_(tickets.c.status.in_(UNANSWERED), tickets.c.due_at < now)
        late_reply = sa.func.coalesce(tickets.c.reply_by < now, sa.false())
        rows = await self._work.fetch(
            sa.select(
                tickets.c.priority,
                sa.func.count(),
                _sum(sa.or_(sa.and_(unanswered, tickets.c.first_replied_at.is_(None)), late_reply)),
                _sum(tickets.c.resolve_by < now),
            )
            .where(tickets.c.status.in_(LIVE_STATUSES))
            .group_by(tickets.c.priority)
        )
        return [Late(*row) for row in rows]

    async def watches(self, days: Days) -> dict[str, int]:
        """Watches set on these days: `running`, `kept` until the payment settled, or `ended` otherwise."""
        fate: Any = sa.case(
            (watches.c.active, "running"), (watches.c.state.in_(SETTLED), "kept"), else_="ended"
        )
        return await self._split(fate, watches.c.created_at, days)

    async def notices(self, days: Days) -> int:
        """Lines that residents were sent without having written, by the desk and not by a person."""
        rows = await self._work.fetch(
            sa.select(sa.func.count())
            .select_from(messages)
            .where(
                messages.c.in_reply_to.is_(None),
                _within(messages.c.created_at, days),
                messages.c.author.in_(("system", "bot")),
            )
        )
        return int(rows[0][0])

    async def requests(self, days: Days) -> dict[str, int]:
        """Reconciliation requests by how far they are."""
        table = reconciliation_requests
        return await self._split(table.c.status, table.c.created_at, days)

    async def proposals(self, days: Days) -> dict[str, int]:
        """Manual reconciliations by how far they are."""
        return await self._split(proposals.c.state, proposals.c.created_at, days)

    async def levels(self) -> dict[str, dict[str, int]]:
        """How much waits now, by name and state: lines to residents, live tickets, events for webhooks."""
        waiting = (
            ("outbox", outbox.c.state, outbox.c.state.in_(("pending", "dead"))),
            ("tickets", tickets.c.status, tickets.c.status.in_(LIVE_STATUSES)),
            ("webhooks", deliveries.c.state, deliveries.c.state.in_(("pending", "given_up"))),
        )
        levels: dict[str, dict[str, int]] = {}
        for name, state, condition in waiting:
            statement = sa.select(state, sa.func.count()).where(condition).group_by(state)
            levels[name] = {row[0]: int(row[1]) for row in await self._work.fetch(statement)}
        return levels

    async def _split(self, by: Any, moment: Any, days: Days) -> dict[str, int]:
        statement = sa.select(by.label("by"), sa.func.count()).where(_within(moment, days))
        return {row[0]: int(row[1]) for row in await self._work.fetch(statement.group_by(sa.text("1")))}

    async def _steps(self, days: Days, action: str, since: Any, target: Any, *conditions: Any) -> list[Step]:
        statement = (
            sa.select(
                ticket_notes.c.at,
                ticket_notes.c.actor,
                tickets.c.reason,
                tickets.c.priority,
                sa.func.coalesce(tickets.c.cause, ""),
                conversations.c.channel,
                conversations.c.language,
                since,
                target,
                ticket_notes.c.data,
            )
            .select_from(ticket_notes)
            .join(tickets, tickets.c.number == ticket_notes.c.ticket_number)
            .join(conversations, conversations.c.id == tickets.c.conversation_id)
            .where(_within(ticket_notes.c.at, days), ticket_notes.c.action == action, *conditions)
        )
        return [_as_it_was(Step(*row[:-1]), row[-1]) for row in await self._work.fetch(statement)]


def _as_it_was(step: Step, data: Mapping[str, str]) -> Step:
    """The step by what was true when it was taken, where the entry says so: promises change."""
    return dataclasses.replace(
        step,
        cause=data.get("cause", step.cause),
        since=datetime.fromisoformat(data["since"]) if "since" in data else step.since,
        target=datetime.fromisoformat(data["promised"]) if "promised" in data else step.target,
    )


WRITTEN = sa.or_(incoming.c.kind != "button", incoming.c.text.is_(None), incoming.c.text != "/greet")
"""What a resident wrote or pressed; the web chat greets by itself when it is opened."""


def _sessions(days: Days, gap: timedelta, now: datetime) -> Any:
    """One row a session that began on these days: `quiet` ms until the next contact, or for ever."""
    contacts = _contacts(days, gap, now)
    begins = sa.or_(contacts.c.before.is_(None), contacts.c.at - contacts.c.before >= _ms(gap))
    starts = sa.select(contacts).where(begins).subquery()
    following = {"partition_by": starts.c.conversation_id, "order_by": starts.c.at}
    spans = sa.select(
        starts.c.conversation_id,
        starts.c.at,
        sa.func.coalesce(sa.func.lead(starts.c.before).over(**following), starts.c.last).label("end"),
        sa.func.lead(starts.c.at).over(**following).label("next"),
    ).subquery()
    at, end, now_ms = spans.c.at, spans.c.end, _moment_ms(now)
    return (
        sa.select(
            ((at + SHANGHAI_MS) / DAY_MS).label("day"),
            conversations.c.channel,
            conversations.c.language,
            (end + _ms(gap) <= now_ms).label("ended"),
            (end + _ms(DAY) <= now_ms).label("known_day"),
            (end + _ms(WEEK) <= now_ms).label("known_week"),
            sa.func.coalesce(spans.c.next - end, _ms(WEEK)).label("quiet"),
            _has_person(spans, gap).label("person"),
        )
        .join(conversations, conversations.c.id == spans.c.conversation_id)
        .where(at >= _moment_ms(days.start), at < _moment_ms(days.end))
        .subquery()
    )


def _contacts(days: Days, gap: timedelta, now: datetime) -> Any:
    """Messages that count as contact, each with the one before and the conversation's last one."""
    at = milliseconds(incoming.c.received_at)
    since, until = days.start - gap, min(days.end + LONGEST_SESSION + WEEK, now + timedelta(milliseconds=1))
    in_order = {"partition_by": incoming.c.conversation_id, "order_by": incoming.c.received_at}
    return (
        sa.select(
            incoming.c.conversation_id,
            at.label("at"),
            sa.func.lag(at).over(**in_order).label("before"),
            sa.func.max(at).over(partition_by=incoming.c.conversation_id).label("last"),
        )
        .where(incoming.c.received_at >= since, incoming.c.received_at < until, WRITTEN)
        .where(sa.or_(incoming.c.intent.is_(None), incoming.c.intent.notin_(COURTESY)))
        .subquery()
    )


def _has_person(spans: Any, gap: timedelta) -> Any:
    """True when a case was live while the session lasted, or came of it."""
    ended = milliseconds(sa.func.coalesce(tickets.c.resolved_at, tickets.c.updated_at))
    return sa.exists().where(
        sa.and_(
            tickets.c.conversation_id == spans.c.conversation_id,
            milliseconds(tickets.c.created_at) < spans.c.end + _ms(gap),
            sa.or_(tickets.c.status.in_(LIVE_STATUSES), ended >= spans.c.at),
        )
    )


def _kept(days: Days, method: str) -> Any:
    within = statistics_days.c.day.between(days.first.isoformat(), days.last.isoformat())
    return sa.and_(within, statistics_days.c.method == method)


def _within(moment: Any, days: Days) -> Any:
    return sa.and_(moment >= days.start, moment < days.end)


def _local(moment: Any) -> Any:
    return milliseconds(moment) + SHANGHAI_MS


def _day(moment: Any) -> Any:
    return _local(moment) / DAY_MS


def _date(days: int) -> date:
    return date(1970, 1, 1) + timedelta(days=int(days))


def _sum(condition: Any) -> Any:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)


def _ms(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def _moment_ms(moment: datetime) -> int:
    return int(round(moment.timestamp() * 1000))
