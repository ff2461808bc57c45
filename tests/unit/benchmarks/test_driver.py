"""The residents who load both sides."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from aiohttp import web

from benchmarks.serving.cores import on_one_core
from benchmarks.serving.driver import Driver, Run
from benchmarks.serving.peers import Peer

SLOW = 0.2


@asynccontextmanager
async def slow_side(at_once: Counter[str], most: Counter[str]) -> AsyncIterator[str]:
    """A side that takes its time and notes how many messages of one resident were with it at once."""

    async def answer(request: web.Request) -> web.Response:
        who = json.loads(await request.text())["sender"]
        at_once[who] += 1
        most[who] = max(most[who], at_once[who])
        await asyncio.sleep(SLOW)
        at_once[who] -= 1
        return web.json_response([{"text": "ok"}])

    async with serving(answer) as url:
        yield url


@asynccontextmanager
async def serving(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """A side that answers so."""
    app = web.Application()
    app.router.add_post("/webhooks/rest/webhook", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_at_a_rate_nobody_writes_before_the_last_answer_came() -> None:
    most: Counter[str] = Counter()
    async with slow_side(Counter(), most) as url:
        run = await Driver(url).at_rate(60.0, 1.0, range(2), seed=1)
    assert set(most.values()) == {1}
    assert len(most) > 2  # two could not have said so much
    assert len(run.latencies) > 30
    assert run.failed == 0


async def test_runs_one_after_the_other_add_up() -> None:
    one = Run(latencies=[1.0, 1.0], failed=1, seconds=2.0)
    one.add(Run(latencies=[3.0, 3.0], silent=1, seconds=2.0))
    assert (one.throughput, one.failed, one.silent) == (1.0, 1, 1)
    assert one.percentile(1) == float("inf")


async def test_everybody_has_a_connection_of_their_own() -> None:
    connections: set[object] = set()

    async def answer(request: web.Request) -> web.Response:
        connections.add((json.loads(await request.text())["sender"], request.transport))
        return web.json_response([{"text": "ok"}])

    async with serving(answer) as url:
        run = await Driver(url).together(range(3), 2)
    assert len(connections) == 3
    assert len(run.latencies) == 6


def test_one_core_is_one_core_for_a_while() -> None:
    before = os.sched_getaffinity(0)

    @contextmanager
    def started() -> Iterator[Peer]:
        assert len(os.sched_getaffinity(0)) == 1
        yield Peer("http://side")

    with on_one_core(started, lambda: []) as peer:
        assert peer.url == "http://side"
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before


async def test_who_is_hung_up_on_or_told_no_counts_as_failed_and_calls_again() -> None:
    answers = iter(("hang up", 500, 200))

    async def answer(request: web.Request) -> web.StreamResponse:
        said = next(answers)
        if said == "hang up":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return web.json_response([{"text": "ok"}], status=int(said))

    async with serving(answer) as url:
        run = await Driver(url).together(range(1), 3)
    assert (run.failed, len(run.latencies)) == (2, 1)
