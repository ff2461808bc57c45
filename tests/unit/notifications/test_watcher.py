"""Following events: nothing is told twice, nothing is lost. Runs on PostgreSQL too."""

from __future__ import annotations

import asyncio
from datetime import time, timedelta

import pytest

from bot.errors import MalformedAnswer, Unavailable
from bot.notifications import watcher as watcher_module
from bot.notifications.quiet import QuietHours
from bot.notifications.service import WatchesService
from bot.notifications.watcher import Watcher
from bot.payments.model import Reason, State
from tests.fakes.bureau import FakeBureau, payment
from tests.fakes.house import FakeHouse, locked

SERIAL, OTHER_SERIAL = "4200000925202101284997714292", "2017071221001004660224927787"


class Scene:
    """A house with a watcher over a bureau."""

    def __init__(self, house: FakeHouse) -> None:
        self.house = house
        self.bureau = FakeBureau()
        self.announced: list[int] = []
        self.notified = 0
        self.watcher = self.another()

    def another(self) -> Watcher:
        return Watcher(
            self.house.work,
            self.bureau,
            self.house.watches,
            self.announced.append,
            self._notify,
            self.house.clock,
        )

    async def watch(self, serial: str = SERIAL, user: str = "anna") -> None:
        seen = self.bureau.add(serial)
        conversation = await self.house.conversation(user)
        async with self.house.work() as work:
            await self.house.watches.watch(work, conversation, seen)
            await work.commit()

    def _notify(self) -> None:
        self.notified += 1


@pytest.fixture
def scene(house: FakeHouse) -> Scene:
    return Scene(house)


async def test_a_change_is_told_and_the_conversation_woken(scene: Scene) -> None:
    await scene.watch()
    scene.bureau.change(SERIAL, State.RECONCILED)
    assert await scene.watcher.step() == 1
    assert len(await scene.house.said()) == 1
    assert scene.announced == [(await scene.house.conversation()).id]
    assert scene.notified == 1


async def test_nothing_is_told_twice(scene: Scene) -> None:
    await scene.watch()
    scene.bureau.change(SERIAL, State.UNRECONCILED, Reason.AMOUNT_MISMATCH)
    assert [await scene.watcher.step() for _ in range(3)] == [1, 0, 0]
    assert scene.bureau.asked == [None, "1", "1"]
    assert len(await scene.house.said()) == 1


async def test_a_payment_that_changed_several_times_is_told_as_it_stands_now(scene: Scene) -> None:
    await scene.watch()
    scene.bureau.change(SERIAL, State.UNRECONCILED, Reason.AMOUNT_MISMATCH)
    scene.bureau.change(SERIAL, State.RECONCILED)
    assert await scene.watcher.step() == 1
    assert len(await scene.house.said()) == 1


async def test_changes_that_nobody_watches_move_the_bookmark_only(scene: Scene) -> None:
    scene.bureau.add(OTHER_SERIAL)
    scene.bureau.change(OTHER_SERIAL, State.RECONCILED)
    assert await scene.watcher.step() == 0
    async with scene.house.work() as work:
        assert await work.bookmarks.get(watcher_module.BOOKMARK) == "1"


async def test_pages_are_read_one_after_the_other(scene: Scene) -> None:
    scene.bureau.page_size = 1
    await scene.watch(SERIAL)
    await scene.watch(OTHER_SERIAL)
    scene.bureau.change(SERIAL, State.RECONCILED)
    scene.bureau.change(OTHER_SERIAL, State.RECONCILED)
    assert [await scene.watcher.step() for _ in range(3)] == [1, 1, 0]


@pytest.mark.parametrize("trouble", [Unavailable("down"), MalformedAnswer("?")])
async def test_trouble_with_the_source_raises_and_loses_nothing(scene: Scene, trouble: Exception) -> None:
    await scene.watch()
    scene.bureau.change(SERIAL, State.RECONCILED)
    scene.bureau.trouble = [trouble]
    with pytest.raises(type(trouble)):
        await scene.watcher.step()
    assert await scene.watcher.step() == 1


async def test_a_look_up_that_fails_leaves_the_whole_page_for_later(scene: Scene) -> None:
    await scene.watch(SERIAL, "anna")
    await scene.watch(OTHER_SERIAL, "berta")
    scene.bureau.change(SERIAL, State.RECONCILED)
    scene.bureau.change(OTHER_SERIAL, State.RECONCILED)
    real, failures = scene.bureau.get_payment, [Unavailable("down")]

    async def fails_for_the_second(serial: str, payer_id_last4: str | None = None) -> object:
        if serial == OTHER_SERIAL and failures:
            raise failures.pop()
        return await real(serial)

    scene.bureau.get_payment = fails_for_the_second  # type: ignore[assignment, method-assign]
    with pytest.raises(Unavailable):
        await scene.watcher.step()
    assert await scene.house.said("anna") == []
    assert await scene.watcher.step() == 2


