"""Health: what is checked, and how an answer looks when something is missing."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from openapi_schema_validator import OAS30Validator
from starlette.applications import Starlette

from bot.channels.health import health_routes
from bot.ticket_api.work import Actions

NO_CASEWORK: Any = None


async def fine() -> None:
    """A check that finds nothing wrong."""


async def broken() -> None:
    raise ConnectionError("postgres://user:password@host")


async def false() -> bool:
    return False


async def silent() -> None:
    await asyncio.Event().wait()


def client(**checks: object) -> httpx.AsyncClient:
    app = Starlette(routes=health_routes(checks, check_seconds=0.05))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")


async def test_the_process_is_up_whatever_else_is_not() -> None:
    async with client(database=broken) as web:
        assert (await web.get("/healthz")).json() == {"status": "ok"}


async def test_ready_when_every_check_passes() -> None:
    async with client(model=fine, database=fine) as web:
        answer = await web.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "checks": {"model": "ok", "database": "ok"}}


@pytest.mark.parametrize(("check", "state"), [(broken, "failed"), (false, "failed"), (silent, "slow")])
async def test_not_ready_names_what_is_missing_and_nothing_else(check: object, state: str) -> None:
    async with client(model=fine, database=check) as web:
        answer = await web.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "not_ready", "checks": {"model": "ok", "database": state}}
    assert "password" not in answer.text


async def test_metrics_are_in_prometheus_text() -> None:
    async with client() as web:
        answer = await web.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "helpdesk_webhook_deliveries" in answer.text


async def test_the_description_is_a_valid_openapi_document() -> None:
    async with client() as web:
        document = (await web.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.0")
    for schema in document["components"]["schemas"].values():
        OAS30Validator.check_schema(schema)
    ticket = "/api/v1/tickets/{number}"
    assert set(document["paths"]) == {
        "/api/v1/tickets",
        ticket,
        f"{ticket}/transcript",
        *(f"{ticket}/{action}" for action in Actions(NO_CASEWORK).names),
        "/webhooks/rest/webhook",
        "/conversations/{sender}/messages",
        "/model/parse",
        "/healthz",
        "/readyz",
        "/metrics",
    }
