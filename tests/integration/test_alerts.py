"""The alerts' page over a real database: what nobody has seen, who saw it, what it leads to."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import AsyncIterator

import pytest_asyncio

from bot.alerts import AlertKind
from bot.console.model import Role
from tests.doubles.agent_browser import Agent, audited, new_agent
from tests.doubles.web_house import MONDAY, WebHouse, open_web_house

HERE = "/console/alerts"
OVERDUE = {"promise": "answer", "priority": "high", "due": MONDAY.isoformat()}


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    house = await open_web_house(tmp_path)
    yield house
    await house.aclose()


@pytest_asyncio.fixture
async def head(house: WebHouse) -> AsyncIterator[Agent]:
    head = await new_agent(house, "chenjie", "陈洁", Role.SUPERVISOR)
    yield head
    await head.web.aclose()


async def alert(
    house: WebHouse,
    subject: str,
    kind: AlertKind = AlertKind.TICKET_OVERDUE,
    data: dict[str, str] | None = None,
) -> None:
    async with house.work() as work:
        work.alerts.add(kind, subject, house.clock.now(), OVERDUE if data is None else data)
        await work.commit()


async def waiting(agent: Agent) -> int:
    return int((await agent.get(f"{HERE}/unseen")).json()["count"])


def subjects(page: str) -> list[str]:
    return re.findall(r'href="/console/tickets/(GD\d+)"', page)


async def test_what_nobody_has_seen_is_listed_newest_first_and_counted(house: WebHouse, head: Agent) -> None:
    assert "没有未看的告警" in (await head.get(HERE)).text
    await alert(house, "GD202611230001")
    await alert(house, "GD202611230002")
    page = (await head.get(HERE)).text
    assert subjects(page) == ["GD202611230002", "GD202611230001"]
    assert "超过首次回复时限，应在 11-23 10:00 前完成" in page
    assert await waiting(head) == 2


async def test_one_that_was_seen_leaves_the_list_and_says_who_saw_it(house: WebHouse, head: Agent) -> None:
    await alert(house, "GD202611230001")
    await alert(house, "GD202611230002")
    answer = await head.post(HERE, f"{HERE}/1/seen")
    assert answer.headers["location"] == f"{HERE}?list=unseen&page=1"
    assert subjects((await head.get(HERE)).text) == ["GD202611230002"]
    assert await waiting(head) == 1
    everything = (await head.get(f"{HERE}?list=all")).text
    assert subjects(everything) == ["GD202611230002", "GD202611230001"]
    assert "陈洁 11-23 10:00 已看" in everything
    assert ("chenjie", "alert_seen", "1 ticket_overdue GD202611230001") in await audited(house)


async def test_the_first_who_saw_it_counts(house: WebHouse, head: Agent) -> None:
    await alert(house, "GD202611230001")
    other = await new_agent(house, "zhaolei", "赵磊", Role.ADMIN)
    hidden = await head.hidden(HERE, "/1/seen")
    await other.post(HERE, f"{HERE}/1/seen")
    house.clock.move(timedelta(minutes=5))
    assert (await head.web.post(f"{HERE}/1/seen", data=hidden)).status_code == 303
    page = (await head.get(f"{HERE}?list=all")).text
    assert "赵磊 11-23 10:00 已看" in page
    assert not [entry for entry in await audited(house) if entry[:2] == ("chenjie", "alert_seen")]
    await other.web.aclose()


async def test_what_came_after_the_page_is_not_marked_with_the_rest(house: WebHouse, head: Agent) -> None:
    await alert(house, "GD202611230001")
    await alert(house, "GD202611230002")
    hidden = await head.hidden(HERE, f"{HERE}/seen")
    await alert(house, "GD202611230003")
    await head.web.post(f"{HERE}/seen", data=hidden)
    assert subjects((await head.get(HERE)).text) == ["GD202611230003"]
    assert ("chenjie", "alerts_seen", "..2") in await audited(house)


async def test_numbers_tried_one_after_the_other_lead_to_the_ticket(house: WebHouse, head: Agent) -> None:
    ticket = await house.open_ticket()
    await alert(house, f"rest:{ticket.conversation_id}", AlertKind.ENUMERATION, {"numbers": "7"})
    await alert(house, "4200000925202101284997714292", AlertKind.ENUMERATION, {"contacts": "4"})
    page = (await head.get(HERE)).text
    assert "7 个流水号" in page
    assert subjects(page) == [ticket.number]
    assert "4 位联系人" in page
    assert "4200000925202101284997714292" in page


async def test_the_part_that_keeps_up_to_date_can_be_used_like_the_page(house: WebHouse, head: Agent) -> None:
    await head.get(HERE)
    await alert(house, "GD202611230001")
    rows = await head.get(f"{HERE}/rows?list=unseen&page=1")
    assert subjects(rows.text) == ["GD202611230001"]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', rows.text))
    assert (await head.web.post(f"{HERE}/1/seen", data=fields)).status_code == 303
    assert await waiting(head) == 0


async def test_many_are_read_page_by_page(house: WebHouse, head: Agent) -> None:
    for number in range(30):
        await alert(house, f"GD2026112300{number:02d}")
    first, second = [(await head.get(f"{HERE}?page={page}")).text for page in (1, 2)]
    assert len(subjects(first)) == 25
    assert subjects(second) == [f"GD2026112300{number:02d}" for number in (4, 3, 2, 1, 0)]
    assert subjects((await head.get(f"{HERE}?page=99")).text) == subjects(second)


async def test_one_that_there_is_not_is_not_found(house: WebHouse, head: Agent) -> None:
    await alert(house, "GD202611230001")
    hidden = await head.hidden(HERE, "/1/seen")
    for wrong in ("7", "9" * 30):
        assert (await head.web.post(f"{HERE}/{wrong}/seen", data=hidden)).status_code == 404


async def test_looking_is_recorded_and_english_is_spoken(house: WebHouse, head: Agent) -> None:
    await alert(house, "GD202611230001")
    page = (await head.get(f"{HERE}?lang=en")).text
    assert "the first reply was due 11-23 10:00" in page
    assert ("chenjie", "alerts_viewed", "unseen") in await audited(house)
