"""What happened lately is counted once for all processes. Runs on PostgreSQL too."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.storage import tables
from tests.fakes.house import FakeHouse

SPAN = timedelta(minutes=1)


async def counted(house: FakeHouse, who: str = "1", since_last: bool = False) -> int:
    async with house.work() as work:
        return await work.lately.happened("calls", who, house.clock.now(), SPAN, since_last)


async def times(house: FakeHouse, who: str = "1") -> int:
    async with house.work() as work:
        return await work.lately.times("calls", who, house.clock.now())


async def test_each_is_counted_by_itself(house: FakeHouse) -> None:
    assert [await counted(house), await counted(house), await counted(house, "2")] == [1, 2, 1]
    assert [await times(house), await times(house, "2"), await times(house, "3")] == [2, 1, 0]


async def test_many_at_once_are_all_counted(house: FakeHouse) -> None:
    found = await asyncio.gather(*(counted(house) for _ in range(20)))
    assert sorted(found) == list(range(1, 21))


async def test_it_is_forgotten_a_while_after_the_first_time(house: FakeHouse) -> None:
    await counted(house)
    house.clock.at += SPAN / 2
    await counted(house)
    house.clock.at += SPAN / 2
    assert await times(house) == 0
    assert await counted(house) == 1


async def test_or_a_while_after_the_last(house: FakeHouse) -> None:
    for _ in range(3):
        await counted(house, since_last=True)
        house.clock.at += SPAN * 0.9
    assert await times(house) == 3


async def test_what_is_forgotten_is_not_stored_any_more(house: FakeHouse) -> None:
    await counted(house, "1")
    house.clock.at += SPAN / 2
    await counted(house, "2")
    house.clock.at += SPAN / 2
    async with house.work() as work:
        work.lately.forget(house.clock.now())
        await work.commit()
    assert await house.count(tables.lately) == 1
