"""The sandbox obeys docs/contracts/reconciliation-api.yaml, operation by operation, over real HTTP."""

from __future__ import annotations

import threading
import time
from typing import Any

import httpx
import pytest

from bot.sandbox.keys import STAFF_KEY
from bot.sandbox.model import Channel, Reason, State
from tests.conformance.contract import OPERATIONS, ContractClient

JUST_PAID = "4200002611202611200000000101"
MISMATCHED = "4200002611202611200000000106"
RECONCILED = "4200002611202611120000000303"
UNEXPLAINED = "2026112022001400000000000112"
UNKNOWN = "4200009999202611200000009999"
CLAIM = {
    "contact_reference": "C-1",
    "claimed": {
        "channel": "wechat_pay",
        "amount": 4000,
        "paid_on": "2026-11-20",
        "item": "居民身份证补领工本费",
    },
    "payer_id_last4": "018X",
    "evidence": [{"sha256": "0" * 64, "media_type": "image/png"}],
}


def request_for_unknown(key: str) -> dict[str, Any]:
    """What to send to ask for the investigation of an unknown payment."""
    return {"path": {"serial_number": UNKNOWN}, "headers": {"Idempotency-Key": key}, "json": CLAIM}


def drive_every_operation(client: ContractClient) -> None:
    serial = {"serial_number": MISMATCHED}
    keyed = {"Idempotency-Key": "key-00000001"}
    client.call("health", key=None)
    client.call("getPayment", path=serial, params={"payer_id_last4": "1234"})
    opened = client.call("requestReconciliation", path=serial, headers=keyed, json=CLAIM)
    client.call("requestReconciliation", path=serial, headers=keyed, json=CLAIM)
    client.call("getReconciliationRequest", path={"request_id": opened.json()["request_id"]})
    client.call("searchPayments", key=STAFF_KEY)
    lines = client.call("matchStatementLines", key=STAFF_KEY, path=serial).json()["candidates"]
    matched = {"statement_line_id": lines[0]["statement_line_id"], "operator": "王警官", "note": "核对无误"}
    client.call("reconcileManually", key=STAFF_KEY, path=serial, headers=keyed, json=matched)
    client.call("listEvents")


def test_every_operation_of_the_contract_succeeds_with_each_status_it_names(client: ContractClient) -> None:
    drive_every_operation(client)
    named = {
        (operation_id, int(status))
        for operation_id, (_, _, operation) in OPERATIONS.items()
        for status in operation["responses"]
        if status != "default"
    }
    assert client.driven == named


@pytest.mark.parametrize("operation_id", sorted(set(OPERATIONS) - {"health"}))
@pytest.mark.parametrize("key", [None, "wrong-key"])
def test_every_operation_but_health_refuses_a_missing_or_unknown_key(
    client: ContractClient, operation_id: str, key: str | None
) -> None:
    path = {"serial_number": JUST_PAID, "request_id": "RR1"}
    answer = client.call(operation_id, key=key, path=path)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


@pytest.mark.parametrize("operation_id", ["searchPayments", "matchStatementLines", "reconcileManually"])
def test_staff_operations_refuse_the_resident_key(client: ContractClient, operation_id: str) -> None:
    answer = client.call(operation_id, path={"serial_number": JUST_PAID})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    "operation_id", ["getPayment", "getReconciliationRequest", "matchStatementLines", "reconcileManually"]
)
def test_an_unknown_number_is_not_found(client: ContractClient, operation_id: str) -> None:
    path = {"serial_number": UNKNOWN, "request_id": "RR0"}
    body = {"statement_line_id": "SL-0106", "operator": "王", "note": ""}
    keyed = {"Idempotency-Key": "key-00000001"}
    sent: dict[str, Any] = {"json": body, "headers": keyed} if operation_id == "reconcileManually" else {}
    answer = client.call(operation_id, key=STAFF_KEY, path=path, **sent)
    assert (answer.status_code, answer.json()["code"]) == (404, "payment_not_found")


@pytest.mark.parametrize("state", list(State))
def test_every_state_is_seeded_and_obeys_the_contract(client: ContractClient, state: State) -> None:
    found = client.call("searchPayments", key=STAFF_KEY, params={"state": state.value}).json()["payments"]
    assert found and {payment["state"] for payment in found} == {state.value}
    if state in (State.UNRECONCILED, State.UNDER_REVIEW):
        assert {payment["reason"] for payment in found} == {reason.value for reason in Reason}


