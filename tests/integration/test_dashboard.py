"""The dashboard over a real database: who may see it, what it says, and its files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import AsyncIterator

import pytest
import pytest_asyncio

from bot.console.model import Role
from bot.messages import Contact, IncomingMessage
from tests.doubles.agent_browser import Agent, audited, new_agent
from tests.doubles.web_house import WebHouse, open_web_house


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    house = await open_web_house(tmp_path)
    yield house
    await house.aclose()


@pytest_asyncio.fixture
async def head(house: WebHouse) -> AsyncIterator[Agent]:
    agent = await new_agent(house, "head", "班长", Role.SUPERVISOR)
    yield agent
    await agent.web.aclose()


async def some_work(house: WebHouse) -> None:
    """A resident who wrote, and whose case was answered and resolved."""
    await house.desk.handle(IncomingMessage(Contact("rest", "resident-1"), "m1", "查一下"))
    ticket = await house.open_ticket()
    house.clock.move(timedelta(minutes=12))
    async with house.work() as work:
        await house.casework.reply(work, ticket.number, "head", "班长", "您好")
        await work.commit()
    async with house.work() as work:
        await house.casework.resolve(work, ticket.number, "head")
        await work.commit()


async def test_agents_do_not_see_the_dashboard_and_supervisors_do(house: WebHouse, head: Agent) -> None:
    agent = await new_agent(house)
    assert (await agent.get("/console/dashboard")).status_code == 403
    assert (await agent.get("/console/dashboard/agents.csv")).status_code == 403
    assert "/console/dashboard" not in (await agent.get("/console")).text
    assert (await head.get("/console/dashboard")).status_code == 200
    assert 'href="/console/dashboard"' in (await head.get("/console")).text


async def test_an_empty_house_says_so(head: Agent) -> None:
    page = (await head.get("/console/dashboard?days=1")).text
    assert "这段时间还没有数据" in page
    assert "NaN" not in page
    assert "None" not in page


async def test_the_page_shows_rates_with_their_numbers_and_what_is_not_known(
    house: WebHouse, head: Agent
) -> None:
    await some_work(house)
    page = (await head.get("/console/dashboard?days=1")).text
    assert "首次回复及时率" in page
    assert "12 分钟" in page
    assert "另有 1 条未到期，暂不计入" in page
    assert '<svg viewBox="0 0 960 240" role="img" aria-labelledby="sessions-title sessions-desc">' in page
    assert "style=" not in page


async def test_looking_and_taking_away_are_recorded(house: WebHouse, head: Agent) -> None:
    await head.get("/console/dashboard?from=2026-11-01&to=2026-11-20")
    await head.get("/console/dashboard/agents.csv?days=1")
    entries = [(action, subject) for _, action, subject in await audited(house)]
    assert ("dashboard_viewed", "2026-11-01..2026-11-20") in entries
    assert ("statistics_exported", "2026-11-23..2026-11-23") in entries


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=2026-11-24&to=2026-11-23", "开始日期不能晚于结束日期"),
        ("from=2026-11-01&to=2026-11-24", "结束日期不能晚于今天"),
        ("from=x", "日期请写成"),
    ],
)
async def test_days_that_make_no_sense_are_explained(head: Agent, query: str, words: str) -> None:
    answer = await head.get(f"/console/dashboard?{query}")
    assert answer.status_code == 422
    assert words in answer.text


async def test_every_table_can_be_taken_away(house: WebHouse, head: Agent) -> None:
    await some_work(house)
    tables = (
        "summary days hours channels languages reasons causes questions misheard answer resolution agents"
        " scores said late watches requests proposals"
    )
    for table in tables.split():
        answer = await head.get(f"/console/dashboard/{table}.csv?days=7")
        assert answer.status_code == 200, table
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.content.startswith(b"\xef\xbb\xbf")
    agents = (await head.get("/console/dashboard/agents.csv?days=7")).text
    assert "班长" in agents
    assert (await head.get("/console/dashboard/nothing.csv")).status_code == 404


async def test_the_page_speaks_english_too(house: WebHouse, head: Agent) -> None:
    await some_work(house)
    page = (await head.get("/console/dashboard?days=1&lang=en")).text
    assert "First replies in time" in page
    assert "另有" not in page
