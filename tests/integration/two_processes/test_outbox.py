"""Two processes send from one outbox: each line once, and the lines of a conversation in order."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.clock import SHANGHAI
from bot.errors import Unavailable
from bot.messages import Line
from bot.notifications.model import Delivery
from bot.notifications.relay import OutboxRelay
from bot.notifications.slips import Slips
from bot.storage.outbox_queue import HELD_SECONDS, OutboxQueue, queue_for
from bot.storage.tables import outbox
from tests.fakes.house import FakeHouse

LONG_AGO = datetime(2000, 1, 1, tzinfo=SHANGHAI)


class Telephone:
    """What both processes' residents heard, in order; sending takes a moment, and a line may be held up."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []
        self.held: dict[str, asyncio.Event] = {}
        self.reached: dict[str, asyncio.Event] = {}
        self.on_their_way: set[str] = set()
        self.overlapped = False

    def hold(self, text: str) -> asyncio.Event:
        """Makes the line wait on its way until the returned event is set."""
        self.held[text], self.reached[text] = asyncio.Event(), asyncio.Event()
        return self.held[text]

    async def send(self, user_id: str, line: Line) -> None:
        self.overlapped = self.overlapped or user_id in self.on_their_way
        self.on_their_way.add(user_id)
        if line.text in self.held:
            self.reached[line.text].set()
            await self.held[line.text].wait()
        await asyncio.sleep(random.uniform(0, 0.005))
        self.taken.append((user_id, line.text))
        self.on_their_way.discard(user_id)


class Seconds:
    """A process's own clock, put forward by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def telephone() -> Telephone:
    """The one platform that both send to."""
    return Telephone()


@pytest.fixture
def seconds() -> Seconds:
    """The clock of the process that takes over."""
    return Seconds()


async def tell(house: FakeHouse, user: str, *texts: str) -> None:
    """Lines to a resident."""
    conversation = await house.conversation(user)
    for text in texts:
        async with house.work() as work:
            work.lines.add(conversation, house.phrases.say(text, "zh"), house.clock.now())
            await work.commit()


def queue_of(house: FakeHouse, holder: str, seconds: Callable[[], float] = time.monotonic) -> OutboxQueue:
    return queue_for(house.engine, house.work, holder, seconds)


def relay_of(
    house: FakeHouse, telephone: Telephone, queue: OutboxQueue, slips: Slips | None = None
) -> OutboxRelay:
    return OutboxRelay(house.work, {"telegram": telephone}, house.clock, slips=slips, queue=queue)


async def take(queue: OutboxQueue, house: FakeHouse, limit: int = 10) -> list[Delivery]:
    return await queue.take(house.clock.now(), limit, ())


async def time_runs_out(house: FakeHouse) -> None:
    """What anybody holds is held no longer, by everybody's clock."""
    await held_until(house, LONG_AGO)


async def held_until(house: FakeHouse, moment: datetime) -> None:
    async with house.work() as work:
        work.stage_statement(outbox.update().values(held_until=moment))
        await work.commit()


async def test_two_processes_send_every_line_once_and_in_order(
    house: FakeHouse, second: FakeHouse, telephone: Telephone
) -> None:
    users = [f"r{number}" for number in range(12)]
    for user in users:
        await tell(house, user, *(f"{number}" for number in range(8)))
    relays = [
        relay_of(one, telephone, queue_of(one, name)) for name, one in (("one", house), ("two", second))
    ]
    await asyncio.gather(*(relay.drain(30) for relay in relays))
    for user in users:
        assert [text for to, text in telephone.taken if to == user] == [f"{number}" for number in range(8)]
    assert not telephone.overlapped


async def test_both_share_the_work(house: FakeHouse, second: FakeHouse) -> None:
    for number in range(6):
        await tell(house, f"r{number}", "您好")
    one, two = queue_of(house, "one"), queue_of(second, "two")
    first, rest = await take(one, house, 2), await take(two, second)
    assert len(first) == 2
    assert len(rest) == 4
    assert not {taken.id for taken in first} & {taken.id for taken in rest}


async def test_the_next_line_waits_for_the_one_that_another_process_sends(
    house: FakeHouse, second: FakeHouse, telephone: Telephone
) -> None:
    await tell(house, "anna", "先", "后")
    gate = telephone.hold("先")
    one = asyncio.create_task(relay_of(house, telephone, queue_of(house, "one")).drain(30))
    await asyncio.wait_for(telephone.reached["先"].wait(), 10)
    await relay_of(second, telephone, queue_of(second, "two")).drain(5)
    assert telephone.taken == []
    gate.set()
    await one
    assert [text for _, text in telephone.taken] == ["先", "后"]


