"""The reconciliation client over real HTTP, against a server that answers what each test scripts."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import logging
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.errors import (
    AccessRefused,
    Conflict,
    HelpdeskError,
    InvalidInput,
    MalformedAnswer,
    NotFound,
    RateLimited,
    Slow,
    Unavailable,
    UnderMaintenance,
)
from bot.payments.client import ClientConfig, ReconciliationClient
from bot.payments.model import SHANGHAI, Channel, Claimed, Evidence, State

SERIAL = "4200000925202101284997714292"
KEY = "ticket-GD261123048272"

PAYMENT = {
    "serial_number": SERIAL,
    "state": "unreconciled",
    "reason": "awaiting_statement",
    "channel": "wechat_pay",
    "paid_at": "2026-11-22T20:15:00+08:00",
    "updated_at": "2026-11-22T20:16:00+08:00",
    "expected_by": None,
    "verified": False,
    "details": None,
}
REQUEST = {
    "request_id": "R-1",
    "serial_number": SERIAL,
    "status": "received",
    "outcome": None,
    "created_at": "2026-11-22T20:16:00+08:00",
    "expected_by": None,
}

Answer = Callable[[], Response]


@dataclass
class Bureau:
    """A server that gives its scripted answers in order, the last one for ever, and keeps what it heard."""

    port: int = 0
    script: list[Answer] = field(default_factory=list)
    health: dict[str, Any] = field(default_factory=lambda: {"status": "ok"})
    heard: list[Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def says(self, *answers: Answer) -> None:
        self.script, self.heard[:], self.bodies[:] = list(answers), [], []

    async def answer(self, request: Request) -> Response:
        if request.url.path == "/v1/health":
            return JSONResponse(self.health)
        self.heard.append(request)
        self.bodies.append(await request.body())
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        response = answer()
        if isinstance(response, Late):
            await asyncio.sleep(response.delay)
        return response


class Late(JSONResponse):
    """An answer that comes after `delay` seconds."""

    delay = 0.6


def ok(body: object = PAYMENT, status: int = 200) -> Answer:
    return lambda: JSONResponse(body, status)


def raw(body: bytes, status: int = 200, **headers: str) -> Answer:
    return lambda: Response(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


def problem(status: int, code: str, retry_after: str | None = None, detail: str | None = None) -> Answer:
    body = {"title": code, "status": status, "code": code, "detail": detail}
    headers = {"Retry-After": retry_after} if retry_after else {}
    return lambda: JSONResponse(body, status, headers, "application/problem+json")


@pytest.fixture(scope="module")
def serving() -> Iterator[Bureau]:
    bureau = Bureau()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    bureau.port = listener.getsockname()[1]
    routes = [Route("/{path:path}", bureau.answer, methods=["GET", "POST"])]
    config = uvicorn.Config(Starlette(routes=routes), log_level="critical", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield bureau
    server.should_exit = True
    thread.join(5)


@pytest.fixture
def bureau(serving: Bureau) -> Bureau:
    serving.health = {"status": "ok"}
    serving.says(ok())
    return serving


def impatient(url: str, **changes: Any) -> ClientConfig:
    """Patience on the scale of a test."""
    quick: dict[str, Any] = {
        "read_timeout": 0.2,
        "deadline": 2.0,
        "backoff_initial": 0.001,
        "backoff_max": 0.01,
        "backoff_jitter": 0.001,
        "breaker_failures": 50,
    }
    return ClientConfig(url, "secret-key", **{**quick, **changes})


@contextlib.asynccontextmanager
async def calling(url: str, **changes: Any) -> AsyncIterator[ReconciliationClient]:
    client = ReconciliationClient(impatient(url, **changes))
    try:
        yield client
    finally:
        await client.aclose()


@pytest.fixture
async def client(bureau: Bureau) -> AsyncIterator[ReconciliationClient]:
    async with calling(bureau.url) as client:
        yield client


async def test_a_payment_is_asked_for_with_key_and_request_id(
    bureau: Bureau, client: ReconciliationClient
) -> None:
    payment = await client.get_payment(SERIAL, "002X", request_id="req-1")
    assert payment.state is State.UNRECONCILED
    (heard,) = bureau.heard
    assert (heard.url.path, heard.url.query) == (f"/v1/payments/{SERIAL}", "payer_id_last4=002X")
    assert heard.headers["authorization"] == "Bearer secret-key"
    assert heard.headers["x-request-id"] == "req-1"


async def test_a_request_id_is_made_up_once_for_all_attempts(
    bureau: Bureau, client: ReconciliationClient
) -> None:
    bureau.says(problem(500, "internal_error"), ok())
    await client.get_payment(SERIAL)
    first, second = (heard.headers["x-request-id"] for heard in bureau.heard)
    assert first == second
    assert re.fullmatch("[0-9a-f-]{36}", first)
    await client.get_payment(SERIAL)
    assert bureau.heard[-1].headers["x-request-id"] != first


@pytest.mark.parametrize("serial", ["", "12345", "../health", "a/b/c/d", "4200 0009", "x" * 65, "123456\n"])
async def test_a_serial_number_of_the_wrong_shape_is_never_sent(
    bureau: Bureau, client: ReconciliationClient, serial: str
) -> None:
    with pytest.raises(InvalidInput):
        await client.get_payment(serial)
    assert bureau.heard == []


async def test_a_read_is_tried_three_times(bureau: Bureau, client: ReconciliationClient) -> None:
    bureau.says(problem(500, "internal_error"), raw(b"bad gateway", 502), ok())
    assert (await client.get_payment(SERIAL)).serial_number == SERIAL
    assert len(bureau.heard) == 3


async def test_after_three_failures_it_is_unavailable(bureau: Bureau, client: ReconciliationClient) -> None:
    bureau.says(raw(b"", 500))
    with pytest.raises(Unavailable):
        await client.get_payment(SERIAL)
    assert len(bureau.heard) == 3


async def test_a_request_for_reconciliation_is_repeated_with_the_same_key(
    bureau: Bureau, client: ReconciliationClient
) -> None:
    bureau.says(raw(b"", 502), ok(REQUEST, 201))
    claimed = Claimed(Channel.WECHAT_PAY, 4000, date(2026, 11, 22))
    made = await client.request_reconciliation(
        SERIAL, claimed, "GD261123048272", KEY, "002X", [Evidence("0" * 64, "image/png")]
    )
    assert made.request_id == "R-1"
    assert [heard.headers["idempotency-key"] for heard in bureau.heard] == [KEY, KEY]
    assert bureau.bodies[0] == bureau.bodies[1]
    assert json.loads(bureau.bodies[0])["claimed"] == {
        "channel": "wechat_pay",
        "amount": 4000,
        "paid_on": "2026-11-22",
    }


async def test_a_request_accepted_before_is_answered_again(
    bureau: Bureau, client: ReconciliationClient
) -> None:
    bureau.says(ok(REQUEST, 200))
    made = await client.request_reconciliation(SERIAL, Claimed(), "c", KEY)
    assert made.request_id == "R-1"


async def test_a_write_without_a_proper_key_is_never_sent(
    bureau: Bureau, client: ReconciliationClient
) -> None:
    for key in ("", "short", "x" * 129, "with\r\nnewline"):
        with pytest.raises(InvalidInput):
            await client.reconcile(SERIAL, "L1", "op", "", key)
    assert bureau.heard == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (problem(400, "invalid_request"), InvalidInput),
        (problem(401, "unauthorized"), AccessRefused),
        (problem(403, "forbidden"), AccessRefused),
        (problem(404, "payment_not_found"), NotFound),
        (problem(409, "conflict"), Conflict),
        (problem(429, "rate_limited"), RateLimited),
        (raw(b"<html>no such page</html>", 404), MalformedAnswer),
        (raw(b"", 418), MalformedAnswer),
        (raw(b"", 204), MalformedAnswer),
        (raw(b"", 302, location="/v1/health"), MalformedAnswer),
        (raw(b""), MalformedAnswer),
        (raw(b"<html>"), MalformedAnswer),
        (raw(b"\xff\xfe"), MalformedAnswer),
        (raw(b"[" * 100_000), MalformedAnswer),
        (raw(b'{"score": NaN}'), MalformedAnswer),
        (raw(b"not gzip", content_encoding="gzip"), MalformedAnswer),
        (ok([]), MalformedAnswer),
        (ok(PAYMENT, 201), MalformedAnswer),
    ],
)
async def test_what_will_not_get_better_is_not_tried_again(
    bureau: Bureau, client: ReconciliationClient, answer: Answer, error: type[HelpdeskError]
) -> None:
    bureau.says(answer)
    with pytest.raises(error):
        await client.get_payment(SERIAL)
    assert len(bureau.heard) == 1


async def test_a_conflict_says_what_was_first(bureau: Bureau, client: ReconciliationClient) -> None:
    bureau.says(problem(409, "conflict", detail="line L1 is taken"))
    with pytest.raises(Conflict, match="line L1 is taken"):
        await client.reconcile(SERIAL, "L1", "operator", "checked", KEY)


@pytest.mark.parametrize("squeezed", [False, True])
async def test_a_body_too_large_is_malformed(bureau: Bureau, squeezed: bool) -> None:
    body = b'"' + b"x" * 200_000 + b'"'
    bureau.says(raw(gzip.compress(body), content_encoding="gzip") if squeezed else raw(body))
    async with calling(bureau.url, max_body_bytes=100_000) as client:
        with pytest.raises(MalformedAnswer, match="too large"):
            await client.get_payment(SERIAL)


async def test_being_asked_to_slow_down_is_heeded_when_there_is_time(
    bureau: Bureau, client: ReconciliationClient
) -> None:
    bureau.says(problem(429, "rate_limited", retry_after="1"), ok())
    before = time.monotonic()
    await client.get_payment(SERIAL)
    assert time.monotonic() - before >= 1
    assert len(bureau.heard) == 2


async def test_being_asked_to_wait_past_the_deadline_is_told(
    bureau: Bureau, client: ReconciliationClient
) -> None:
    bureau.says(problem(429, "rate_limited", retry_after="30"))
    before = time.monotonic()
    with pytest.raises(RateLimited) as limited:
        await client.get_payment(SERIAL)
    assert limited.value.retry_after == 30
    assert time.monotonic() - before < 0.5
    assert len(bureau.heard) == 1


async def test_retry_after_may_be_a_date(bureau: Bureau, client: ReconciliationClient) -> None:
    bureau.says(problem(429, "rate_limited", retry_after="Fri, 31 Dec 2100 23:59:59 GMT"))
    with pytest.raises(RateLimited) as limited:
        await client.get_payment(SERIAL)
    assert limited.value.retry_after is not None and limited.value.retry_after > 10**9


async def test_maintenance_ends_when_retry_after_says(bureau: Bureau, client: ReconciliationClient) -> None:
    bureau.says(problem(503, "maintenance", retry_after="3600"))
    with pytest.raises(UnderMaintenance) as closed:
        await client.get_payment(SERIAL)
    assert closed.value.until is not None
    ends_in = closed.value.until - datetime.now(SHANGHAI)
    assert timedelta(minutes=59) < ends_in <= timedelta(hours=1)
    assert closed.value.until.utcoffset() == timedelta(hours=8)
    assert len(bureau.heard) == 1


async def test_maintenance_without_an_end_is_asked_of_the_announcement(
    bureau: Bureau, client: ReconciliationClient
) -> None:
    window = {"starts_at": "2026-11-23T00:00:00+08:00", "ends_at": "2026-11-23T04:00:00+08:00"}
    bureau.health = {"status": "maintenance", "maintenance": window}
    bureau.says(problem(503, "maintenance"))
    with pytest.raises(UnderMaintenance) as closed:
        await client.get_payment(SERIAL)
    assert closed.value.until == datetime(2026, 11, 23, 4, tzinfo=SHANGHAI)


async def test_maintenance_nobody_announced_has_no_end(bureau: Bureau, client: ReconciliationClient) -> None:
    bureau.health = {"status": "nonsense"}
    bureau.says(problem(503, "maintenance"))
    with pytest.raises(UnderMaintenance) as closed:
        await client.get_payment(SERIAL)
    assert closed.value.until is None


async def test_a_bare_503_is_unavailable(bureau: Bureau, client: ReconciliationClient) -> None:
    bureau.says(raw(b"", 503))
    with pytest.raises(Unavailable):
        await client.get_payment(SERIAL)
    assert len(bureau.heard) == 3


async def test_an_answer_that_does_not_come_is_slow(bureau: Bureau, client: ReconciliationClient) -> None:
    bureau.says(lambda: Late(PAYMENT))
    with pytest.raises(Slow):
        await client.get_payment(SERIAL)
    assert len(bureau.heard) == 3


async def test_the_deadline_covers_all_attempts(bureau: Bureau) -> None:
    bureau.says(lambda: Late(PAYMENT))
    async with calling(bureau.url, read_timeout=0.3, deadline=0.4) as client:
        before = time.monotonic()
        with pytest.raises(Slow):
            await client.get_payment(SERIAL)
        assert time.monotonic() - before < 0.6


async def test_an_answer_that_trickles_is_slow(bureau: Bureau) -> None:
    async def trickle() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" "
            await asyncio.sleep(0.05)

    bureau.says(lambda: StreamingResponse(trickle()))
    async with calling(bureau.url, deadline=0.3) as client:
        with pytest.raises(Slow):
            await client.get_payment(SERIAL)


async def test_a_held_open_call_for_events_is_not_slow(bureau: Bureau, client: ReconciliationClient) -> None:
    bureau.says(lambda: Late({"events": [], "cursor": "9"}))
    page = await client.events(after="8", wait=1, limit=5)
    assert page.cursor == "9"
    assert dict(bureau.heard[0].query_params) == {"after": "8", "wait": "1", "limit": "5"}


async def test_nobody_listening_is_unavailable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        async with calling(f"http://127.0.0.1:{unused.getsockname()[1]}") as client:
            with pytest.raises(Unavailable):
                await client.get_payment(SERIAL)


async def test_the_circuit_opens_after_failures_in_a_row_and_closes_again(bureau: Bureau) -> None:
    bureau.says(raw(b"", 500))
    async with calling(bureau.url, breaker_failures=4, breaker_open_for=0.3) as client:
        for _ in range(2):
            with pytest.raises(Unavailable):
                await client.get_payment(SERIAL)
        assert len(bureau.heard) == 4
        with pytest.raises(Unavailable):
            await client.get_payment(SERIAL)
        assert len(bureau.heard) == 4
        await asyncio.sleep(0.35)
        bureau.says(ok())
        assert (await client.get_payment(SERIAL)).serial_number == SERIAL
        bureau.says(raw(b"", 500), ok())
        assert (await client.get_payment(SERIAL)).serial_number == SERIAL


async def test_a_trial_that_fails_opens_the_circuit_again(bureau: Bureau) -> None:
    bureau.says(raw(b"", 500))
    async with calling(bureau.url, breaker_failures=3, breaker_open_for=0.2) as client:
        with pytest.raises(Unavailable):
            await client.get_payment(SERIAL)
        await asyncio.sleep(0.25)
        with pytest.raises(Unavailable):
            await client.get_payment(SERIAL)
        assert len(bureau.heard) == 4


@pytest.mark.parametrize(
    "answer",
    [problem(404, "payment_not_found"), problem(429, "rate_limited"), problem(401, "x"), raw(b"<html>")],
)
async def test_only_failures_to_answer_open_the_circuit(bureau: Bureau, answer: Answer) -> None:
    bureau.says(answer)
    async with calling(bureau.url, breaker_failures=1) as client:
        for _ in range(3):
            with pytest.raises(HelpdeskError):
                await client.get_payment(SERIAL)
        assert len(bureau.heard) == 3


async def test_a_call_given_up_by_its_caller_says_nothing_about_the_bureau(bureau: Bureau) -> None:
    bureau.says(lambda: Late(PAYMENT))
    async with calling(bureau.url, breaker_failures=1, read_timeout=2.0) as client:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.get_payment(SERIAL), 0.05)
        bureau.says(ok())
        assert (await client.get_payment(SERIAL)).serial_number == SERIAL


async def test_connections_are_used_again_after_a_failure(bureau: Bureau) -> None:
    async with calling(bureau.url, max_connections=1) as client:
        bureau.says(problem(404, "payment_not_found"), raw(b"x" * 10, 200), ok())
        for error in (NotFound, MalformedAnswer):
            with pytest.raises(error):
                await client.get_payment(SERIAL)
        assert (await client.get_payment(SERIAL)).serial_number == SERIAL


async def test_staff_calls_speak_the_contract(bureau: Bureau, client: ReconciliationClient) -> None:
    bureau.says(ok({"payments": [PAYMENT], "next_cursor": "c2"}))
    page = await client.search_payments("张", date(2026, 11, 1), state=State.UNRECONCILED, limit=10)
    assert (len(page.payments), page.next_cursor) == (1, "c2")
    assert dict(bureau.heard[0].query_params) == {
        "q": "张",
        "paid_from": "2026-11-01",
        "state": "unreconciled",
        "limit": "10",
    }
    bureau.says(ok({"candidates": []}))
    assert await client.statement_lines(SERIAL) == ()
    assert bureau.heard[0].url.path == f"/v1/payments/{SERIAL}/statement-lines"
    bureau.says(ok({**PAYMENT, "state": "reconciled", "reason": None}))
    assert (await client.reconcile(SERIAL, "L1", "op", "ok", KEY)).state is State.RECONCILED
    assert json.loads(bureau.bodies[0]) == {"statement_line_id": "L1", "operator": "op", "note": "ok"}
    bureau.says(ok(REQUEST))
    assert (await client.get_reconciliation_request("R-1")).request_id == "R-1"
    assert not (await client.health()).in_maintenance


async def test_nothing_personal_is_logged_and_the_key_is_not_shown(
    bureau: Bureau, client: ReconciliationClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="httpx")  # whatever another test's log settings left
    bureau.says(raw(b"", 500), ok())
    await client.get_payment(SERIAL, "002X")
    bureau.says(ok({**PAYMENT, "verified": "yes"}))
    with pytest.raises(MalformedAnswer) as malformed:
        await client.get_payment(SERIAL, "002X")
    said = caplog.text + "".join(str(record.__dict__) for record in caplog.records) + str(malformed.value)
    assert "HTTP Request: GET" in said
    for secret in (SERIAL, "002X", "secret-key", "awaiting_statement"):
        assert secret not in said
    assert "secret-key" not in repr(impatient(bureau.url))


async def test_a_client_speaks_through_any_transport_given_to_it() -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=PAYMENT))
    client = ReconciliationClient(impatient("http://bureau.test"), transport)
    assert (await client.get_payment(SERIAL)).serial_number == SERIAL
    await client.aclose()
