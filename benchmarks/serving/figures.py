"""What is measured of one side, and how: each figure from a process started for it."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass

from benchmarks.serving.driver import Driver
from benchmarks.serving.peers import Peer

Start = Callable[[], AbstractContextManager[Peer]]

LONGEST_START = 300.0
WARM_SECONDS, SECONDS = 4.0, 12.0
RESIDENTS = 32
FEW = 8
EARLY, LATE, AROUND = 5, 200, 10
"""p50 at a turn is the median over the turns around it."""


@dataclass(frozen=True)
class Figures:
    """One run of one side; seconds, messages a second, bytes."""

    start: float
    throughput: float
    p50: float
    p95: float
    throughput_few: float
    p95_few: float
    memory: int
    failed: int

    def as_dict(self) -> dict[str, float]:
        """For the results."""
        return asdict(self)


def measure(start: Start, seed: int) -> Figures:
    """Starts a side, waits for its first answer, loads it, weighs it and ends it."""
    return asyncio.run(_measure(start, seed))


def p95_at_rate(start: Start, rate: float, seed: int) -> float:
    """The 95th percentile in seconds when messages come at this rate, whoever waits."""
    return asyncio.run(_p95_at_rate(start, rate, seed))


def growth(start: Start, turns: int) -> list[float]:
    """Seconds of each turn of one conversation: the median of three conversations, turn by turn."""
    return asyncio.run(_growth(start, turns))


def late_over_early(seconds: list[float]) -> float:
    """p50 around turn 200 ÷ p50 around turn 5."""
    early = statistics.median(seconds[: EARLY + AROUND])
    return statistics.median(seconds[LATE - AROUND : LATE + AROUND]) / early


async def _measure(start: Start, seed: int) -> Figures:
    began = time.perf_counter()
    with start() as peer:
        driver = Driver(peer.url, seed)
        await driver.first_answer(LONGEST_START)
        started = time.perf_counter() - began
        await driver.together(FEW, WARM_SECONDS, seed=1000 + seed)
        few = await driver.together(FEW, SECONDS, seed=2000 + seed)
        many = await driver.together(RESIDENTS, SECONDS, seed=seed)
        return Figures(
            start=started,
            throughput=many.throughput,
            p50=many.percentile(0.5),
            p95=many.percentile(0.95),
            throughput_few=few.throughput,
            p95_few=few.percentile(0.95),
            memory=peer.memory(),
            failed=few.failed + many.failed,
        )


async def _p95_at_rate(start: Start, rate: float, seed: int) -> float:
    with start() as peer:
        driver = Driver(peer.url, seed)
        await driver.first_answer(LONGEST_START)
        await driver.together(FEW, WARM_SECONDS, seed=1000 + seed)
        return (await driver.at_rate(rate, SECONDS, seed=seed)).percentile(0.95)


async def _growth(start: Start, turns: int) -> list[float]:
    with start() as peer:
        driver = Driver(peer.url)
        await driver.first_answer(LONGEST_START)
        await driver.together(FEW, WARM_SECONDS, seed=1000)
        runs = [await driver.one_long(turns, seed) for seed in range(3)]
    return [statistics.median(turn) for turn in zip(*runs, strict=True)]
