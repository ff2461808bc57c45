"""Watches: promise to tell, tell, stop telling. Runs on PostgreSQL too."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.messages import Author, Button
from bot.notifications.service import SETTLED, Watched
from bot.payments.model import Reason, State
from tests.fakes.bureau import payment
from tests.fakes.house import FakeHouse

SERIAL, OTHER_SERIAL = "4200000925202101284997714292", "2017071221001004660224927787"
WAITING = payment(SERIAL)
MISMATCH = payment(SERIAL, State.UNRECONCILED, Reason.AMOUNT_MISMATCH)
DONE = payment(SERIAL, State.RECONCILED, None)


async def watch(house: FakeHouse, seen: object = WAITING, user: str = "anna") -> Watched:
    conversation = await house.conversation(user)
    async with house.work() as work:
        result = await house.watches.watch(work, conversation, seen)  # type: ignore[arg-type]
        await work.commit()
    return result


async def tell(house: FakeHouse, seen: object) -> list[int]:
    async with house.work() as work:
        told = await house.watches.tell(work, seen)  # type: ignore[arg-type]
        await work.commit()
    return told


async def test_a_watch_is_set_once(house: FakeHouse) -> None:
    assert await watch(house) is Watched.SET
    assert await watch(house) is Watched.EXISTS


@pytest.mark.parametrize("state", sorted(SETTLED, key=str))
async def test_a_settled_payment_needs_no_watch(house: FakeHouse, state: State) -> None:
    assert await watch(house, payment(SERIAL, state, None)) is Watched.NOT_NEEDED
    async with house.work() as work:
        assert await work.watches.active() == []


async def test_only_a_change_is_told(house: FakeHouse) -> None:
    await watch(house)
    assert await tell(house, WAITING) == []
    assert await tell(house, MISMATCH) == [(await house.conversation()).id]
    assert await tell(house, MISMATCH) == []
    said = await house.transcript()
    assert len(said) == 1
    assert said[0][0] is Author.SYSTEM
    assert said[0][1].startswith("utter_watch_changed tail=714292")


async def test_a_settled_payment_ends_its_watch(house: FakeHouse) -> None:
    await watch(house)
    await tell(house, DONE)
    assert await tell(house, MISMATCH) == []
    async with house.work() as work:
        assert await house.watches.stop(work, await house.conversation()) == []


async def test_everyone_who_watches_is_told_and_nobody_else(house: FakeHouse) -> None:
    await watch(house, user="anna")
    await watch(house, user="berta")
    await watch(house, payment(OTHER_SERIAL), user="clara")
    assert len(await tell(house, DONE)) == 2
    assert await house.said("clara") == []


async def test_a_stopped_watch_is_not_told_and_can_be_set_again(house: FakeHouse) -> None:
    await watch(house)
    await watch(house, payment(OTHER_SERIAL))
    async with house.work() as work:
        assert await house.watches.stop(work, await house.conversation(), SERIAL) == [SERIAL]
        await work.commit()
    assert await tell(house, MISMATCH) == []
    assert await watch(house, MISMATCH) is Watched.SET
    assert await tell(house, MISMATCH) == []
    assert len(await tell(house, DONE)) == 1


async def test_all_watches_are_stopped_when_none_is_named(house: FakeHouse) -> None:
    await watch(house)
    await watch(house, payment(OTHER_SERIAL))
    async with house.work() as work:
        assert await house.watches.stop(work, await house.conversation()) == [SERIAL, OTHER_SERIAL]


async def test_a_watch_that_lasted_too_long_ends_and_says_so_once(house: FakeHouse) -> None:
    await watch(house)
    for days, told in ((29, 0), (1, 1), (1, 0)):
        house.clock.move(days=days)
        async with house.work() as work:
            assert len(await house.watches.expire(work)) == told
            await work.commit()
    assert await house.said() == ["utter_watch_expired tail=714292"]
    assert await tell(house, DONE) == []


async def test_setting_a_watch_again_gives_it_its_whole_time(house: FakeHouse) -> None:
    await watch(house)
    async with house.work() as work:
        await house.watches.stop(work, await house.conversation())
        await work.commit()
    house.clock.move(days=20)
    await watch(house)
    async with house.work() as work:
        found = await work.watches.find((await house.conversation()).id, SERIAL)
    assert found is not None
    assert found.expires_at == house.clock.at + timedelta(days=30)


async def test_buttons_of_a_notice_are_the_ones_offered_last(house: FakeHouse) -> None:
    buttons = (Button("查我的缴费", "/query_status"),)
    house.phrases.buttons = {"utter_watch_changed": buttons}
    await watch(house)
    await tell(house, MISMATCH)
    assert (await house.conversation()).offered == buttons


async def test_one_who_blocked_us_hears_of_the_change_when_back(house: FakeHouse) -> None:
    await watch(house)
    await set_reachable(house, False)
    assert await tell(house, MISMATCH) == []
    await set_reachable(house, True)
    assert await tell(house, MISMATCH) == [(await house.conversation()).id]


async def test_the_watch_of_one_who_blocked_us_ends_without_a_word(house: FakeHouse) -> None:
    await watch(house)
    await set_reachable(house, False)
    house.clock.move(days=31)
    async with house.work() as work:
        assert await house.watches.expire(work) == []
        await work.commit()
        assert await work.watches.active() == []
    assert await house.said() == []


async def set_reachable(house: FakeHouse, reachable: bool) -> None:
    """The resident blocks us, or lets us write again."""
    conversation = await house.conversation()
    async with house.work() as work:
        work.conversations.set_reachable(conversation.id, reachable)
        await work.commit()
