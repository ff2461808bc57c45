"""Two processes on one database decide and carry out the same manual reconciliation."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import Conflict, InvalidInput, Unavailable
from bot.reconciliation.model import Proposal, ProposalState
from tests.fakes.house import FakeHouse
from tests.unit.reconciliation.reconciling import LIMIT, SUPERVISOR, Reconciling

OVER = LIMIT + 1


@pytest.fixture
def pair(house: FakeHouse, second: FakeHouse) -> tuple[Reconciling, Reconciling]:
    """The same bureau behind two processes."""
    one = Reconciling(house)
    return one, Reconciling(second, one.bureau)


async def test_of_two_who_approve_in_two_processes_one_is_told_and_it_is_booked_once(
    pair: tuple[Reconciling, Reconciling],
) -> None:
    one, other = pair
    for place in range(10):
        user = f"resident-{place}"
        serial = f"42000026112026112000{place:08d}"
        one.bureau.add(serial, OVER, line=f"SL-{place}")
        waiting = await one.propose(await one.ticket(user), serial, f"SL-{place}", amount=OVER)
        outcomes = await asyncio.gather(
            one.service.approve(waiting.reference, SUPERVISOR),
            other.service.approve(waiting.reference, "zhaolei"),
            return_exceptions=True,
        )
        [done] = [outcome for outcome in outcomes if isinstance(outcome, Proposal)]
        [refused] = [outcome for outcome in outcomes if isinstance(outcome, (Conflict, InvalidInput))]
        assert (done.state, (await one.stored(waiting.reference)).decided_by) == (
            ProposalState.DONE,
            done.decided_by,
        )
        assert len(one.bureau.booked) == place + 1
        assert await one.heard(user) == ["utter_reconciled_by_staff"]


async def test_two_processes_that_resume_at_once_book_and_tell_once(
    pair: tuple[Reconciling, Reconciling],
) -> None:
    one, other = pair
    one.bureau.add()
    one.bureau.before.append(Unavailable("down"))
    waiting = await one.propose(await one.ticket())
    one.house.clock.move(minutes=1)
    await asyncio.gather(one.service.execution.resume(), other.service.execution.resume())
    assert (await one.stored(waiting.reference)).state is ProposalState.DONE
    assert len(one.bureau.booked) == 1
    assert await one.heard() == ["utter_reconciled_by_staff"]
