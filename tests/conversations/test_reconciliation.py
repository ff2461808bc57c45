"""A person reconciles a payment by hand: its resident hears of it at once, and once."""

from __future__ import annotations

import pytest

from bot.errors import Slow
from bot.notifications.watcher import Watcher
from bot.reconciliation.model import Draft, Proposal, ProposalState, Told
from tests.conversations.office import Office
from tests.conversations.resident import Heard, Resident
from tests.conversations.seeded import MISMATCHED, SERIAL

LINE = f"SL-{MISMATCHED}"


async def reconciles(office: Office, serial: str = MISMATCHED, line: str = LINE) -> Proposal:
    """An agent confirms, in the resident's newest ticket."""
    service = office.house.reconciliation(lambda: None)
    amount = (await service.lookup.line(serial, line)).amount
    number = office.rows("tickets")[-1]["number"]
    draft = Draft("DZ261124-7K2MQX", number, serial, line, amount, "已核对回单")
    return await service.propose(draft, "wangmin")


async def everybody_else_looks(office: Office) -> None:
    """Whoever follows events, watches and requests has its turn, more than once."""
    house = office.house
    watcher = Watcher(
        house.work, house.client, house.services.watches, lambda _: None, lambda: None, office.clock
    )
    for _ in range(2):
        await watcher.step()
        await office.watches()
        await office.follows()
        office.advance(hours=3)


async def hears(resident: Resident, since: int) -> Heard:
    """What came by itself after that many lines."""
    heard = Heard((await resident.sees())[since:])
    resident.offered = heard.offered or resident.offered
    return heard


async def test_without_a_watch_it_is_told_through_the_ticket(resident: Resident, office: Office) -> None:
    await resident.says(MISMATCHED, "转人工")
    known = len(await resident.sees())
    done = await reconciles(office)
    assert (done.state, done.told) == (ProposalState.DONE, Told.BY_TICKET)
    await everybody_else_looks(office)
    heard = await hears(resident, known)
    assert len(heard.lines) == 1
    assert heard.named("utter_reconciled_by_staff", "zh")
    assert "000105" in heard.text and "40" not in heard.text


async def test_the_button_of_the_notice_shows_that_very_payment(resident: Resident, office: Office) -> None:
    await resident.says(MISMATCHED, "转人工", SERIAL["0303"])
    known = len(await resident.sees())
    await reconciles(office)
    await hears(resident, known)
    shown = await resident.presses("看这笔缴费")
    assert shown.mentions("utter_state_reconciled")
    assert "000105" in shown.text


async def test_with_a_watch_the_watch_tells(resident: Resident, office: Office) -> None:
    await resident.says(MISMATCHED, "到账提醒我", "转人工")
    known = len(await resident.sees())
    assert (await reconciles(office)).told is Told.BY_WATCH
    await everybody_else_looks(office)
    heard = await hears(resident, known)
    assert len(heard.lines) == 1
    assert heard.named("utter_watch_settled")


@pytest.mark.parametrize("watched", [False, True])
async def test_with_a_request_of_their_own_it_is_told_once_too(
    resident: Resident, office: Office, watched: bool
) -> None:
    await resident.says(MISMATCHED, "帮我申请对账", "好的", *(["到账提醒我"] if watched else []), "转人工")
    known = len(await resident.sees())
    await reconciles(office)
    await everybody_else_looks(office)
    assert len((await hears(resident, known)).lines) == 1


async def test_in_english_too(resident: Resident, office: Office) -> None:
    await resident.says("English please", MISMATCHED, "talk to a person")
    known = len(await resident.sees())
    await reconciles(office)
    assert (await hears(resident, known)).named("utter_reconciled_by_staff", "en")


async def test_a_process_that_ends_before_it_knew_tells_after_its_restart(
    resident: Resident, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await resident.says(MISMATCHED, "转人工")
    known = len(await resident.sees())
    staff = office.house.staff
    assert staff is not None
    real = staff.reconcile

    async def lost(*arguments: str) -> None:
        await real(*arguments)
        raise Slow("lost")

    monkeypatch.setattr(staff, "reconcile", lost)
    assert (await reconciles(office)).state is ProposalState.APPROVED
    await office.restart()
    office.advance(minutes=1)
    assert await office.house.reconciliation(lambda: None).execution.resume() == 1
    await everybody_else_looks(office)
    assert len((await hears(resident, known)).lines) == 1
    reconciled = [
        e for e in office.sandbox.state.bureau.ledger.events_after(0, 500) if e.state == "reconciled"
    ]
    assert [event.serial_number for event in reconciled].count(MISMATCHED) == 1
