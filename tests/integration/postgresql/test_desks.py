"""Two processes that share one PostgreSQL: a message is answered once, a conversation by one at a time."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.util import await_only

from tests.fakes.house import FakeHouse, message
from tests.integration.two_processes.test_desks import *  # noqa: F403
from tests.unit.storage.test_unit_of_work import say

pytestmark = pytest.mark.postgresql


async def slow_writer(house: FakeHouse, conversation: object) -> "tuple[asyncio.Task[None], asyncio.Event]":
    """A transaction that has written a line and does not end before the event is set."""
    written, go_on = asyncio.Event(), asyncio.Event()

    def linger(_connection: object) -> None:
        written.set()
        await_only(go_on.wait())

    work = house.work()
    say(work, house, conversation, "先")
    work.stage(linger)
    task = asyncio.create_task(work.commit())
    await asyncio.wait_for(written.wait(), 5)
    return task, go_on


async def test_a_line_is_not_numbered_before_the_line_in_front_of_it_is_stored(house: FakeHouse) -> None:
    conversation = await house.conversation()
    first, go_on = await slow_writer(house, conversation)
    work = house.work()
    say(work, house, conversation, "后")
    second = asyncio.create_task(work.commit())
    done, _ = await asyncio.wait([second], timeout=0.2)
    assert not done
    go_on.set()
    await asyncio.gather(first, second)
    assert await house.said() == ["先", "后"]


async def test_a_slow_transaction_holds_up_its_own_conversation_only(house: FakeHouse) -> None:
    slow, go_on = await slow_writer(house, await house.conversation("anna"))
    await asyncio.wait_for(house.desk.handle(message("快", user="berta")), 5)
    assert not slow.done()
    go_on.set()
    await slow
