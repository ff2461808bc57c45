"""What a case is about in money: the record's word, asked for once. Runs on PostgreSQL too."""

from __future__ import annotations

import pytest

from bot.errors import Unavailable
from bot.tickets.appraiser import Appraiser
from bot.tickets.model import AmountSource, Priority, Ticket
from tests.fakes.clock import MONDAY_TEN
from tests.fakes.house import FakeHouse
from tests.unit.tickets.cases import LI, OTHER_SERIAL, SERIAL, actions, do, opened, stored


class Records:
    """The reconciliation system's amounts by number; what is an error is raised."""

    def __init__(self, **amounts: object) -> None:
        self.amounts = {name.lstrip("n"): amount for name, amount in amounts.items()}
        self.asked: list[str] = []

    async def amount_of(self, number: str) -> int | None:
        self.asked.append(number)
        found = self.amounts.get(number)
        if isinstance(found, Exception):
            raise found
        assert found is None or isinstance(found, int)
        return found


def knowing(amount: object, number: str = SERIAL) -> Records:
    return Records(**{f"n{number}": amount})


async def appraised(house: FakeHouse, records: Records) -> None:
    await Appraiser(house.work, records.amount_of, house.tickets).round()


async def test_the_record_takes_the_place_of_a_claim_and_weighs(house: FakeHouse) -> None:
    number = (await opened(house, SERIAL, amount_fen="4000")).ticket.number
    claimed = await stored(house, number)
    assert (claimed.amount, claimed.amount_source) == (4000, AmountSource.CLAIMED)
    assert claimed.priority is Priority.NORMAL
    await appraised(house, knowing(150_000))
    known = await stored(house, number)
    assert (known.amount, known.amount_source, known.amount_asked_at) == (
        150_000, AmountSource.OF_RECORD, MONDAY_TEN,
    )  # fmt: skip
    assert (known.priority, known.urgency) == (Priority.HIGH, Priority.HIGH.rank)
    assert known.due_at < claimed.due_at
    assert known.checked == {"amount_fen": "4000"}


async def test_the_log_says_what_was_found_and_why_it_rose(house: FakeHouse) -> None:
    number = (await opened(house, SERIAL)).ticket.number
    await appraised(house, knowing(150_000))
    async with house.work() as work:
        entry = (await work.tickets.log(number))[-1]
    assert (entry.actor, entry.action) == ("desk", "appraised")
    assert entry.data == {
        "recorded_fen": "150000", "priority": "high", "customer_request": "+2", "amount": "+2",
    }  # fmt: skip


async def test_a_small_amount_takes_no_priority_away(house: FakeHouse) -> None:
    number = (await opened(house, SERIAL, amount_fen="150000")).ticket.number
    assert (await stored(house, number)).priority is Priority.HIGH
    await appraised(house, knowing(2_000))
    known = await stored(house, number)
    assert (known.amount, known.priority) == (2_000, Priority.HIGH)


async def test_what_an_agent_lowered_stays_lowered_when_the_agent_knew_more(house: FakeHouse) -> None:
    number = (await opened(house, SERIAL, amount_fen="150000")).ticket.number
    await do(house, house.casework.set_priority, number, LI[0], Priority.LOW)
    await appraised(house, knowing(150_000))
    assert (await stored(house, number)).priority is Priority.LOW


async def test_each_is_asked_for_once_and_only_live_ones_about_a_payment(house: FakeHouse) -> None:
    await opened(house, user="nothing named")
    ended = (await opened(house, OTHER_SERIAL, user="ended")).ticket.number
    await do(house, house.casework.resolve, ended, LI[0])
    number = (await opened(house, SERIAL)).ticket.number
    records = Records()
    for _ in range(2):
        await appraised(house, records)
    assert records.asked == [SERIAL]
    unknown = await stored(house, number)
    assert (unknown.amount, unknown.amount_source, unknown.amount_asked_at) == (None, None, MONDAY_TEN)
    assert ("desk", "appraised") not in await actions(house, number)


async def test_a_system_that_is_down_is_asked_again(house: FakeHouse) -> None:
    number = (await opened(house, SERIAL)).ticket.number
    with pytest.raises(Unavailable):
        await appraised(house, knowing(Unavailable("down")))
    assert (await stored(house, number)).amount_asked_at is None
    await appraised(house, knowing(2_000))
    assert (await stored(house, number)).amount == 2_000


async def test_a_claim_made_later_does_not_replace_the_record(house: FakeHouse) -> None:
    number = (await opened(house, SERIAL)).ticket.number
    await appraised(house, knowing(2_000))
    await opened(house, SERIAL, amount_fen="999900")
    again = await stored(house, number)
    assert (again.amount, again.amount_source, again.priority) == (
        2_000, AmountSource.OF_RECORD, Priority.NORMAL,
    )  # fmt: skip
    assert again.checked["amount_fen"] == "999900"


async def test_what_a_resident_was_shown_of_their_payment_is_of_record_at_once(house: FakeHouse) -> None:
    ticket = (await opened(house, SERIAL, amount_fen="1", recorded_fen="150000")).ticket
    assert (ticket.amount, ticket.amount_source) == (150_000, AmountSource.OF_RECORD)
    assert ticket.priority is Priority.HIGH
    records = Records()
    await appraised(house, records)
    assert records.asked == []


async def test_of_two_cases_that_become_one_the_record_stays(house: FakeHouse) -> None:
    kept = (await opened(house, SERIAL, amount_fen="1")).ticket
    double = (await opened(house, OTHER_SERIAL)).ticket
    await appraised(house, knowing(2_000, OTHER_SERIAL))
    await do(house, house.casework.merge, double.number, kept.number, LI[0])
    merged: Ticket = await stored(house, kept.number)
    assert (merged.amount, merged.amount_source) == (2_000, AmountSource.OF_RECORD)
