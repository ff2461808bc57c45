"""A line that the platform took is not said again, though the database never heard of it."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest

from bot.notifications import slips as module
from bot.notifications.model import Delivery
from bot.notifications.relay import OutboxRelay
from bot.notifications.slips import Slips
from tests.fakes.house import FakeHouse, locked, message
from tests.faults.test_clock_jump import Telephone, house, telephone

__all__ = ["house", "telephone"]


async def heads(house: FakeHouse) -> list[Delivery]:
    """What is due."""
    async with house.work() as work:
        return await work.outbox.heads(house.clock.now())


async def test_a_kill_between_the_platforms_word_and_our_mark_repeats_nothing(
    house: FakeHouse, telephone: Telephone, tmp_path: Path
) -> None:
    await house.desk.handle(message("先"))
    await house.desk.handle(message("后"))
    [first] = await heads(house)
    Slips(tmp_path / "slips").note(first)  # and here the process was killed

    slips = Slips(tmp_path / "slips")
    await OutboxRelay(house.work, {"telegram": telephone}, house.clock, slips=slips).drain(5)
    assert telephone.taken == ["re: 后"]
    assert await heads(house) == []


async def test_a_slip_of_an_older_database_means_nothing(house: FakeHouse, tmp_path: Path) -> None:
    await house.desk.handle(message("先"))
    [first] = await heads(house)
    Slips(tmp_path / "slips").note(first)
    other = dataclasses.replace(first, created_at=first.created_at + timedelta(seconds=1))
    assert not Slips(tmp_path / "slips").has(other)


async def test_the_file_does_not_grow_for_ever(house: FakeHouse, tmp_path: Path) -> None:
    await house.desk.handle(message("先"))
    [first] = await heads(house)
    slips = Slips(tmp_path / "slips")
    for number in range(module.REWRITE_AFTER + 10):
        one = dataclasses.replace(first, id=number)
        slips.note(one)
        if number != 5:
            slips.forget(one)
    kept = (tmp_path / "slips").read_text().splitlines()
    assert len(kept) <= 11
    assert Slips(tmp_path / "slips").has(dataclasses.replace(first, id=5))


async def test_what_another_process_noted_counts_for_a_line_that_was_its(
    house: FakeHouse, tmp_path: Path
) -> None:
    await house.desk.handle(message("先"))
    [first] = await heads(house)
    Slips(tmp_path / "theirs").note(first)
    mine = Slips(tmp_path / "mine", lambda: [tmp_path / "theirs"])
    assert mine.has(dataclasses.replace(first, taken_over=True))
    assert not mine.has(first)


async def test_slips_are_forced_to_the_disk_only_when_the_database_could_not_be_told(
    house: FakeHouse, telephone: Telephone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forced: list[int] = []
    monkeypatch.setattr(module.os, "fdatasync", forced.append)
    slips = Slips(tmp_path / "slips")
    relay = OutboxRelay(house.work, {"telegram": telephone}, house.clock, jitter=lambda: -1.0, slips=slips)
    await house.desk.handle(message("先"))
    await relay.drain(5)
    assert forced == []
    await house.desk.handle(message("后"))
    house.access.breaks = [locked()]
    await relay.drain(5)
    assert len(forced) == 1
    assert telephone.taken == ["re: 先", "re: 后"]