async def test_a_process_that_was_killed_gets_its_lines_back_at_its_next_start(
    house: FakeHouse, second: FakeHouse
) -> None:
    await tell(house, "anna", "先")
    [held] = await take(queue_of(house, "one"), house)
    assert await take(queue_of(second, "two"), second) == []
    [again] = await take(queue_of(second, "one"), second)
    assert again.id == held.id
    assert not again.taken_over


async def test_what_a_dead_process_held_goes_to_another_when_its_time_has_run_out(
    house: FakeHouse, second: FakeHouse, seconds: Seconds
) -> None:
    await tell(house, "anna", "先")
    await take(queue_of(house, "one"), house)
    other = queue_of(second, "two", seconds)
    seconds.at += HELD_SECONDS
    assert await take(other, second) == [], "it may be sending"
    await time_runs_out(house)
    [taken] = await take(other, second)
    assert taken.taken_over


async def test_a_clock_that_was_put_back_holds_no_line_of_a_dead_process_up(
    house: FakeHouse, second: FakeHouse, seconds: Seconds
) -> None:
    await tell(house, "anna", "先")
    await take(queue_of(house, "one"), house)
    await held_until(house, max(house.clock.now(), datetime.now(SHANGHAI)) + timedelta(days=1))
    other = queue_of(second, "two", seconds)
    assert await take(other, second) == []
    seconds.at += HELD_SECONDS
    assert len(await take(other, second)) == 1


async def test_one_who_is_still_at_it_says_so(house: FakeHouse, second: FakeHouse, seconds: Seconds) -> None:
    await tell(house, "anna", "慢")
    own = Seconds()
    slow = queue_of(house, "one", own)
    [held] = await take(slow, house)
    await time_runs_out(house)
    own.at += HELD_SECONDS / 2
    await slow.take(house.clock.now(), 0, [held.id])
    other = queue_of(second, "two", seconds)
    seconds.at += HELD_SECONDS
    assert await take(other, second) == []


async def test_nobody_is_taken_for_dead_while_the_database_was_away(
    house: FakeHouse, second: FakeHouse, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one may have sent its line and found nobody to tell; it is given time to say so."""
    await tell(house, "anna", "先")
    await take(queue_of(house, "one"), house)
    await time_runs_out(house)
    other = queue_of(second, "two", seconds)
    seconds.at += HELD_SECONDS
    with monkeypatch.context() as away:
        away.setattr(other, "_take", _away)
        with pytest.raises(Unavailable):
            await take(other, second)
    seconds.at += HELD_SECONDS - 1
    assert await take(other, second) == []
    seconds.at += 1
    assert len(await take(other, second)) == 1


async def _away(*_: object) -> None:
    raise Unavailable("the database")


async def test_what_a_dead_process_had_sent_is_not_said_again_where_its_slips_can_be_read(
    house: FakeHouse, second: FakeHouse, telephone: Telephone, seconds: Seconds, tmp_path: Path
) -> None:
    await tell(house, "anna", "先", "后")
    [sent] = await take(queue_of(house, "one"), house)
    Slips(tmp_path / "sent.slips").note(sent)  # and here it was killed
    await time_runs_out(house)
    slips = Slips(tmp_path / "sent-1.slips", lambda: [tmp_path / "sent.slips"])
    other = queue_of(second, "two", seconds)
    seconds.at += HELD_SECONDS
    await relay_of(second, telephone, other, slips).drain(10)
    assert [text for _, text in telephone.taken] == ["后"]


async def test_one_that_stops_lets_go_at_once(
    house: FakeHouse, second: FakeHouse, telephone: Telephone
) -> None:
    await tell(house, "anna", "先")
    telephone.hold("先")
    await relay_of(house, telephone, queue_of(house, "one")).drain(0.2)
    assert [one.line.text for one in await take(queue_of(second, "two"), second)] == ["先"]


async def test_a_line_that_is_put_off_may_be_sent_by_anybody(house: FakeHouse, second: FakeHouse) -> None:
    await tell(house, "anna", "先")
    [held] = await take(queue_of(house, "one"), house)
    async with house.work() as work:
        work.outbox.postpone(held, house.clock.now(), "Slow")
        await work.commit()
    assert [one.attempts for one in await take(queue_of(second, "two"), second)] == [1]
