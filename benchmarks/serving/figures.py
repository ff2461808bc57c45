"""What is measured of one side, and how: each figure from processes started for it."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.serving.conversations import OWN_WORDS, block, script
from benchmarks.serving.driver import Driver, Run
from benchmarks.serving.peers import Peer, Start

LONGEST_START = 400.0
RESIDENTS, TURNS = range(32), 25
RATE_RESIDENTS, RATE_SECONDS = range(32, 48), 30.0
WARM_RESIDENTS, WARM_TURNS = range(48, 56), 4
"""Nobody says what somebody else said, apart from what everybody says."""

LONGEST_TALK = 40
"""Turns of one resident in the residents' curve: after them the own phrases would come again."""

BLOCK = 15
"""Turn 5 and turn 200 say the same when the same fifteen phrases are said again and again."""
EARLY, LATE, AROUND = 5, 200, 3
"""p50 at a turn is the median over the turns around it, of every conversation."""
LENGTH = LATE + AROUND


@dataclass(frozen=True)
class Figures:
    """One run of one side; seconds, messages a second, bytes."""

    start: float
    throughput: float
    p50: float
    p95: float
    memory: int
    failed: int
    silent: int
    driving: float
    """The share of one core that the residents took."""
    p95_at_rate: float | None

    def as_dict(self) -> dict[str, float | None]:
        """For the results."""
        return asdict(self)


def measure(start: Start, turns: int = TURNS, rate: float = 0.0, seed: int = 0) -> tuple[Figures, Run]:
    """Starts a side, waits for its first answer, loads it, weighs it, offers it `rate` messages a second."""
    with start() as peer:
        driver, seconds = started(peer)
        many = asyncio.run(driver.together(RESIDENTS, turns, seed))
        memory = peer.memory()
        offered = asyncio.run(driver.at_rate(rate, RATE_SECONDS, RATE_RESIDENTS, seed)) if rate else None
    return Figures(
        start=seconds,
        throughput=many.throughput,
        p50=many.percentile(0.5),
        p95=many.percentile(0.95),
        memory=memory,
        failed=many.failed + (offered.failed if offered else 0),
        silent=many.silent + (offered.silent if offered else 0),
        driving=many.driving / many.seconds,
        p95_at_rate=offered.percentile(0.95) if offered else None,
    ), many


def started(peer: Peer) -> tuple[Driver, float]:
    """A driver of the peer, which is warm now, and the seconds until its first answer."""
    driver = Driver(peer.url)
    asyncio.run(driver.first_answer(LONGEST_START))
    seconds = time.perf_counter() - peer.began
    time.sleep(peer.settle)
    asyncio.run(driver.together(WARM_RESIDENTS, WARM_TURNS))
    return driver, seconds


def by_length(start: Start, seeds: Sequence[int]) -> list[list[float]]:
    """Seconds of each turn of long conversations, one conversation after the other, from one start."""
    with start() as peer:
        driver, _ = started(peer)
        return [_long(driver, seed) for seed in seeds]


def late_over_early(conversations: Sequence[Sequence[float]]) -> float:
    """p50 around turn 200 ÷ p50 around turn 5."""
    return _around(conversations, LATE) / _around(conversations, EARLY)


def with_residents(start: Start, residents: int, messages: int) -> dict[str, float]:
    """Throughput and latencies when so many talk at once; at least so many messages."""
    with start() as peer:
        driver, _ = started(peer)
        return _at_once(driver, residents, messages)


def curves(start: Start, residents: Sequence[int], messages: int) -> dict[str, Any]:
    """`by_length` of one conversation and `with_residents`, from the same processes.

    For a side that starts slowly and remembers no phrase.
    """
    with start() as peer:
        driver, _ = started(peer)
        return {
            "residents": {str(count): _at_once(driver, count, messages) for count in residents},
            "length": [_long(driver, 0)],
        }


def service_seconds(start: Start, messages: int) -> float:
    """p50 of one resident alone who only says what nobody said before."""
    with start() as peer:
        driver, _ = started(peer)
        took: list[float] = []
        for resident in range(OWN_WORDS):
            texts = script(resident, seed=99, fresh=True)
            took += asyncio.run(driver.alone(text for text, _ in zip(texts, range(20), strict=False)))
            if len(took) >= messages:
                break
        return statistics.median(took)


def _long(driver: Driver, seed: int) -> list[float]:
    """The resident says the block once before, as somebody else: no turn is the first to say a phrase."""
    words = block(BLOCK, seed)
    asyncio.run(driver.alone(words))
    return asyncio.run(driver.alone(words[turn % BLOCK] for turn in range(LENGTH)))


def _at_once(driver: Driver, residents: int, messages: int) -> dict[str, float]:
    turns, run = max(2, -(-messages // residents)), Run()
    for round_, began in enumerate(range(0, turns, LONGEST_TALK)):
        run.add(asyncio.run(driver.together(range(residents), min(LONGEST_TALK, turns - began), round_)))
    return {"throughput": run.throughput, "p50": run.percentile(0.5), "p95": run.percentile(0.95)}


def _around(conversations: Sequence[Sequence[float]], turn: int) -> float:
    return statistics.median(
        seconds
        for conversation in conversations
        for seconds in conversation[turn - 1 - AROUND : turn + AROUND]
    )
