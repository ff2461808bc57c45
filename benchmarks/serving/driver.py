"""Residents on the REST channel: message out, replies in, and how long each took."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import aiohttp

from benchmarks.serving.conversations import script

LONGEST = 60.0
"""Seconds before a message counts as failed."""


@dataclass
class Run:
    """Latencies in seconds of the messages that were answered, how many were not, and how long it took."""

    latencies: list[float] = field(default_factory=list)
    failed: int = 0
    seconds: float = 0.0

    @property
    def throughput(self) -> float:
        """Answered messages a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """The latency that this share of messages stays within; a failed one took for ever."""
        ordered = sorted(self.latencies) + [float("inf")] * self.failed
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("inf")


class Driver:
    """Drives one peer. Sender names are never used twice, so that no run meets another's conversations."""

    def __init__(self, url: str, run: int = 0) -> None:
        self._url = f"{url}/webhooks/rest/webhook"
        self._names: Iterator[str] = (f"bench-{run}-{number}" for number in itertools.count())

    async def together(self, residents: int, seconds: float, seed: int = 0) -> Run:
        """So many residents at once, each waiting for the answer before writing again."""
        run = Run()
        async with self._session(residents) as session:
            began = time.perf_counter()
            until = began + seconds
            await asyncio.gather(
                *(self._talk(session, next(self._names), one, until, run, seed) for one in range(residents))
            )
            run.seconds = time.perf_counter() - began
        return run

    async def at_rate(self, rate: float, seconds: float, residents: int = 64, seed: int = 0) -> Run:
        """Messages that come when they come, `rate` a second on average, whoever is still waiting."""
        chance, run = random.Random(seed), Run()
        names = [next(self._names) for _ in range(residents)]
        scripts = [script(one, seed) for one in range(residents)]
        async with self._session(1000) as session:
            began = time.perf_counter()
            due, sent = began, []
            while due < began + seconds:
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                resident = chance.randrange(residents)
                sent.append(
                    asyncio.create_task(self._send(session, names[resident], next(scripts[resident]), run))
                )
                due += chance.expovariate(rate)
            await asyncio.gather(*sent)
            run.seconds = time.perf_counter() - began
        return run

    async def one_long(self, turns: int, seed: int = 0) -> list[float]:
        """The latency of each turn of one conversation."""
        run, name = Run(), next(self._names)
        async with self._session(1) as session:
            for text in itertools.islice(script(0, seed), turns):
                await self._send(session, name, text, run)
        return run.latencies

    async def first_answer(self, seconds: float) -> None:
        """Returns when the first message was answered; raises TimeoutError."""
        until, run = time.monotonic() + seconds, Run()
        async with self._session(1) as session:
            while time.monotonic() < until:
                await self._send(session, next(self._names), "你好", run)
                if run.latencies:
                    return
                await asyncio.sleep(0.05)
        raise TimeoutError(self._url)

    async def _talk(
        self, session: aiohttp.ClientSession, name: str, resident: int, until: float, run: Run, seed: int
    ) -> None:
        for text in script(resident, seed):
            if time.perf_counter() >= until:
                return
            await self._send(session, name, text, run)

    async def _send(self, session: aiohttp.ClientSession, name: str, text: str, run: Run) -> None:
        began = time.perf_counter()
        try:
            async with session.post(self._url, json={"sender": name, "message": text}) as response:
                replies = await response.json()
                answered = response.status == 200 and bool(replies)
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError):
            answered = False
        if answered:
            run.latencies.append(time.perf_counter() - began)
        else:
            run.failed += 1

    def _session(self, connections: int) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections),
            timeout=aiohttp.ClientTimeout(total=LONGEST),
        )
