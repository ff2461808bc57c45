"""The figures of days on a real database: what is counted, and when it is kept. On PostgreSQL too."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import SHANGHAI
from bot.messages import Author, Reply
from bot.notifications.model import Watch
from bot.statistics.model import Days, Share
from bot.statistics.report import Report, report_of
from bot.statistics.service import StatisticsService
from bot.storage import tables
from bot.tickets.model import Cause, HandoffReason, Ticket, TicketNote
from tests.fakes.house import FakeHouse, message

FRIDAY = date(2026, 11, 20)
MONDAY = date(2026, 11, 23)
"""The house's clock stands at ten o'clock of this day."""


@pytest.fixture
def statistics(house: FakeHouse) -> StatisticsService:
    return StatisticsService(house.work, house.clock, house.hours, timedelta(hours=1))


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)


async def write(
    house: FakeHouse, when: datetime, user: str = "anna", text: str = "查一下", **more: Any
) -> None:
    """A resident's message, answered in that moment."""
    house.clock.at = when
    await house.desk.handle(message(text, user, **more))


async def mark(house: FakeHouse, intent: str) -> None:
    """What the last message was understood as."""
    async with house.engine.execution_options(writes=True).begin() as connection:
        last = sa.select(sa.func.max(tables.incoming.c.id)).scalar_subquery()
        await connection.execute(
            tables.incoming.update().where(tables.incoming.c.id == last).values(intent=intent)
        )


async def open_case(house: FakeHouse, when: datetime, user: str = "anna") -> Ticket:
    house.clock.at = when
    conversation = await house.conversation(user)
    async with house.work() as work:
        opened = await house.tickets.open(work, conversation, HandoffReason.COMPLAINT)
        await work.commit()
    return opened.ticket


async def reply(house: FakeHouse, when: datetime, ticket: Ticket, agent: str = "wang") -> None:
    house.clock.at = when
    async with house.work() as work:
        await house.casework.reply(work, ticket.number, agent, "王敏", "您好")
        await work.commit()


async def resolve(house: FakeHouse, when: datetime, ticket: Ticket, agent: str = "wang") -> None:
    house.clock.at = when
    async with house.work() as work:
        await house.casework.resolve(work, ticket.number, agent, cause=Cause.CALLBACK_LOST)
        await work.commit()


async def reopen(house: FakeHouse, when: datetime, ticket: Ticket) -> None:
    house.clock.at = when
    async with house.work() as work:
        await house.casework.reopen(work, ticket.number, "wang")
        await work.commit()


async def rate(house: FakeHouse, ticket: Ticket, score: int | None, words: str = "") -> None:
    async with house.engine.execution_options(writes=True).begin() as connection:
        await connection.execute(
            tables.ratings.delete().where(tables.ratings.c.ticket_number == ticket.number)
        )
        await connection.execute(
            tables.ratings.insert().values(
                ticket_number=ticket.number, asked_at=house.clock.at, score=score, words=words,
                rated_at=house.clock.at if score else None,
            )
        )  # fmt: skip


async def report(house: FakeHouse, statistics: StatisticsService, now: datetime, *days: date) -> Report:
    house.clock.at = now
    return report_of(await statistics.figures(Days(days[0], days[-1])))


def measure(report: Report, name: str) -> Any:
    return next(one for one in report.measures if one.name == name)


def rows(report: Report, name: str) -> list[tuple[Any, ...]]:
    table = report.table(name)
    assert table is not None
    return list(table.rows)


async def test_a_new_house_has_nothing_to_show(statistics: StatisticsService, house: FakeHouse) -> None:
    empty = await report(house, statistics, at(MONDAY, 10), FRIDAY, MONDAY)
    assert empty.is_empty
    assert measure(empty, "contained").now == Share(0, 0)
    assert measure(empty, "answer_median").now is None
    assert rows(empty, "reasons") == []
    assert await statistics.keep_up() == 0


