"""Whoever reads along: after a line, and as soon as there is a new one."""

from __future__ import annotations

import asyncio

from tests.fakes.house import FakeHouse, message


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
