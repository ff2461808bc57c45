"""What admins do with accounts. Runs on PostgreSQL too."""

from __future__ import annotations

import asyncio

import pytest

from bot.console.model import Account, Role
from bot.console.service import AccountsService
from bot.console.staff import Staff
from bot.errors import InvalidInput, NotFound
from tests.doubles.web_house import QUICK
from tests.fakes.house import FakeHouse


@pytest.fixture
def staff(house: FakeHouse) -> Staff:
    return Staff(house.work, house.clock, house.casework)


async def add(house: FakeHouse, name: str, role: Role = Role.AGENT) -> Account:
    accounts = AccountsService(house.clock, "a secret for tests only", QUICK)
    async with house.work() as work:
        await accounts.add(work, name, name, role)
        await work.commit()
    return await account(house, name)


async def account(house: FakeHouse, name: str) -> Account:
    async with house.work() as work:
        found = await work.agents.by_name(name)
    assert found is not None
    return found


async def test_admins_who_take_the_role_from_each_other_at_once_leave_one(
    house: FakeHouse, staff: Staff
) -> None:
    one, other = await add(house, "one", Role.ADMIN), await add(house, "other", Role.ADMIN)
    results = await asyncio.gather(
        staff.change("other", "other", Role.AGENT, one),
        staff.change("one", "one", Role.AGENT, other),
        return_exceptions=True,
    )
    assert [error.code for error in results if isinstance(error, InvalidInput)] == ["last_admin"]
    roles = [(await account(house, name)).role for name in ("one", "other")]
    assert sorted(role.value for role in roles) == ["admin", "agent"]


async def test_an_admin_out_of_use_is_none_that_is_left(house: FakeHouse, staff: Staff) -> None:
    await add(house, "one", Role.ADMIN)
    await add(house, "other", Role.ADMIN)
    await staff.disable("other")
    with pytest.raises(InvalidInput, match="last_admin"):
        await staff.disable("one")
    await staff.enable("other")
    await staff.disable("one")
    assert (await account(house, "one")).disabled_at == house.clock.now()


async def test_the_command_line_may_change_any_account_but_the_last_admin(
    house: FakeHouse, staff: Staff
) -> None:
    await add(house, "one", Role.ADMIN)
    with pytest.raises(InvalidInput, match="last_admin"):
        await staff.change("one", "one", Role.AGENT)
    await staff.change("one", "一号", Role.ADMIN)
    assert (await account(house, "one")).display_name == "一号"


async def test_taking_an_account_out_of_use_twice_changes_nothing(house: FakeHouse, staff: Staff) -> None:
    await add(house, "one")
    await staff.disable("one")
    before = await account(house, "one")
    assert await staff.disable("one") == 0
    assert await account(house, "one") == before


async def test_an_unknown_account_is_not_found(staff: Staff) -> None:
    with pytest.raises(NotFound):
        await staff.enable("nobody")