def test_every_seeded_payment_is_found_by_each_of_its_numbers(client: ContractClient) -> None:
    listed = client.admin("GET", "payments").json()["payments"]
    assert {payment["channel"] for payment in listed} == {channel.value for channel in Channel}
    for payment in listed:
        for number in (payment["serial_number"], payment["merchant_order"]):
            verifying = {"payer_id_last4": payment["payer_id_last4"]}
            found = client.call("getPayment", path={"serial_number": number}, params=verifying)
            assert found.json()["serial_number"] == payment["serial_number"]
            assert found.json()["verified"]
        client.call("getPayment", path={"serial_number": payment["details"]["notice_number"]})


@pytest.mark.parametrize("last4", [None, "0000"])
def test_an_unverified_caller_learns_the_state_and_never_the_person(
    client: ContractClient, last4: str | None
) -> None:
    params = {"payer_id_last4": last4} if last4 else {}
    answer = client.call("getPayment", path={"serial_number": JUST_PAID}, params=params).json()
    assert (answer["state"], answer["verified"], answer["details"]) == ("unreconciled", False, None)


def test_a_small_x_in_the_last_four_is_as_good_as_a_large_one(client: ContractClient) -> None:
    path = {"serial_number": "4200002611202611200000000102"}
    assert client.call("getPayment", path=path, params={"payer_id_last4": "018x"}).json()["verified"]


def test_a_notice_paid_twice_answers_the_payment_that_counts_and_lists_the_other(
    client: ContractClient,
) -> None:
    path = {"serial_number": "31000026111200000308"}
    answer = client.call("getPayment", path=path, params={"payer_id_last4": "018X"}).json()
    assert answer["serial_number"] == "2026111222001400000000000308"
    assert answer["details"]["duplicates"] == ["4200002611202611200000000107"]


def test_the_same_key_answers_the_same_request_for_seven_days(client: ContractClient) -> None:
    sent = request_for_unknown("key-00000007")
    first = client.call("requestReconciliation", **sent)
    again = client.call("requestReconciliation", **sent)
    client.admin("POST", "clock", json={"advance_seconds": 7 * 86400})
    later = client.call("requestReconciliation", **sent)
    assert [first.status_code, again.status_code, later.status_code] == [201, 200, 201]
    assert first.json() == again.json()
    assert later.json()["request_id"] != first.json()["request_id"]


@pytest.mark.parametrize(
    "changes",
    [
        {"contact_reference": None},
        {"contact_reference": "x" * 65},
        {"claimed": None},
        {"claimed": {"amount": 0}},
        {"claimed": {"amount": True}},
        {"claimed": {"amount": "4000"}},
        {"claimed": {"channel": "cash"}},
        {"claimed": {"paid_on": "2026-02-30"}},
        {"claimed": {"item": "x" * 101}},
        {"payer_id_last4": "12345"},
        {"evidence": [{"sha256": "00", "media_type": "image/png"}]},
        {"evidence": [{"sha256": "0" * 64, "media_type": "text/html"}]},
        {"evidence": [{"sha256": "0" * 64, "media_type": "image/png"}] * 6},
    ],
)
def test_a_wrong_value_in_a_request_is_refused(client: ContractClient, changes: dict[str, Any]) -> None:
    answer = client.call(
        "requestReconciliation",
        path={"serial_number": UNKNOWN},
        headers={"Idempotency-Key": "key-00000001"},
        json={**CLAIM, **changes},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 60000, "application/json", 400),
        (b'{"contact_reference": "\\ud800", "claimed": {}}', "application/json", 400),
        (b'{"contact_reference": NaN, "claimed": {}}', "application/json", 400),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (b'{"contact_reference": "' + b"x" * 70000 + b'"}', "application/json", 413),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    client: ContractClient, content: bytes, media_type: str, status: int
) -> None:
    answer = client.call(
        "requestReconciliation",
        path={"serial_number": UNKNOWN},
        headers={"Idempotency-Key": "key-00000001", "Content-Type": media_type},
        content=content,
    )
    assert (answer.status_code, answer.json()["code"]) == (status, "invalid_request")


@pytest.mark.parametrize("key", ["", "short", "k" * 129])
def test_an_idempotency_key_of_the_wrong_length_is_refused(client: ContractClient, key: str) -> None:
    assert client.call("requestReconciliation", **request_for_unknown(key)).status_code == 400


