"""How the resident found it: asked once, answered within a day, never pressed. Runs on PostgreSQL too."""

from __future__ import annotations

import pytest

from bot.messages import Button
from bot.tickets.model import Rating
from tests.fakes.house import FakeHouse
from tests.unit.tickets.cases import LI, OTHER_SERIAL, SERIAL, WANG, actions, do, opened

BUTTONS = {"utter_rate_service": (Button("5 很满意", "/ticket_status"),)}


async def resolved(house: FakeHouse, serial: str | None = None) -> str:
    number = (await opened(house, serial)).ticket.number
    await do(house, house.casework.resolve, number, "li")
    return number


async def rate(house: FakeHouse, number: str, score: int, user: str = "anna") -> bool:
    conversation = await house.conversation(user)
    async with house.work() as work:
        taken = await house.satisfaction.rate(work, conversation, number, score)
        await work.commit()
    return taken


async def add_words(house: FakeHouse, number: str, words: str) -> bool:
    conversation = await house.conversation()
    async with house.work() as work:
        taken = await house.satisfaction.add_words(work, conversation, number, words)
        await work.commit()
    return taken


async def rating(house: FakeHouse, number: str) -> Rating | None:
    async with house.work() as work:
        return await work.ratings.of(number)


async def test_resolving_asks_and_offers_the_scores(house: FakeHouse) -> None:
    house.phrases.buttons = BUTTONS
    number = await resolved(house)
    assert (await house.said())[-1] == f"utter_rate_service number={number}"
    assert (await house.conversation()).offered == BUTTONS["utter_rate_service"]
    assert await rating(house, number) == Rating(number, house.clock.at)


async def test_a_ticket_resolved_twice_is_asked_about_once(house: FakeHouse) -> None:
    number = await resolved(house)
    await do(house, house.casework.reopen, number, "li")
    await do(house, house.casework.resolve, number, "li")
    assert sum("utter_rate_service" in said for said in await house.said()) == 1


async def test_who_left_the_line_is_not_asked(house: FakeHouse) -> None:
    number = (await opened(house)).ticket.number
    async with house.work() as work:
        await house.tickets.leave(work, await house.conversation())
        await work.commit()
    assert await rating(house, number) is None


async def test_a_double_is_not_asked_about(house: FakeHouse) -> None:
    double, kept = [(await opened(house, one)).ticket.number for one in (SERIAL, OTHER_SERIAL)]
    await do(house, house.casework.merge, double, kept, "li")
    assert await rating(house, double) is None


async def test_nobody_is_asked_while_an_agent_serves_on_another_ticket(house: FakeHouse) -> None:
    one, other = [(await opened(house, serial)).ticket.number for serial in (SERIAL, OTHER_SERIAL)]
    await do(house, house.casework.reply, other, *WANG, "您好")
    await do(house, house.casework.resolve, one, "li")
    assert await rating(house, one) is None


async def test_a_score_is_kept_and_logged_and_the_last_one_counts(house: FakeHouse) -> None:
    number = await resolved(house)
    house.clock.move(minutes=2)
    assert await rate(house, number, 2)
    assert await rate(house, number, 4)
    kept = await rating(house, number)
    assert kept is not None
    assert (kept.score, kept.rated_at) == (4, house.clock.at)
    assert (await actions(house, number))[-2:] == [("resident", "rated"), ("resident", "rated")]


@pytest.mark.parametrize("score", [0, 6, -1])
async def test_other_numbers_are_no_scores(house: FakeHouse, score: int) -> None:
    assert not await rate(house, await resolved(house), score)


async def test_words_are_kept_beside_a_score(house: FakeHouse) -> None:
    number = await resolved(house)
    assert not await add_words(house, number, "很好")  # without a score it is no comment on anything
    await rate(house, number, 5)
    assert await add_words(house, number, "很好" * 600)
    kept = await rating(house, number)
    assert kept is not None
    assert (kept.words[:2], len(kept.words)) == ("很好", 1000)


async def test_after_a_day_it_is_too_late(house: FakeHouse) -> None:
    number = await resolved(house)
    house.clock.move(hours=24)
    assert await rate(house, number, 3)
    house.clock.move(minutes=1)
    assert not await rate(house, number, 5)
    assert not await add_words(house, number, "很好")


async def test_nobody_rates_somebody_elses_ticket_or_one_that_was_not_asked_about(house: FakeHouse) -> None:
    number = await resolved(house, SERIAL)
    assert not await rate(house, number, 1, user="berta")
    live = (await opened(house, OTHER_SERIAL)).ticket.number
    assert not await rate(house, live, 1)
    assert not await rate(house, "GD000000000000", 1)
    kept = await rating(house, number)
    assert kept is not None
    assert kept.score is None


async def test_erasing_what_is_stored_takes_the_words_and_leaves_the_score(house: FakeHouse) -> None:
    number = await resolved(house)
    await rate(house, number, 1)
    await add_words(house, number, "我叫王小明，等太久")
    async with house.work() as work:
        house.personal_data.erase(work, await house.conversation())
        await work.commit()
    kept = await rating(house, number)
    assert kept is not None
    assert (kept.score, kept.words) == (1, "")
    assert "王小明" not in await house.every_value()


async def test_the_agent_sees_what_was_said(house: FakeHouse) -> None:
    number = (await opened(house)).ticket.number
    await do(house, house.casework.reply, number, *LI, "您好")
    await do(house, house.casework.resolve, number, "li")
    await rate(house, number, 5)
    await add_words(house, number, "很耐心")
    async with house.work() as work:
        log = await work.tickets.log(number)
    assert [(note.action, note.note, dict(note.data)) for note in log[-2:]] == [
        ("rated", "", {"score": "5"}),
        ("rated_in_words", "很耐心", {}),
    ]
