"""A burst is folded into one turn where that changes nothing but the number of answers."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.errors import Unavailable
from bot.folding import MOST, MOST_DIFFERENT, WITHIN
from bot.messages import Accepted, Author, MessageKind
from bot.privacy import mask_identity
from bot.storage import tables
from bot.turn import Turn
from tests.fakes.agents import agent_replies, open_ticket, opens_ticket
from tests.fakes.dialogue import YES_NO
from tests.fakes.house import FakeHouse, locked, message

WORRY = ("你好", "我交了钱", "还是显示没缴", "怎么回事")
AS_ONE = "你好，我交了钱，还是显示没缴，怎么回事"
ID_CARD = "110101199003070038"
OTHER_ID_CARD = "11010519491231002X"


async def accept(house: FakeHouse, *texts: str, kind: MessageKind = MessageKind.TEXT) -> list[Accepted]:
    """Messages that are all there before the first one's turn comes."""
    house.dialogue.story.update(map(mask_identity, texts))
    return [await house.desk.accept(message(text, kind=kind)) for text in texts]


async def answers(house: FakeHouse, accepted: list[Accepted]) -> list[list[str]]:
    """What each message was answered, asked for at once and in any order."""
    lines = await asyncio.gather(*(house.desk.answer(one) for one in reversed(accepted)))
    return [[line.text for line in own] for own in reversed(lines)]


# One turn


async def test_a_worried_burst_is_understood_and_answered_as_one(house: FakeHouse) -> None:
    accepted = await accept(house, *WORRY)
    assert await answers(house, accepted) == [[f"re: {AS_ONE}"]] * 4
    assert house.dialogue.heard == [AS_ONE]
    assert await house.said() == [f"re: {AS_ONE}"]


async def test_the_transcript_keeps_every_line_before_the_answer(house: FakeHouse) -> None:
    accepted = await accept(house, *WORRY)
    await answers(house, accepted)
    said = [(Author.RESIDENT, text) for text in WORRY]
    assert await house.transcript() == [*said, (Author.BOT, f"re: {AS_ONE}")]
    conversation = await house.conversation()
    async with house.work() as work:
        lines = await work.lines.after(conversation.id)
    assert [line.in_reply_to for line in lines[:4]] == [one.id for one in accepted]


async def test_twenty_times_the_same_are_one(house: FakeHouse) -> None:
    accepted = [await house.desk.accept(message("在吗")) for _ in range(20)]
    assert await answers(house, accepted) == [["re: 在吗"]] * 20
    assert house.dialogue.heard == ["在吗"]
    assert house.dialogue.judged == []
    assert len(await house.transcript()) == 21


async def test_what_is_said_twice_in_a_burst_is_heard_once(house: FakeHouse) -> None:
    await answers(house, await accept(house, "在吗", "钱没到", "在吗", "钱没到"))
    assert house.dialogue.heard == ["在吗，钱没到"]


async def test_a_burst_longer_than_a_turn_takes_takes_two(house: FakeHouse) -> None:
    accepted = [await house.desk.accept(message("在吗")) for _ in range(MOST + 5)]
    await answers(house, accepted)
    assert house.dialogue.heard == ["在吗", "在吗"]


async def test_a_long_story_is_read_in_chapters(house: FakeHouse) -> None:
    texts = [f"第{number}句" for number in range(MOST_DIFFERENT + 2)]
    await answers(house, await accept(house, *texts))
    assert house.dialogue.heard == ["，".join(texts[:MOST_DIFFERENT]), "，".join(texts[MOST_DIFFERENT:])]


async def test_no_more_is_joined_than_one_message_may_hold(house: FakeHouse) -> None:
    first, second = "长" * 120, "话" * 120
    await answers(house, await accept(house, first, second))
    assert house.dialogue.heard == [first, second]


async def test_nobody_waits_for_more_to_come(house: FakeHouse) -> None:
    house.dialogue.story.update(WORRY)
    for text in WORRY:
        assert [line.text for line in await house.desk.handle(message(text))] == [f"re: {text}"]


async def test_what_comes_while_a_turn_is_taken_is_folded_into_the_next(house: FakeHouse) -> None:
    gate = house.dialogue.hold(WORRY[0])
    first = asyncio.create_task(house.desk.handle(message(WORRY[0])))
    await asyncio.wait_for(house.dialogue.entered[WORRY[0]].wait(), 5)
    others = await accept(house, *WORRY[1:])
    gate.set()
    await first
    assert await answers(house, others) == [["re: 我交了钱，还是显示没缴，怎么回事"]] * 3


