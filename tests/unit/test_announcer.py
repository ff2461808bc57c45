"""Waking whoever waits for a conversation."""

from __future__ import annotations

import asyncio

from bot.announcer import Announcer


async def waiting(announcer: Announcer, conversation_id: int) -> "asyncio.Task[None]":
    task = asyncio.create_task(announcer.wait(conversation_id, 30))
    await asyncio.sleep(0)
    return task


async def test_everyone_who_waits_for_the_conversation_is_woken() -> None:
    announcer = Announcer()
    tasks = [await waiting(announcer, 1) for _ in range(3)]
    announcer.announce(1)
    await asyncio.wait_for(asyncio.gather(*tasks), 1)


async def test_others_are_left_asleep() -> None:
    announcer = Announcer()
    other = await waiting(announcer, 2)
    announcer.announce(1)
    await asyncio.sleep(0)
    assert not other.done()
    other.cancel()


async def test_waiting_ends_when_the_time_is_over() -> None:
    await asyncio.wait_for(Announcer().wait(1, 0.01), 1)


async def test_an_announcement_that_nobody_waits_for_is_forgotten() -> None:
    announcer = Announcer()
    announcer.announce(1)
    task = await waiting(announcer, 1)
    assert not task.done()
    task.cancel()


async def test_whoever_left_leaves_nothing_behind() -> None:
    announcer = Announcer()
    await announcer.wait(1, 0.001)
    cancelled = await waiting(announcer, 2)
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    woken = await waiting(announcer, 3)
    announcer.announce(3)
    await woken
    assert not announcer._waiting