@pytest.mark.parametrize(
    ("operation_id", "params"),
    [
        ("searchPayments", {"limit": "0"}),
        ("searchPayments", {"limit": "201"}),
        ("searchPayments", {"limit": "ten"}),
        ("searchPayments", {"state": "lost"}),
        ("searchPayments", {"paid_from": "2026-13-01"}),
        ("searchPayments", {"cursor": "nonsense"}),
        ("searchPayments", {"q": "x" * 65}),
        ("listEvents", {"after": "abc"}),
        ("listEvents", {"wait": "31"}),
        ("listEvents", {"limit": "501"}),
        ("getPayment", {"payer_id_last4": "12X4"}),
    ],
)
def test_a_wrong_query_value_is_refused(
    client: ContractClient, operation_id: str, params: dict[str, str]
) -> None:
    answer = client.call(operation_id, key=STAFF_KEY, path={"serial_number": JUST_PAID}, params=params)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


@pytest.mark.parametrize("number", ["12345", "1" * 65, "一二三四五六", "a b c d e f"])
def test_a_serial_number_of_the_wrong_shape_is_refused(client: ContractClient, number: str) -> None:
    assert client.call("getPayment", path={"serial_number": number}).status_code == 400


def test_search_pages_give_every_payment_once_newest_first(client: ContractClient) -> None:
    seen: list[dict[str, Any]] = []
    params: dict[str, str] = {"limit": "7"}
    while True:
        answer = client.call("searchPayments", key=STAFF_KEY, params=params).json()
        seen += answer["payments"]
        if answer["next_cursor"] is None:
            break
        params["cursor"] = answer["next_cursor"]
    assert len({payment["serial_number"] for payment in seen}) == len(seen) == 40
    times = [payment["paid_at"] or payment["updated_at"] for payment in seen]
    assert times == sorted(times, reverse=True)


def test_search_finds_by_number_name_and_day(client: ContractClient) -> None:
    def serials(**params: str) -> set[str]:
        found = client.call("searchPayments", key=STAFF_KEY, params=params).json()["payments"]
        return {payment["serial_number"] for payment in found}

    paid_on = client.call("getPayment", path={"serial_number": JUST_PAID}).json()["paid_at"][:10]
    assert serials(q=JUST_PAID) == {JUST_PAID}
    assert len(serials(q="31000026111200000308")) == 2
    assert JUST_PAID in serials(q="王小明")
    assert JUST_PAID in serials(paid_from=paid_on, paid_to=paid_on)
    assert JUST_PAID not in serials(paid_to="2020-01-01")


def best_line(client: ContractClient, serial: str) -> str:
    """The id of the line that fits the payment best."""
    path = {"serial_number": serial}
    found = client.call("matchStatementLines", key=STAFF_KEY, path=path).json()["candidates"]
    return str(found[0]["statement_line_id"])


def reconcile(client: ContractClient, serial: str, line: str, key: str = "key-00000009") -> httpx.Response:
    return client.call(
        "reconcileManually",
        key=STAFF_KEY,
        path={"serial_number": serial},
        headers={"Idempotency-Key": key},
        json={"statement_line_id": line, "operator": "李警官", "note": ""},
    )


def test_a_payment_already_reconciled_is_a_conflict_that_says_so(client: ContractClient) -> None:
    answer = reconcile(client, RECONCILED, f"SL-{RECONCILED}")
    assert (answer.status_code, answer.json()["conflict"]) == (409, "payment_reconciled")


def test_a_taken_statement_line_is_a_conflict_that_says_so(client: ContractClient) -> None:
    answer = reconcile(client, MISMATCHED, f"SL-{RECONCILED}")
    assert (answer.status_code, answer.json()["conflict"]) == (409, "line_taken")
    assert RECONCILED in answer.json()["detail"]


def test_an_unknown_statement_line_is_refused(client: ContractClient) -> None:
    assert reconcile(client, MISMATCHED, "SL-9999").status_code == 400


def test_reconciling_again_with_the_same_key_answers_the_same_payment(client: ContractClient) -> None:
    line = best_line(client, UNEXPLAINED)
    first, again = reconcile(client, UNEXPLAINED, line), reconcile(client, UNEXPLAINED, line)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert first.json()["state"] == "reconciled" and first.json()["details"]["fiscal_receipt"]
    assert reconcile(client, UNEXPLAINED, line, key="key-another").status_code == 409


def test_statement_lines_say_what_agrees_and_what_differs_best_first(client: ContractClient) -> None:
    path = {"serial_number": MISMATCHED}
    found = client.call("matchStatementLines", key=STAFF_KEY, path=path).json()["candidates"]
    assert found[0]["statement_line_id"] == f"SL-{MISMATCHED}"
    assert (found[0]["amount"], found[0]["differs"]) == (2000, ["amount"])
    scores = [candidate["score"] for candidate in found]
    assert scores == sorted(scores, reverse=True)


