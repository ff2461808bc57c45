"""What each tab of the inbox lists, in which order, and how many. Runs on PostgreSQL too."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from bot.messages import Author, ConversationStatus, Reply
from bot.storage import inbox as storage
from bot.tickets.inbox import Sought, Tab
from bot.tickets.model import HandoffReason, Ticket, TicketStatus
from tests.fakes.house import FakeHouse

ME, OTHER = "wangmin", "liqiang"
HOUR = timedelta(hours=1)


async def opens(house: FakeHouse, user: str, channel: str = "telegram", **changes: Any) -> str:
    """A ticket, then changed as if time and agents had done it."""
    conversation = await house.conversation(user, channel)
    async with house.work() as work:
        opened = await house.tickets.open(work, conversation, HandoffReason.CUSTOMER_REQUEST)
        await work.commit()
    if changes:
        await change(house, opened.ticket, **changes)
    return opened.ticket.number


async def change(house: FakeHouse, ticket: Ticket, **changes: Any) -> None:
    async with house.work() as work:
        work.tickets.save(dataclasses.replace(ticket, **changes))
        await work.commit()


async def says(house: FakeHouse, user: str, text: str, author: Author = Author.RESIDENT) -> None:
    conversation = await house.conversation(user)
    async with house.work() as work:
        work.lines.add(conversation, Reply(text, author=author), house.clock.now())
        await work.commit()


async def lists(house: FakeHouse, tab: Tab, **narrowed: str) -> list[str]:
    async with house.work() as work:
        sought = Sought(tab, ME, house.clock.now(), **narrowed)
        found = [ticket.number for ticket in await work.inbox.page(sought, 50)]
        assert (await work.inbox.counts(sought))[tab] == len(found)
        return found


async def test_each_tab_lists_its_own(house: FakeHouse) -> None:
    now = house.clock.now()
    done = {"status": TicketStatus.RESOLVED, "assignee": ME, "resolved_at": now}
    fresh = await opens(house, "a")
    mine = await opens(house, "b", assignee=ME, status=TicketStatus.OPEN)
    theirs = await opens(house, "c", assignee=OTHER, status=TicketStatus.WAITING, first_replied_at=now)
    asleep = await opens(house, "d", assignee=ME, status=TicketStatus.OPEN, snoozed_until=now + HOUR)
    late = await opens(house, "e", due_at=now - HOUR)
    answered = await opens(house, "f", assignee=OTHER, due_at=now - HOUR, first_replied_at=now)
    unsolved = await opens(house, "g", assignee=OTHER, resolve_by=now - HOUR, first_replied_at=now)
    ended = await opens(house, "h", due_at=now - HOUR, resolve_by=now - HOUR, **done)
    listed = {tab: set(await lists(house, tab)) for tab in Tab}
    assert listed == {
        Tab.MINE: {mine},
        Tab.UNASSIGNED: {fresh, late},
        Tab.LIVE: {fresh, mine, theirs, late, answered, unsolved},
        Tab.WAITING: {theirs},
        Tab.SNOOZED: {asleep},
        Tab.OVERDUE: {late, unsolved},
        Tab.RESOLVED: {ended},
        Tab.ALL: {fresh, mine, theirs, asleep, late, answered, unsolved, ended},
    }


async def test_who_slept_long_enough_is_back_before_anybody_wakes_it(house: FakeHouse) -> None:
    number = await opens(house, "a", assignee=ME, snoozed_until=house.clock.now() + HOUR)
    house.clock.move(hours=1)
    assert (await lists(house, Tab.MINE), await lists(house, Tab.SNOOZED)) == ([number], [])


async def test_the_most_urgent_come_first_then_what_was_promised_sooner(house: FakeHouse) -> None:
    now = house.clock.now()
    later = await opens(house, "a", urgency=2, due_at=now + 2 * HOUR)
    sooner = await opens(house, "b", urgency=2, due_at=now + HOUR)
    least = await opens(house, "c", urgency=0, due_at=now + HOUR / 2)
    raised = await opens(house, "d", urgency=12, due_at=now + 9 * HOUR)
    for tab in (Tab.LIVE, Tab.UNASSIGNED):
        assert await lists(house, tab) == [raised, sooner, later, least]


async def test_of_what_was_promised_for_the_same_time_the_first_to_come_is_first(house: FakeHouse) -> None:
    now, numbers = house.clock.now(), []
    for minute in range(12):
        made = now + timedelta(minutes=minute)
        numbers.append(await opens(house, f"r{minute}", assignee=ME, due_at=now + HOUR, created_at=made))
    assert numbers != sorted(numbers), "numbers are random; twelve of them in order would be a wonder"
    for tab in (Tab.LIVE, Tab.MINE):
        assert await lists(house, tab) == numbers
    for number in numbers:
        async with house.work() as work:
            ticket = await work.tickets.get(number)
        assert ticket is not None
        await change(house, ticket, snoozed_until=now + 20 * HOUR)
    assert await lists(house, Tab.SNOOZED) == numbers


async def test_other_tabs_have_the_order_of_their_own(house: FakeHouse) -> None:
    now = house.clock.now()
    done = {"status": TicketStatus.CLOSED, "urgency": 9}
    long_ago = await opens(house, "a", created_at=now - 9 * HOUR, updated_at=now, **done)
    lately = await opens(house, "b", created_at=now - HOUR, updated_at=now - HOUR, **done)
    tomorrow = await opens(house, "c", snoozed_until=now + 20 * HOUR, urgency=9)
    tonight = await opens(house, "d", snoozed_until=now + 8 * HOUR)
    assert await lists(house, Tab.RESOLVED) == [long_ago, lately]
    assert await lists(house, Tab.SNOOZED) == [tonight, tomorrow]
    assert (await lists(house, Tab.ALL))[-2:] == [lately, long_ago]


async def test_words_tags_and_channels_narrow_every_tab_and_count(house: FakeHouse) -> None:
    await says(house, "a", "居住证")
    await says(house, "b", "居住证")
    both, worded = await opens(house, "a"), await opens(house, "b", assignee=ME)
    on_web = await opens(house, "c", "web")
    async with house.work() as work:
        await house.casework.tag(work, both, ME, "退款")
        await house.casework.tag(work, on_web, ME, "退款")
        await work.commit()
    assert set(await lists(house, Tab.LIVE, words="居住")) == {both, worded}
    assert await lists(house, Tab.MINE, words="居住") == [worded]
    assert await lists(house, Tab.LIVE, words="居住", tag="退款") == [both]
    assert await lists(house, Tab.ALL, tag="退款", channel="web") == [on_web]
    assert await lists(house, Tab.UNASSIGNED, channel="web") == [on_web]
    assert await lists(house, Tab.OVERDUE, words="居住") == []
    assert await lists(house, Tab.LIVE, words="!?") == []


async def test_pages_follow_one_another(house: FakeHouse) -> None:
    numbers = [await opens(house, f"r{place}", urgency=place) for place in range(5)][::-1]
    sought = Sought(Tab.LIVE, ME, house.clock.now())
    async with house.work() as work:
        pages = [await work.inbox.page(sought, 2, offset) for offset in (0, 2, 4, 6)]
    assert [[ticket.number for ticket in page] for page in pages] == [
        numbers[:2],
        numbers[2:4],
        numbers[4:],
        [],
    ]


async def test_nothing_is_counted_further_than_needed(
    house: FakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "COUNTED_UP_TO", 2)
    for user in "abc":
        await says(house, user, "居住证")
        await opens(house, user)
    async with house.work() as work:
        for words in ("", "居住"):
            counts = await work.inbox.counts(Sought(Tab.LIVE, ME, house.clock.now(), words=words))
            assert (counts[Tab.LIVE], counts[Tab.MINE]) == (2, 0)


async def test_a_search_that_finds_too_much_says_so(
    house: FakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("bot.storage.inbox", "bot.storage.ticket_words"):
        monkeypatch.setattr(f"{module}.HITS_MOST", 2)
    for user in "abc":
        await says(house, user, "居住证" if user == "a" else "居住卡")
        await opens(house, user)
    async with house.work() as work:
        assert await work.inbox.is_too_much("居住")
        assert not await work.inbox.is_too_much("居住证")
        assert not await work.inbox.is_too_much("")


async def test_the_last_line_is_what_somebody_said_last(house: FakeHouse) -> None:
    number = await opens(house, "a")
    await says(house, "a", "在吗")
    await says(house, "a", "在的", Author.AGENT)
    await says(house, "a", "请评价", Author.SYSTEM)
    async with house.work() as work:
        ticket = await work.tickets.get(number)
        assert ticket is not None
        found = await work.inbox.last_lines([ticket.conversation_id])
    assert [line.text for line in found.values()] == ["在的"]


async def test_unread_are_residents_lines_on_my_live_tickets(house: FakeHouse) -> None:
    mine = await opens(house, "a", assignee=ME)
    await opens(house, "b", assignee=OTHER)
    for text, author in (("在吗", Author.RESIDENT), ("在", Author.AGENT), ("/greet", Author.RESIDENT)):
        await says(house, "a", text, author)
    await says(house, "b", "您好")
    async with house.work() as work:
        assert await work.inbox.unread_lines(ME) == 1
        last = (await work.lines.last((await house.conversation("a")).id))[-1].id
        work.reads.mark(ME, mine, last)
        await work.commit()
        assert await work.inbox.unread_lines(ME) == 0
    await says(house, "a", "好的")
    async with house.work() as work:
        assert await work.inbox.unread_lines(ME) == 1


async def test_the_state_changes_with_tickets_their_log_and_talks_with_people(house: FakeHouse) -> None:
    async def state() -> str:
        async with house.work() as work:
            return await work.inbox.state()

    seen = [await state()]
    house.clock.move(minutes=1)
    number = await opens(house, "a")
    seen.append(await state())
    async with house.work() as work:
        await house.casework.note(work, number, ME, "备注")
        await work.commit()
    seen.append(await state())
    house.clock.move(minutes=1)
    async with house.work() as work:
        conversation = await work.conversations.get((await house.conversation("a")).id)
        assert conversation is not None
        work.conversations.update(
            conversation, status=ConversationStatus.WITH_AGENT, last_message_at=house.clock.now()
        )
        await work.commit()
    seen.append(await state())
    assert len(set(seen)) == 4
    assert await state() == seen[-1]


async def test_an_agents_live_tickets_are_all_of_them(house: FakeHouse) -> None:
    now = house.clock.now()
    awake = await opens(house, "a", assignee=ME)
    asleep = await opens(house, "b", assignee=ME, snoozed_until=now + HOUR)
    await opens(house, "c", assignee=ME, status=TicketStatus.RESOLVED)
    await opens(house, "d", assignee=OTHER)
    async with house.work() as work:
        assert set(await work.inbox.live_of(ME)) == {awake, asleep}
