"""How fast one chat is written to."""

from __future__ import annotations

import asyncio

import pytest
from aiolimiter import AsyncLimiter

from bot.channels.telegram.pace import AT_ONCE, Pace, at_once


@pytest.mark.parametrize("per_second", [1 / 3600, 30 / 64, 0.5, 1, 7.5, 30])
async def test_whatever_the_bots_rate_is_a_line_fits_and_the_rate_is_kept(per_second: float) -> None:
    most, seconds = at_once(per_second)
    assert most / seconds == pytest.approx(per_second)
    await asyncio.wait_for(AsyncLimiter(most, seconds).acquire(), 5)


SLOWLY = 1 / 3600
"""A second line an hour: what is not waited for at once is not waited for in this test."""


async def test_an_answer_of_several_lines_goes_at_once() -> None:
    pace = Pace(SLOWLY)
    for _ in range(AT_ONCE):
        await asyncio.wait_for(pace.keep(7), 5)


async def test_then_the_chat_waits_and_nobody_else_does() -> None:
    pace = Pace(SLOWLY)
    for _ in range(AT_ONCE):
        await pace.keep(7)
    waiting = asyncio.create_task(pace.keep(7))
    await asyncio.wait_for(pace.keep(8), 5)
    assert not waiting.done()
    waiting.cancel()


async def test_the_next_line_goes_when_its_time_has_come() -> None:
    pace = Pace(per_second=1000)
    for _ in range(20 * AT_ONCE):
        await asyncio.wait_for(pace.keep(7), 5)
