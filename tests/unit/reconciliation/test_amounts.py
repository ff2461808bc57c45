"""How much a payment is about by the record: exactly that payment, or nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import MalformedAnswer, Unavailable
from bot.reconciliation.amounts import RecordedAmounts
from bot.reconciliation.lookup import StaffLookup
from tests.fakes.bureau import FakeBureau
from tests.fakes.staff_system import SERIAL, FakeStaffSystem

ON_RECEIPT = "10001071202611200106"


class Bureau:
    """One payment, as residents' calls and the staff's know it; under two of its numbers."""

    def __init__(self) -> None:
        self.residents, self.staff = FakeBureau(), FakeStaffSystem()
        self.residents.add(SERIAL)
        self.residents.payments[ON_RECEIPT] = self.residents.payments[SERIAL]
        self.payment = self.staff.add(SERIAL, amount=150_000)
        self.amounts = RecordedAmounts(self.residents, StaffLookup(self.staff))


async def test_any_number_of_a_payment_finds_its_amount() -> None:
    bureau = Bureau()
    assert await bureau.amounts.of(SERIAL) == 150_000
    assert await bureau.amounts.of(ON_RECEIPT) == 150_000


async def test_what_is_due_counts_where_nothing_was_paid() -> None:
    bureau = Bureau()
    assert bureau.payment.details
    unpaid = replace(bureau.payment.details, amount_paid=None, amount_due=8_000)
    bureau.staff.payments[SERIAL] = replace(bureau.payment, details=unpaid)
    assert await bureau.amounts.of(SERIAL) == 8_000


async def test_what_cannot_be_told_is_not_guessed() -> None:
    bureau = Bureau()
    assert await bureau.amounts.of("4200002611202611200000009999") is None
    bureau.residents.trouble = [MalformedAnswer("no state")]
    assert await bureau.amounts.of(SERIAL) is None
    bureau.staff.payments.clear()
    assert await bureau.amounts.of(SERIAL) is None


async def test_a_system_that_is_down_says_nothing_about_the_payment() -> None:
    bureau = Bureau()
    bureau.residents.trouble = [Unavailable("down")]
    with pytest.raises(Unavailable):
        await bureau.amounts.of(SERIAL)
