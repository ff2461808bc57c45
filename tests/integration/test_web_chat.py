"""The web chat over a real desk, database and server."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any, AsyncIterator

import httpx
import pytest
import pytest_asyncio

from bot.errors import Unavailable
from bot.messages import Author, Line, Reply
from bot.servers import RunningServer, serve
from tests.doubles.web_house import WebHouse, open_web_house

FORBIDDEN = re.compile(r"""<script(?![^>]*(src=|type="application/json"))|\son\w+=|style=|https?://""")
"""Inline scripts and styles, and anything from elsewhere."""


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    house = await open_web_house(tmp_path)
    yield house
    await house.aclose()


@pytest_asyncio.fixture
async def web(house: WebHouse) -> AsyncIterator[httpx.AsyncClient]:
    """A visitor who has opened the page."""
    transport = httpx.ASGITransport(app=house.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.example") as web:
        await web.get("/")
        yield web


@pytest_asyncio.fixture
async def server(house: WebHouse) -> AsyncIterator[RunningServer]:
    server = await serve(house.app, "127.0.0.1", 0)
    yield server
    await server.stop()


async def say(web: httpx.AsyncClient, text: Any, **more: Any) -> httpx.Response:
    body = {"text": text, "client_id": "c1", "after": 0, **more}
    return await web.post("/chat/messages", json=body)


def state_of(page: httpx.Response) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="state">(.*?)</script>', page.text, re.DOTALL)
    assert found
    return dict(json.loads(found.group(1)))


async def test_the_page_is_chinese_safe_and_gives_a_cookie(house: WebHouse) -> None:
    transport = httpx.ASGITransport(app=house.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.example") as web:
        page = await web.get("/")
    assert '<html lang="zh-CN">' in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "HttpOnly" in page.headers["set-cookie"]
    assert not FORBIDDEN.search(page.text)


async def test_everything_the_page_loads_is_there(web: httpx.AsyncClient) -> None:
    page = await web.get("/chat")
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text):
        file = await web.get(address)
        assert file.status_code == 200
        assert "max-age=31536000" in file.headers["cache-control"]


async def test_a_message_comes_back_with_its_answer(web: httpx.AsyncClient) -> None:
    answer = (await say(web, "你好")).json()
    assert [(line["author"], line["text"]) for line in answer["lines"]] == [
        ("resident", "你好"),
        ("bot", "收到：你好"),
    ]
    assert answer["lines"][0]["in_reply_to"] == answer["accepted"]
    assert answer["cursor"] == answer["lines"][-1]["id"]


async def test_a_retry_is_answered_once(house: WebHouse, web: httpx.AsyncClient) -> None:
    first = (await say(web, "你好")).json()
    second = (await say(web, "你好", after=first["cursor"])).json()
    assert second == {"accepted": first["accepted"], "lines": [], "cursor": first["cursor"]}
    assert house.dialogue.heard == ["你好"]


async def test_history_survives_a_reload_without_what_the_page_itself_said(web: httpx.AsyncClient) -> None:
    await say(web, "/greet", kind="button", client_id="greet")
    await say(web, "1")
    state = state_of(await web.get("/"))
    assert [line["text"] for line in state["lines"]] == [
        "您好，我是户政缴费助手。",
        "查我的缴费",
        "收到：/query_status",
    ]
    assert state["cursor"] == state["lines"][-1]["id"]


async def test_a_text_cannot_end_the_pages_script(web: httpx.AsyncClient) -> None:
    await say(web, "</script><script>alert(1)</script>")
    page = await web.get("/")
    assert "<script>alert" not in page.text
    assert state_of(page)["lines"][0]["text"] == "</script><script>alert(1)</script>"


async def test_visitors_do_not_see_each_other(house: WebHouse, web: httpx.AsyncClient) -> None:
    await say(web, "我的秘密")
    transport = httpx.ASGITransport(app=house.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.example") as other:
        await other.get("/")
        assert (await other.get("/chat/messages")).json() == {"lines": [], "cursor": 0}
        assert "我的秘密" not in (await say(other, "你好")).text


async def test_without_a_cookie_nothing_is_accepted(house: WebHouse) -> None:
    transport = httpx.ASGITransport(app=house.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.example") as web:
        answers = [await say(web, "你好"), await web.get("/chat/messages"), await web.get("/chat/events")]
    assert [answer.status_code for answer in answers] == [401, 401, 401]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": 1}, "invalid_text"),
        ({"kind": "photo"}, "invalid_kind"),
        ({"kind": []}, "invalid_kind"),
        ({"client_id": ""}, "invalid_client_id"),
        ({"client_id": "x" * 65}, "invalid_client_id"),
        ({"client_id": None}, "invalid_client_id"),
        ({"after": -1}, "invalid_after"),
        ({"after": True}, "invalid_after"),
        ({"after": "1"}, "invalid_after"),
        ({"after": 10**30}, "invalid_after"),
    ],
)
async def test_wrong_shapes_are_refused(web: httpx.AsyncClient, changes: Any, code: str) -> None:
    answer = await say(web, **{"text": "你好", **changes})
    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_other_sites_cannot_speak_for_a_visitor(house: WebHouse, web: httpx.AsyncClient) -> None:
    body = {"text": "你好", "client_id": "c1"}
    foreign = await web.post("/chat/messages", json=body, headers={"Origin": "https://evil.example"})
    form = await web.post("/chat/messages", data=body)
    assert (foreign.status_code, form.status_code) == (403, 415)
    assert house.dialogue.heard == []


async def test_the_language_is_remembered_and_used(house: WebHouse, web: httpx.AsyncClient) -> None:
    assert '<html lang="en">' in (await web.get("/?lang=en")).text
    page = await web.get("/")
    assert '<html lang="en">' in page.text
    assert state_of(page)["language"] == "en"


class Events:
    """The events of an open stream, one after the other."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()

    async def next_line(self) -> dict[str, Any]:
        """The next line of the conversation."""
        event = ""
        while True:
            text = await asyncio.wait_for(self._lines.__anext__(), 5)
            if text.startswith("event: "):
                event = text[7:]
            if text.startswith("data: ") and event == "line":
                return dict(json.loads(text[6:]))


async def test_lines_come_as_events_from_others_too(house: WebHouse, server: RunningServer) -> None:
    async with httpx.AsyncClient(base_url=server.url) as web:
        await web.get("/")
        cursor = (await say(web, "你好")).json()["cursor"]
        async with web.stream("GET", f"/chat/events?after={cursor}") as response:
            events = Events(response)
            await agent_says(house, "announced", announce=True)
            assert (await events.next_line())["text"] == "announced"
            # Another process announces nothing here; the stream looks for itself.
            await agent_says(house, "found", announce=False)
            found = await events.next_line()
            assert (found["author"], found["author_name"], found["text"]) == ("agent", "王敏", "found")


async def test_a_stream_resumes_after_the_last_event(house: WebHouse, server: RunningServer) -> None:
    async with httpx.AsyncClient(base_url=server.url) as web:
        await web.get("/")
        lines = (await say(web, "你好")).json()["lines"]
        headers = {"Last-Event-ID": str(lines[0]["id"])}
        async with web.stream("GET", "/chat/events?after=0", headers=headers) as response:
            assert (await Events(response).next_line())["id"] == lines[1]["id"]


async def test_a_stream_waits_for_the_first_message(house: WebHouse, server: RunningServer) -> None:
    async with httpx.AsyncClient(base_url=server.url) as web:
        await web.get("/")
        async with web.stream("GET", "/chat/events") as response:
            await say(web, "你好")
            assert (await Events(response).next_line())["text"] == "你好"


async def test_a_stream_ends_without_a_word_while_the_database_is_away(
    house: WebHouse, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> list[Line]:
        raise Unavailable("the database")

    async with httpx.AsyncClient(base_url=server.url) as web:
        await web.get("/")
        with monkeypatch.context() as trouble:
            trouble.setattr(house.desk, "lines_after", away)
            trouble.setattr(house.desk, "wait_for_lines", away)
            async with web.stream("GET", "/chat/events") as response:
                assert [line async for line in response.aiter_lines() if line] == []
        async with web.stream("GET", "/chat/events") as response:
            assert await response.aiter_lines().__anext__() == "event: ready"


async def agent_says(house: WebHouse, text: str, announce: bool) -> None:
    async with house.work() as work:
        conversation = await work.conversations.get(1)
        assert conversation is not None
        work.lines.add(conversation, Reply(text, author=Author.AGENT, author_name="王敏"), house.clock.now())
        await work.commit()
    if announce:
        house.announcer.announce(1)
