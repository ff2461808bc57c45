"""Of two processes on PostgreSQL one leads; the other takes over when it ends, however it ends."""

from __future__ import annotations

import asyncio

import pytest

from tests.fakes.house import FakeHouse
from tests.fakes.postgresql_server import PostgresqlServer
from tests.integration.two_processes.test_leadership import *  # noqa: F403
from tests.integration.two_processes.test_leadership import SOON, Work, end, leads

pytestmark = pytest.mark.postgresql


async def test_a_leader_that_lost_the_database_stops_and_stands_for_election_again(
    house: FakeHouse, server: PostgresqlServer
) -> None:
    work = Work()
    task = leads(house, work.of("one"))
    await work.next()
    await asyncio.to_thread(server.stop_for_a_while)
    try:
        while work.at_it:
            await asyncio.sleep(SOON)
        assert not task.done()
    finally:
        await asyncio.to_thread(server.start_again)
    assert await work.next() == "one"
    await end(task)
