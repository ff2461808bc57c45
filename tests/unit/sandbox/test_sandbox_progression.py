"""What time, requests and forced states do to payments."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from bot.sandbox.model import State
from bot.sandbox.notes import OUTCOMES

JUST_PAID = "4200002611202611200000000101"
MISMATCHED = "2026112022001400000000000105"
PAID_TWICE = "4200002611202611200000000107"
PENDING = "4200002611202611120000000301"
REFUNDING = "4200002611202611120000000305"
OVERDUE = "2026111622001400000000000401"
UNKNOWN = "4200009999202611200000009999"
HOUR, DAY = 3600, 86400


def advance(client: TestClient, seconds: int) -> None:
    assert client.post("/sandbox/clock", json={"advance_seconds": seconds}).status_code == 200


def state(client: TestClient, serial: str) -> str:
    answer = client.get(f"/v1/payments/{serial}")
    return str(answer.json()["state"])


def ask(client: TestClient, serial: str, key: str = "key-00000001") -> dict[str, Any]:
    answer = client.post(
        f"/v1/payments/{serial}/reconciliation-requests",
        headers={"Idempotency-Key": key},
        json={"contact_reference": "T-1", "claimed": {}},
    )
    assert answer.status_code in (200, 201), answer.text
    body: dict[str, Any] = answer.json()
    return body


def progress(client: TestClient, request_id: str) -> dict[str, Any]:
    body: dict[str, Any] = client.get(f"/v1/reconciliation-requests/{request_id}").json()
    return body


def test_a_payment_waits_until_its_statement_and_is_then_reconciled(client: TestClient) -> None:
    advance(client, 2 * HOUR - 1)
    assert state(client, JUST_PAID) == "unreconciled"
    advance(client, 1)
    assert state(client, JUST_PAID) == "reconciled"


def test_reconciliation_by_time_happens_at_the_promised_time_and_is_told_once(client: TestClient) -> None:
    advance(client, 3 * DAY)
    events = client.get("/v1/events?limit=500").json()["events"]
    told = [(event["state"], event["at"]) for event in events if event["serial_number"] == JUST_PAID]
    assert told == [("reconciled", "2026-11-24T10:00:00+08:00")]


def test_events_come_in_the_order_in_which_they_were_due(client: TestClient) -> None:
    advance(client, 30 * DAY)
    times = [event["at"] for event in client.get("/v1/events?limit=500").json()["events"]]
    assert times == sorted(times) and len(times) > 5


def test_a_reconciled_payment_has_its_fiscal_receipt_and_history(client: TestClient) -> None:
    advance(client, DAY)
    details = client.get(f"/v1/payments/{JUST_PAID}?payer_id_last4=1234").json()["details"]
    assert details["fiscal_receipt"]["issued_at"] == "2026-11-24T10:00:00+08:00"
    assert details["history"][-1]["state"] == "reconciled"


def test_a_pending_payment_is_confirmed_and_then_waits_for_its_statement(client: TestClient) -> None:
    advance(client, DAY)
    answer = client.get(f"/v1/payments/{PENDING}").json()
    assert (answer["state"], answer["reason"]) == ("unreconciled", "awaiting_statement")
    assert answer["paid_at"] == "2026-11-25T07:45:00+08:00"
    assert answer["expected_by"] == "2026-11-26T10:00:00+08:00"


def test_a_refund_arrives_when_it_is_due(client: TestClient) -> None:
    advance(client, 7 * DAY)
    assert state(client, REFUNDING) == "refunded"


@pytest.mark.parametrize("serial", [MISMATCHED, OVERDUE])
def test_what_needs_a_person_waits_for_one(client: TestClient, serial: str) -> None:
    advance(client, 60 * DAY)
    assert state(client, serial) == "unreconciled"


def test_a_request_is_received_then_investigated_then_resolved(client: TestClient) -> None:
    request = ask(client, MISMATCHED)
    assert (request["status"], request["expected_by"]) == ("received", "2026-11-27T17:00:00+08:00")
    advance(client, HOUR)
    assert progress(client, request["request_id"])["status"] == "investigating"
    assert state(client, MISMATCHED) == "under_review"
    advance(client, 4 * DAY)
    resolved = progress(client, request["request_id"])
    assert (resolved["status"], resolved["expected_by"]) == ("resolved", None)
    assert resolved["outcome"] == "查过了，这笔钱已经对上账、入账了"
    assert state(client, MISMATCHED) == "reconciled"


def test_a_payment_that_only_waits_for_its_statement_is_not_taken_under_review(client: TestClient) -> None:
    ask(client, JUST_PAID)
    advance(client, HOUR)
    assert state(client, JUST_PAID) == "unreconciled"


def test_a_request_ends_when_its_payment_is_reconciled_first(client: TestClient) -> None:
    request = ask(client, JUST_PAID)
    advance(client, 3 * HOUR)
    ended = progress(client, request["request_id"])
    assert (ended["status"], ended["outcome"]) == ("resolved", "查过了，这笔钱已经对上账、入账了")


def test_a_request_for_an_unknown_payment_is_rejected_in_the_end(client: TestClient) -> None:
    request = ask(client, UNKNOWN)
    advance(client, 5 * DAY)
    assert progress(client, request["request_id"])["status"] == "rejected"


@pytest.mark.parametrize("payment_state", list(State))
def test_an_outcome_is_in_a_resident_s_words(payment_state: State) -> None:
    assert not re.search("[A-Za-z_,:]", OUTCOMES[payment_state])


def test_a_double_payment_is_refunded_when_its_request_is_answered(client: TestClient) -> None:
    request = ask(client, PAID_TWICE)
    advance(client, 4 * DAY)
    assert state(client, PAID_TWICE) == "refunding"
    assert "正在退给您" in progress(client, request["request_id"])["outcome"]
    advance(client, 7 * DAY)
    assert state(client, PAID_TWICE) == "refunded"


def test_the_same_key_answers_the_same_request_even_with_other_words(client: TestClient) -> None:
    first = ask(client, MISMATCHED)
    assert ask(client, MISMATCHED)["request_id"] == first["request_id"]
    assert ask(client, MISMATCHED, key="key-00000002")["request_id"] != first["request_id"]


def test_a_key_used_for_another_payment_is_a_conflict(client: TestClient) -> None:
    ask(client, MISMATCHED)
    answer = client.post(
        f"/v1/payments/{JUST_PAID}/reconciliation-requests",
        headers={"Idempotency-Key": "key-00000001"},
        json={"contact_reference": "T-1", "claimed": {}},
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_a_forced_state_is_told_and_its_due_time_follows_the_rules(client: TestClient) -> None:
    body = {"state": "unreconciled", "reason": "bank_transfer_delay"}
    forced = client.post(f"/sandbox/payments/{MISMATCHED}", json=body).json()
    assert forced["expected_by"] == "2026-11-25T17:00:00+08:00"
    event = client.get("/v1/events").json()["events"][-1]
    assert (event["serial_number"], event["reason"]) == (MISMATCHED, "bank_transfer_delay")


def test_a_forced_due_time_is_kept_by_the_clock(client: TestClient) -> None:
    due = "2026-11-24T08:30:00+08:00"
    body = {"state": "unreconciled", "reason": "callback_lost", "expected_by": due}
    assert client.post(f"/sandbox/payments/{MISMATCHED}", json=body).json()["expected_by"] == due
    advance(client, HOUR)
    assert state(client, MISMATCHED) == "reconciled"


def test_a_forced_due_time_in_the_past_is_overdue_until_somebody_acts(client: TestClient) -> None:
    due = "2026-11-20T10:00:00+08:00"
    body = {"state": "unreconciled", "reason": "callback_lost", "expected_by": due}
    client.post(f"/sandbox/payments/{JUST_PAID}", json=body)
    advance(client, 30 * DAY)
    assert client.get(f"/v1/payments/{JUST_PAID}").json()["expected_by"] == due


def test_a_reset_brings_everything_back(client: TestClient) -> None:
    client.post("/sandbox/faults", json={"unauthorized": True})
    advance(client, 30 * DAY)
    assert client.post("/sandbox/reset").json() == {"now": "2026-11-24T08:00:00+08:00", "ahead_seconds": 0}
    assert state(client, JUST_PAID) == "unreconciled"
    assert client.get("/sandbox/faults").json()["active"] is False


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("clock", {}),
        ("clock", {"advance_seconds": -1}),
        ("clock", {"advance_seconds": 1.5}),
        ("clock", {"advance_seconds": 10**12}),
        ("clock", {"hours": 1}),
        (f"payments/{JUST_PAID}", {"state": "lost"}),
        (f"payments/{JUST_PAID}", {"state": "unreconciled"}),
        (f"payments/{JUST_PAID}", {"state": "reconciled", "reason": "unknown"}),
        (f"payments/{JUST_PAID}", {"state": "refunding", "expected_by": "tomorrow"}),
        (f"payments/{JUST_PAID}", {"state": "refunding", "expected_by": "2026-11-25T10:00:00"}),
    ],
)
def test_a_wrong_admin_call_is_refused_and_says_why(
    client: TestClient, path: str, body: dict[str, Any]
) -> None:
    answer = client.post(f"/sandbox/{path}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert answer.json()["detail"]


def test_forcing_an_unknown_payment_is_not_found(client: TestClient) -> None:
    assert client.post(f"/sandbox/payments/{UNKNOWN}", json={"state": "closed"}).status_code == 404
