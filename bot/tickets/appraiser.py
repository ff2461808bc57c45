"""What cases are about in money: asked of the reconciliation system, because residents misread receipts.

Each ticket is asked for once, within seconds of its opening, in a unit of work of its own; where the system
cannot answer now, the next round asks again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Optional

import structlog

from bot.errors import Conflict, HelpdeskError
from bot.tickets.service import TicketsService
from bot.tickets.sweeper import OpenWork

log = structlog.get_logger(__name__)

ROUND_SECONDS = 10.0

AmountOf = Callable[[str], Awaitable[Optional[int]]]
"""The amount of the payment under a number, in fen; None when nobody can say. Raises RetryLater."""


class Appraiser:
    """Asks for every live ticket about a payment, for ever."""

    def __init__(self, work: OpenWork, amount_of: AmountOf, tickets: TicketsService) -> None:
        self._work = work
        self._amount_of = amount_of
        self._tickets = tickets

    async def run(self) -> None:
        """Asks until cancelled; trouble with the database or the system only delays it."""
        while True:
            try:
                await self.round()
            except HelpdeskError as error:
                log.warning("appraisal_put_off", error=type(error).__name__)
            except Exception:
                log.exception("appraisal_failed")
            await asyncio.sleep(ROUND_SECONDS)

    async def round(self) -> None:
        """Asks once for each ticket that was not asked for yet, the newest first."""
        async with self._work() as work:
            waiting = await work.queue.amount_unasked()
        for ticket in waiting:
            assert ticket.serial_number is not None, "only tickets about a payment are asked for"
            amount = await self._amount_of(ticket.serial_number)
            try:
                async with self._work() as work:
                    await self._tickets.appraise(work, ticket.number, amount)
                    await work.commit()
            except Conflict:
                continue  # somebody changed it just now: next time