@pytest.mark.parametrize(
    ("texts", "heard"),
    [
        (("你好。", "在吗"), "你好。在吗"),
        (("hello", "are you there"), "hello, are you there"),
        (("hello!", "are you there"), "hello! are you there"),
        (("缴了20", "300块也缴了"), "缴了20；300块也缴了"),
    ],
)
async def test_words_are_joined_so_that_nothing_runs_together(
    house: FakeHouse, texts: tuple[str, ...], heard: str
) -> None:
    await answers(house, await accept(house, *texts))
    assert house.dialogue.heard == [heard]


# Apart


async def test_another_request_is_answered_by_itself(house: FakeHouse) -> None:
    accepted = await accept(house, "你好", "怎么还没到")
    accepted.append(await house.desk.accept(message("转人工")))
    assert await answers(house, accepted) == [
        ["re: 你好，怎么还没到"],
        ["re: 你好，怎么还没到"],
        ["re: 转人工"],
    ]


async def test_what_was_said_hours_apart_is_not_one(house: FakeHouse) -> None:
    early = await accept(house, "你好")
    house.clock.move(seconds=WITHIN.total_seconds() + 1)
    late = await accept(house, "在吗")
    await answers(house, early + late)
    assert house.dialogue.heard == ["你好", "在吗"]


@pytest.mark.parametrize("kind", [MessageKind.BUTTON, MessageKind.VOICE, MessageKind.PHOTO])
async def test_only_plain_words_are_folded(house: FakeHouse, kind: MessageKind) -> None:
    accepted = await accept(house, "你好")
    accepted += [await house.desk.accept(message("/affirm", kind=kind)) for _ in range(2)]
    accepted += await accept(house, "在吗")
    await answers(house, accepted)
    assert len(await house.said()) == 4
    assert house.dialogue.judged == []


async def test_a_typed_command_is_not_part_of_a_story(house: FakeHouse) -> None:
    await answers(house, await accept(house, "你好", "/affirm", "在吗"))
    assert house.dialogue.heard == ["你好", "/affirm", "在吗"]


async def test_a_typed_choice_is_not_part_of_a_story_and_its_repeats_choose_once(house: FakeHouse) -> None:
    house.dialogue.buttons = YES_NO
    await house.desk.handle(message("要提醒我"))
    await answers(house, await accept(house, "2", "2", "在吗", "急"))
    assert house.dialogue.heard == ["要提醒我", "/deny", "在吗，急"]


async def test_answers_to_a_question_stay_apart(house: FakeHouse) -> None:
    house.dialogue.slot = "payment_channel"
    await answers(house, await accept(house, "微信", "昨天", "昨天"))
    assert house.dialogue.heard == ["微信", "昨天"]


async def test_the_same_four_digits_twice_are_one_try(house: FakeHouse) -> None:
    house.dialogue.slot = "payer_id_last4"
    await answers(house, await accept(house, "0038", "0038", "1234"))
    assert house.dialogue.last4 == ["0038", "1234"]
    assert "0038" not in await house.every_value()


async def test_an_agent_gets_each_line_by_itself(house: FakeHouse) -> None:
    await agent_replies(house, await open_ticket(house))
    accepted = await accept(house, *WORRY)
    assert await answers(house, accepted) == [[]] * 4
    assert [text for author, text in await house.transcript() if author is Author.RESIDENT] == list(WORRY)
    async with house.work() as work:
        stored = [await work.incoming.get(one.id) for one in accepted]
    assert {one.answered_at for one in stored if one} == {house.clock.now()}


async def test_what_cannot_be_read_is_left_to_its_own_turn(house: FakeHouse) -> None:
    house.dialogue.story.update(["你好", "在吗"])
    await house.desk.accept(message("你好"))
    await house.new_desk(secret="another secret, as long").accept(message("在吗"))
    assert await house.desk.recover() == 2
    assert await house.said() == ["re: 你好", "utter_internal_error"]


# Private facts


async def test_every_line_is_masked_and_the_proof_in_any_of_them_counts(house: FakeHouse) -> None:
    await answers(house, await accept(house, "帮我看看", f"我的身份证{ID_CARD}", "电话13812345678"))
    assert house.dialogue.heard == ["帮我看看，我的身份证‹id_card›，电话138****5678"]
    assert house.dialogue.last4 == ["0038"]
    stored = await house.every_value()
    assert "19900307" not in stored
    assert "12345678" not in stored


async def test_of_two_different_proofs_none_is_tried(house: FakeHouse) -> None:
    await answers(house, await accept(house, f"我的{ID_CARD}", f"我妈的{OTHER_ID_CARD}"))
    assert house.dialogue.last4 == [None]


# All or nothing


