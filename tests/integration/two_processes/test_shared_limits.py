"""Limits hold for all processes together: whoever tries at two of them at once has no more tries."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.console.model import Role
from bot.console.service import TRIES, AccountsService
from bot.errors import InvalidInput, NotFound, TooManyTries
from bot.payments.service import OwnershipLimits, PaymentsService
from bot.storage.ownership import StoredOwnershipAttempts
from tests.doubles.web_house import QUICK
from tests.fakes.house import SECRET, FakeHouse
from tests.unit.payments.examples import WECHAT, OnePayment

AT_ONCE = 20


@pytest.mark.parametrize("name", ["wangli", "nobody"])
async def test_a_name_has_five_tries_at_both_processes_together(
    house: FakeHouse, second: FakeHouse, name: str
) -> None:
    offices = [AccountsService(one.clock, SECRET, QUICK, one.turnstile) for one in (house, second)]
    async with house.work() as work:
        await offices[0].add(work, "wangli", "王丽", Role.AGENT)
        await work.commit()

    async def enter(number: int) -> type[Exception]:
        process = (house, second)[number % 2]
        async with process.work() as work:
            try:
                await offices[number % 2].authenticate(work, name, "wrong")
            except (InvalidInput, TooManyTries) as error:
                return type(error)
        raise AssertionError

    found = await asyncio.gather(*(enter(number) for number in range(AT_ONCE)))
    assert found.count(InvalidInput) == TRIES
    assert found.count(TooManyTries) == AT_ONCE - TRIES


async def test_a_payment_has_as_many_guesses_at_both_processes_together(
    house: FakeHouse, second: FakeHouse
) -> None:
    limits = OwnershipLimits(per_contact=3, per_serial=3, window=timedelta(minutes=30))
    lookup = OnePayment()
    services = [
        PaymentsService(lookup, StoredOwnershipAttempts(one.work), one.clock, limits, turnstile=one.turnstile)
        for one in (house, second)
    ]

    async def guess(number: int) -> type[Exception]:
        try:
            await services[number % 2].details_of(f"c{number}", WECHAT, f"{number:04d}")
        except (NotFound, TooManyTries) as error:
            return type(error)
        raise AssertionError

    found = await asyncio.gather(*(guess(number) for number in range(AT_ONCE)))
    assert found.count(NotFound) == 3
