"""What the dialogue made of a message is kept with it, for the agent who reads along."""

from __future__ import annotations

from bot.messages import Author, Understood
from bot.turn import Turn
from tests.fakes.house import FakeHouse, message

MEANT = Understood("query_status", 0.91, ("action_look_up",), {"state": "unreconciled"})


async def understands(turn: Turn) -> None:
    turn.understood = MEANT


async def test_a_message_is_stored_with_what_it_was_taken_for(house: FakeHouse) -> None:
    house.dialogue.acts["查一下"] = understands
    await house.desk.handle(message("查一下"))
    await house.desk.handle(message("你好"))
    conversation = await house.conversation()
    async with house.work() as work:
        lines = [line for line in await work.lines.last(conversation.id) if line.author is Author.RESIDENT]
        ids = [line.in_reply_to for line in lines if line.in_reply_to]
        understood = await work.incoming.understood(ids)
    assert understood == {ids[0]: Understood("query_status", 0.91)}
    assert lines[0].custom == {"did": ["action_look_up"], "found": {"state": "unreconciled"}}
    assert lines[1].custom == {}


async def test_of_a_burst_the_first_message_carries_it(house: FakeHouse) -> None:
    house.dialogue.story = {"我交了钱", "没对上"}
    house.dialogue.acts["我交了钱 没对上"] = understands
    house.dialogue.acts["我交了钱\n没对上"] = understands
    accepted = [await house.desk.accept(message(text)) for text in ("我交了钱", "没对上")]
    await house.desk.answer(accepted[1])
    async with house.work() as work:
        assert set(await work.incoming.understood([one.id for one in accepted])) <= {accepted[0].id}