async def test_each_of_them_again_gets_the_same_answer_after_a_restart_too(house: FakeHouse) -> None:
    house.dialogue.story.update(WORRY)
    sent = [message(text) for text in WORRY]
    for one in sent:
        await house.desk.accept(one)
    assert await house.desk.recover() == 4
    after_restart = house.new_desk()
    for one in sent:
        assert [line.text for line in await after_restart.handle(one)] == [f"re: {AS_ONE}"]
    assert house.dialogue.heard == [AS_ONE]
    assert await house.count(tables.outbox) == 1


async def test_a_commit_that_fails_leaves_all_of_them_to_be_answered(house: FakeHouse) -> None:
    accepted = await accept(house, *WORRY)
    house.access.breaks = [locked()]
    with pytest.raises(Unavailable):
        await house.desk.answer(accepted[-1])
    assert await house.transcript() == []
    assert await answers(house, accepted) == [[f"re: {AS_ONE}"]] * 4


async def test_side_effects_keep_their_key_when_more_of_the_burst_came_meanwhile(
    house: FakeHouse,
) -> None:
    keys: list[str] = []

    async def act(turn: Turn) -> None:
        keys.append(turn.message_key)

    house.dialogue.acts = {"在吗": act, "在吗，急": act}
    accepted = await accept(house, "在吗")
    house.access.breaks = [locked()]
    with pytest.raises(Unavailable):
        await house.desk.answer(accepted[0])
    await accept(house, "急")
    assert await house.new_desk().recover() == 2
    assert len(keys) == 2
    assert len(set(keys)) == 1


async def test_a_burst_is_judged_again_when_another_process_answered_its_end(house: FakeHouse) -> None:
    accepted = await accept(house, "你好", "在吗")

    async def other_process_is_quicker(turn: Turn) -> None:
        async with house.work() as work:
            work.lines.add(turn.conversation, house.phrases.say("theirs", "zh"), turn.now, accepted[1].id)
            work.incoming.mark_answered(accepted[1].id, "在吗", turn.now)
            await work.commit()

    house.dialogue.acts["你好，在吗"] = other_process_is_quicker
    assert await answers(house, accepted) == [["re: 你好"], ["theirs"]]


async def test_a_burst_that_breaks_apologises_and_goes_on(house: FakeHouse) -> None:
    async def breaks(turn: Turn) -> None:
        await opens_ticket()(turn)
        raise RuntimeError

    house.dialogue.acts["你好，在吗"] = breaks
    assert await answers(house, await accept(house, "你好", "在吗")) == [
        ["utter_internal_error"],
        ["re: 在吗"],
    ]
    assert await house.count(tables.tickets) == 0


# Others


async def test_a_burst_delays_nobody_else(house: FakeHouse) -> None:
    """Berta is answered while the burst is still being judged, and while it is being answered."""
    accepted = await accept(house, *WORRY)
    judging, answering = house.dialogue.hold_judgement(), house.dialogue.hold(AS_ONE)
    burst = asyncio.create_task(house.desk.answer(accepted[-1]))
    await asyncio.wait_for(house.dialogue.judges.wait(), 5)
    assert await asyncio.wait_for(house.desk.handle(message("快", user="berta")), 5)
    judging.set()
    await asyncio.wait_for(house.dialogue.entered[AS_ONE].wait(), 5)
    assert await asyncio.wait_for(house.desk.handle(message("还快", user="berta")), 5)
    assert not burst.done()
    answering.set()
    await burst
    assert await house.said("berta") == ["re: 快", "re: 还快"]


async def test_a_burst_takes_as_many_turns_as_answers_so_others_wait_for_one_at_most(
    house: FakeHouse,
) -> None:
    """However the tasks are scheduled, twenty messages of one cost others one turn."""
    burst = [await house.desk.accept(message("在吗")) for _ in range(20)]
    others = [await house.desk.accept(message(f"{n}号", user=f"r{n}")) for n in range(5)]
    await asyncio.gather(*(house.desk.answer(one) for one in [*burst, *others]))
    assert len(house.dialogue.heard) == 6


async def test_a_folded_flood_is_still_counted_message_by_message(house: FakeHouse) -> None:
    desk = house.new_desk(flood=5)
    for _ in range(8):
        await desk.handle(message("在吗"))
    assert (await house.said())[-1] == "utter_flood"
    house.clock.move(minutes=2)
    await asyncio.gather(
        *[desk.answer(one) for one in [await desk.accept(message("在吗")) for _ in range(4)]]
    )
    assert (await house.said())[-1] == "re: 在吗"


async def test_the_rounds_count_what_was_folded(house: FakeHouse) -> None:
    await accept(house, *WORRY)
    house.clock.move(seconds=31)
    assert await house.desk.recover(timedelta(seconds=30)) == 4
    assert await house.desk.recover() == 0
