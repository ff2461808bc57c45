"""What of a ticket's life is told, to whom, and with what."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import Conflict
from bot.messages import Author, Conversation, Reply
from bot.storage.unit_of_work import UnitOfWork
from bot.tickets.model import Cause, HandoffReason, Ticket
from bot.tickets.sweeper import Sweeper
from bot.webhooks.model import CHOICES, EVENT_OF_ACTION, Event
from tests.fakes.house import FakeHouse

SERIAL = "4200000925202101284997714292"
AGENT = "wangmin"
ID_CARD = "310101199003077651"

Step = Callable[[FakeHouse, UnitOfWork, Ticket], Awaitable[Any]]


async def follow(house: FakeHouse, *events: Event, with_texts: bool = False, name: str = "one") -> None:
    async with house.work() as work:
        now = house.clock.now()
        work.webhooks.add(name, "https://h.example/", events or CHOICES, with_texts, b"", "chenjie", now)
        await work.commit()


async def opened(house: FakeHouse, user: str = "anna") -> Ticket:
    conversation = await house.conversation(user)
    async with house.work() as work:
        ticket = (
            await house.tickets.open(work, conversation, HandoffReason.OVERDUE, SERIAL, {"name": "张三"})
        ).ticket
        await work.commit()
    return ticket


async def told(house: FakeHouse) -> list[tuple[str, dict[str, Any]]]:
    """Every delivery of every webhook: its event and its body, in the order they were stored."""
    async with house.work() as work:
        found = [
            one for hook in await work.webhooks.all() for one in await work.webhooks.deliveries(hook.id, 99)
        ]
    return [(one.event.value, json.loads(one.body)) for one in sorted(found, key=lambda one: one.id)]


async def done(house: FakeHouse, step: Step, ticket: Ticket) -> None:
    async with house.work() as work:
        await step(house, work, ticket)
        await work.commit()


STEPS: dict[Event, Step] = {
    Event.CLAIMED: lambda h, w, t: h.casework.claim(w, t.number, AGENT),
    Event.ASSIGNED: lambda h, w, t: h.casework.assign(w, t.number, AGENT, "lihua", "请看"),
    Event.REPLIED: lambda h, w, t: h.casework.reply(w, t.number, AGENT, "王敏", "您好，正在查。"),
    Event.SNOOZED: lambda h, w, t: h.casework.snooze(w, t.number, AGENT, h.clock.now() + timedelta(days=1)),
    Event.RESOLVED: lambda h, w, t: h.casework.resolve(w, t.number, AGENT, "已补", Cause.CALLBACK_LOST),
}


@pytest.mark.parametrize("event", STEPS)
async def test_a_step_is_told_with_the_ticket_as_it_stands_after_it(house: FakeHouse, event: Event) -> None:
    ticket = await opened(house)
    await follow(house)
    await done(house, STEPS[event], ticket)
    [(name, body)] = await told(house)
    async with house.work() as work:
        after = await work.tickets.get(ticket.number)
    assert after is not None and name == body["type"] == event.value
    facts = body["data"]["ticket"]
    assert (facts["version"], facts["status"], facts["assignee"]) == (
        after.version,
        after.status.value,
        after.assignee,
    )
    assert body["timestamp"].endswith("+08:00") and body["data"]["actor"] == AGENT


async def test_details_say_what_others_need(house: FakeHouse) -> None:
    ticket = await opened(house)
    await follow(house)
    for event in (Event.ASSIGNED, Event.SNOOZED, Event.RESOLVED):
        await done(house, STEPS[event], ticket)
    details = [body["data"]["details"] for _, body in await told(house)]
    assert details[0] == {"to": "lihua", "from": ""}
    assert details[1]["until"].startswith("2026-11-24T10:00") and details[2] == {"cause": "callback_lost"}


async def test_a_new_ticket_leaves_nothing_that_says_who_it_is(house: FakeHouse) -> None:
    await follow(house)
    ticket = await opened(house)
    [(name, body)] = await told(house)
    assert name == "ticket.opened" and body["data"]["ticket"]["number"] == ticket.number
    assert body["data"]["ticket"]["serial_number_end"] == "714292"
    whole = json.dumps(body, ensure_ascii=False)
    for private in (SERIAL, "张三", "anna", "text"):
        assert private not in whole


async def test_leaving_coming_back_and_reopening_are_told(house: FakeHouse) -> None:
    ticket = await opened(house)
    conversation = await house.conversation()
    await follow(house)
    await done(house, lambda h, w, t: h.tickets.leave(w, conversation), ticket)
    house.clock.move(minutes=1)
    await opened(house)
    assert [name for name, _ in await told(house)] == ["ticket.resolved", "ticket.reopened"]
    [left, _] = await told(house)
    assert left[1]["data"]["ticket"]["cause"] == "left"


async def test_a_merge_is_told_of_the_one_that_ends(house: FakeHouse) -> None:
    kept = await opened(house)
    conversation = await house.conversation()
    async with house.work() as work:
        other = "9" + SERIAL[1:]
        double = (await house.tickets.open(work, conversation, HandoffReason.OVERDUE, other)).ticket
        await work.commit()
    await follow(house)
    await done(house, lambda h, w, t: h.casework.merge(w, double.number, kept.number, AGENT), double)
    [(name, body)] = await told(house)
    assert name == "ticket.merged" and body["data"]["details"] == {"into": kept.number}
    assert body["data"]["ticket"]["number"] == double.number


async def write(house: FakeHouse, conversation: Conversation, text: str) -> None:
    async with house.work() as work:
        work.lines.add(conversation, Reply(text, author=Author.RESIDENT), house.clock.now())
        await work.commit()


async def test_what_residents_write_is_told_while_a_ticket_is_live(house: FakeHouse) -> None:
    await follow(house, Event.RESIDENT_WROTE)
    conversation = await house.conversation()
    await write(house, conversation, "有人吗")
    ticket = await opened(house)
    await write(house, conversation, "还没到账")
    await write(house, conversation, "/greet")
    await done(house, STEPS[Event.RESOLVED], ticket)
    await write(house, conversation, "谢谢")
    [(_, body)] = await told(house)
    assert body["data"]["ticket"]["number"] == ticket.number and body["data"]["actor"] == "resident"
    assert "text" not in body["data"]


async def test_words_are_only_for_who_asked_and_masked(house: FakeHouse) -> None:
    ticket = await opened(house)
    await follow(house, name="plain")
    await follow(house, with_texts=True, name="words")
    await write(house, await house.conversation(), f"我的身份证 {ID_CARD}，电话 13812345678")
    await done(house, STEPS[Event.REPLIED], ticket)
    texts = [body["data"].get("text") for _, body in await told(house)]
    assert texts == [None, "我的身份证 ‹id_card›，电话 138****5678", None, "您好，正在查。"]


async def test_only_the_events_that_were_chosen_are_told(house: FakeHouse) -> None:
    await follow(house, Event.RESOLVED)
    ticket = await opened(house)
    for step in STEPS.values():
        await done(house, step, ticket)
    assert [name for name, _ in await told(house)] == ["ticket.resolved"]


async def test_inner_matters_stay_in_the_house(house: FakeHouse) -> None:
    ticket = await opened(house)
    await follow(house, with_texts=True)
    await done(house, lambda h, w, t: h.casework.note(w, t.number, AGENT, "只给同事看"), ticket)
    await done(house, lambda h, w, t: h.casework.tag(w, t.number, AGENT, "回访"), ticket)
    assert await told(house) == []


async def test_tags_are_among_the_facts(house: FakeHouse) -> None:
    ticket = await opened(house)
    await follow(house)
    await done(house, lambda h, w, t: h.casework.tag(w, t.number, AGENT, "回访"), ticket)
    await done(house, STEPS[Event.CLAIMED], ticket)
    [(_, body)] = await told(house)
    assert body["data"]["ticket"]["tags"] == ["回访"]


async def test_what_is_not_committed_is_not_told(house: FakeHouse) -> None:
    ticket = await opened(house)
    await follow(house)
    async with house.work() as late:
        await house.casework.claim(late, ticket.number, "lihua")
        await done(house, STEPS[Event.CLAIMED], ticket)
        with pytest.raises(Conflict):
            await late.commit()
    assert [body["data"]["actor"] for _, body in await told(house)] == [AGENT]


async def test_two_followers_each_hear_of_it_once(house: FakeHouse) -> None:
    await follow(house, name="one")
    await follow(house, name="two")
    await opened(house)
    async with house.work() as work:
        queues = [await work.webhooks.deliveries(hook.id, 9) for hook in await work.webhooks.all()]
    assert [len(queue) for queue in queues] == [1, 1]


async def test_what_is_erased_is_sent_no_more(house: FakeHouse) -> None:
    await follow(house, with_texts=True)
    await opened(house)
    await opened(house, "berta")
    anna = await house.conversation()
    async with house.work() as work:
        work.personal_data.erase(anna.id)
        await work.commit()
    [(_, body)] = await told(house)
    berta = await house.conversation("berta")
    async with house.work() as work:
        [ticket] = await work.tickets.of_conversation(berta.id)
    assert body["data"]["ticket"]["number"] == ticket.number


def test_every_event_that_can_be_chosen_comes_about() -> None:
    assert {*EVENT_OF_ACTION.values(), Event.RESIDENT_WROTE} == set(CHOICES)


async def test_a_broken_promise_is_told_with_what_was_due_when(house: FakeHouse) -> None:
    ticket = await opened(house)
    await follow(house, Event.OVERDUE)
    house.clock.at = ticket.due_at + timedelta(minutes=1)
    sweeper = Sweeper(
        house.work, house.casework, house.deadlines, house.phrases, lambda _: None, lambda: None, house.clock
    )
    await sweeper.sweep()
    await sweeper.sweep()
    [(name, body)] = await told(house)
    assert (name, body["data"]["actor"]) == ("ticket.overdue", "desk")
    assert body["data"]["details"] == {"promise": "answer", "due": ticket.due_at.isoformat()}
