"""The page that tells a newcomer what to type."""

from __future__ import annotations

import re

from starlette.testclient import TestClient


def test_the_page_lists_every_payment_with_its_numbers_and_last_four(client: TestClient) -> None:
    html = client.get("/").text
    for payment in client.get("/sandbox/payments").json()["payments"]:
        notice = payment["details"]["notice_number"]
        for number in (payment["serial_number"], notice, payment["payer_id_last4"]):
            assert f'data-copy="{number}"' in html
        assert payment["shows"]["zh"] in html


def test_the_page_shows_the_clock_and_the_faults_in_force(client: TestClient) -> None:
    assert "2026-11-24 08:00:00" in client.get("/").text
    client.post("/sandbox/clock", json={"advance_seconds": 3600})
    client.post("/sandbox/faults", json={"rate_limit_retry_after": 30})
    html = client.get("/").text
    assert "2026-11-24 09:00:00" in html and "rate_limit_retry_after=30" in html


def test_the_page_escapes_what_callers_sent(client: TestClient) -> None:
    client.post(
        "/v1/payments/UNKNOWN-1/reconciliation-requests",
        headers={"Idempotency-Key": "key-00000001"},
        json={"contact_reference": "<script>alert(1)</script>", "claimed": {}},
    )
    html = client.get("/").text
    assert "<script>alert" not in html and "&lt;script&gt;alert" in html


def test_the_page_loads_nothing_from_elsewhere(client: TestClient) -> None:
    answer = client.get("/")
    assert not re.search(r"(?:src|href)=|https?://|@import", answer.text)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
