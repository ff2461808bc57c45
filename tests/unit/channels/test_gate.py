"""The gate: headers on everything, and no defect reaches a caller."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client import REGISTRY
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from bot.channels.gate import Gate
from bot.channels.problems import answer_problem


async def fine(request: Request) -> PlainTextResponse:
    return PlainTextResponse("fine", headers={"X-Frame-Options": "SAMEORIGIN"})


async def defect(request: Request) -> PlainTextResponse:
    raise RuntimeError("secret detail")


@pytest.fixture
def web() -> httpx.AsyncClient:
    app = Starlette(
        routes=[Route(f"/{view.__name__}", view) for view in (fine, defect)],
        middleware=[Middleware(Gate, answer=answer_problem)],
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")


async def test_every_answer_has_security_headers_and_an_id(web: httpx.AsyncClient) -> None:
    answer = await web.get("/nowhere")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(answer.headers["x-request-id"]) == 32


async def test_an_endpoint_may_set_a_header_of_its_own(web: httpx.AsyncClient) -> None:
    assert (await web.get("/fine")).headers["x-frame-options"] == "SAMEORIGIN"


async def test_a_sane_request_id_is_kept_and_another_replaced(web: httpx.AsyncClient) -> None:
    assert (await web.get("/fine", headers={"X-Request-ID": "abc-1"})).headers["x-request-id"] == "abc-1"
    assert (await web.get("/fine", headers={"X-Request-ID": "a b"})).headers["x-request-id"] != "a b"


async def test_a_defect_is_a_500_that_says_only_its_id(web: httpx.AsyncClient) -> None:
    answer = await web.get("/defect", headers={"X-Request-ID": "abc-2"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == "abc-2"
    assert "secret" not in answer.text


async def test_a_defect_after_the_answer_began_does_not_start_another() -> None:
    sent: list[str] = []

    async def begin_and_break(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("secret detail")

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        sent.append(message["type"])

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
    await Gate(begin_and_break, answer_problem)(scope, receive, send)
    assert sent == ["http.response.start"]


async def test_answers_are_counted_by_endpoint_not_by_path(web: httpx.AsyncClient) -> None:
    labels = {"endpoint": "fine", "status": "200"}
    before = REGISTRY.get_sample_value("helpdesk_http_requests_total", labels) or 0
    await web.get("/fine?resident=42")
    assert REGISTRY.get_sample_value("helpdesk_http_requests_total", labels) == before + 1
