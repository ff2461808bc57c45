"""The desk: accept once, keep order, all or nothing. Runs on PostgreSQL too (tests/integration)."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta

import pytest

from bot.errors import Conflict, InvalidInput, NotFound, Slow, Unavailable
from bot.messages import Author, Button, ConversationStatus, MessageKind
from bot.storage import tables
from bot.tickets import service as tickets_service
from bot.tickets.model import HandoffReason, TicketStatus
from bot.turn import Turn
from tests.fakes.dialogue import YES_NO
from tests.fakes.house import FakeHouse, locked, message

AGENT = ("li", "李师傅")


def opens_ticket(serial: str | None = None) -> object:
    async def act(turn: Turn) -> None:
        await turn.services.tickets.open(turn.work, turn.conversation, HandoffReason.CUSTOMER_REQUEST, serial)
        turn.change_conversation(status=ConversationStatus.WAITING_FOR_AGENT)

    return act


async def open_ticket(house: FakeHouse, user: str = "anna") -> str:
    """A ticket of the resident; returns its number."""
    conversation = await house.conversation(user)
    async with house.work() as work:
        opened = await house.tickets.open(work, conversation, HandoffReason.CUSTOMER_REQUEST)
        await work.commit()
    return opened.ticket.number


async def agent_replies(house: FakeHouse, number: str, text: str = "您好") -> None:
    async with house.work() as work:
        await house.casework.reply(work, number, *AGENT, text)
        await work.commit()


# Accept once


async def test_a_message_is_answered_and_its_answer_stored(house: FakeHouse) -> None:
    lines = await house.desk.handle(message("什么时候到账"))
    assert [line.text for line in lines] == ["re: 什么时候到账"]
    assert await house.transcript() == [
        (Author.RESIDENT, "什么时候到账"),
        (Author.BOT, "re: 什么时候到账"),
    ]


async def test_the_same_message_again_gets_the_same_answer(house: FakeHouse) -> None:
    first = await house.desk.handle(message("你好", message_id="42"))
    again = await house.desk.handle(message("你好", message_id="42"))
    assert again == first
    assert house.dialogue.heard == ["你好"]


async def test_a_message_delivered_twice_at_the_same_moment_is_answered_once(house: FakeHouse) -> None:
    await house.conversation()
    twice = [house.desk.handle(message("你好", message_id="42")) for _ in range(5)]
    answers = await asyncio.gather(*twice)
    assert all(answer == answers[0] for answer in answers)
    assert [line.text for line in answers[0]] == ["re: 你好"]
    assert house.dialogue.heard == ["你好"]
    assert await house.count(tables.incoming) == 1


async def test_a_first_message_delivered_twice_at_once_makes_one_conversation(house: FakeHouse) -> None:
    await asyncio.gather(*(house.desk.accept(message("你好", message_id=str(n % 2))) for n in range(6)))
    assert await house.count(tables.conversations) == 1
    assert await house.count(tables.incoming) == 2


async def test_the_same_id_on_another_channel_is_another_message(house: FakeHouse) -> None:
    await house.desk.handle(message("一", message_id="42"))
    await house.desk.handle(message("二", message_id="42", channel="wechat"))
    assert house.dialogue.heard == ["一", "二"]


async def test_nobody_gets_the_answer_to_somebody_elses_message(house: FakeHouse) -> None:
    await house.desk.handle(message("我的事", user="anna", message_id="42"))
    with pytest.raises(InvalidInput):
        await house.desk.handle(message("我的事", user="berta", message_id="42"))


@pytest.mark.parametrize(
    ("user", "message_id", "code"),
    [
        ("u" * 129, "1", "sender"),
        ("", "1", "sender"),
        ("nul\0", "1", "sender"),
        ("half\ud83d", "1", "sender"),
        ("anna", "m" * 161, "message_id"),
        ("anna", "nul\0", "message_id"),
    ],
)
async def test_ids_that_cannot_be_stored_are_refused(
    house: FakeHouse, user: str, message_id: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await house.desk.accept(message("你好", user=user, message_id=message_id))
    assert refused.value.code == code
    assert await house.count(tables.conversations) == 0


async def test_the_longest_ids_are_stored(house: FakeHouse) -> None:
    lines = await house.desk.handle(message("你好", user="户" * 128, message_id="号" * 160))
    assert [line.text for line in lines] == ["re: 你好"]


async def test_the_resident_starts_in_the_language_that_the_channel_names(house: FakeHouse) -> None:
    await house.desk.handle(message("hello", user="anna", language="en"))
    await house.desk.handle(message("hallo", user="berta", language="de-AT-1996"))
    assert (await house.conversation("anna")).language == "en"
    assert (await house.conversation("berta")).language == "zh"


async def test_what_was_accepted_is_sealed_and_what_was_answered_is_masked(house: FakeHouse) -> None:
    text = "身份证110101199003070038查一下"
    accepted = await house.desk.accept(message(text))
    assert "110101" not in await house.every_value()
    assert accepted.sealed is not None
    await house.desk.answer(accepted)
    async with house.work() as work:
        stored = await work.incoming.get(accepted.id)
    assert stored is not None
    assert stored.sealed is None
    assert stored.text == "身份证‹id_card›查一下"
    assert "19900307" not in await house.every_value()


# Order


async def test_messages_of_one_conversation_are_answered_in_order(house: FakeHouse) -> None:
    accepted = [await house.desk.accept(message(str(n) + "号")) for n in range(8)]
    await asyncio.gather(*(house.desk.answer(one) for one in reversed(accepted)))
    assert house.dialogue.heard == [f"{n}号" for n in range(8)]
    assert not house.dialogue.overlapped
    assert await house.said() == [f"re: {n}号" for n in range(8)]


async def test_an_answer_waits_for_the_older_message(house: FakeHouse) -> None:
    gate = house.dialogue.hold("第一条")
    first = asyncio.create_task(house.desk.handle(message("第一条")))
    await asyncio.wait_for(house.dialogue.entered["第一条"].wait(), 5)
    second = asyncio.create_task(house.desk.handle(message("第二条")))
    await asyncio.sleep(0.05)
    assert house.dialogue.heard == ["第一条"]
    gate.set()
    await asyncio.gather(first, second)
    assert house.dialogue.heard == ["第一条", "第二条"]


async def test_one_resident_never_holds_up_another(house: FakeHouse) -> None:
    gate = house.dialogue.hold("慢")
    slow = asyncio.create_task(house.desk.handle(message("慢", user="anna")))
    await asyncio.wait_for(house.dialogue.entered["慢"].wait(), 5)
    lines = await asyncio.wait_for(house.desk.handle(message("快", user="berta")), 5)
    assert [line.text for line in lines] == ["re: 快"]
    assert not slow.done()
    gate.set()
    assert [line.text for line in await slow] == ["re: 慢"]


async def test_fifty_residents_at_once_are_all_answered(house: FakeHouse) -> None:
    desk = house.desk
    answers = await asyncio.gather(
        *(desk.handle(message(f"{n} {m}", user=f"r{n}")) for n in range(50) for m in range(2))
    )
    assert all(len(answer) == 1 for answer in answers)
    assert await house.count(tables.messages) == 200
    assert await house.count(tables.outbox) == 100


async def test_lines_appear_in_the_order_of_their_numbers_whoever_writes(house: FakeHouse) -> None:
    """A reader who has seen line 7 never finds line 6 afterwards."""
    conversation = await house.conversation()
    seen: list[int] = []

    async def read() -> None:
        while len(seen) < 40:
            async with house.work() as work:
                new = await work.lines.after(conversation.id, seen[-1] if seen else 0)
            seen.extend(line.id for line in new)
            await asyncio.sleep(0)

    async def notice(number: int) -> None:
        async with house.work() as work:
            work.lines.add(conversation, house.phrases.say(f"notice {number}", "zh"), house.clock.now())
            await work.commit()

    await asyncio.wait_for(asyncio.gather(read(), *(notice(n) for n in range(40))), 30)
    async with house.work() as work:
        stored = [line.id for line in await work.lines.after(conversation.id)]
    assert seen == stored


# All or nothing


async def test_a_commit_that_fails_leaves_nothing_and_the_message_is_answered_later(house: FakeHouse) -> None:
    house.dialogue.acts["人工"] = opens_ticket()
    accepted = await house.desk.accept(message("人工"))
    house.pen.breaks = [locked()]
    with pytest.raises(Unavailable):
        await house.desk.answer(accepted)
    assert await house.transcript() == []
    assert await house.count(tables.tickets) == 0
    assert await house.count(tables.outbox) == 0
    assert (await house.conversation()).status is ConversationStatus.WITH_BOT
    assert await house.desk.recover() == 1
    assert await house.said() == ["re: 人工"]
    assert await house.count(tables.tickets) == 1
    assert (await house.conversation()).status is ConversationStatus.WAITING_FOR_AGENT


async def test_an_accept_that_fails_stores_nothing(house: FakeHouse) -> None:
    await house.conversation()
    house.pen.breaks = [locked()]
    with pytest.raises(Unavailable):
        await house.desk.accept(message("你好"))
    assert await house.count(tables.incoming) == 0


async def test_a_newer_message_is_not_answered_before_one_that_cannot_be_answered_now(
    house: FakeHouse,
) -> None:
    await house.desk.accept(message("第一条"))
    second = await house.desk.accept(message("第二条"))
    house.pen.breaks = [locked()]
    with pytest.raises(Unavailable):
        await house.desk.answer(second)
    assert await house.said() == []
    await house.desk.answer(second)
    assert await house.said() == ["re: 第一条", "re: 第二条"]


@pytest.mark.parametrize("raises", [True, False])
async def test_a_read_that_fails_inside_the_dialogue_is_never_taken_for_an_answer(
    house: FakeHouse, raises: bool
) -> None:
    async def cannot_read(turn: Turn) -> None:
        turn.work.blind = Unavailable("the database")  # as a failed read leaves it
        if raises:
            raise RuntimeError("made of it by somebody on the way")

    house.dialogue.acts["查"] = cannot_read
    accepted = await house.desk.accept(message("查"))
    with pytest.raises(Unavailable):
        await house.desk.answer(accepted)
    del house.dialogue.acts["查"]
    assert [line.text for line in await house.desk.answer(accepted)] == ["re: 查"]


async def test_a_turn_that_was_cancelled_is_taken_again(house: FakeHouse) -> None:
    house.dialogue.hold("慢")
    task = asyncio.create_task(house.desk.handle(message("慢")))
    await asyncio.wait_for(house.dialogue.entered["慢"].wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await house.transcript() == []
    house.dialogue.closed.clear()
    assert await house.desk.recover() == 1
    assert await house.said() == ["re: 慢"]


# What changed meanwhile


async def test_a_turn_is_decided_again_when_an_agent_steps_in(house: FakeHouse) -> None:
    number = await open_ticket(house)
    gate = house.dialogue.hold("在吗")
    asking = asyncio.create_task(house.desk.handle(message("在吗")))
    await asyncio.wait_for(house.dialogue.entered["在吗"].wait(), 5)
    await agent_replies(house, number)
    gate.set()
    assert await asking == []
    assert await house.said() == ["utter_agent_joined name=李师傅", "您好"]
    async with house.work() as work:
        ticket = await work.tickets.get(number)
    assert ticket is not None
    assert ticket.status is TicketStatus.OPEN


async def test_a_ticket_that_an_agent_changed_meanwhile_is_read_again(house: FakeHouse) -> None:
    number = await open_ticket(house)

    async def joins_while_claimed(turn: Turn) -> None:
        await turn.services.tickets.open(
            turn.work, turn.conversation, HandoffReason.COMPLAINT, checked={"state": "unreconciled"}
        )
        if len(house.dialogue.heard) == 1:
            async with house.work() as work:
                await house.casework.claim(work, number, "li")
                await work.commit()

    house.dialogue.acts["投诉"] = joins_while_claimed
    lines = await house.desk.handle(message("投诉"))
    assert [line.text for line in lines] == ["re: 投诉"]
    assert house.dialogue.heard == ["投诉", "投诉"]
    async with house.work() as work:
        ticket = await work.tickets.get(number)
    assert ticket is not None
    assert (ticket.assignee, dict(ticket.checked)) == ("li", {"state": "unreconciled"})


async def test_a_ticket_number_that_is_taken_is_drawn_again(
    house: FakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = await open_ticket(house, user="berta")
    numbers = [taken, "GD261123000018"]
    monkeypatch.setattr(tickets_service, "new_ticket_number", lambda now: numbers.pop(0))
    house.dialogue.acts["人工"] = opens_ticket()
    await house.desk.handle(message("人工"))
    assert await house.said() == ["re: 人工"]
    async with house.work() as work:
        own = await work.tickets.of_conversation((await house.conversation()).id)
    assert [ticket.number for ticket in own] == ["GD261123000018"]


async def test_a_conflict_that_never_ends_ends_in_an_apology(house: FakeHouse) -> None:
    async def always_conflicts(turn: Turn) -> None:
        conversation = dataclasses.replace(turn.conversation, id=turn.conversation.id + 1000)
        turn.work.conversations.update(conversation, language="en")

    house.dialogue.acts["坏"] = always_conflicts
    lines = await house.desk.handle(message("坏"))
    assert [line.text for line in lines] == ["utter_internal_error"]


async def test_a_message_that_another_process_answered_meanwhile_is_not_answered_again(
    house: FakeHouse,
) -> None:
    accepted = await house.desk.accept(message("你好"))

    async def other_process_is_quicker(turn: Turn) -> None:
        async with house.work() as work:
            work.lines.add(turn.conversation, house.phrases.say("theirs", "zh"), turn.now, accepted.id)
            work.incoming.mark_answered(accepted.id, "你好", turn.now)
            await work.commit()

    house.dialogue.acts["你好"] = other_process_is_quicker
    lines = await house.desk.answer(accepted)
    assert [line.text for line in lines] == ["theirs"]
    assert house.dialogue.heard == ["你好"]


# Defects


@pytest.mark.parametrize("error", [RuntimeError("boom"), NotFound("x"), Conflict("x"), Slow("x")])
async def test_a_dialogue_that_breaks_apologises_and_leaves_nothing_half_done(
    house: FakeHouse, error: Exception
) -> None:
    async def breaks(turn: Turn) -> None:
        await opens_ticket()(turn)  # type: ignore[operator]
        raise error

    house.dialogue.acts["坏"] = breaks
    accepted = await house.desk.accept(message("坏"))
    lines = await house.desk.answer(accepted)
    assert [line.text for line in lines] == ["utter_internal_error"]
    assert await house.count(tables.tickets) == 0
    assert (await house.conversation()).status is ConversationStatus.WITH_BOT
    assert await house.desk.recover() == 0


async def test_an_action_that_broke_behind_rasas_back_apologises(house: FakeHouse) -> None:
    async def fails_quietly(turn: Turn) -> None:
        turn.failure = RuntimeError("boom")

    house.dialogue.acts["坏"] = fails_quietly
    lines = await house.desk.handle(message("坏"))
    assert [line.text for line in lines] == ["utter_internal_error"]


async def test_a_dialogue_that_says_nothing_apologises(house: FakeHouse) -> None:
    house.dialogue.silent = True
    lines = await house.desk.handle(message("嗯"))
    assert [line.text for line in lines] == ["utter_internal_error"]


async def test_a_failed_message_keeps_no_last_four_of_an_identity_card(house: FakeHouse) -> None:
    house.dialogue.silent = True
    house.dialogue.slot = "payer_id_last4"
    await house.desk.handle(message("后四位是018x"))
    assert "018x" not in await house.every_value()
    assert (Author.RESIDENT, "后四位是‹id_last4›") in await house.transcript()


async def test_after_a_failure_the_next_message_is_answered(house: FakeHouse) -> None:
    async def breaks(turn: Turn) -> None:
        raise RuntimeError

    house.dialogue.acts["坏"] = breaks
    await house.desk.handle(message("坏"))
    assert [line.text for line in await house.desk.handle(message("好"))] == ["re: 好"]


# Recovery


async def test_a_new_process_answers_what_the_old_one_accepted(house: FakeHouse) -> None:
    for text in ("一号", "二号"):
        await house.desk.accept(message(text, user="anna"))
    await house.desk.accept(message("三号", user="berta"))
    assert await house.new_desk().recover() == 3
    assert await house.said("anna") == ["re: 一号", "re: 二号"]
    assert await house.said("berta") == ["re: 三号"]
    assert await house.desk.recover() == 0


async def test_one_message_that_cannot_be_answered_stops_nobody_elses(house: FakeHouse) -> None:
    async def unreadable(turn: Turn) -> None:
        turn.work.blind = Unavailable("the database")

    house.dialogue.acts["卡住"] = unreadable
    await house.desk.accept(message("卡住", user="anna"))
    await house.desk.accept(message("后面的", user="anna"))
    await house.desk.accept(message("别人的", user="berta"))
    assert await house.desk.recover() == 1
    assert await house.said("anna") == []
    assert await house.said("berta") == ["re: 别人的"]


async def test_what_was_sealed_with_another_key_is_answered_with_an_apology(house: FakeHouse) -> None:
    await house.desk.accept(message("你好"))
    assert await house.new_desk(secret="another secret, as long").recover() == 1
    assert await house.transcript() == [
        (Author.RESIDENT, "‹unreadable›"),
        (Author.BOT, "utter_internal_error"),
    ]


async def test_recovery_leaves_alone_what_came_just_now(house: FakeHouse) -> None:
    await house.desk.accept(message("刚到"))
    assert await house.desk.recover(timedelta(seconds=30)) == 0
    house.clock.move(seconds=31)
    assert await house.desk.recover(timedelta(seconds=30)) == 1


async def test_a_running_desk_answers_what_was_left_over(house: FakeHouse) -> None:
    accepted = await house.desk.accept(message("你好"))
    running = asyncio.create_task(house.desk.run(every=0.01))
    try:
        await asyncio.wait_for(house.announcer.wait(accepted.conversation_id, 5), 5)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert await house.said() == ["re: 你好"]


# A person serves


async def test_the_bot_is_silent_while_an_agent_serves(house: FakeHouse) -> None:
    number = await open_ticket(house)
    await agent_replies(house, number)
    assert await house.desk.handle(message("我等了三天")) == []
    assert house.dialogue.heard == []
    assert (Author.RESIDENT, "我等了三天") in await house.transcript()


async def test_a_residents_word_makes_the_ticket_wait_for_the_agent_again(house: FakeHouse) -> None:
    number = await open_ticket(house)
    await agent_replies(house, number)
    async with house.work() as work:
        assert (await house.tickets.of(work, await house.conversation()))[0].status is TicketStatus.WAITING
    await house.desk.handle(message("谢谢"))
    async with house.work() as work:
        assert (await house.tickets.of(work, await house.conversation()))[0].status is TicketStatus.OPEN


async def test_even_a_failure_is_silent_while_an_agent_serves(house: FakeHouse) -> None:
    number = await open_ticket(house)
    await agent_replies(house, number)
    await house.desk.accept(message("你好"))
    await house.new_desk(secret="another secret, as long").recover()
    assert await house.said() == ["utter_agent_joined name=李师傅", "您好"]


async def test_the_bot_goes_on_serving_while_the_resident_waits_for_an_agent(house: FakeHouse) -> None:
    house.dialogue.acts["人工"] = opens_ticket()
    await house.desk.handle(message("人工"))
    assert [line.text for line in await house.desk.handle(message("还要多久"))] == ["re: 还要多久"]


# Reading and offering


async def test_a_typed_digit_chooses_the_button_offered_last(house: FakeHouse) -> None:
    house.dialogue.buttons = YES_NO
    await house.desk.handle(message("你好"))
    await house.desk.handle(message("２"))
    assert house.dialogue.heard == ["你好", "/deny"]
    assert (Author.RESIDENT, "不用") in await house.transcript()


async def test_buttons_of_an_agents_notice_are_the_ones_offered_last(house: FakeHouse) -> None:
    house.phrases.buttons = {"utter_ticket_resolved": (Button("查我的缴费", "/query_status"),)}
    house.dialogue.buttons = YES_NO
    await house.desk.handle(message("你好"))
    number = await open_ticket(house)
    async with house.work() as work:
        await house.casework.resolve(work, number, "li")
        await work.commit()
    await house.desk.handle(message("1"))
    assert house.dialogue.heard[-1] == "/query_status"


async def test_the_last_four_reach_the_dialogue_and_nothing_else(house: FakeHouse) -> None:
    house.dialogue.slot = "payer_id_last4"
    await house.desk.handle(message("后四位是018x"))
    assert house.dialogue.last4 == ["018X"]
    assert house.dialogue.heard == ["后四位是‹id_last4›"]
    assert "018" not in (await house.every_value()).replace("2018", "")


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (MessageKind.VOICE, "", "utter_voice_received"),
        (MessageKind.TEXT, "\u200b ", "utter_empty_message"),
        (MessageKind.TEXT, "长" * 201, "utter_too_long"),
        (MessageKind.BUTTON, "/drop_tables", "utter_unknown_button"),
    ],
)
async def test_what_cannot_be_read_gets_one_plain_line(
    house: FakeHouse, kind: MessageKind, text: str, said: str
) -> None:
    lines = await house.desk.handle(message(text, kind=kind))
    assert [line.text for line in lines] == [said]
    assert house.dialogue.heard == []


async def test_any_text_at_all_can_be_stored(house: FakeHouse) -> None:
    strange = "\x00\x07half \ud83d 😀 ' \" \\ % {x} <b> 𠮷"
    lines = await house.desk.handle(message(strange))
    assert len(lines) == 1
    assert "😀" in lines[0].text


# Floods


async def test_a_flood_gets_one_polite_line_and_no_more_answers(house: FakeHouse) -> None:
    desk = house.new_desk(flood=3)
    for number in range(8):
        await desk.handle(message(f"第{number}条"))
        house.clock.move(seconds=2)
    assert await house.said() == ["re: 第0条", "re: 第1条", "re: 第2条", "utter_flood"]
    assert await desk.recover() == 0
    assert (Author.RESIDENT, "第7条") in await house.transcript()


async def test_the_polite_line_is_said_again_in_the_next_minute(house: FakeHouse) -> None:
    desk = house.new_desk(flood=3)
    for number in range(20):
        await desk.handle(message(f"第{number}条"))
        house.clock.move(seconds=6)
    assert (await house.said()).count("utter_flood") == 2


async def test_after_a_quiet_minute_the_bot_answers_again(house: FakeHouse) -> None:
    desk = house.new_desk(flood=3)
    for number in range(5):
        await desk.handle(message(f"第{number}条"))
    house.clock.move(seconds=61)
    assert [line.text for line in await desk.handle(message("好了"))] == ["re: 好了"]


async def test_a_flood_of_one_resident_is_nobody_elses(house: FakeHouse) -> None:
    desk = house.new_desk(flood=3)
    for number in range(5):
        await desk.handle(message(f"第{number}条", user="anna"))
    assert [line.text for line in await desk.handle(message("你好", user="berta"))] == ["re: 你好"]


async def test_an_agent_sees_every_message_of_a_flood(house: FakeHouse) -> None:
    desk = house.new_desk(flood=3)
    await agent_replies(house, await open_ticket(house))
    for number in range(5):
        await desk.handle(message(f"第{number}条"))
    assert "utter_flood" not in await house.said()
    assert len([author for author, _ in await house.transcript() if author is Author.RESIDENT]) == 5


# Reading the transcript


async def test_a_stranger_has_no_lines_and_waits_for_none(house: FakeHouse) -> None:
    stranger = message("").contact
    assert await house.desk.lines_after(stranger) == []
    await house.desk.wait_for_lines(stranger, 0.01)


async def test_whoever_waits_is_woken_by_an_answer(house: FakeHouse) -> None:
    contact = (await house.conversation()).contact
    waiting = asyncio.create_task(house.desk.wait_for_lines(contact, 30))
    await asyncio.sleep(0.05)
    await house.desk.handle(message("你好"))
    await asyncio.wait_for(waiting, 5)
    assert [line.text for line in await house.desk.lines_after(contact)] == ["你好", "re: 你好"]
