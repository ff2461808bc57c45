"""The reconciliation system is away, for a moment and for an hour; nobody hears "no such payment"."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import RetryLater
from bot.notifications.watcher import Watcher
from tests.conversations.conftest import empty_database, neighbour, office, resident
from tests.conversations.office import Office
from tests.conversations.resident import Resident
from tests.conversations.seeded import WAITING
from tests.doubles.whole_product import WholeProduct, texts
from tests.faults.bureau import SeparateBureau

__all__ = ["empty_database", "neighbour", "office", "resident"]


@pytest.mark.faults
@pytest.mark.timeout(240)
def test_the_bureau_away_is_said_honestly_and_found_again(tmp_path: Path) -> None:
    with SeparateBureau() as bureau, WholeProduct(tmp_path, **bureau.settings) as product:
        there = texts(product.says("anna", WAITING))
        assert "尾号 000101" in there[0]
        bureau.stop()
        away = texts(product.says("berta", WAITING))
        assert "尾号 000101 的缴费：" not in "".join(away)
        assert "查不到" not in "".join(away), "away is not the same as no such payment"
        assert "GD" in "".join(texts(product.says("berta", "转人工")))
        bureau.start()
        found = product.says_until("berta", WAITING, "尾号 000101 的缴费：", seconds=60)
        assert found == there


async def test_an_hour_without_it_is_said_honestly_and_what_happened_meanwhile_is_told_after(
    office: Office, resident: Resident, neighbour: Resident
) -> None:
    await resident.says(WAITING)
    assert (await resident.presses("到账提醒我")).named("utter_watch_set")
    watcher = watcher_of(office)
    await watcher.step()

    await office.breaks(outage="unavailable")
    await office.puts(WAITING, "reconciled")
    for _ in range(6):
        office.advance(minutes=10)
        heard = await neighbour.says(WAITING)
        assert heard.named("utter_api_down")
        assert "不等于没有这笔缴费" in heard.text
        assert not heard.named("utter_not_found")
        with pytest.raises(RetryLater):
            await watcher.step()
    assert len(office.rows("tickets")) == 1

    await office.heals()
    office.advance(minutes=10)
    await office.restart()  # the breaker's ten seconds are real ones
    watcher = watcher_of(office)
    assert await watcher.step() == 1
    assert await watcher.step() == 0
    assert (await neighbour.says(WAITING)).named("utter_status")
    told = [line.text for line in await resident.sees() if WAITING[-6:] in line.text]
    assert len([text for text in told if "已对账" in text or "对上" in text]) == 1


def watcher_of(office: Office) -> Watcher:
    """The office's watcher, one step at a time."""
    house = office.house
    return Watcher(
        house.work,
        house.client,
        house.services.watches,
        house.announcer.announce,
        lambda: None,
        house.clock,
    )
