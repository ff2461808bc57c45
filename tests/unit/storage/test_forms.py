"""A form that is sent twice does its work once. Runs on PostgreSQL too."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import Conflict
from bot.storage import tables
from tests.fakes.house import FakeHouse

KEY = "abcdefghijkl"


@pytest.fixture
async def account(house: FakeHouse) -> int:
    async with house.work() as work:
        work.stage_statement(
            tables.agents.insert().values(
                name="wangmin", display_name="王敏", password_hash="", role="agent",
                must_change_password=False, failed_logins=0, session_epoch=0, created_at=house.clock.now(),
            )
        )  # fmt: skip
        await work.commit()
        found = await work.agents.by_name("wangmin")
    assert found is not None
    return found.id


async def obey(house: FakeHouse, account: int, key: str = KEY, mark: str = "") -> None:
    async with house.work() as work:
        work.forms.obey(account, key, house.clock.now())
        if mark:
            work.bookmarks.set(mark, "done")
        await work.commit()


async def was_obeyed(house: FakeHouse, account: int, key: str = KEY) -> bool:
    async with house.work() as work:
        return await work.forms.was_obeyed(account, key)


async def test_a_second_time_brings_a_conflict_and_nothing_else(house: FakeHouse, account: int) -> None:
    await obey(house, account)
    with pytest.raises(Conflict):
        await obey(house, account, mark="second")
    async with house.work() as work:
        assert await work.bookmarks.get("second") is None
    assert await was_obeyed(house, account)


async def test_of_many_at_once_one_is_obeyed(house: FakeHouse, account: int) -> None:
    """Each with an engine and a lock of its own, as processes have them, is in tests/integration."""
    results = await asyncio.gather(*(obey(house, account) for _ in range(8)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Conflict"] * 7 + ["NoneType"]


async def test_what_was_not_committed_was_not_obeyed(house: FakeHouse, account: int) -> None:
    async with house.work() as work:
        work.forms.obey(account, KEY, house.clock.now())
    assert not await was_obeyed(house, account)


async def test_old_ones_are_forgotten_when_the_account_sends_another(house: FakeHouse, account: int) -> None:
    await obey(house, account)
    house.clock.move(hours=23)
    await obey(house, account, "another-form")
    assert await was_obeyed(house, account)
    house.clock.move(hours=2)
    await obey(house, account, "a-third-form")
    assert not await was_obeyed(house, account)
    assert await was_obeyed(house, account, "another-form")