async def test_a_session_without_a_person_is_contained_a_day_later_and_durable_a_week_later(
    statistics: StatisticsService, house: FakeHouse
) -> None:
    await write(house, at(FRIDAY, 9))
    await write(house, at(FRIDAY, 9, 30))
    same_day = await report(house, statistics, at(FRIDAY, 12), FRIDAY)
    assert (measure(same_day, "contained").now, measure(same_day, "contained").open) == (Share(0, 0), 1)
    assert measure(same_day, "handed_off").now == Share(0, 1)
    next_day = await report(house, statistics, at(FRIDAY, 9, 30) + timedelta(days=1), FRIDAY)
    assert measure(next_day, "contained").now == Share(1, 1)
    assert (measure(next_day, "durable").now, measure(next_day, "durable").open) == (Share(0, 0), 1)
    next_week = await report(house, statistics, at(FRIDAY, 9, 30) + timedelta(days=7), FRIDAY)
    assert measure(next_week, "durable").now == Share(1, 1)
    assert measure(next_week, "messages").now == 2


async def test_who_comes_back_the_same_day_was_not_contained(
    statistics: StatisticsService, house: FakeHouse
) -> None:
    await write(house, at(FRIDAY, 9))
    await write(house, at(FRIDAY, 15))
    await write(house, at(FRIDAY, 17), text="谢谢")
    await mark(house, "thanks")
    later = await report(house, statistics, at(MONDAY, 10), FRIDAY)
    assert measure(later, "sessions").now == 2
    assert measure(later, "contained").now == Share(1, 2)


async def test_a_session_with_a_live_case_was_handed_off(
    statistics: StatisticsService, house: FakeHouse
) -> None:
    await write(house, at(FRIDAY, 9))
    await open_case(house, at(FRIDAY, 9, 1))
    await write(house, at(FRIDAY, 9), "ben")
    later = await report(house, statistics, at(MONDAY, 10), FRIDAY)
    assert measure(later, "handed_off").now == Share(1, 2)
    assert measure(later, "contained").now == Share(1, 2)


async def hand_back(house: FakeHouse, when: datetime, ticket: Ticket) -> None:
    house.clock.at = when
    async with house.work() as work:
        await house.casework.hand_back(work, ticket.number, "wang")
        await work.commit()


async def test_an_answer_that_was_late_stays_late_and_the_next_wait_counts_for_itself(
    house: FakeHouse, statistics: StatisticsService
) -> None:
    ticket = await open_case(house, at(FRIDAY, 10))
    await reply(house, at(FRIDAY, 16), ticket)
    await hand_back(house, at(FRIDAY, 16, 10), ticket)
    assert (await open_case(house, at(FRIDAY, 16, 40))).number == ticket.number
    seen = await report(house, statistics, at(FRIDAY, 16, 45), FRIDAY)
    assert measure(seen, "answer_in_time").now == Share(0, 1)
    await reply(house, at(FRIDAY, 16, 50), ticket)
    await reply(house, at(FRIDAY, 16, 55), ticket)
    seen = await report(house, statistics, at(FRIDAY, 17), FRIDAY)
    assert measure(seen, "answer_in_time").now == Share(1, 2)


async def test_who_came_back_into_line_waits_from_then(
    house: FakeHouse, statistics: StatisticsService
) -> None:
    ticket = await open_case(house, at(FRIDAY, 9))
    async with house.work() as work:
        await house.tickets.leave(work, await house.conversation())
        await work.commit()
    assert (await open_case(house, at(FRIDAY, 15))).number == ticket.number
    await reply(house, at(FRIDAY, 15, 20), ticket)
    await resolve(house, at(FRIDAY, 15, 40), ticket)
    found = await report(house, statistics, at(FRIDAY, 17), FRIDAY)
    assert (measure(found, "answer_median").now, measure(found, "answer_in_time").now) == (20, Share(1, 1))
    assert measure(found, "resolution_median").now == 40


async def test_a_cause_counts_for_the_day_though_the_case_was_reopened(
    house: FakeHouse, statistics: StatisticsService
) -> None:
    ticket = await open_case(house, at(FRIDAY, 10))
    await resolve(house, at(FRIDAY, 11), ticket)
    await reopen(house, at(FRIDAY, 12), ticket)
    found = await report(house, statistics, at(FRIDAY, 17), FRIDAY)
    assert [row[0] for row in rows(found, "causes")] == ["callback_lost"]