def test_events_go_on_from_the_cursor(client: ContractClient) -> None:
    start = client.call("listEvents").json()["cursor"]
    client.admin("POST", f"payments/{JUST_PAID}", json={"state": "under_review", "reason": "unknown"})
    client.admin("POST", f"payments/{JUST_PAID}", json={"state": "reconciled"})
    first = client.call("listEvents", params={"after": start, "limit": 1}).json()
    rest = client.call("listEvents", params={"after": first["cursor"]}).json()
    assert [event["state"] for event in first["events"] + rest["events"]] == ["under_review", "reconciled"]
    after = client.call("listEvents", params={"after": rest["cursor"]}).json()
    assert after == {"events": [], "cursor": rest["cursor"]}


def test_a_waiting_call_is_answered_as_soon_as_something_happens(client: ContractClient) -> None:
    start = client.call("listEvents").json()["cursor"]
    answers: list[httpx.Response] = []
    waiter = threading.Thread(
        target=lambda: answers.append(client.call("listEvents", params={"after": start, "wait": 20}))
    )
    began = time.monotonic()
    waiter.start()
    time.sleep(0.1)
    assert not answers
    client.admin("POST", f"payments/{JUST_PAID}", json={"state": "reconciled"})
    waiter.join(timeout=5)
    assert answers[0].json()["events"][0]["serial_number"] == JUST_PAID
    assert time.monotonic() - began < 5


def test_a_cursor_from_before_a_reset_still_finds_later_events(client: ContractClient) -> None:
    client.admin("POST", f"payments/{JUST_PAID}", json={"state": "reconciled"})
    before = client.call("listEvents").json()["cursor"]
    client.admin("POST", "reset")
    client.admin("POST", f"payments/{JUST_PAID}", json={"state": "closed"})
    events = client.call("listEvents", params={"after": before}).json()["events"]
    assert [event["state"] for event in events] == ["closed"]


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [("GET", "/v2/nothing", 404), ("GET", "/v1/payments/", 404), ("DELETE", "/v1/events", 405)],
)
def test_a_wrong_address_is_the_callers_mistake_and_never_a_missing_payment(
    client: ContractClient, method: str, url: str, status: int
) -> None:
    answer = client.http.request(method, url)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid_request"


def test_maintenance_is_announced_by_health_and_ends_with_its_window(client: ContractClient) -> None:
    path = {"serial_number": JUST_PAID}
    client.admin("POST", "faults", json={"maintenance": {"starts_in_seconds": 60, "duration_seconds": 600}})
    announced = client.call("health", key=None).json()
    assert announced["status"] == "ok" and announced["maintenance"]
    assert client.call("getPayment", path=path).status_code == 200
    client.admin("POST", "clock", json={"advance_seconds": 120})
    assert client.call("health", key=None).json()["status"] == "maintenance"
    closed = client.call("getPayment", path=path)
    assert (closed.status_code, closed.json()["code"]) == (503, "maintenance")
    assert 0 < int(closed.headers["Retry-After"]) <= 600
    client.admin("POST", "clock", json={"advance_seconds": 600})
    assert client.call("health", key=None).json() == {"status": "ok", "maintenance": None}
    assert client.call("getPayment", path=path).status_code == 200


def test_a_rate_limit_says_when_to_come_back_and_lasts_for_the_next_requests_only(
    client: ContractClient,
) -> None:
    client.admin("POST", "faults", json={"rate_limit_retry_after": 7, "next_requests": 2})
    answers = [client.call("getPayment", path={"serial_number": JUST_PAID}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"


def test_a_lost_answer_has_done_its_work_and_the_same_key_finds_it(client: ContractClient) -> None:
    sent = request_for_unknown("key-00000005")
    client.admin("POST", "faults", json={"outage": "lost_answer", "next_requests": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        client.call("requestReconciliation", **sent)
    assert client.call("requestReconciliation", **sent).status_code == 200


def test_a_dropped_connection_has_done_nothing(client: ContractClient) -> None:
    sent = request_for_unknown("key-00000006")
    client.admin("POST", "faults", json={"outage": "drop", "next_requests": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        client.call("requestReconciliation", **sent)
    assert client.call("requestReconciliation", **sent).status_code == 201


@pytest.mark.parametrize("kind", ["truncated", "html", "wrong_shape", "unknown_state"])
def test_each_malformed_answer_breaks_the_contract(client: ContractClient, kind: str) -> None:
    client.admin("POST", "faults", json={"malformed": kind})
    with pytest.raises((AssertionError, ValueError)):
        client.call("getPayment", path={"serial_number": JUST_PAID})
    client.admin("DELETE", "faults")
    assert client.call("getPayment", path={"serial_number": JUST_PAID}).status_code == 200
