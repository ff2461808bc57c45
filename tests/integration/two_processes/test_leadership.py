"""Of two processes one leads; the other takes over when it ends, however it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.storage.leadership import leadership_for
from tests.fakes.house import FakeHouse

SOON = 0.02


class Work:
    """Counts who is at it."""

    def __init__(self) -> None:
        self.at_it: list[str] = []
        self.begun: asyncio.Queue[str] = asyncio.Queue()

    def of(self, name: str) -> Callable[[], Awaitable[None]]:
        """The work of one process, which never ends by itself."""

        async def work() -> None:
            self.at_it.append(name)
            self.begun.put_nowait(name)
            try:
                await asyncio.Event().wait()
            finally:
                self.at_it.remove(name)

        return work

    async def next(self) -> str:
        """Who begins next."""
        return await asyncio.wait_for(self.begun.get(), 20)


def leads(house: FakeHouse, work: Callable[[], Awaitable[None]], what: str = "polling") -> asyncio.Task[None]:
    return asyncio.create_task(leadership_for(house.engine, SOON).lead(what, work))


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_one_leads_and_the_other_takes_over(house: FakeHouse, second: FakeHouse) -> None:
    work = Work()
    one = leads(house, work.of("one"))
    assert await work.next() == "one"
    two = leads(second, work.of("two"))
    await asyncio.sleep(10 * SOON)
    assert work.at_it == ["one"]
    await end(one)
    assert await work.next() == "two"
    assert work.at_it == ["two"]
    await end(two)


async def test_different_things_are_led_side_by_side(house: FakeHouse, second: FakeHouse) -> None:
    work = Work()
    tasks = [leads(house, work.of("one"), "polling"), leads(second, work.of("two"), "watching")]
    assert {await work.next(), await work.next()} == {"one", "two"}
    for task in tasks:
        await end(task)


async def test_work_that_ends_or_fails_ends_the_leading(house: FakeHouse, second: FakeHouse) -> None:
    async def breaks() -> None:
        raise ValueError("refused")

    async def returns() -> None:
        pass

    with pytest.raises(ValueError, match="refused"):
        await asyncio.wait_for(leads(house, breaks), 10)
    await asyncio.wait_for(leads(second, returns), 10)
