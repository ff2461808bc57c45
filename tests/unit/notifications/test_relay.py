"""The relay, on an outbox in memory."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.clock import SHANGHAI
from bot.errors import RateLimited, Slow, Unavailable
from bot.messages import Author, Line
from bot.notifications.backoff import backoff
from bot.notifications.model import Delivery, DeliveryState
from bot.notifications.relay import LEAST_TRIES, LONGEST_PAUSE, Blocked, OutboxRelay, Undeliverable

START = datetime(2026, 11, 20, 10, 0, tzinfo=SHANGHAI)


class HandClock:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time


class MemoryOutbox:
    """Deliveries, and when each is due."""

    def __init__(self) -> None:
        self.rows: dict[int, Delivery] = {}
        self.due: dict[int, datetime] = {}
        self.staged: list[Callable[[], None]] = []
        self.unreachable: set[int] = set()

    def put(self, conversation_id: int, text: str, channel: str = "telegram") -> Delivery:
        number = len(self.rows) + 1
        line = Line(number, conversation_id, Author.BOT, "", text, (), {}, None, START)
        row = Delivery(number, channel, str(conversation_id), line, DeliveryState.PENDING, 0, START, "")
        self.rows[number], self.due[number] = row, START
        return row

    async def heads(self, now: datetime, limit: int, but_not: Collection[int]) -> list[Delivery]:
        pending = [row for row in self.rows.values() if row.state is DeliveryState.PENDING]
        first = {row.line.conversation_id: row for row in reversed(pending)}
        due = (row for row in first.values() if self.due[row.id] <= now and row.id not in but_not)
        return sorted(due, key=lambda row: row.id)[:limit]

    def mark_sent(self, delivery_id: int, now: datetime) -> None:
        self._stage(delivery_id, state=DeliveryState.SENT)

    def mark_dead(self, delivery_id: int, error: str) -> None:
        self._stage(delivery_id, state=DeliveryState.DEAD, last_error=error)

    def postpone(self, delivery: Delivery, until: datetime, error: str) -> None:
        self._stage(delivery.id, attempts=delivery.attempts + 1, last_error=error)
        self.staged.append(lambda: self.due.update({delivery.id: until}))

    def bury(self, conversation_id: int, reason: str) -> None:
        for row in self.rows.values():
            if row.line.conversation_id == conversation_id and row.state is DeliveryState.PENDING:
                self.staged.append(lambda row=row: self._bury(row.id, reason))  # type: ignore[misc]

    def _bury(self, delivery_id: int, reason: str) -> None:
        if self.rows[delivery_id].state is DeliveryState.PENDING:
            changes: Any = {"state": DeliveryState.DEAD, "last_error": reason}
            self.rows[delivery_id] = dataclasses.replace(self.rows[delivery_id], **changes)

    def set_reachable(self, conversation_id: int, reachable: bool) -> None:
        self.staged.append(lambda: self.unreachable.add(conversation_id))

    def _stage(self, delivery_id: int, **changes: Any) -> None:
        def change() -> None:
            self.rows[delivery_id] = dataclasses.replace(self.rows[delivery_id], **changes)

        self.staged.append(change)


class MemoryWork:
    """A unit of work over the outbox; the next `failures` commits break."""

    def __init__(self, outbox: MemoryOutbox) -> None:
        self.outbox = self.conversations = outbox
        self.failures = 0

    def __call__(self) -> MemoryWork:
        return self

    async def __aenter__(self) -> MemoryWork:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.outbox.staged.clear()

    async def commit(self) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("disk full")
        for change in self.outbox.staged:
            change()
        self.outbox.staged.clear()


class Telephone:
    """A sender that takes lines, or fails as told."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.failures: dict[str, list[Exception]] = {}
        self.silence: dict[str, asyncio.Event] = {}
        self.busy = 0
        self.busiest = 0

    async def send(self, user_id: str, line: Line) -> None:
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            await asyncio.sleep(0)
            if user_id in self.silence:
                await self.silence[user_id].wait()
            if self.failures.get(line.text):
                raise self.failures[line.text].pop(0)
            self.taken.append(line.text)
        finally:
            self.busy -= 1


