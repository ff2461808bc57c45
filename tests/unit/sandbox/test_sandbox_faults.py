"""Faults on demand."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.testclient import TestClient

from bot.sandbox import faults as faults_module

PAYMENT = "/v1/payments/4200002611202611200000000101"


def inject(client: TestClient, **faults: Any) -> None:
    answer = client.post("/sandbox/faults", json=faults)
    assert answer.status_code == 200, answer.text


def statuses(client: TestClient, count: int) -> list[int]:
    return [client.get(PAYMENT).status_code for _ in range(count)]


def test_nothing_goes_wrong_by_default(client: TestClient) -> None:
    assert client.get("/sandbox/faults").json()["active"] is False
    assert statuses(client, 5) == [200] * 5


def test_the_same_seed_throws_the_same_dice(client: TestClient) -> None:
    inject(client, error_rate=0.5, error_status=502, seed=7)
    first = statuses(client, 20)
    inject(client, error_rate=0.5, error_status=502, seed=7)
    assert statuses(client, 20) == first
    assert set(first) == {200, 502}


def test_an_injected_error_is_a_problem_document(client: TestClient) -> None:
    inject(client, error_rate=1)
    answer = client.get(PAYMENT)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")


def test_an_unavailable_service_answers_503_that_is_no_problem_document(client: TestClient) -> None:
    inject(client, outage="unavailable")
    answer = client.get(PAYMENT)
    assert answer.status_code == 503 and "json" not in answer.headers["content-type"]
    assert client.get("/v1/health").status_code == 503


def test_a_refused_key_is_401_and_health_needs_none(client: TestClient) -> None:
    inject(client, unauthorized=True)
    assert client.get(PAYMENT).json()["code"] == "unauthorized"
    assert client.get("/v1/health").status_code == 200


def test_faults_for_the_next_requests_end_with_them_and_health_uses_none_up(client: TestClient) -> None:
    inject(client, error_rate=1, error_status=500, next_requests=2)
    assert client.get("/v1/health").status_code == 500
    assert statuses(client, 3) == [500, 500, 200]
    assert client.get("/sandbox/faults").json()["active"] is False


def test_new_faults_replace_the_old_and_clearing_ends_them(client: TestClient) -> None:
    inject(client, unauthorized=True)
    inject(client, rate_limit_retry_after=3)
    assert client.get(PAYMENT).status_code == 429
    assert client.delete("/sandbox/faults").json()["active"] is False
    assert client.get(PAYMENT).status_code == 200


def test_latency_holds_the_answer_for_that_long(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        slept.append(seconds)
        await sleep(0)

    monkeypatch.setattr(faults_module.asyncio, "sleep", note)
    inject(client, latency_seconds=30)
    assert client.get(PAYMENT).status_code == 200
    assert 30 in slept


def test_an_unknown_state_is_put_into_the_true_answer(client: TestClient) -> None:
    inject(client, malformed="unknown_state")
    answer = client.get(PAYMENT).json()
    assert (answer["state"], answer["channel"]) == ("in_orbit", "wechat_pay")


def test_a_truncated_answer_is_the_first_half_of_the_true_one(client: TestClient) -> None:
    true = client.get(PAYMENT).content
    inject(client, malformed="truncated")
    assert client.get(PAYMENT).content == true[: len(true) // 2]


def test_faults_never_touch_admin_calls_or_the_page(client: TestClient) -> None:
    inject(client, outage="unavailable", unauthorized=True, error_rate=1)
    assert client.get("/sandbox/payments").status_code == 200
    assert client.get("/sandbox/clock").status_code == 200
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"latency": 1},
        {"latency_seconds": -1},
        {"latency_seconds": "5"},
        {"error_rate": 1.5},
        {"error_status": 200},
        {"outage": "sometimes"},
        {"malformed": True},
        {"unauthorized": "yes"},
        {"rate_limit_retry_after": -1},
        {"next_requests": 0},
        {"maintenance": {}},
        {"maintenance": {"duration_seconds": 0}},
        {"maintenance": {"duration_seconds": 60, "from": "now"}},
        {"seed": -1},
    ],
)
def test_wrong_faults_are_refused_and_change_nothing(client: TestClient, body: dict[str, Any]) -> None:
    answer = client.post("/sandbox/faults", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert next(iter(body)) in answer.json()["detail"]
    assert client.get("/sandbox/faults").json()["active"] is False
