"""Residents on the REST channel: message out, replies in, and how long each took."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from benchmarks.serving.conversations import script
from benchmarks.serving.phone import Phone

LONGEST = 60.0
"""Seconds before a message counts as failed."""
PAUSE = 0.05
"""Seconds between two tries to reach a side that starts."""

_Talk = tuple[Phone, str, Iterator[str]]


@dataclass
class Run:
    """Latencies in seconds of the messages that were answered; how many were not; how long that took."""

    latencies: list[float] = field(default_factory=list)
    said: dict[tuple[str, int], str] = field(default_factory=dict)
    """The replies by the resident and the message's place."""
    failed: int = 0
    silent: int = 0
    """Answered with nothing."""
    seconds: float = 0.0
    driving: float = 0.0
    """Seconds of processor time that this process took."""

    def add(self, other: "Run") -> None:
        """What came after this, by the same driver."""
        self.latencies += other.latencies
        self.failed += other.failed
        self.silent += other.silent
        self.seconds += other.seconds
        self.driving += other.driving

    @property
    def throughput(self) -> float:
        """Answered messages a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """The latency that this share of messages stays within; a failed one took for ever."""
        ordered = sorted(self.latencies) + [float("inf")] * self.failed
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("inf")


class Driver:
    """Drives one peer. Every resident that is not named is a new one."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/webhooks/rest/webhook"
        self._names: Iterator[str] = (f"bench-{number}" for number in itertools.count())

    async def together(
        self, residents: Iterable[int], turns: int, seed: int = 0, names: Mapping[int, str] | None = None
    ) -> Run:
        """Residents at once, so many messages each, who wait for the answer before they write again.

        `names` of those who are not new.
        """
        known, run = names or {}, Run()
        who = [(one, known.get(one) or next(self._names)) for one in residents]
        began, worked = time.perf_counter(), time.process_time()
        await asyncio.gather(
            *(self._talk(name, itertools.islice(script(one, seed), turns), run, str(one))
              for one, name in who)
        )  # fmt: skip
        run.seconds, run.driving = time.perf_counter() - began, time.process_time() - worked
        return run

    async def at_rate(self, rate: float, seconds: float, residents: range, seed: int = 0) -> Run:
        """Messages that come when they come, `rate` a second on average, whoever is still waiting.

        They come from residents who have their last answer; when all of them wait, somebody new begins.
        """
        chance, run = random.Random(seed), Run()
        async with AsyncExitStack() as phones:
            newcomers = itertools.count(residents.start)

            async def newcomer() -> _Talk:
                phone = await phones.enter_async_context(Phone(self._url))
                return phone, next(self._names), script(next(newcomers), seed)

            async def say(talk: _Talk) -> None:
                phone, name, texts = talk
                await self._send(phone, name, next(texts), run)
                idle.append(talk)

            idle = [await newcomer() for _ in residents]
            began = time.perf_counter()
            due, sent = began, []
            while due < began + seconds:
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                if not idle:
                    idle.append(await newcomer())
                sent.append(asyncio.create_task(say(idle.pop(chance.randrange(len(idle))))))
                due += chance.expovariate(rate)
            await asyncio.gather(*sent)
            run.seconds = time.perf_counter() - began
        return run

    async def alone(self, texts: Iterable[str], name: str = "") -> list[float]:
        """The latency of each message of one resident, new without a name; a failed one took for ever."""
        took, name = [], name or next(self._names)
        async with Phone(self._url) as phone:
            for text in texts:
                run = Run()
                await self._send(phone, name, text, run)
                took.append(run.percentile(1))
        return took

    async def first_answer(self, seconds: float) -> None:
        """Returns when the first message was answered; raises TimeoutError."""
        until, run = time.monotonic() + seconds, Run()
        async with Phone(self._url) as phone:
            while time.monotonic() < until:
                said = await self._send(phone, next(self._names), "你好", run)
                if said:
                    return
                await asyncio.sleep(PAUSE)
        raise TimeoutError(self._url)

    async def _talk(self, name: str, texts: Iterator[str], run: Run, who: str) -> None:
        async with Phone(self._url) as phone:
            for place, text in enumerate(texts):
                run.said[who, place] = await self._send(phone, name, text, run)

    async def _send(self, phone: Phone, name: str, text: str, run: Run) -> str:
        began = time.perf_counter()
        try:
            replies = await phone.post({"sender": name, "message": text}, LONGEST)
        except (OSError, asyncio.TimeoutError, ValueError):
            run.failed += 1
            return ""
        run.latencies.append(time.perf_counter() - began)
        run.silent += not replies
        return "\n".join(reply.get("text") or "" for reply in replies)