async def test_the_bookmark_commits_with_the_notices(scene: Scene) -> None:
    await scene.watch()
    scene.bureau.change(SERIAL, State.RECONCILED)
    scene.house.access.breaks = [locked()]
    with pytest.raises(Unavailable):
        await scene.watcher.step()
    assert await scene.house.said() == []
    assert scene.announced == []
    async with scene.house.work() as work:
        assert await work.bookmarks.get(watcher_module.BOOKMARK) is None
    assert await scene.watcher.step() == 1


async def test_two_processes_tell_a_change_once(scene: Scene) -> None:
    await scene.watch()
    scene.bureau.change(SERIAL, State.RECONCILED)
    results = await asyncio.gather(scene.watcher.step(), scene.another().step(), return_exceptions=True)
    assert 1 in results
    assert len(await scene.house.said()) == 1


async def test_a_payment_that_is_gone_stops_nothing(scene: Scene) -> None:
    await scene.watch(SERIAL, "anna")
    await scene.watch(OTHER_SERIAL, "berta")
    scene.bureau.change(SERIAL, State.CLOSED)
    del scene.bureau.payments[SERIAL]
    scene.bureau.change(OTHER_SERIAL, State.RECONCILED)
    assert await scene.watcher.step() == 1
    assert await scene.house.said("anna") == []


async def test_a_bookmark_that_the_source_forgot_starts_it_over_without_telling_again(scene: Scene) -> None:
    await scene.watch()
    scene.bureau.change(SERIAL, State.UNRECONCILED, Reason.AMOUNT_MISMATCH)
    await scene.watcher.step()
    scene.bureau.forgotten = frozenset({"1"})
    assert await scene.watcher.step() == 0
    scene.bureau.change(SERIAL, State.RECONCILED)
    scene.bureau.change(SERIAL, State.RECONCILED)
    assert await scene.watcher.step() == 1


async def test_what_no_event_told_is_told_on_the_next_rounds(scene: Scene) -> None:
    await scene.watch()
    scene.bureau.change(SERIAL, State.RECONCILED, quietly=True)
    assert await scene.watcher.step() == 0
    assert await scene.watcher.look_again() == 1
    assert await scene.watcher.look_again() == 0


async def test_expired_watches_end_and_wake_the_conversation(scene: Scene) -> None:
    await scene.watch()
    scene.house.clock.move(days=31)
    await scene.watcher.expire()
    assert len(await scene.house.said()) == 1
    assert len(scene.announced) == 1


async def test_the_running_watcher_survives_trouble(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher_module, "PAUSE_AFTER_ERROR", 0.001)
    await scene.watch()
    scene.bureau.change(SERIAL, State.RECONCILED)
    scene.bureau.payments[SERIAL] = payment(SERIAL)  # not told by the rounds at the start
    real = scene.bureau.events
    answers: list[Exception] = [Unavailable("down"), RuntimeError("defect")]

    async def troubled(after: str | None = None, wait: int = 0, limit: int = 100) -> object:
        if answers:
            raise answers.pop(0)
        scene.bureau.payments[SERIAL] = payment(SERIAL, State.RECONCILED, None)
        page = await real(after, wait, limit)
        if not page.events:
            await asyncio.sleep(30)
        return page

    scene.bureau.events = troubled  # type: ignore[assignment, method-assign]
    told = asyncio.Event()
    scene.announced = []
    running = asyncio.create_task(
        Watcher(
            scene.house.work,
            scene.bureau,
            scene.house.watches,
            lambda _: told.set(),
            lambda: None,
            scene.house.clock,
        ).run()
    )
    try:
        await asyncio.wait_for(told.wait(), 10)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert len(await scene.house.said()) == 1


async def test_what_was_kept_back_over_night_is_told_in_the_morning_as_it_stands_then(scene: Scene) -> None:
    scene.house.watches = WatchesService(
        scene.house.clock, scene.house.phrases, timedelta(days=30), QuietHours(time(21), time(8))
    )
    scene.watcher = scene.another()
    await scene.watch()
    scene.house.clock.move(hours=12)
    scene.bureau.change(SERIAL, State.UNRECONCILED, Reason.AMOUNT_MISMATCH)
    assert [await scene.watcher.step(), await scene.watcher.tell_held()] == [0, 0]
    scene.bureau.change(SERIAL, State.RECONCILED)
    assert await scene.watcher.step() == 0
    scene.house.clock.move(hours=10)
    assert [await scene.another().tell_held(), await scene.watcher.tell_held()] == [1, 0]
    [said] = await scene.house.said()
    assert said.startswith("utter_watch_settled")


async def test_one_payment_that_cannot_be_read_keeps_nobody_else_waiting(scene: Scene) -> None:
    await scene.watch(SERIAL, "anna")
    await scene.watch(OTHER_SERIAL, "berta")
    scene.bureau.change(SERIAL, State.RECONCILED)
    scene.bureau.change(OTHER_SERIAL, State.RECONCILED)
    real = scene.bureau.get_payment

    async def unreadable(serial: str, payer_id_last4: str | None = None) -> object:
        if serial == SERIAL:
            raise MalformedAnswer("?")
        return await real(serial)

    scene.bureau.get_payment = unreadable  # type: ignore[assignment, method-assign]
    assert await scene.watcher.step() == 1
    assert len(await scene.house.said("berta")) == 1
