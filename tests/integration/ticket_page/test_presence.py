"""Agents see each other on a ticket, whichever process each of them reached."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.console import ticket_news
from bot.console.presence import HERE_FOR
from bot.console.staff import Staff
from bot.console.timeline import LINES
from bot.messages import Reply
from bot.servers import serve
from tests.doubles.agent_browser import Agent
from tests.doubles.web_house import WebHouse
from tests.integration.ticket_page.scene import resident_says, waiting_ticket


async def present(agent: Agent, number: str) -> str:
    answer = await agent.get(f"/console/tickets/{number}/live?after=0&note=0")
    return str(answer.json()["parts"]["present"])


async def sign(house: WebHouse, number: str, agent: str, typing: bool = False) -> None:
    """What another process stores of an agent there."""
    now = house.clock.now()
    async with house.work() as work:
        work.presence.seen(number, agent, now)
        if typing:
            work.presence.typing(number, agent, now, now)
        await work.commit()


async def test_who_else_looks_or_writes_is_shown_until_they_leave(
    house: WebHouse, agent: Agent, colleague: Agent
) -> None:
    number = await waiting_ticket(house)
    await sign(house, number, "wangmin")
    assert (await present(agent, number)).strip() == ""
    assert "王敏 也在看" in await present(colleague, number)
    await sign(house, number, "wangmin", typing=True)
    assert "王敏 正在输入…" in await present(colleague, number)
    assert "王敏 正在输入…" in (await colleague.get(f"/console/tickets/{number}")).text
    house.clock.move(HERE_FOR + timedelta(seconds=1))
    assert (await present(colleague, number)).strip() == ""


async def test_who_is_at_another_ticket_of_the_same_resident_is_shown_with_it(
    house: WebHouse, agent: Agent, colleague: Agent
) -> None:
    number = await waiting_ticket(house)
    other = await house.open_ticket(serial_number="2017071221001004660224927787")
    await sign(house, other.number, "wangmin")
    assert f"王敏 在看这位居民的另一张工单 {other.number}" in await present(colleague, number)


async def test_writing_is_told_by_the_page_and_ends_with_the_reply(
    house: WebHouse, agent: Agent, colleague: Agent
) -> None:
    number = await waiting_ticket(house)
    seen = await agent.hidden(f"/console/tickets/{number}", "reply")
    assert (await agent.script(number, "typing", {"csrf": seen["csrf"]}, on="1")).status_code == 204
    assert "正在输入" in await present(colleague, number)
    await agent.script(number, "reply", seen, text="您好")
    assert "也在看" in await present(colleague, number)
    assert (await agent.web.post(f"/console/tickets/{number}/typing", data={"on": "1"})).status_code == 403


# ---------------------------------------------------------------- the stream, over real HTTP


class Stream:
    """The events of one open page."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def next(self, event: str) -> dict[str, Any]:
        """The data of the next event of a kind."""
        named = ""
        async for line in self._lines:
            if line.startswith("event:"):
                named = line[6:].strip()
            elif line.startswith("data:") and named == event:
                return dict(json.loads(line[5:]))
        raise AssertionError("the stream ended")

    async def until(self, words: str) -> dict[str, Any]:
        """The first news that say this."""
        while True:
            news = await self.next("news")
            if words in json.dumps(news, ensure_ascii=False):
                return news


@contextlib.asynccontextmanager
async def page_of(house: WebHouse, agent: Agent, number: str, url: str) -> AsyncIterator[Stream]:
    cookies = httpx.Cookies(agent.web.cookies)
    async with (
        httpx.AsyncClient(base_url=url, cookies={c.name: c.value or "" for c in cookies.jar}) as web,
        web.stream("GET", f"/console/tickets/{number}/events?after=0&note=0&key=abcdefghijkl") as answer,
    ):
        assert answer.status_code == 200
        stream = Stream(answer.aiter_lines())
        await stream.next("ready")
        yield stream


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticket_news, "BEAT", 0.05)


async def test_news_come_by_themselves_and_an_open_page_is_a_presence(
    house: WebHouse, agent: Agent, colleague: Agent
) -> None:
    number = await waiting_ticket(house)
    server = await serve(house.app, "127.0.0.1", 0)
    try:
        async with page_of(house, agent, number, server.url) as stream:
            first = await asyncio.wait_for(stream.next("news"), 5)
            assert "已转人工" in first["entries"]
            assert set(first["parts"]) == {"head", "actions", "facts", "related", "history", "present"}
            assert "王敏 也在看" in await present(colleague, number)
            await resident_says(house, "还在吗")
            news = await asyncio.wait_for(stream.until("还在吗"), 5)
            assert "已转人工" not in news["entries"]
            # Another process knows of nothing that this one announces.
            async with house.work() as work:
                await house.casework.note(work, number, "liqiang", "别处写的备注")
                await work.commit()
            news = await asyncio.wait_for(stream.until("别处写的备注"), 5)
            assert set(news["parts"]) == {"history"}
            await sign(house, number, "liqiang", typing=True)
            news = await asyncio.wait_for(stream.until("李强 正在输入"), 5)
            assert set(news["parts"]) == {"present"}
        for _ in range(100):
            if not (await present(colleague, number)).strip():
                break
            await asyncio.sleep(0.05)
        assert (await present(colleague, number)).strip() == ""
    finally:
        await server.stop()


async def test_a_stream_ends_by_itself_and_strangers_get_none(
    house: WebHouse, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticket_news, "LASTS", 0.2)
    number = await waiting_ticket(house)
    server = await serve(house.app, "127.0.0.1", 0)
    try:
        async with page_of(house, agent, number, server.url) as stream:
            await stream.next("news")
            with pytest.raises(AssertionError, match="ended"):
                await asyncio.wait_for(stream.next("news"), 5)
        async with httpx.AsyncClient(base_url=server.url) as web:
            assert (await web.get(f"/console/tickets/{number}/events")).status_code == 303
    finally:
        await server.stop()


async def test_nothing_more_is_told_to_an_account_that_was_taken_out_of_use(
    house: WebHouse, agent: Agent
) -> None:
    number = await waiting_ticket(house)
    server = await serve(house.app, "127.0.0.1", 0)
    try:
        async with page_of(house, agent, number, server.url) as stream:
            await stream.next("news")
            await Staff(house.work, house.clock, house.casework).disable("wangmin")
            await resident_says(house, "我的密码是")
            with pytest.raises(AssertionError, match="ended"):
                await asyncio.wait_for(stream.until("我的密码是"), 5)
    finally:
        await server.stop()


async def test_whoever_was_away_for_long_gets_everything(house: WebHouse, agent: Agent) -> None:
    number = await waiting_ticket(house)
    conversation = await house.conversation(await house.ticket(number))
    async with house.work() as work:
        for place in range(LINES * 2 + 10):
            work.lines.add(conversation, Reply(f"第{place}句"), house.clock.now())
        await work.commit()
    server = await serve(house.app, "127.0.0.1", 0)
    try:
        async with page_of(house, agent, number, server.url) as stream:
            await asyncio.wait_for(stream.until(f"第{LINES * 2 + 9}句"), 5)
    finally:
        await server.stop()