async def test_first_answers_and_resolutions_are_measured_in_working_time(
    statistics: StatisticsService, house: FakeHouse
) -> None:
    case = await open_case(house, at(FRIDAY, 17))
    await reply(house, at(MONDAY, 9, 10), case)
    await reply(house, at(MONDAY, 9, 20), case, "li")
    await resolve(house, at(MONDAY, 10), case, "li")
    found = await report(house, statistics, at(MONDAY, 11), MONDAY)
    assert rows(found, "answer") == [("high", 1, 40, 40, Share(1, 1))]
    assert rows(found, "resolution")[0][:4] == ("high", 1, 90, 90)
    assert rows(found, "causes") == [("callback_lost", 1, Share(1, 1))]
    agents = {row[0]: row[1:4] for row in rows(found, "agents")}
    assert agents == {"wang": (1, 1, 40), "li": (1, 0, None)}


async def test_a_late_answer_misses_its_target(statistics: StatisticsService, house: FakeHouse) -> None:
    case = await open_case(house, at(MONDAY, 9))
    await reply(house, case.due_at + timedelta(seconds=1), case)
    found = await report(house, statistics, at(MONDAY, 17), MONDAY)
    assert measure(found, "answer_in_time").now == Share(0, 1)


async def test_a_case_is_measured_from_when_it_was_opened_again(
    statistics: StatisticsService, house: FakeHouse
) -> None:
    case = await open_case(house, at(FRIDAY, 9))
    await resolve(house, at(FRIDAY, 10), case)
    await reopen(house, at(MONDAY, 9), case)
    await resolve(house, at(MONDAY, 9, 30), case)
    assert rows(await report(house, statistics, at(MONDAY, 12), MONDAY), "resolution")[0][2] == 30
    week_later = await report(house, statistics, at(MONDAY, 12) + timedelta(days=4), FRIDAY, MONDAY)
    assert (measure(week_later, "reopened").now, measure(week_later, "reopened").open) == (Share(1, 1), 1)


async def test_scores_count_for_the_day_on_which_they_were_asked_for(
    statistics: StatisticsService, house: FakeHouse
) -> None:
    for user, score in (("anna", 5), ("ben", 2), ("carl", None)):
        case = await open_case(house, at(FRIDAY, 9), user)
        await reply(house, at(FRIDAY, 10), case)
        await resolve(house, at(FRIDAY, 11), case)
        await rate(house, case, score, "很快" if score == 5 else "")
    found = await report(house, statistics, at(MONDAY, 10), FRIDAY)
    assert measure(found, "score").now == 3.5
    assert measure(found, "rated").now == Share(2, 3)
    assert [row[1] for row in rows(found, "scores")] == [1, 0, 0, 1, 0]
    assert [row[2:] for row in rows(found, "said")] == [(5, "很快")]
    assert rows(found, "agents")[0][-2:] == (3.5, 2)


async def test_messages_are_counted_by_hour_channel_and_meaning(
    statistics: StatisticsService, house: FakeHouse
) -> None:
    await write(house, at(MONDAY, 0, 30))
    await mark(house, "faq_refund")
    await write(house, at(MONDAY, 9), "ben", channel="web")
    await mark(house, "greet")
    found = await report(house, statistics, at(MONDAY, 10), MONDAY)
    monday = rows(found, "hours")[0]
    assert (monday[1 + 0], monday[1 + 9], sum(monday[1:])) == (1, 1, 2)
    assert {row[0]: row[1] for row in rows(found, "channels")} == {"telegram": 1, "web": 1}
    assert rows(found, "questions") == [("faq_refund", 1, Share(1, 1))]


async def test_what_is_settled_is_counted_once_and_kept(
    statistics: StatisticsService, house: FakeHouse
) -> None:
    await write(house, at(FRIDAY, 9))
    house.clock.at = at(FRIDAY, 9) + timedelta(days=1)
    assert await statistics.keep_up() == 1
    assert await statistics.keep_up() == 0
    house.clock.at = at(FRIDAY, 9) + timedelta(days=15)
    assert await statistics.keep_up() > 1
    async with house.engine.execution_options(writes=True).begin() as connection:
        await connection.execute(tables.incoming.update().values(received_at=at(MONDAY, 9)))
    kept = await report(house, statistics, house.clock.at, FRIDAY, MONDAY)
    assert measure(kept, "messages").now == 1
    assert [row[1] for row in rows(kept, "days")] == [1, 0, 0, 0]
    other = StatisticsService(house.work, house.clock, house.hours, timedelta(hours=2))
    afresh = await report(house, other, house.clock.at, FRIDAY, MONDAY)
    assert [row[1] for row in rows(afresh, "days")] == [0, 0, 0, 1]


