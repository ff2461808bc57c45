"""Asks the bureau, again and again and ever more seldom, how far residents' requests are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from bot.clock import Clock
from bot.errors import Bug, Conflict, RetryLater
from bot.requests.model import SentRequest
from bot.requests.service import RequestsService
from bot.storage.unit_of_work import UnitOfWorkFactory

log = structlog.get_logger(__name__)

EVERY_SECONDS = 30.0
MOST_FAILURES = 3
"""So many in a round are the bureau's trouble; fewer may be that of single payments."""


class RequestsFollower:
    """One request, one transaction: what was seen and what is told of it commit together."""

    def __init__(
        self,
        work: UnitOfWorkFactory,
        requests: RequestsService,
        announce: Callable[[int], None],
        notify: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._work = work
        self._requests = requests
        self._announce = announce
        self._notify = notify
        self._clock = clock

    async def run(self) -> None:
        """Follows until cancelled; a bureau that is down only delays it."""
        while True:
            try:
                await self.step()
            except Exception as error:
                log.warning("requests_not_followed", error=type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)

    async def step(self) -> int:
        """Asks about every request that is due; returns how many conversations were told."""
        async with self._work() as work:
            due = await work.requests.due(self._clock.now())
        total = failed = 0
        for request in due:
            try:
                told = await self._follow(request)
            except RetryLater as error:
                log.info("bureau_not_asked", error=type(error).__name__)
                failed += 1
                if failed == MOST_FAILURES:
                    break  # It would be the same for the rest.
                continue
            except Bug as error:
                log.error("request_not_followed", error=type(error).__name__)
                await self._put_off(request)
                continue
            total += len(told)
            for conversation_id in told:
                self._announce(conversation_id)
        if total:
            self._notify()
        return total

    async def _put_off(self, request: SentRequest) -> None:
        async with self._work() as work:
            self._requests.put_off(work, request)
            with suppress(Conflict):  # Somebody else asked in this moment.
                await work.commit()

    async def _follow(self, request: SentRequest) -> list[int]:
        async with self._work() as work:
            told = await self._requests.follow(work, request)
            try:
                await work.commit()
            except Conflict:
                return []  # Another process, or the resident, asked in this moment.
        return told
