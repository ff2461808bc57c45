"""The audit log and the alerts as they are read. Runs on PostgreSQL too."""

from __future__ import annotations

from datetime import date, timedelta

from bot.alerts import AlertKind
from bot.console.audit import Entry, Sought
from bot.statistics.model import Days
from tests.fakes.house import FakeHouse


def today(house: FakeHouse) -> date:
    return house.clock.now().date()


async def record(house: FakeHouse, *subjects: str, actor: str = "wangmin", days_ago: int = 0) -> None:
    async with house.work() as work:
        for subject in subjects:
            work.agents.record(actor, "ticket_viewed", subject, house.clock.now() - timedelta(days=days_ago))
        await work.commit()


async def read(house: FakeHouse, limit: int = 50, before: int = 0, **sought: str) -> list[Entry]:
    async with house.work() as work:
        days = Days.until(today(house), 30)
        return await work.audit.page(Sought(days, **sought), limit, before)


async def test_pages_follow_each_other_without_gap_or_repeat_whatever_the_order_of_storing(
    house: FakeHouse,
) -> None:
    await record(house, "late one", days_ago=0)
    await record(house, "b", "c", days_ago=1)
    await record(house, "d", days_ago=0)
    await record(house, "stored last, happened first", days_ago=3)
    pages, before = [], 0
    while page := await read(house, 2, before):
        pages.append([entry.subject for entry in page])
        before = page[-1].id
    assert pages == [["d", "late one"], ["c", "b"], ["stored last, happened first"]]


async def test_a_subject_is_found_by_any_part_of_it_as_it_is_written(house: FakeHouse) -> None:
    await record(house, "SD1 GD261123000001 …714292", "100%_sure", "无关")
    for part, found in (("gd261123", 1), ("…7142", 1), ("%_", 1), ("_", 1), ("%", 1), ("无", 1), ("x", 0)):
        assert len(await read(house, subject=part)) == found, part


async def test_a_long_subject_is_kept_as_far_as_there_is_room(house: FakeHouse) -> None:
    await record(house, "长" * 200)
    [entry] = await read(house)
    assert entry.subject == "长" * 128


async def test_everything_is_read_in_parts(house: FakeHouse) -> None:
    await record(house, *(f"number {number}" for number in range(1005)))
    await record(house, "another's", actor="liqiang")
    async with house.work() as work:
        sought = Sought(Days.until(today(house), 1), "wangmin")
        parts = [[entry.subject for entry in part] async for part in work.audit.all(sought)]
    assert [len(part) for part in parts] == [1000, 5]
    assert parts[0][0] == "number 1004"
    assert parts[1][-1] == "number 0"


async def test_alerts_up_to_one_are_seen_by_whoever_came_first(house: FakeHouse) -> None:
    now = house.clock.now()
    async with house.work() as work:
        for number in range(3):
            work.alerts.add(AlertKind.TICKET_OVERDUE, f"GD26112300000{number}", now)
        await work.commit()
        newest = (await work.alerts.list())[0].id
        work.alerts.mark_seen(newest - 2, "chenjie", now)
        work.alerts.mark_all_seen(newest - 1, "zhouli", now)
        await work.commit()
        assert [alert.seen_by for alert in await work.alerts.list()] == [None, "zhouli", "chenjie"]
        assert await work.alerts.count(unseen_only=True) == 1
        assert await work.alerts.get(newest + 1) is None
