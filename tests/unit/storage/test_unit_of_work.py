"""One transaction: what was staged together is stored together. Runs on PostgreSQL too."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.errors import Bug, Conflict, Unavailable
from bot.messages import Button, ConversationStatus
from bot.storage import tables
from bot.storage.unit_of_work import UnitOfWork
from tests.fakes.house import FakeHouse, locked


def say(work: UnitOfWork, house: FakeHouse, conversation: object, text: str) -> None:
    work.lines.add(conversation, house.phrases.say(text, "zh"), house.clock.now())  # type: ignore[arg-type]


async def test_nothing_is_stored_before_commit(house: FakeHouse) -> None:
    conversation = await house.conversation()
    async with house.work() as work:
        say(work, house, conversation, "一")
        assert await house.said() == []
        await work.commit()
    assert await house.said() == ["一"]


async def test_leaving_without_commit_stores_nothing(house: FakeHouse) -> None:
    conversation = await house.conversation()
    async with house.work() as work:
        say(work, house, conversation, "一")
    await work.commit()
    assert await house.said() == []


async def test_an_error_inside_stores_nothing(house: FakeHouse) -> None:
    conversation = await house.conversation()

    async def breaks() -> None:
        async with house.work() as work:
            say(work, house, conversation, "一")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await breaks()
    assert await house.said() == []


async def test_one_write_that_fails_takes_all_others_with_it(house: FakeHouse) -> None:
    conversation = await house.conversation()
    async with house.work() as work:
        say(work, house, conversation, "一")
        work.bookmarks.set("here", "1")
        say(work, house, dataclasses.replace(conversation, id=conversation.id + 1000), "二")
        with pytest.raises(Conflict):
            await work.commit()
    assert await house.said() == []
    assert await house.count(tables.outbox) == 0
    assert await house.count(tables.bookmarks) == 0


async def test_what_was_committed_is_not_stored_again(house: FakeHouse) -> None:
    conversation = await house.conversation()
    async with house.work() as work:
        say(work, house, conversation, "一")
        await work.commit()
        await work.commit()
    assert await house.said() == ["一"]


async def test_passing_trouble_is_translated_and_stores_nothing(house: FakeHouse) -> None:
    conversation = await house.conversation()
    house.access.breaks = [locked()]
    async with house.work() as work:
        say(work, house, conversation, "一")
        with pytest.raises(Unavailable):
            await work.commit()
    assert await house.said() == []


async def test_a_defect_is_not_taken_for_passing_trouble(house: FakeHouse) -> None:
    async with house.work() as work:
        with pytest.raises(Bug):
            await work.fetch(sa.text("SELECT FROM FROM"))  # type: ignore[arg-type]
        assert work.blind is None


async def test_after_a_read_that_failed_nothing_is_stored(house: FakeHouse) -> None:
    conversation = await house.conversation()
    async with house.work() as work:
        work.blind = Unavailable("the database")
        say(work, house, conversation, "一")
        with pytest.raises(Unavailable):
            await work.commit()
    assert await house.said() == []


async def test_fifty_writers_at_once_all_succeed(house: FakeHouse) -> None:
    people = [await house.conversation(f"r{n}") for n in range(50)]

    async def write(conversation: object) -> None:
        for n in range(4):
            async with house.work() as work:
                say(work, house, conversation, str(n))
                await work.commit()

    await asyncio.wait_for(asyncio.gather(*(write(one) for one in people)), 60)
    assert await house.count(tables.messages) == 200


# Conversations


async def test_a_contact_has_one_conversation(house: FakeHouse) -> None:
    opened = await asyncio.gather(*(house.conversation() for _ in range(6)))
    assert len({one.id for one in opened}) == 1
    assert (await house.conversation("anna", channel="web")).id != opened[0].id


async def test_a_conversation_is_read_back_as_it_was_changed(house: FakeHouse) -> None:
    conversation = await house.conversation()
    later = house.clock.now() + timedelta(minutes=1)
    async with house.work() as work:
        changed = work.conversations.update(
            conversation,
            language="en",
            status=ConversationStatus.WAITING_FOR_AGENT,
            offered=(Button("好", "/affirm"),),
            last_message_at=later,
            flooded_at=later,
        )
        await work.commit()
        assert await work.conversations.get(conversation.id) == changed


async def test_a_conversation_that_went_to_somebody_else_is_a_conflict(house: FakeHouse) -> None:
    conversation = await house.conversation()
    async with house.work() as one, house.work() as other:
        one.conversations.update(conversation, status=ConversationStatus.WITH_AGENT)
        other.conversations.update(conversation, language="en")
        await one.commit()
        with pytest.raises(Conflict):
            await other.commit()
    assert (await house.conversation()).language == "zh"


async def test_a_conversation_may_change_several_times_in_one_transaction(house: FakeHouse) -> None:
    conversation = await house.conversation()
    async with house.work() as work:
        work.conversations.update(conversation, status=ConversationStatus.WAITING_FOR_AGENT)
        work.conversations.update(conversation, language="en")  # by somebody who holds the value read first
        work.conversations.update(conversation, status=ConversationStatus.WITH_BOT)
        await work.commit()
    stored = await house.conversation()
    assert (stored.status, stored.language) == (ConversationStatus.WITH_BOT, "en")


# Lines


async def test_lines_are_paged_forwards_and_backwards(house: FakeHouse) -> None:
    conversation = await house.conversation()
    async with house.work() as work:
        for n in range(6):
            say(work, house, conversation, str(n))
        await work.commit()
        everything = await work.lines.after(conversation.id)
        assert [line.text for line in everything] == list("012345")
        some = await work.lines.after(conversation.id, everything[1].id, 2)
        assert [line.text for line in some] == ["2", "3"]
        assert [line.text for line in await work.lines.last(conversation.id, 2)] == ["4", "5"]
        before = await work.lines.last(conversation.id, 2, before=everything[4].id)
        assert [line.text for line in before] == ["2", "3"]
        assert await work.lines.get(everything[3].id) == everything[3]
        assert await work.lines.get(everything[5].id + 1) is None


# Dialogue events


async def test_only_the_latest_session_is_read(house: FakeHouse) -> None:
    anna, berta = await house.conversation("anna"), await house.conversation("berta")
    async with house.work() as work:
        for conversation, names in ((anna, ["session_started", "a"]), (berta, ["session_started", "b"])):
            work.tracker_events.add(conversation.id, [{"event": name} for name in names])
        work.tracker_events.add(anna.id, [{"event": "session_started", "timestamp": 2.0}, {"event": "名"}])
        work.tracker_events.add(anna.id, [])
        await work.commit()
        latest = await work.tracker_events.latest_session(anna.id)
        everything = await work.tracker_events.all(anna.id)
        unknown = await work.tracker_events.latest_session(anna.id + 1000)
    assert [event["event"] for event in latest] == ["session_started", "名"]
    assert [event["event"] for event in everything] == ["session_started", "a", "session_started", "名"]
    assert unknown == []


# Moments


async def test_moments_are_read_back_in_shanghai_to_the_microsecond(house: FakeHouse) -> None:
    house.clock.at = house.clock.at.replace(microsecond=123456)
    conversation = await house.conversation()
    assert conversation.created_at == house.clock.at
    assert conversation.created_at.utcoffset() == timedelta(hours=8)


async def test_a_moment_without_an_offset_is_refused(house: FakeHouse) -> None:
    conversation = await house.conversation()
    async with house.work() as work:
        work.conversations.update(conversation, last_message_at=datetime(2026, 11, 23))
        with pytest.raises(sa.exc.StatementError, match="offset"):
            await work.commit()


async def test_what_follows_a_commit_follows_success_only(house: FakeHouse) -> None:
    conversation = await house.conversation()
    done: list[str] = []
    for name, status in (("one", ConversationStatus.WITH_AGENT), ("two", ConversationStatus.WITH_BOT)):
        async with house.work() as work:
            work.conversations.update(conversation, status=status)
            work.after_commit(lambda name=name: done.append(name))  # type: ignore[misc]
            if name == "one":
                await work.commit()
                await work.commit()
            else:
                with pytest.raises(Conflict):  # the conversation is with an agent by now
                    await work.commit()
    assert done == ["one"]
