"""A bureau's own system from outside: files, pages, reports, requests, restarts."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bot.sandbox.__main__ import main
from tests.integration.sandbox.serving import AT_THE_DESK, KEYS, RESIDENT, STAFF, send, serving
from tests.unit.sandbox.office import MONDAY, notice, order, word
from tests.unit.sandbox.papers import notices_file, own_line, records_file, wechat_file

BILL = wechat_file(own_line(1), own_line(2, amount=2500), own_line(3))
NOTICES = notices_file(notice(1), notice(2))
RECORDS = records_file((order(2, 2), word(2, amount=2500)))
DAY = MONDAY.date().isoformat()
CLAIM = {"contact_reference": "C-1", "claimed": {}}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/books.db"


@pytest.fixture
def system(url: str) -> Iterator[httpx.Client]:
    with serving(url) as client:
        yield client


def brought(system: httpx.Client) -> None:
    for content in (NOTICES, RECORDS, BILL):
        assert send(system, content).status_code == 201


def test_an_upload_answers_what_became_of_it(system: httpx.Client) -> None:
    assert send(system, NOTICES, "notices.csv").json()["content"] == "notices"
    send(system, RECORDS)
    first = send(system, BILL, "账单.csv", operator="王敏")
    assert first.status_code == 201
    said = first.json()
    assert (said["rows"], said["new"], said["matched"], said["again"]) == (3, 3, 1, False)
    assert (said["name"], said["came_by"], said["day"]) == ("账单.csv", "王敏", DAY)
    assert {one["name"]: one["fen"] for one in said["classes"]} == {
        "平账": 2000,
        "长款": 500,
        "待核": 2000,
        "单边账": 2000,
    }
    again = send(system, BILL)
    assert (again.status_code, again.json()["again"]) == (200, True)


def test_a_refused_upload_names_its_line_and_changes_nothing(system: httpx.Client) -> None:
    answer = send(system, BILL.replace(b"`SUCCESS", b"`WHAT", 1))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].startswith("第 2 行:交易状态“WHAT”不认识 / line 2:")
    came = system.get("/sandbox/bills", headers=STAFF).json()
    assert [one["status"] for one in came["files"]] == ["refused"]
    assert system.get("/v1/payments", headers=STAFF).json()["payments"] == []


@pytest.mark.parametrize(
    ("headers", "status"), [({}, 401), (RESIDENT, 403), ({"Authorization": "Bearer wrong"}, 401)]
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/sandbox/bills"),
        ("POST", "/sandbox/bills"),
        ("GET", f"/sandbox/reports/{DAY}.csv"),
        ("POST", "/sandbox/requests/RR1"),
        ("GET", "/bills"),
        ("POST", "/bills"),
        ("GET", f"/reports/{DAY}"),
        ("GET", "/requests"),
        ("POST", "/requests/RR1"),
    ],
)
def test_everything_of_the_staff_needs_their_key(
    system: httpx.Client, headers: dict[str, str], status: int, method: str, path: str
) -> None:
    assert system.request(method, path, headers=headers).status_code == status


@pytest.mark.parametrize("path", ["/sandbox/clock", "/sandbox/faults", "/sandbox/reset", "/sandbox/payments"])
def test_nobody_moves_the_clock_or_injects_faults(system: httpx.Client, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert system.request(method, path, headers=STAFF).status_code == 404


def test_a_file_over_the_limit_is_refused_before_it_is_read(url: str) -> None:
    with serving(url, most_upload=1000) as system:
        assert send(system, b"x" * 200_000).status_code == 413
        assert send(system, b"x" * 2000).status_code == 413


def test_a_form_without_a_file_is_refused(system: httpx.Client) -> None:
    assert system.post("/sandbox/bills", data={"a": "b"}, headers=STAFF).status_code == 415
    wrong = system.post("/sandbox/bills", files={"other": b"x"}, headers=STAFF)
    assert wrong.status_code == 400


def test_the_pages_work_in_both_languages(system: httpx.Client) -> None:
    brought(system)
    page = system.post("/bills", files={"file": ("坏.csv", b"nonsense")}, auth=AT_THE_DESK)
    assert page.status_code == 422 and "没有导入" in page.text and "认不出是哪种账单" in page.text
    english = system.get("/bills", params={"lang": "en"}, auth=AT_THE_DESK)
    assert "What came" in english.text and 'lang="en"' in english.text
    assert "script" not in english.text and "http" not in english.text.replace("http-equiv", "")
    for path in (f"/reports/{DAY}", "/requests", "/bills"):
        assert system.get(path, auth=AT_THE_DESK).status_code == 200
    report = system.get(f"/reports/{DAY}", params={"lang": "zh"}, auth=AT_THE_DESK).text
    assert "每一分钱都在且只在一类里" in report and "长款" in report


def test_another_site_cannot_upload_in_somebodys_name(system: httpx.Client) -> None:
    answer = system.post(
        "/bills",
        files={"file": ("bill.csv", BILL)},
        auth=AT_THE_DESK,
        headers={"Origin": "https://elsewhere.example"},
    )
    assert answer.status_code == 403
    assert system.get("/sandbox/bills", headers=STAFF).json()["total"] == 0


def test_a_report_is_the_same_by_http_and_by_command(system: httpx.Client, url: str, tmp_path: Path) -> None:
    brought(system)
    answer = system.get(f"/sandbox/reports/{DAY}.csv", headers=STAFF)
    assert answer.headers["content-disposition"] == f'attachment; filename="reconciliation-{DAY}.csv"'
    assert main(["report", "--database", url, "--day", DAY, "--to", str(tmp_path / "day.csv")]) == 0
    by_http, by_command = (rows(content) for content in (answer.content, (tmp_path / "day.csv").read_bytes()))
    assert by_http[1:] == by_command[1:]  # the first says when it was made
    assert [row["金额（元）"] for row in by_http if row["部分"] == "账单合计"] == ["65.00"]
    assert system.get("/sandbox/reports/2026-02-30.csv", headers=STAFF).status_code == 400


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_a_request_is_answered_by_a_person_and_read_by_the_resident(system: httpx.Client) -> None:
    brought(system)
    asked = system.post(
        "/v1/payments/HZ000002/reconciliation-requests",
        json=CLAIM,
        headers={**RESIDENT, "Idempotency-Key": "key-00000001"},
    ).json()
    one = f"/sandbox/requests/{asked['request_id']}"
    assert system.post(one, json={"action": "take_up"}, headers=STAFF).json()["status"] == "investigating"
    assert system.get("/v1/payments/HZ000002", headers=RESIDENT).json()["state"] == "under_review"
    assert system.post(one, json={"action": "reject"}, headers=STAFF).status_code == 400
    done = system.post(one, json={"action": "reject", "outcome": "请到窗口办理"}, headers=STAFF)
    assert done.status_code == 200
    assert system.post(one, json={"action": "take_up"}, headers=STAFF).status_code == 409
    read = system.get(f"/v1/reconciliation-requests/{asked['request_id']}", headers=RESIDENT).json()
    assert (read["status"], read["outcome"]) == ("rejected", "请到窗口办理")


def test_everything_is_there_after_a_restart(url: str) -> None:
    headers = {**RESIDENT, "Idempotency-Key": "key-00000001"}
    ask = "/v1/payments/HZ000002/reconciliation-requests"
    with serving(url) as system:
        brought(system)
        asked = system.post(ask, json=CLAIM, headers=headers)
        lines = system.get("/v1/payments/HZ000002/statement-lines", headers=STAFF).json()["candidates"]
        booked = system.post(
            "/v1/payments/HZ000002/reconcile",
            json={"statement_line_id": lines[0]["statement_line_id"], "operator": "王敏", "note": ""},
            headers={**STAFF, "Idempotency-Key": "key-00000002"},
        )
        assert booked.json()["state"] == "reconciled"
        before = system.get("/v1/payments", headers=STAFF).json()
        events = system.get("/v1/events", headers=RESIDENT).json()
    with serving(url) as system:
        assert system.get("/v1/payments", headers=STAFF).json() == before
        assert system.get("/v1/events", headers=RESIDENT).json() == events
        again = system.post(ask, json=CLAIM, headers=headers)
        assert (asked.status_code, again.status_code) == (201, 200)
        assert again.json()["request_id"] == asked.json()["request_id"]
        assert send(system, BILL).json()["again"]


def test_files_in_the_folder_are_taken_in(url: str, tmp_path: Path) -> None:
    bills = tmp_path / "bills"
    with serving(url, bills) as system:
        for name, content in (("a.csv", BILL), ("n.csv", NOTICES), ("bad.csv", b"nonsense")):
            (bills / name).write_bytes(content)
        deadline = time.monotonic() + 60
        while any(path.is_file() for path in bills.iterdir()):
            assert time.monotonic() < deadline, "the folder was not gone through"
            time.sleep(0.1)
        came = system.get("/sandbox/bills", headers=STAFF).json()["files"]
    assert {one["name"]: one["status"] for one in came} == {
        "a.csv": "accepted",
        "n.csv": "accepted",
        "bad.csv": "refused",
    }
    assert sorted(path.name for path in (bills / "done").iterdir()) == ["a.csv", "n.csv"]
    assert sorted(path.name for path in (bills / "refused").iterdir()) == ["bad.csv", "bad.csv.txt"]


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "BOOKS_RESIDENT_KEY must be set"),
        ({"BOOKS_RESIDENT_KEY": KEYS.resident, "BOOKS_STAFF_KEY": "short"}, "BOOKS_STAFF_KEY must be set"),
        ({"BOOKS_RESIDENT_KEY": KEYS.resident, "BOOKS_STAFF_KEY": KEYS.resident}, "must be different"),
    ],
)
def test_it_does_not_start_without_keys_of_its_own(
    url: str,
    environment: dict[str, str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("BOOKS_RESIDENT_KEY", "BOOKS_STAFF_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(["serve", "--database", url]) == 2
    assert words in capsys.readouterr().err
