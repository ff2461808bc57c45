"""Sessions as the database counts them, against a plain reading of what they are. On PostgreSQL too."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Optional

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.clock import SHANGHAI
from bot.statistics.model import Days, day_of
from bot.statistics.repository import SessionCount
from bot.storage import tables
from bot.storage.database import Database, open_database
from bot.storage.unit_of_work import UnitOfWorkFactory

START = datetime(2026, 11, 1, 0, 0, tzinfo=SHANGHAI)
NOW = START + timedelta(days=21)
DAYS = Days(date(2026, 11, 3), date(2026, 11, 20))
GAP = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Message:
    """What one contact sent; seconds after the start."""

    contact: int
    second: int
    intent: Optional[str] = "query_status"
    kind: str = "text"
    text: Optional[str] = "怎么还没到账"

    @property
    def at(self) -> datetime:
        return START + timedelta(seconds=self.second)

    @property
    def counts(self) -> bool:
        greeted_by_page = self.kind == "button" and self.text == "/greet"
        return self.intent not in ("greet", "thanks", "goodbye") and not greeted_by_page and self.at <= NOW


@dataclass(frozen=True)
class Case:
    """A ticket of one contact: live from one second to another, or still."""

    contact: int
    opened: int
    lasted: Optional[int]

    @property
    def opened_at(self) -> datetime:
        return START + timedelta(seconds=self.opened)

    @property
    def ended_at(self) -> Optional[datetime]:
        return None if self.lasted is None else self.opened_at + timedelta(seconds=self.lasted)


def told(messages: list[Message], cases: list[Case]) -> dict[date, Counter[str]]:
    """The definition, word for word."""
    found: dict[date, Counter[str]] = {}
    for contact in {message.contact for message in messages}:
        moments = sorted(m.at for m in messages if m.contact == contact and m.counts)
        sessions: list[list[datetime]] = []
        for moment in moments:
            if sessions and moment - sessions[-1][-1] < GAP:
                sessions[-1].append(moment)
            else:
                sessions.append([moment])
        for place, session in enumerate(sessions):
            start, end = session[0], session[-1]
            if day_of(start) not in DAYS:
                continue
            following = sessions[place + 1][0] if place + 1 < len(sessions) else None
            with_person = any(
                case.contact == contact
                and case.opened_at < end + GAP
                and (case.ended_at is None or case.ended_at >= start)
                for case in cases
            )

            def stays_away(span: timedelta, end: datetime = end, back: Any = following) -> bool:
                return back is None or back - end >= span

            counted = found.setdefault(day_of(start), Counter())
            counted["started"] += 1
            counted["ended"] += end + GAP <= NOW
            counted["handed_off"] += end + GAP <= NOW and with_person
            counted["known_day"] += end + DAY <= NOW
            counted["contained"] += end + DAY <= NOW and not with_person and stays_away(DAY)
            counted["known_week"] += end + WEEK <= NOW
            counted["durable"] += end + WEEK <= NOW and not with_person and stays_away(WEEK)
    return found


def by_day(counts: list[SessionCount]) -> dict[date, Counter[str]]:
    found: dict[date, Counter[str]] = {}
    for one in counts:
        counted = found.setdefault(one.day, Counter())
        for name in ("started", "ended", "handed_off", "known_day", "contained", "known_week", "durable"):
            counted[name] += getattr(one, name)
    return found


async def counted(url: str, messages: list[Message], cases: list[Case]) -> dict[date, Counter[str]]:
    engine = open_database(url)
    try:
        await fill(engine, messages, cases)
        async with UnitOfWorkFactory(engine)() as work:
            return by_day(await work.statistics.sessions(DAYS, GAP, NOW))
    finally:
        await engine.dispose()


async def fill(engine: Database, messages: list[Message], cases: list[Case]) -> None:
    contacts = {one.contact for one in messages} | {one.contact for one in cases}
    async with engine.execution_options(writes=True).begin() as connection:
        for table in (tables.incoming, tables.tickets, tables.conversations):
            await connection.execute(table.delete())
        if not contacts:
            return
        await connection.execute(
            tables.conversations.insert(),
            [
                {
                    "id": contact, "channel": "web", "user_id": f"contact-{contact}", "status": "with_bot",
                    "language": "zh", "offered": [], "created_at": START, "last_message_at": START,
                }
                for contact in contacts
            ],
        )  # fmt: skip
        for number, message in enumerate(messages):
            await connection.execute(
                tables.incoming.insert().values(
                    conversation_id=message.contact, channel="web", message_id=f"m{number}",
                    kind=message.kind, text=message.text, received_at=message.at, intent=message.intent,
                )
            )  # fmt: skip
        for number, case in enumerate(cases):
            await connection.execute(
                tables.tickets.insert().values(
                    number=f"GD{number}", conversation_id=case.contact, reason="customer_request",
                    status="open" if case.lasted is None else "resolved", priority="normal", checked={},
                    created_at=case.opened_at, updated_at=case.ended_at or case.opened_at,
                    due_at=case.opened_at, resolved_at=case.ended_at, version=0,
                )
            )  # fmt: skip


HOUR_S, DAY_S = 3600, 86400
EDGES = (HOUR_S - 1, HOUR_S, HOUR_S + 1, DAY_S - 1, DAY_S, DAY_S + 1, 7 * DAY_S - 1, 7 * DAY_S, 7 * DAY_S + 1)


@st.composite
def talks(draw: st.DrawFn) -> list[Message]:
    """Contacts whose messages lie about the edges of the definition."""
    messages: list[Message] = []
    for contact in range(1, draw(st.integers(1, 3)) + 1):
        second = draw(st.integers(0, 20 * DAY_S))
        for _ in range(draw(st.integers(1, 7))):
            intent, kind, text = draw(
                st.sampled_from(
                    [
                        ("query_status", "text", "查一下"),
                        (None, "text", "给坐席的话"),
                        (None, "photo", None),
                        ("thanks", "text", "谢谢"),
                        ("greet", "button", "/greet"),
                        (None, "button", "/greet"),
                    ]
                )
            )
            messages.append(Message(contact, second, intent, kind, text))
            second += draw(st.sampled_from(EDGES) | st.integers(0, 3 * HOUR_S) | st.integers(0, 9 * DAY_S))
    return messages


CASES = st.lists(
    st.builds(
        Case,
        contact=st.integers(1, 3),
        opened=st.integers(0, 21 * DAY_S),
        lasted=st.none() | st.integers(0, 9 * DAY_S),
    ),
    max_size=2,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=talks(), cases=CASES)
@example(messages=[Message(1, 5 * DAY_S), Message(1, 5 * DAY_S + HOUR_S)], cases=[])
@example(messages=[Message(1, 5 * DAY_S), Message(1, 6 * DAY_S)], cases=[])
@example(messages=[Message(1, 2 * DAY_S - 9), Message(1, 2 * DAY_S + 9)], cases=[])
@example(messages=[Message(1, 14 * DAY_S)], cases=[Case(1, 14 * DAY_S + HOUR_S - 1, None)])
@example(messages=[Message(1, 9 * DAY_S), Message(1, 9 * DAY_S + 99)], cases=[Case(1, 8 * DAY_S, DAY_S + 9)])
@example(messages=[Message(1, 9 * DAY_S), Message(1, 9 * DAY_S + 2 * HOUR_S, "thanks")], cases=[])
def test_sessions_are_counted_as_they_are_defined(
    database_url: str, messages: list[Message], cases: list[Case]
) -> None:
    cases = [case for case in cases if case.contact in {message.contact for message in messages}]
    assert asyncio.run(counted(database_url, messages, cases)) == told(messages, cases)
