"""What the contract promises in prose, which no schema can say: keys, cursors, masks, long polls."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from bot.sandbox.keys import RESIDENT_KEY, STAFF_KEY
from tests.conformance.contract import ContractClient

WAITING = "4200002611202611200000000101"
AMOUNT = "4200002611202611200000000106"
UNKNOWN = "4200009999202611200000009999"
UNEXPLAINED = "2026112022001400000000000112"
CLAIM = {"contact_reference": "C-1", "claimed": {"amount": 4000}}


def asks(client: ContractClient, serial: str, key: str, body: dict[str, Any]) -> httpx.Response:
    """A request for reconciliation."""
    path, headers = {"serial_number": serial}, {"Idempotency-Key": key}
    return client.call("requestReconciliation", path=path, headers=headers, json=body)


def books(client: ContractClient, serial: str, line: str, key: str, note: str = "") -> httpx.Response:
    """A reconciliation by hand."""
    body = {"statement_line_id": line, "operator": "李警官", "note": note}
    path, headers = {"serial_number": serial}, {"Idempotency-Key": key}
    return client.call("reconcileManually", key=STAFF_KEY, path=path, headers=headers, json=body)


def best_line(client: ContractClient, serial: str) -> str:
    """The id of the line that fits best."""
    found = client.call("matchStatementLines", key=STAFF_KEY, path={"serial_number": serial}).json()
    return str(found["candidates"][0]["statement_line_id"])


def search(client: ContractClient, **params: Any) -> dict[str, Any]:
    """A page of a staff search."""
    page: dict[str, Any] = client.call("searchPayments", key=STAFF_KEY, params=params).json()
    return page


def events(client: ContractClient, **params: Any) -> dict[str, Any]:
    """A page of events."""
    page: dict[str, Any] = client.call("listEvents", params=params).json()
    return page


def force(client: ContractClient, serial: str, **state: str) -> None:
    """Something happens to a payment."""
    client.admin("POST", f"payments/{serial}", json=state)


def test_a_key_that_comes_again_with_another_body_is_a_conflict(client: ContractClient) -> None:
    first = asks(client, UNKNOWN, "key-00000001", CLAIM).json()
    other = asks(client, UNKNOWN, "key-00000001", {**CLAIM, "claimed": {"amount": 1}})
    assert (other.status_code, other.json()["conflict"]) == (409, "key_used")
    again = asks(client, UNKNOWN, "key-00000001", CLAIM)
    assert (again.status_code, again.json()) == (200, first)


def test_a_body_written_in_another_order_is_the_same_body(client: ContractClient) -> None:
    first = asks(client, UNKNOWN, "key-00000001", CLAIM).json()
    assert asks(client, UNKNOWN, "key-00000001", dict(reversed(CLAIM.items()))).json() == first


def test_a_key_belongs_to_one_payment(client: ContractClient) -> None:
    asks(client, UNKNOWN, "key-00000001", CLAIM)
    other = asks(client, WAITING, "key-00000001", CLAIM)
    assert (other.status_code, other.json()["conflict"]) == (409, "key_used")


def test_a_key_that_books_books_nothing_else(client: ContractClient) -> None:
    line = best_line(client, UNEXPLAINED)
    booked = books(client, UNEXPLAINED, line, "key-00000001").json()
    other = books(client, UNEXPLAINED, "SL-another", "key-00000001")
    noted = books(client, UNEXPLAINED, line, "key-00000001", note="另一条备注")
    assert [(answer.status_code, answer.json()["conflict"]) for answer in (other, noted)] == [
        (409, "key_used"),
        (409, "key_used"),
    ]
    assert books(client, UNEXPLAINED, line, "key-00000001").json() == booked


def test_the_same_key_for_two_things_is_two_keys(client: ContractClient) -> None:
    line = best_line(client, UNEXPLAINED)
    assert asks(client, UNEXPLAINED, "key-00000001", CLAIM).status_code == 201
    assert books(client, UNEXPLAINED, line, "key-00000001").status_code == 200


def test_one_key_sent_many_times_at_once_opens_one_request(client: ContractClient) -> None:
    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(lambda _: asks(client, UNKNOWN, "key-00000008", CLAIM), range(24)))
    assert sorted(answer.status_code for answer in answers) == [200] * 23 + [201]
    assert len({answer.json()["request_id"] for answer in answers}) == 1


def test_a_refused_request_uses_no_key_up(client: ContractClient) -> None:
    assert asks(client, UNKNOWN, "key-00000001", {"contact_reference": "C-1"}).status_code == 400
    assert asks(client, UNKNOWN, "key-00000001", CLAIM).status_code == 201


def test_two_who_book_the_same_line_at_once_are_told_who_was_first(client: ContractClient) -> None:
    line = best_line(client, UNEXPLAINED)
    with ThreadPoolExecutor(8) as callers:
        answers = list(
            callers.map(lambda n: books(client, UNEXPLAINED, line, f"key-{n:08d}").status_code, range(8))
        )
    assert sorted(answers) == [200] + [409] * 7


@pytest.mark.parametrize("key", [RESIDENT_KEY, STAFF_KEY])
def test_no_answer_holds_a_payers_name_or_last_four(client: ContractClient, key: str) -> None:
    listed = client.admin("GET", "payments").json()["payments"]
    said = ""
    for payment in listed:
        path = {"serial_number": payment["serial_number"]}
        last4 = {"payer_id_last4": payment["payer_id_last4"]}
        said += client.call("getPayment", key=key, path=path).text
        said += client.call("getPayment", key=key, path=path, params=last4).text
        if key == STAFF_KEY:
            said += client.call("matchStatementLines", key=key, path=path).text
    said += search(client, limit=200).__repr__() if key == STAFF_KEY else events(client).__repr__()
    assert not [payment["payer_name"] for payment in listed if payment["payer_name"] in said]
    assert not [one for one in listed if f'"{one["payer_id_last4"]}"' in said]


@pytest.mark.parametrize("wrong", ["0000", "9999", "018x"])
def test_wrong_last_four_and_none_are_answered_alike(client: ContractClient, wrong: str) -> None:
    path = {"serial_number": WAITING}
    without = client.call("getPayment", path=path)
    mistaken = client.call("getPayment", path=path, params={"payer_id_last4": wrong})
    assert mistaken.content == without.content
    assert sorted(mistaken.headers) == sorted(without.headers)


def test_an_unknown_number_is_answered_alike_whatever_last_four_come_with_it(client: ContractClient) -> None:
    path = {"serial_number": UNKNOWN}
    answers = [
        client.call("getPayment", path=path, params={"payer_id_last4": last4} if last4 else {})
        for last4 in (None, "1234", "0000")
    ]
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1


@pytest.mark.parametrize("limit", [1, 3, 7, 40, 200])
def test_pages_of_any_size_hold_the_same_payments_in_the_same_order(
    client: ContractClient, limit: int
) -> None:
    for sought in ({}, {"state": "unreconciled"}, {"q": "王小明"}):
        whole = search(client, limit=200, **sought)["payments"]
        page = search(client, limit=limit, **sought)
        walked = list(page["payments"])
        while page["next_cursor"]:
            page = search(client, limit=limit, cursor=page["next_cursor"], **sought)
            assert page["payments"], "a cursor that leads nowhere"
            walked += page["payments"]
        assert walked == whole


def test_a_page_goes_on_where_it_was_though_payments_change_meanwhile(client: ContractClient) -> None:
    before = [payment["serial_number"] for payment in search(client, limit=200)["payments"]]
    page = search(client, limit=10)
    walked = [payment["serial_number"] for payment in page["payments"]]
    while page["next_cursor"]:
        force(client, walked[0], state="under_review", reason="unknown")
        page = search(client, limit=10, cursor=page["next_cursor"])
        walked += [payment["serial_number"] for payment in page["payments"]]
    assert walked == before


def test_events_are_the_same_by_one_or_all_at_once(client: ContractClient) -> None:
    start = events(client)["cursor"]
    client.admin("POST", "clock", json={"advance_seconds": 3 * 86400})
    whole = events(client, after=start, limit=500)
    assert len(whole["events"]) > 10
    cursor, walked = start, []
    while page := events(client, after=cursor, limit=1)["events"]:
        cursor = page[0]["cursor"]
        walked += page
    assert walked == whole["events"]
    assert cursor == whole["cursor"]
    times = [event["at"] for event in walked]
    assert times == sorted(times)


def test_every_event_says_how_the_payment_then_stood(client: ContractClient) -> None:
    start = events(client)["cursor"]
    client.admin("POST", "clock", json={"advance_seconds": 7 * 86400})
    last = {event["serial_number"]: event for event in events(client, after=start, limit=500)["events"]}
    for serial, event in last.items():
        payment = client.call("getPayment", path={"serial_number": serial}).json()
        assert (payment["state"], payment["reason"]) == (event["state"], event["reason"])


def test_a_cursor_can_be_used_again(client: ContractClient) -> None:
    start = events(client)["cursor"]
    force(client, WAITING, state="reconciled")
    assert events(client, after=start) == events(client, after=start)


def test_waiting_for_nothing_ends_with_the_wait_and_the_same_cursor(client: ContractClient) -> None:
    start = events(client)["cursor"]
    # The client's own patience is 40 s: an answer that is held for longer than `wait` fails there.
    assert events(client, after=start, wait=1) == {"events": [], "cursor": start}


def test_all_who_wait_hear_of_the_same_event(client: ContractClient) -> None:
    start = events(client)["cursor"]
    heard: list[dict[str, Any]] = []
    waiters = [
        threading.Thread(target=lambda: heard.append(events(client, after=start, wait=30))) for _ in range(5)
    ]
    for waiter in waiters:
        waiter.start()
    force(client, WAITING, state="reconciled")
    for waiter in waiters:
        waiter.join(timeout=20)
    assert len(heard) == 5
    assert {page["events"][0]["serial_number"] for page in heard} == {WAITING}


def test_somebody_who_waits_keeps_nobody_else_waiting(client: ContractClient) -> None:
    start = events(client)["cursor"]
    waiter = threading.Thread(target=events, args=(client,), kwargs={"after": start, "wait": 30})
    waiter.start()
    assert client.call("getPayment", path={"serial_number": WAITING}).status_code == 200
    force(client, WAITING, state="reconciled")
    waiter.join(timeout=20)
    assert not waiter.is_alive()


def test_a_request_moves_on_by_itself_and_ends_with_an_outcome(client: ContractClient) -> None:
    request = asks(client, AMOUNT, "key-00000001", CLAIM).json()
    path = {"request_id": request["request_id"]}
    seen = [request["status"]]
    for _ in range(8):
        client.admin("POST", "clock", json={"advance_seconds": 86400})
        answer = client.call("getReconciliationRequest", path=path).json()
        seen += [answer["status"]] if answer["status"] != seen[-1] else []
    assert seen == ["received", "investigating", "resolved"]
    assert answer["outcome"] and answer["expected_by"] is None


@pytest.mark.parametrize("wait", ["0", "30"])
def test_a_closed_house_keeps_nobody_on_the_line(client: ContractClient, wait: str) -> None:
    client.admin("POST", "faults", json={"maintenance": {"duration_seconds": 600}})
    closed = client.call("listEvents", params={"wait": wait})
    assert (closed.status_code, closed.json()["code"]) == (503, "maintenance")
    assert 0 < int(closed.headers["Retry-After"]) <= 600


def test_a_limited_write_has_done_nothing(client: ContractClient) -> None:
    client.admin("POST", "faults", json={"rate_limit_retry_after": 3, "next_requests": 1})
    limited = asks(client, UNKNOWN, "key-00000001", CLAIM)
    assert (limited.status_code, limited.json()["code"]) == (429, "rate_limited")
    assert asks(client, UNKNOWN, "key-00000001", CLAIM).status_code == 201
