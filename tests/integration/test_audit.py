"""The audit log's page and file over a real database."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from pathlib import Path
from typing import AsyncIterator

import pytest
import pytest_asyncio

from bot.console.model import Role
from tests.doubles.agent_browser import Agent, audited, new_agent
from tests.doubles.web_house import WebHouse, open_web_house

HERE = "/console/audit"


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


async def record(house: WebHouse, actor: str, action: str, subject: str, days_ago: float = 0) -> None:
    async with house.work() as work:
        work.agents.record(actor, action, subject, house.clock.now() - timedelta(days=days_ago))
        await work.commit()


def shown(page: str) -> list[str]:
    """What the listed entries are about, in their order."""
    found = re.findall(r'<td class="about">(.*?)</td>', page)
    return [re.sub("<[^>]+>", "", about) for about in found]


async def about(head: Agent, query: str) -> list[str]:
    return [one for one in shown((await head.get(f"{HERE}?{query}")).text) if one.startswith("GD")]


async def test_entries_are_read_newest_first_in_words_with_a_link_to_the_ticket(
    house: WebHouse, head: Agent
) -> None:
    await record(house, "chenjie", "ticket_viewed", "GD202611230001", days_ago=0.1)
    await record(house, "desk", "reconcile_done", "SD1 GD202611230002 …714292")
    await record(house, "command_line", "account_added", "<b>wangmin</b>")
    page = (await head.get(HERE)).text
    for words in ("手动对账完成", "系统", "服务器命令行", "查看工单", "陈洁", "2026-11-23 07:36:00"):
        assert words in page
    assert 'SD1 <a class="number" href="/console/tickets/GD202611230002">GD202611230002</a> …714292' in page
    assert "&lt;b&gt;wangmin&lt;/b&gt;" in page
    assert page.index("新增账号</td>") < page.index("手动对账完成</td>") < page.index("查看工单</td>")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [1, 2, 3]),
        ("actor=wangmin", [1, 3]),
        ("actor=WANGMIN", [1, 3]),
        ("action=ticket_reply", [2, 3]),
        ("actor=wangmin&action=ticket_reply", [3]),
        ("subject=gd202611230002", [2]),
        ("subject=%25", []),
        ("from=2026-11-21&to=2026-11-22", [2]),
        ("to=2026-11-22", [2, 3, 4]),
        ("from=2026-10-01&to=2026-11-23", [1, 2, 3, 4]),
    ],
)
async def test_entries_are_found_by_who_what_about_and_when(
    house: WebHouse, head: Agent, query: str, found: list[int]
) -> None:
    for days_ago, number, actor, action in (
        (29.5, 4, "liqiang", "ticket_claim"),
        (10, 3, "wangmin", "ticket_reply"),
        (1.5, 2, "liqiang", "ticket_reply"),
        (0.4, 1, "wangmin", "ticket_viewed"),
    ):
        await record(house, actor, action, f"GD20261123000{number}", days_ago)
    assert await about(head, query) == [f"GD20261123000{number}" for number in found]


async def test_days_are_shanghais(house: WebHouse, head: Agent) -> None:
    midnight = house.clock.now().replace(hour=0)
    async with house.work() as work:
        work.agents.record("wangmin", "ticket_viewed", "GD202611220001", midnight - timedelta(seconds=1))
        work.agents.record("wangmin", "ticket_viewed", "GD202611230001", midnight)
        await work.commit()
    assert await about(head, "from=2026-11-23&to=2026-11-23") == ["GD202611230001"]
    assert await about(head, "from=2026-11-22&to=2026-11-22") == ["GD202611220001"]


async def test_many_are_read_page_by_page_also_those_of_one_moment(house: WebHouse, head: Agent) -> None:
    async with house.work() as work:
        for number in range(120):
            moment = house.clock.now() - timedelta(hours=number // 40)
            work.agents.record("wangmin", "ticket_viewed", f"GD2026112300{number:02d}", moment)
        await work.commit()
    read: list[str] = []
    address = f"{HERE}?action=ticket_viewed"
    pages = 0
    while address:
        page = (await head.get(address)).text
        read += shown(page)
        older = re.search(r'href="([^"]+)" rel="next"', page)
        address = older[1].replace("&amp;", "&") if older else ""
        pages += 1
    assert pages == 3
    expected = sorted(range(120), key=lambda number: (number // 40, -number))
    assert read == [f"GD2026112300{number:02d}" for number in expected]
    assert "回到最新" in page


async def test_the_file_has_everything_and_nothing_that_a_spreadsheet_runs(
    house: WebHouse, head: Agent
) -> None:
    async with house.work() as work:
        for number in range(1200):
            work.agents.record("wangmin", "ticket_viewed", f"GD20261123{number:04d}", house.clock.now())
        work.agents.record("wangmin", "answer_made", '=HYPERLINK("http://evil.example")', house.clock.now())
        await work.commit()
    answer = await head.get(f"{HERE}.csv?actor=wangmin")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="audit-2026-10-25-2026-11-23.csv"' in answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    headings, first, *rest = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert headings == ["时间", "登录名", "操作人", "操作", "操作代码", "对象"]
    assert first[3:] == ["新建常用语", "answer_made", '\'=HYPERLINK("http://evil.example")']
    assert len(rest) == 1200
    assert rest[-1] == [
        "2026-11-23 10:00:00", "wangmin", "wangmin", "查看工单", "ticket_viewed", "GD202611230000",
    ]  # fmt: skip


async def test_looking_and_taking_away_are_recorded_without_identity_numbers(
    house: WebHouse, head: Agent
) -> None:
    await head.get(f"{HERE}?from=2026-11-20&actor=wangmin&subject=310101199001011237")
    await head.get(f"{HERE}.csv?from=2026-11-20&action=logged_in")
    entries = [(action, subject) for _, action, subject in await audited(house)]
    assert ("audit_exported", "2026-11-20..2026-11-23 action=logged_in") in entries
    [viewed] = [subject for action, subject in entries if action == "audit_viewed"]
    assert viewed.startswith("2026-11-20..2026-11-23 actor=wangmin subject=")
    assert "310101199001011237" not in viewed


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=2026-11-24&to=2026-11-23", "开始日期不能晚于结束日期"),
        ("to=2027-01-01", "结束日期不能晚于今天"),
        ("from=yesterday", "日期请写成"),
        ("from=2020-01-01", "一次最多看两年"),
    ],
)
async def test_days_that_make_no_sense_are_explained(head: Agent, query: str, words: str) -> None:
    answer = await head.get(f"{HERE}?{query}")
    assert answer.status_code == 422
    assert words in answer.text
    assert (await head.get(f"{HERE}.csv?{query}")).status_code == 400


async def test_an_entry_that_there_is_not_leads_to_an_empty_page(house: WebHouse, head: Agent) -> None:
    assert "没有符合条件的记录" in (await head.get(f"{HERE}?before=99999999")).text
    assert shown((await head.get(f"{HERE}?before=x&lang=en")).text)
