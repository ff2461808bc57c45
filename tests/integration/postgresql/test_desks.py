"""Two processes that share one PostgreSQL: a message is answered once, a conversation by one at a time."""

from __future__ import annotations

import asyncio

import pytest

from tests.fakes.house import FakeHouse, message
from tests.integration.two_processes.test_desks import *  # noqa: F403
from tests.unit.storage.test_unit_of_work import slow_writer

pytestmark = pytest.mark.postgresql


async def test_a_slow_transaction_holds_up_its_own_conversation_only(house: FakeHouse) -> None:
    slow, go_on = await slow_writer(house, await house.conversation("anna"))
    await asyncio.wait_for(house.desk.handle(message("快", user="berta")), 5)
    assert not slow.done()
    go_on.set()
    await slow
