"""Accounts: adding, letting in, locking, the first one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import AsyncIterator, Literal

import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.console.model import Account, Role
from bot.console.service import TRIES, AccountsService
from bot.errors import InvalidInput, NotFound, TooManyTries
from bot.storage.database import migrate, open_database
from bot.storage.unit_of_work import UnitOfWorkFactory
from tests.doubles.web_house import QUICK, FakeClock


class Office:
    """An accounts service with a database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.clock = FakeClock()
        self.work = UnitOfWorkFactory(engine)
        self.service = AccountsService(self.clock, "secret", QUICK)

    async def add(self, name: str, role: Role = Role.AGENT) -> str:
        async with self.work() as work:
            password = await self.service.add(work, name, "王敏", role)
            await work.commit()
        return password

    async def enter(self, name: str, password: str) -> Account:
        async with self.work() as work:
            return await self.service.authenticate(work, name, password)

    async def account(self, name: str) -> Account:
        async with self.work() as work:
            account = await work.agents.by_name(name)
        assert account is not None
        return account

    async def fail(self, name: str, times: int) -> None:
        for _ in range(times):
            with pytest.raises(InvalidInput):
                await self.enter(name, "wrong")


class Counting(PasswordHasher):
    """Writes down what it was asked for."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.done: list[str] = []

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.done.append("hash")
        return super().hash(password, salt=salt)

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
        self.done.append("verify")
        return super().verify(hash, password)


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    engine = open_database(f"sqlite+aiosqlite:///{tmp_path / 'accounts.sqlite'}")
    await migrate(engine)
    yield Office(engine)
    await engine.dispose()


async def test_a_new_account_has_a_one_time_password_that_must_be_changed(office: Office) -> None:
    password = await office.add("wangmin")
    account = await office.enter(" WangMin ", password)
    assert account.must_change_password
    assert account.password_hash.startswith("$argon2id$")


@pytest.mark.parametrize("name", ["", "a", "王敏", "a b", "a/b", "-ab", "x" * 33])
async def test_login_names_are_plain(office: Office, name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await office.add(name)
    assert caught.value.code == "bad_name"


async def test_a_name_is_taken_once_whatever_its_case(office: Office) -> None:
    await office.add("wangmin")
    with pytest.raises(InvalidInput) as caught:
        await office.add("WANGMIN")
    assert caught.value.code == "name_taken"


async def test_five_wrong_tries_lock_for_ten_minutes_even_with_the_right_password(office: Office) -> None:
    password = await office.add("wangmin")
    await office.fail("wangmin", TRIES)
    with pytest.raises(TooManyTries):
        await office.enter("wangmin", password)
    office.clock.move(timedelta(minutes=10, seconds=1))
    assert (await office.enter("wangmin", password)).name == "wangmin"


async def test_unknown_names_answer_as_known_ones_do(office: Office) -> None:
    await office.fail("nobody", TRIES)
    with pytest.raises(TooManyTries):
        await office.enter("nobody", "wrong")


async def test_the_first_try_costs_an_unknown_name_as_much_as_a_known_one(office: Office) -> None:
    await office.add("wangmin")
    costs = []
    for name in ("wangmin", "nobody"):
        hasher = Counting()
        office.service = AccountsService(office.clock, "secret", hasher)
        assert hasher.done == []  # a start hashes nothing
        await office.fail(name, 1)
        costs.append(hasher.done)
    assert costs == [["hash", "verify"], ["hash", "verify"]]


async def test_a_right_password_forgets_wrong_tries(office: Office) -> None:
    password = await office.add("wangmin")
    await office.fail("wangmin", TRIES - 1)
    await office.enter("wangmin", password)
    await office.fail("wangmin", TRIES - 1)
    assert (await office.enter("wangmin", password)).name == "wangmin"


async def test_tries_at_the_same_moment_are_all_counted(office: Office) -> None:
    await office.add("wangmin")
    tries = [office.enter("wangmin", "wrong") for _ in range(12)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(outcome, InvalidInput) for outcome in outcomes) == TRIES
    assert sum(isinstance(outcome, TooManyTries) for outcome in outcomes) == 12 - TRIES


async def test_a_changed_password_ends_sessions_and_the_duty_to_change(office: Office) -> None:
    password = await office.add("wangmin")
    before = await office.account("wangmin")
    async with office.work() as work:
        await office.service.change_password(work, before, password, "my own password")
        await work.commit()
    after = await office.enter("wangmin", "my own password")
    assert not after.must_change_password
    assert after.session_epoch == before.session_epoch + 1


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (None, "short", "password_too_short"),
        (None, "x" * 201, "password_too_long"),
        ("wrong", "long enough for us", "wrong_credentials"),
    ],
)
async def test_a_bad_change_changes_nothing(office: Office, old: str | None, new: str, code: str) -> None:
    password = await office.add("wangmin")
    account = await office.account("wangmin")
    async with office.work() as work:
        with pytest.raises(InvalidInput) as caught:
            await office.service.change_password(work, account, old or password, new)
    assert caught.value.code == code


async def test_a_reset_gives_a_new_one_time_password_and_opens_the_lock(office: Office) -> None:
    await office.add("wangmin")
    await office.fail("wangmin", TRIES)
    async with office.work() as work:
        password = await office.service.reset(work, "wangmin")
        await work.commit()
    assert (await office.enter("wangmin", password)).must_change_password


async def test_the_set_up_link_works_only_while_there_is_no_account(office: Office) -> None:
    async with office.work() as work:
        token = await office.service.setup_token(work)
        assert token is not None
        with pytest.raises(NotFound):
            await office.service.set_up(work, "another", "admin", "管理员", "long enough for us")
        await office.service.set_up(work, token, "admin", "管理员", "long enough for us")
        await work.commit()
    assert (await office.account("admin")).role is Role.ADMIN
    async with office.work() as work:
        assert await office.service.setup_token(work) is None
        with pytest.raises(NotFound):
            await office.service.set_up(work, token, "second", "管理员", "long enough for us")


async def test_accounts_are_listed_by_name(office: Office) -> None:
    await office.add("b1")
    await office.add("a1", Role.SUPERVISOR)
    async with office.work() as work:
        assert [account.name for account in await office.service.all(work)] == ["a1", "b1"]
