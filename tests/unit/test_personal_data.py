"""What is stored about a resident, and its erasure. Runs on PostgreSQL too."""

from __future__ import annotations

from datetime import timedelta

from bot.messages import Button, ConversationStatus
from bot.storage import tables
from bot.tickets.model import HandoffReason, TicketNote, TicketStatus
from bot.turn import Turn
from tests.fakes.house import FakeHouse, message

SERIAL = "4200000925202101284997714292"
SECRET = "我家的秘密"


async def leave_traces(house: FakeHouse, user: str = "anna") -> None:
    """Words of the resident's in every table that may hold some."""

    async def act(turn: Turn) -> None:
        opened = await turn.services.tickets.open(
            turn.work, turn.conversation, HandoffReason.COMPLAINT, SERIAL, {"said": SECRET}
        )
        turn.work.tickets.note(
            TicketNote(opened.ticket.number, turn.now, "li", "rated", SECRET, {"why": SECRET})
        )
        turn.work.tracker_events.add(turn.conversation.id, [{"event": "user", "text": SECRET}])
        turn.work.watches.add(
            turn.conversation.id, SERIAL, "unreconciled", "", turn.now, turn.now + timedelta(days=1)
        )
        turn.work.misunderstandings.add(
            SECRET, "greet", "thanks", 0.1, "denied", turn.now, turn.conversation.id
        )
        turn.change_conversation(status=ConversationStatus.WAITING_FOR_AGENT)

    house.dialogue.acts[SECRET] = act
    house.dialogue.buttons = (Button(SECRET, f'/query_status{{"serial_number": "{SERIAL}"}}'),)
    await house.desk.handle(message(SECRET, user=user))
    house.dialogue.buttons = ()


async def erase(turn: Turn) -> None:
    turn.services.personal_data.erase(turn.work, turn.conversation)


async def test_what_is_stored_is_counted(house: FakeHouse) -> None:
    await leave_traces(house)
    async with house.work() as work:
        found = await house.personal_data.about(work, await house.conversation())
    assert (found.messages, found.tickets, found.watches) == (2, 1, 1)


async def test_erasure_leaves_no_text_in_any_table(house: FakeHouse) -> None:
    await leave_traces(house)
    assert SECRET in await house.every_value()
    house.dialogue.acts["删除"] = erase
    lines = await house.desk.handle(message("删除"))
    assert [line.text for line in lines] == ["re: 删除"]
    left = await house.every_value()
    assert SECRET not in left
    assert SERIAL not in left


async def test_erasure_closes_tickets_ends_watches_and_returns_to_the_bot(house: FakeHouse) -> None:
    await leave_traces(house)
    house.dialogue.acts["删除"] = erase
    await house.desk.handle(message("删除"))
    conversation = await house.conversation()
    assert conversation.status is ConversationStatus.WITH_BOT
    assert conversation.offered == ()
    async with house.work() as work:
        (ticket,) = await house.tickets.of(work, conversation)
        assert await work.watches.active() == []
    assert ticket.status is TicketStatus.CLOSED


async def test_an_erased_message_is_not_answered_a_second_time(house: FakeHouse) -> None:
    await house.desk.handle(message("你好", message_id="42"))
    house.dialogue.acts["删除"] = erase
    await house.desk.handle(message("删除"))
    assert await house.desk.handle(message("你好", message_id="42")) == []
    assert house.dialogue.heard == ["你好", "删除"]


async def test_an_agent_who_works_on_the_ticket_meanwhile_sees_a_conflict(house: FakeHouse) -> None:
    await leave_traces(house)
    async with house.work() as work:
        (ticket,) = await house.tickets.of(work, await house.conversation())
        work.tickets.save(ticket)
        async with house.work() as erasing:
            house.personal_data.erase(erasing, await house.conversation())
            await erasing.commit()
        try:
            await work.commit()
        except Exception as error:
            assert type(error).__name__ == "Conflict"
        else:
            raise AssertionError("an erased ticket was written again")


async def test_nobody_elses_data_is_erased(house: FakeHouse) -> None:
    await leave_traces(house, "berta")
    async with house.work() as work:
        house.personal_data.erase(work, await house.conversation("anna"))
        await work.commit()
    assert SECRET in await house.every_value()
    assert await house.count(tables.messages) == 2