class Post:
    """The relay with everything around it."""

    def __init__(self, **options: Any) -> None:
        self.clock = HandClock()
        self.outbox = MemoryOutbox()
        self.work = MemoryWork(self.outbox)
        self.telephone = Telephone()
        senders = {"telegram": self.telephone}
        work: Any = self.work
        self.relay = OutboxRelay(work, senders, self.clock, jitter=lambda: 0.0, **options)

    async def send_all(self) -> None:
        await self.relay.drain(5)

    def due_in(self, delivery: Delivery) -> float:
        return (self.outbox.due[delivery.id] - self.clock.now()).total_seconds()

    def state(self, delivery: Delivery) -> DeliveryState:
        return self.outbox.rows[delivery.id].state


@asynccontextmanager
async def running(post: Post) -> AsyncIterator[None]:
    task = asyncio.create_task(post.relay.run())
    yield
    await post.relay.drain(5)
    await task


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("not seen in time")


async def test_lines_of_a_conversation_go_in_order() -> None:
    post = Post()
    for number in range(5):
        post.outbox.put(1, str(number))
    await post.send_all()
    assert post.telephone.taken == ["0", "1", "2", "3", "4"]
    assert {row.state for row in post.outbox.rows.values()} == {DeliveryState.SENT}


async def test_a_notice_wakes_the_relay_at_once() -> None:
    post = Post()
    async with running(post):
        await asyncio.sleep(0.01)
        post.outbox.put(1, "now")
        post.relay.notify()
        await until(lambda: post.telephone.taken == ["now"])


async def test_a_silent_contact_holds_up_nobody_else() -> None:
    post = Post()
    post.telephone.silence["1"] = asyncio.Event()
    post.outbox.put(1, "slow")
    post.outbox.put(1, "after slow")
    async with running(post):
        for number in range(3):
            post.outbox.put(2, str(number))
        post.relay.notify()
        await until(lambda: post.telephone.taken == ["0", "1", "2"])
        post.telephone.silence["1"].set()
        await until(lambda: post.telephone.taken[3:] == ["slow", "after slow"])


async def test_no_more_are_sent_at_once_than_allowed() -> None:
    post = Post(concurrency=3)
    for conversation in range(12):
        post.outbox.put(conversation, f"to {conversation}")
    await post.send_all()
    assert len(post.telephone.taken) == 12
    assert post.telephone.busiest == 3


async def test_a_request_to_slow_down_is_obeyed_to_the_second() -> None:
    post = Post()
    post.telephone.failures["first"] = [RateLimited(17)]
    first = post.outbox.put(1, "first")
    post.outbox.put(1, "second")
    await post.send_all()
    assert post.due_in(first) == 17
    assert post.telephone.taken == []


@pytest.mark.parametrize("error", [Unavailable("down"), Slow("late"), RateLimited(None), ValueError()])
async def test_other_failures_wait_longer_each_time_and_keep_the_order(error: Exception) -> None:
    post = Post()
    post.telephone.failures["first"] = [error] * 3
    first = post.outbox.put(1, "first")
    post.outbox.put(1, "second")
    pauses = []
    for _ in range(3):
        await post.send_all()
        pauses.append(post.due_in(first))
        post.clock.time = post.outbox.due[first.id]
    await post.send_all()
    assert pauses == [0.5, 1.0, 2.0]
    assert post.telephone.taken == ["first", "second"]


def test_pauses_grow_to_ten_minutes_and_are_spread() -> None:
    assert backoff(500, LONGEST_PAUSE, lambda: 1.0) == 600
    assert backoff(500, LONGEST_PAUSE, lambda: 0.0) == 300
    assert backoff(0, LONGEST_PAUSE, lambda: 1.0) == 1


async def test_a_line_is_given_up_after_a_day_and_the_next_goes_on() -> None:
    post = Post()
    post.telephone.failures["first"] = [Unavailable("down")]
    first, second = post.outbox.put(1, "first"), post.outbox.put(1, "second")
    post.outbox.rows[first.id] = dataclasses.replace(first, attempts=LEAST_TRIES)
    post.clock.time += timedelta(days=1)
    await post.send_all()
    assert post.state(first) is DeliveryState.DEAD
    assert post.state(second) is DeliveryState.SENT
    assert post.outbox.rows[first.id].last_error == "Unavailable: down"


