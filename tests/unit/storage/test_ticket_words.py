"""By which words a ticket is found. Runs on PostgreSQL too."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot.messages import Author, Reply
from bot.storage import tables
from bot.storage.pairs import Wanted, pieces, wanted
from bot.storage.ticket_words import PIECES_MOST
from bot.tickets.model import HandoffReason, Ticket
from tests.fakes.house import FakeHouse

SERIAL = "4200000925202101284997714292"


async def says(house: FakeHouse, text: str, author: Author = Author.RESIDENT, user: str = "anna") -> None:
    conversation = await house.conversation(user)
    async with house.work() as work:
        work.lines.add(conversation, Reply(text, author=author), house.clock.now())
        await work.commit()


async def opens(house: FakeHouse, user: str = "anna", serial: str | None = None) -> Ticket:
    conversation = await house.conversation(user)
    async with house.work() as work:
        opened = await house.tickets.open(work, conversation, HandoffReason.COMPLAINT, serial)
        await work.commit()
    return opened.ticket


async def finds(house: FakeHouse, words: str) -> list[str]:
    async with house.work() as work:
        return await work.ticket_words.find(words)


def test_pieces_overlap_and_end_in_shorter_ones() -> None:
    assert pieces("对账完成 Abc12") == {"对账", "账完", "完成", "成", "abc1", "bc12", "c12", "12", "2"}


def test_what_is_hidden_leaves_no_piece() -> None:
    assert pieces("我是‹id_card›，‹id_last4›") == {"我是", "是"}


def test_looked_for_are_whole_pieces_and_the_start_of_one() -> None:
    assert wanted("对账，王 123 45678") == [
        Wanted("对账"),
        Wanted("王", is_start=True),
        Wanted("123", is_start=True),
        Wanted("4567"),
        Wanted("5678"),
    ]
    assert wanted(" ，'\"*()&|! -:") == []


@pytest.mark.parametrize(
    "words", ["居住证", '"居住', "证", "工本费 居住", "４２９２", "4292", "pos机", "POS", "Ｐｏｓ机"]
)
async def test_a_ticket_is_found_by_what_was_said_before_and_after_it_began(
    house: FakeHouse, words: str
) -> None:
    await says(house, "居住证工本费付了两次")
    ticket = await opens(house, serial=SERIAL)
    await says(house, "用的是POS机")
    await opens(house, "berta")
    assert await finds(house, words) == [ticket.number]


@pytest.mark.parametrize("words", ["居住 退款", "住居", "9924", "*", "", "居住证户口", "人工 OR 居住"])
async def test_a_ticket_is_not_found_by_what_was_not_said(house: FakeHouse, words: str) -> None:
    await says(house, "居住证工本费付了两次")
    await opens(house, serial=SERIAL)
    assert await finds(house, words) == []


async def test_agents_words_and_notes_count_and_the_bots_do_not(house: FakeHouse) -> None:
    ticket = await opens(house)
    await says(house, "马上核实", Author.AGENT)
    await says(house, "祝您愉快", Author.BOT)
    await says(house, "/greet")
    async with house.work() as work:
        await house.casework.note(work, ticket.number, "wangmin", "已电话联系银行")
        await work.commit()
    found = {words: await finds(house, words) for words in ("核实", "银行", "愉快", "greet")}
    assert found == {"核实": [ticket.number], "银行": [ticket.number], "愉快": [], "greet": []}


async def test_a_ticket_number_finds_that_ticket_only(house: FakeHouse) -> None:
    one = await opens(house)
    await says(house, f"和 {one.number} 是同一件事", user="berta")
    other = await opens(house, "berta")
    assert await finds(house, one.number.lower()) == [one.number]
    assert await finds(house, one.number[-8:]) == [other.number, one.number]
    assert await finds(house, "GD000000000000") == []


async def test_newer_tickets_come_first(house: FakeHouse) -> None:
    numbers = []
    for user in ("anna", "berta", "clara"):
        await says(house, "户口本", user=user)
        numbers.append((await opens(house, user)).number)
    assert await finds(house, "户口本") == numbers[::-1]


async def test_a_serial_number_that_is_named_later_finds_the_ticket_too(house: FakeHouse) -> None:
    ticket = await opens(house)
    await opens(house, serial=SERIAL)
    assert await finds(house, SERIAL) == [ticket.number]


async def test_what_was_said_while_a_case_was_closed_is_found_when_it_is_taken_up_again(
    house: FakeHouse,
) -> None:
    ticket = await opens(house)
    async with house.work() as work:
        await house.casework.resolve(work, ticket.number, "wangmin")
        await work.commit()
    await says(house, "护照呢")
    assert await finds(house, "护照") == []
    async with house.work() as work:
        await house.casework.reopen(work, ticket.number, "wangmin")
        await work.commit()
    assert await finds(house, "护照") == [ticket.number]


async def test_what_is_not_committed_is_not_found(house: FakeHouse) -> None:
    await opens(house)
    conversation = await house.conversation()
    async with house.work() as work:
        work.lines.add(conversation, Reply("半句话", author=Author.RESIDENT), house.clock.now())
    assert await finds(house, "半句") == []


async def test_erased_words_find_nothing_and_are_gone(house: FakeHouse) -> None:
    await says(house, "居住证")
    ticket = await opens(house, serial=SERIAL)
    async with house.work() as work:
        work.personal_data.erase(ticket.conversation_id)
        await work.commit()
    assert await finds(house, "居住") == []
    assert await finds(house, SERIAL) == []
    assert await house.count(tables.ticket_words) == 0
    assert await finds(house, ticket.number) == [ticket.number]


async def test_a_talk_without_end_stops_growing(house: FakeHouse) -> None:
    ticket = await opens(house)
    for start in range(0, PIECES_MOST + 3000, 3000):
        await says(house, "".join(chr(0x4E00 + place) for place in range(start, start + 3000)))
    async with house.work() as work:
        if work.dialect == "postgresql":
            counted = sa.select(sa.func.length(tables.ticket_words.c.words))
            kept = int((await work.fetch(counted))[0][0])
        else:
            kept = len((await work.fetch(sa.select(tables.ticket_words.c.words)))[0].words.split())
    assert PIECES_MOST <= kept < PIECES_MOST + 3100
    assert await finds(house, "一丁") == [ticket.number]