async def test_a_day_that_is_just_over_is_not_settled_yet(
    statistics: StatisticsService, house: FakeHouse
) -> None:
    await write(house, at(FRIDAY, 23, 59))
    house.clock.at = at(FRIDAY, 23, 59) + timedelta(minutes=30)
    assert await statistics.keep_up() == 0
    house.clock.at += timedelta(hours=1)
    assert await statistics.keep_up() == 1


async def test_what_is_over_and_not_settled_is_counted_again_after_some_minutes(
    statistics: StatisticsService, house: FakeHouse
) -> None:
    await write(house, at(FRIDAY, 9))
    seen = at(MONDAY, 10)
    assert measure(await report(house, statistics, seen, FRIDAY), "sessions").now == 1
    await write(house, at(FRIDAY, 15))  # became known only now
    for minutes, sessions in ((4, 1), (6, 2)):
        later = await report(house, statistics, seen + timedelta(minutes=minutes), FRIDAY)
        assert measure(later, "sessions").now == sessions, minutes


async def test_what_was_looked_at_before_it_was_settled_is_counted_once_more_when_it_is(
    statistics: StatisticsService, house: FakeHouse
) -> None:
    await write(house, at(FRIDAY, 9))
    assert measure(await report(house, statistics, at(MONDAY, 10), FRIDAY), "sessions").now == 1
    await write(house, at(FRIDAY, 15))
    house.clock.at = at(FRIDAY, 9) + timedelta(days=15)
    await statistics.keep_up()
    assert measure(await report(house, statistics, house.clock.at, FRIDAY), "sessions").now == 2


async def test_today_is_counted_each_time(statistics: StatisticsService, house: FakeHouse) -> None:
    await write(house, at(MONDAY, 9))
    assert measure(await report(house, statistics, at(MONDAY, 10), MONDAY), "messages").now == 1
    await write(house, at(MONDAY, 10))
    assert measure(await report(house, statistics, at(MONDAY, 10), MONDAY), "messages").now == 2


async def test_misunderstood_words_are_listed_by_how_often_until_they_are_labelled(
    statistics: StatisticsService, house: FakeHouse
) -> None:
    async with house.work() as work:
        for text in ("咋整", "咋整", "啥情况", "好"):
            work.misunderstandings.add(
                text, "query_status", "greet", 0.2, "below_threshold", house.clock.now()
            )
        await work.commit()
        newest = (await work.misunderstandings.unlabelled())[0]
        work.misunderstandings.label(newest.id, "affirm", "wang")
        await work.commit()
    found = await report(house, statistics, house.clock.at, MONDAY)
    assert [row[:3] for row in rows(found, "misheard")] == [
        ("咋整", 2, "query_status"),
        ("啥情况", 1, "query_status"),
    ]


async def test_promises_and_what_is_late_now(statistics: StatisticsService, house: FakeHouse) -> None:
    case = await open_case(house, at(FRIDAY, 9))
    conversation = await house.conversation()
    async with house.work() as work:
        work.watches.add(
            conversation.id, "42", "unreconciled", "", at(FRIDAY, 9), at(FRIDAY, 9) + timedelta(days=30)
        )
        work.watches.add(
            conversation.id, "43", "unreconciled", "", at(FRIDAY, 9), at(FRIDAY, 9) + timedelta(days=30)
        )
        await work.commit()
    async with house.work() as work:
        watch: Watch = (await work.watches.of_conversation(conversation.id))[0]
        work.watches.update(watch, state="reconciled", active=False)
        work.lines.add(conversation, Reply("已对账", author=Author.SYSTEM), at(FRIDAY, 10))
        work.lines.add(conversation, Reply("我来看看", author=Author.AGENT), at(FRIDAY, 10))
        work.tickets.note(TicketNote(case.number, at(FRIDAY, 9), "desk", "escalated"))
        await work.commit()
    found = await report(house, statistics, at(MONDAY, 17), FRIDAY)
    assert {row[0]: row[1] for row in rows(found, "watches")} == {"kept": 1, "running": 1}
    assert measure(found, "notices").now == 1
    assert rows(found, "late")[0][:3] == ("high", 1, 1)