async def test_a_line_that_is_sent_again_is_tried_for_a_day_again() -> None:
    post = Post()
    post.telephone.failures["old"] = [Unavailable("down")] * 2
    old = post.outbox.put(1, "old")
    again = START + timedelta(days=3)
    post.outbox.rows[old.id] = dataclasses.replace(old, attempts=LEAST_TRIES, queued_at=again)
    post.clock.time = again + timedelta(hours=23)
    await post.send_all()
    assert post.state(old) is DeliveryState.PENDING
    post.clock.time = again + timedelta(hours=24)
    await post.send_all()
    assert post.state(old) is DeliveryState.DEAD


async def test_one_who_cannot_be_reached_stops_only_their_own_queue() -> None:
    post = Post()
    post.telephone.failures["blocked"] = [Undeliverable("bot was blocked")]
    blocked = post.outbox.put(1, "blocked")
    other = post.outbox.put(2, "other")
    await post.send_all()
    assert post.state(blocked) is DeliveryState.DEAD
    assert post.state(other) is DeliveryState.SENT


async def test_one_who_blocked_us_is_written_to_no_more_and_nobody_else_waits() -> None:
    post = Post()
    post.telephone.failures["blocked"] = [Blocked("bot was blocked")]
    blocked, behind, other = (post.outbox.put(n, text) for n, text in ((1, "blocked"), (1, "b"), (2, "c")))
    await post.send_all()
    assert [post.state(one) for one in (blocked, behind)] == [DeliveryState.DEAD] * 2
    assert post.outbox.rows[blocked.id].last_error == "Blocked: bot was blocked"
    assert post.outbox.unreachable == {1}
    assert post.telephone.taken == ["c"]
    assert post.state(other) is DeliveryState.SENT


async def test_a_line_that_will_never_be_taken_stops_nothing_behind_it() -> None:
    post = Post()
    post.telephone.failures["bad"] = [Undeliverable("message text is empty")]
    bad, behind = post.outbox.put(1, "bad"), post.outbox.put(1, "behind")
    await post.send_all()
    assert post.state(bad) is DeliveryState.DEAD
    assert post.state(behind) is DeliveryState.SENT
    assert post.outbox.unreachable == set()


async def test_a_channel_without_a_sender_waits_for_one() -> None:
    post = Post()
    lost = post.outbox.put(1, "lost", channel="wechat")
    await post.send_all()
    assert post.state(lost) is DeliveryState.PENDING
    assert post.due_in(lost) > 0


async def test_a_failed_record_is_repeated_and_the_line_is_not() -> None:
    post = Post()
    sent = post.outbox.put(1, "once")
    post.work.failures = 1
    await post.send_all()
    assert post.telephone.taken == ["once"]
    assert post.state(sent) is DeliveryState.SENT


async def test_draining_ends_at_its_deadline() -> None:
    post = Post()
    post.telephone.silence["1"] = asyncio.Event()
    stuck = post.outbox.put(1, "stuck")
    await asyncio.wait_for(post.relay.drain(0.05), 1)
    assert post.state(stuck) is DeliveryState.PENDING
    assert post.telephone.busy == 0


async def test_draining_looks_again_when_a_line_went_out_while_the_next_was_looked_for() -> None:
    post = Post()
    heads, gate = post.outbox.heads, asyncio.Event()
    post.telephone.silence["1"] = gate

    async def slow_heads(now: datetime, limit: int, but_not: Collection[int]) -> list[Delivery]:
        found = await heads(now, limit, but_not)
        if but_not:
            gate.set()
            while post.telephone.busy or post.state(first) is DeliveryState.PENDING:
                await asyncio.sleep(0)
            await asyncio.sleep(0.01)  # and it is in flight no more
        return found

    post.outbox.heads = slow_heads  # type: ignore[method-assign]
    first, _ = post.outbox.put(1, "first"), post.outbox.put(1, "second")
    draining = asyncio.create_task(post.relay.drain(5))
    await post.relay._start_due()
    await draining
    assert post.telephone.taken == ["first", "second"]


async def test_the_words_of_a_strange_error_are_not_kept() -> None:
    post = Post()
    post.telephone.failures["first"] = [ValueError("holds a resident's text")]
    first = post.outbox.put(1, "first")
    await post.send_all()
    assert post.outbox.rows[first.id].last_error == "ValueError"
