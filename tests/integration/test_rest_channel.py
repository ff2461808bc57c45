"""The REST channel over a real desk and database: Rasa's convention, refusals, pushed messages."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, AsyncIterator

import httpx
import pytest
import pytest_asyncio

from bot.errors import Slow, TooManyTries
from bot.messages import Author, Button, Contact, Reply
from tests.doubles.web_house import WebHouse, open_web_house

WEBHOOK = "/webhooks/rest/webhook"


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    house = await open_web_house(tmp_path)
    yield house
    await house.aclose()


@pytest_asyncio.fixture
async def web(house: WebHouse) -> AsyncIterator[httpx.AsyncClient]:
    async with client(house) as web:
        yield web


def client(house: WebHouse) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=house.app), base_url="http://desk.example")


async def say(web: httpx.AsyncClient, text: Any, sender: Any = "42", **metadata: Any) -> httpx.Response:
    body = {"sender": sender, "message": text, **({"metadata": metadata} if metadata else {})}
    return await web.post(WEBHOOK, json=body)


def assert_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) >= {"type", "title", "status", "detail", "request_id"}
    assert "Traceback" not in answer.text


async def test_a_message_gets_replies_in_rasas_shape(web: httpx.AsyncClient) -> None:
    answer = await say(web, "/greet")
    assert answer.json() == [
        {
            "recipient_id": "42",
            "text": "您好，我是户政缴费助手。",
            "buttons": [
                {"title": "查我的缴费", "payload": "/query_status"},
                {"title": "为什么未对账", "payload": "/faq_why_unreconciled"},
            ],
        }
    ]


async def test_images_and_custom_members_are_passed_on(house: WebHouse, web: httpx.AsyncClient) -> None:
    reply = Reply("看图", custom={"image": "https://desk.example/a.png", "more": 1})
    house.dialogue.script = {"图": [reply]}
    [answer] = (await say(web, "图")).json()
    assert answer == {
        "recipient_id": "42",
        "text": "看图",
        "image": "https://desk.example/a.png",
        "custom": {"more": 1},
    }


async def test_the_same_message_id_is_answered_from_the_store(
    house: WebHouse, web: httpx.AsyncClient
) -> None:
    first = (await say(web, "你好", message_id="m1")).json()
    second = (await say(web, "你好", message_id="m1")).json()
    assert first == second == [{"recipient_id": "42", "text": "收到：你好"}]
    assert house.dialogue.heard == ["你好"]


async def test_the_same_message_delivered_at_once_is_answered_once(
    house: WebHouse, web: httpx.AsyncClient
) -> None:
    answers = await asyncio.gather(*(say(web, "你好", message_id="m1") for _ in range(5)))
    assert {answer.text for answer in answers} == {answers[0].text}
    assert house.dialogue.heard == ["你好"]


async def test_two_senders_may_use_the_same_message_id(web: httpx.AsyncClient) -> None:
    await say(web, "我的秘密", sender="a", message_id="1")
    answer = await say(web, "你好", sender="b", message_id="1")
    assert answer.json() == [{"recipient_id": "b", "text": "收到：你好"}]


async def test_language_is_taken_from_the_first_message(house: WebHouse, web: httpx.AsyncClient) -> None:
    await say(web, "hello", language="en-US")
    conversation = await house.desk.conversation_of(Contact("rest", "42"))
    assert conversation is not None
    assert conversation.language == "en"


@pytest.mark.parametrize("text", ["", " ", "x" * 10_000, "\ud800", "\x00", "😀" * 100])
async def test_odd_texts_are_answered_politely(web: httpx.AsyncClient, text: str) -> None:
    answer = await web.post(WEBHOOK, content=_json({"sender": "42", "message": text}), headers=JSON)
    assert answer.status_code == 200
    assert len(answer.json()) == 1


JSON = {"Content-Type": "application/json"}


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"message": "x"}, "invalid_sender"),
        ({"sender": 42, "message": "x"}, "invalid_sender"),
        ({"sender": "", "message": "x"}, "invalid_sender"),
        ({"sender": "x" * 129, "message": "x"}, "invalid_sender"),
        ({"sender": "\ud800", "message": "x"}, "invalid_sender"),
        ({"sender": "a\u0000b", "message": "x"}, "invalid_sender"),
        ({"sender": "42"}, "invalid_message"),
        ({"sender": "42", "message": None}, "invalid_message"),
        ({"sender": "42", "message": ["x"]}, "invalid_message"),
        ({"sender": "42", "message": "x", "metadata": []}, "invalid_metadata"),
        ({"sender": "42", "message": "x", "metadata": {"message_id": 1}}, "invalid_message_id"),
        ({"sender": "42", "message": "x", "metadata": {"message_id": ""}}, "invalid_message_id"),
        ({"sender": "42", "message": "x", "metadata": {"language": "fr"}}, "invalid_language"),
        ({"sender": "42", "message": "x", "metadata": {"language": 1}}, "invalid_language"),
        ([], "invalid_request"),
        ("x", "invalid_request"),
    ],
)
async def test_wrong_shapes_are_refused(web: httpx.AsyncClient, body: Any, code: str) -> None:
    assert_problem(await web.post(WEBHOOK, content=_json(body), headers=JSON), 400, code)


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 50_000, b"\xff", b'{"sender": NaN'])
async def test_what_is_not_json_is_refused(web: httpx.AsyncClient, body: bytes) -> None:
    assert_problem(await web.post(WEBHOOK, content=body, headers=JSON), 400, "invalid_json")


async def test_large_bodies_are_refused_announced_or_not(web: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 4096

    assert_problem(await web.post(WEBHOOK, content=b"x" * 70_000, headers=JSON), 413, "body_too_large")
    assert_problem(await web.post(WEBHOOK, content=endless(), headers=JSON), 413, "body_too_large")


async def test_compressed_and_untyped_bodies_are_refused(web: httpx.AsyncClient) -> None:
    gzip = {**JSON, "Content-Encoding": "gzip"}
    assert_problem(await web.post(WEBHOOK, content=b"{}", headers=gzip), 415, "unsupported_encoding")
    assert_problem(await web.post(WEBHOOK, content=b"{}"), 415, "unsupported_media_type")


async def test_wrong_methods_and_paths_are_problems(web: httpx.AsyncClient) -> None:
    wrong = await web.get(WEBHOOK)
    assert_problem(wrong, 405, "method_not_allowed")
    assert wrong.headers["allow"] == "POST"
    assert_problem(await web.get("/nowhere"), 404, "not_found")


async def test_a_defect_of_the_dialogue_is_still_an_answer(house: WebHouse, web: httpx.AsyncClient) -> None:
    house.dialogue.breaks = True
    answer = await say(web, "你好")
    assert answer.json() == [{"recipient_id": "42", "text": "utter_internal_error zh"}]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(RuntimeError("secret"), 500, "internal_error"), (TooManyTries(2), 429, "too_many_tries"),
     (Slow(), 503, "unavailable")],
)  # fmt: skip
async def test_errors_are_problems_without_their_details(
    house: WebHouse, web: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int,
    code: str,
) -> None:  # fmt: skip
    async def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(house.desk, "handle", fail)
    answer = await say(web, "你好")
    assert_problem(answer, status, code)
    assert "secret" not in answer.text


async def test_an_agents_answer_is_fetched_with_a_cursor(house: WebHouse, web: httpx.AsyncClient) -> None:
    await say(web, "你好")
    first = (await web.get("/conversations/42/messages")).json()
    assert [(m["author"], m["text"]) for m in first["messages"]] == [
        ("resident", "你好"),
        ("bot", "收到：你好"),
    ]
    async with house.work() as work:
        conversation = await work.conversations.of(Contact("rest", "42"))
        assert conversation is not None
        said = Reply("您好", (Button("好", "/affirm"),), Author.AGENT, "王敏")
        work.lines.add(conversation, said, house.clock.now())
        await work.commit()
    news = (await web.get(f"/conversations/42/messages?after={first['cursor']}")).json()
    [message] = news["messages"]
    assert (message["author"], message["author_name"], message["text"]) == ("agent", "王敏", "您好")
    assert message["buttons"] == [{"title": "好", "payload": "/affirm"}]
    assert message["created_at"] == "2026-11-23T10:00:00+08:00"
    assert news["cursor"] == message["id"]
    later = (await web.get(f"/conversations/42/messages?after={news['cursor']}")).json()
    assert later == {"messages": [], "cursor": news["cursor"]}


async def test_at_most_a_hundred_messages_at_once(house: WebHouse, web: httpx.AsyncClient) -> None:
    await say(web, "你好")
    async with house.work() as work:
        conversation = await work.conversations.of(Contact("rest", "42"))
        assert conversation is not None
        for number in range(150):
            work.lines.add(conversation, Reply(str(number)), house.clock.now())
        await work.commit()
    page = (await web.get("/conversations/42/messages")).json()
    rest = (await web.get(f"/conversations/42/messages?after={page['cursor']}")).json()
    assert (len(page["messages"]), len(rest["messages"])) == (100, 52)


async def test_senders_with_slashes_have_conversations_too(web: httpx.AsyncClient) -> None:
    await say(web, "你好", sender="app/7 号")
    page = (await web.get("/conversations/app%2F7%20%E5%8F%B7/messages")).json()
    assert len(page["messages"]) == 2


async def test_web_visitors_cannot_be_read_here(house: WebHouse, web: httpx.AsyncClient) -> None:
    async with house.work() as work:
        conversation = await work.conversations.open(Contact("web", "visitor"), house.clock.now(), "zh")
        work.lines.add(conversation, Reply("秘密"), house.clock.now())
        await work.commit()
    assert (await web.get("/conversations/visitor/messages")).json() == {"messages": [], "cursor": 0}


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "9" * 30])
async def test_after_must_be_a_number(web: httpx.AsyncClient, after: str) -> None:
    assert_problem(await web.get(f"/conversations/42/messages?after={after}"), 400, "invalid_after")


async def test_a_text_is_parsed(web: httpx.AsyncClient) -> None:
    answer = await web.post("/model/parse", json={"text": "你好"})
    assert answer.json()["intent"] == {"name": "greet", "confidence": 0.9}


@pytest.mark.parametrize("body", [{}, {"text": 1}, {"text": "x" * 2001}])
async def test_only_short_texts_are_parsed(web: httpx.AsyncClient, body: Any) -> None:
    assert_problem(await web.post("/model/parse", json=body), 400, "invalid_text")


async def test_with_a_token_set_nobody_comes_in_without_it(tmp_path: Path) -> None:
    house = await open_web_house(tmp_path, rest_token="let me in")
    async with client(house) as web:
        assert_problem(await say(web, "你好"), 401, "unauthorized")
        assert_problem(await web.get("/conversations/42/messages?token=wrong"), 401, "unauthorized")
        assert (await web.get("/conversations/42/messages?token=let+me+in")).status_code == 200
        bearer = {"Authorization": "Bearer let me in"}
        assert (await web.post("/model/parse", json={"text": "x"}, headers=bearer)).status_code == 200
        assert (await web.get("/healthz")).status_code == 200
    await house.aclose()
