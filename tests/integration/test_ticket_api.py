"""The tickets API: tokens, pages of tickets, work on them, every answer as its document says."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, AsyncIterator

import httpx
import jsonschema
import pytest
import pytest_asyncio
import yaml

from bot.channels.health import OPENAPI
from bot.console.model import Role
from bot.errors import InvalidInput
from bot.messages import Author, Reply
from bot.ticket_api.model import Scope
from bot.ticket_api.tokens import TokensService
from tests.doubles.agent_browser import Agent, audited, new_agent
from tests.doubles.web_house import WebHouse, open_web_house

DOCUMENT = yaml.safe_load(OPENAPI.read_text(encoding="utf-8"))


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    house = await open_web_house(tmp_path)
    agent = await new_agent(house)
    await agent.web.aclose()
    yield house
    await house.aclose()


async def caller(
    house: WebHouse, *scopes: Scope, name: str = "zammad", days: int | None = None
) -> httpx.AsyncClient:
    """Another system with a token of its own."""
    async with house.work() as work:
        token = await TokensService(house.clock).make(work, "zammad", scopes or Scope, "admin", days)
        await work.commit()
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=house.app),
        base_url="http://desk.example/api/v1",
        headers={"Authorization": f"Bearer {token}"},
    )


@pytest_asyncio.fixture
async def api(house: WebHouse) -> AsyncIterator[httpx.AsyncClient]:
    async with await caller(house) as api:
        yield api


def documented(answer: httpx.Response, path: str, method: str = "get") -> Any:
    """The answer's body, which is what the document says of this operation."""
    operation = DOCUMENT["paths"][f"/api/v1{path}"][method]
    promised = operation["responses"].get(str(answer.status_code)) or operation["responses"]["default"]
    promised = _resolved(promised)
    kind = answer.headers["content-type"].split(";")[0]
    schema = promised["content"][kind]["schema"]
    jsonschema.Draft4Validator(_plain({**DOCUMENT, **schema})).validate(answer.json())
    return answer.json()


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    found: Any = DOCUMENT
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return dict(found)


def _plain(part: Any) -> Any:
    """OpenAPI's `nullable` in JSON Schema's words."""
    if isinstance(part, list):
        return [_plain(one) for one in part]
    if not isinstance(part, dict):
        return part
    plain = {name: _plain(value) for name, value in part.items()}
    if plain.pop("nullable", False) is True and isinstance(plain.get("type"), str):
        plain["type"] = [plain["type"], "null"]
    return plain


@pytest.mark.parametrize("header", [None, "Bearer ", "Bearer hdt_wrong", "Basic hdt_x", "Bearer wrong"])
async def test_without_a_token_nothing_is_told(house: WebHouse, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    transport = httpx.ASGITransport(app=house.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.example") as web:
        answer = await web.get("/api/v1/tickets", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


async def test_a_token_allows_its_scopes_until_it_ends(house: WebHouse) -> None:
    ticket = await house.open_ticket()
    async with await caller(house, Scope.READ, days=2) as reader:
        path = f"/tickets/{ticket.number}"
        assert (await reader.get(path)).status_code == 200
        assert (await reader.get(f"{path}/transcript")).status_code == 403
        assert (await reader.post(f"{path}/reopen", json={})).status_code == 403
        house.clock.move(timedelta(days=2))
        assert (await reader.get(path)).status_code == 401


async def test_a_revoked_token_is_refused_at_once(house: WebHouse, api: httpx.AsyncClient) -> None:
    assert (await api.get("/tickets")).status_code == 200
    async with house.work() as work:
        await TokensService(house.clock).revoke(work, "zammad", "admin")
        await work.commit()
    assert (await api.get("/tickets")).status_code == 401


async def test_the_token_itself_is_not_stored(house: WebHouse, api: httpx.AsyncClient) -> None:
    token = api.headers["authorization"].removeprefix("Bearer ")
    async with house.work() as work:
        assert token not in str(await work.api_tokens.all())
        with pytest.raises(InvalidInput):
            await TokensService(house.clock).make(work, "zammad", [Scope.READ], "admin")


async def test_tickets_are_followed_page_by_page(house: WebHouse, api: httpx.AsyncClient) -> None:
    numbers = []
    for place in range(5):
        numbers.append((await house.open_ticket(f"r{place}")).number)
        house.clock.move(timedelta(seconds=place % 2))  # some share a moment
    seen, cursor = [], None
    while True:
        answer = await api.get("/tickets", params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        page = documented(answer, "/tickets")
        seen += [ticket["number"] for ticket in page["tickets"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(numbers)
    assert len(seen) == 5


async def test_tickets_are_filtered(house: WebHouse, api: httpx.AsyncClient) -> None:
    one = await house.open_ticket("a", serial_number="4200000925202101284997714292")
    house.clock.move(timedelta(minutes=1))
    two = await house.open_ticket("b")
    await api.post(f"/tickets/{two.number}/assign", json={"to": "wangmin"})
    await api.post(f"/tickets/{two.number}/tags", json={"add": ["催办"]})

    async def found(**query: str) -> list[str]:
        answer = documented(await api.get("/tickets", params=query), "/tickets")
        return [ticket["number"] for ticket in answer["tickets"]]

    assert await found(status="new") == [one.number]
    assert await found(status="new,open") == [one.number, two.number]
    assert await found(assignee="wangmin") == [two.number]
    assert await found(tag="催办") == [two.number]
    assert await found(serial_number="4200000925202101284997714292") == [one.number]
    assert await found(updated_since=house.clock.now().isoformat()) == [two.number]


@pytest.mark.parametrize(
    "query",
    ["status=dancing", "limit=0", "limit=101", "limit=x", "cursor=%21", "updated_since=yesterday",
     "updated_since=2026-11-24T10:00:00", "cursor=aGVsbG8="],
)  # fmt: skip
async def test_a_query_that_makes_no_sense_is_refused(api: httpx.AsyncClient, query: str) -> None:
    answer = await api.get(f"/tickets?{query}")
    assert answer.status_code == 400
    documented(answer, "/tickets")


async def test_a_ticket_is_answered_noted_tagged_resolved_and_reopened(
    house: WebHouse, api: httpx.AsyncClient
) -> None:
    ticket = await house.open_ticket()
    path = f"/tickets/{ticket.number}"
    steps: list[tuple[str, dict[str, Any]]] = [
        ("reply", {"text": "您好，正在核实。", "agent": "wangmin"}),
        ("note", {"text": "已转银行"}),
        ("tags", {"add": ["银行", "催办"]}),
        ("tags", {"remove": ["催办"]}),
        ("hand_back", {}),
        ("assign", {"to": None, "note": "下班了"}),
        ("resolve", {"cause": "callback_lost", "note": "已补"}),
        ("reopen", {}),
    ]
    for action, body in steps:
        answer = await api.post(f"{path}/{action}", json=body)
        assert answer.status_code == 200, answer.text
        documented(answer, f"/tickets/{{number}}/{action}", "post")
    whole = documented(await api.get(path), "/tickets/{number}")
    assert (whole["status"], whole["tags"], whole["cause"]) == ("open", ["银行"], None)
    logged = "replied noted tagged tagged untagged handed_back unassigned resolved reopened"
    assert [entry["action"] for entry in whole["log"]][1:] == logged.split()
    said = documented(await api.get(f"{path}/transcript"), "/tickets/{number}/transcript")["lines"]
    assert ("agent", "王敏", "您好，正在核实。") in [(x["author"], x["author_name"], x["text"]) for x in said]
    assert "已转银行" not in json.dumps(said, ensure_ascii=False)
    assert ("api:zammad", "api_resolve", ticket.number) in await audited(house)


@pytest.mark.parametrize(
    ("action", "body", "status", "code"),
    [
        ("reply", {"text": "", "agent": "wangmin"}, 422, "empty_reply"),
        ("reply", {"text": "x", "agent": "nobody"}, 422, "unknown_agent"),
        ("reply", {"text": 1, "agent": "wangmin"}, 400, "invalid_text"),
        ("resolve", {"cause": "boredom"}, 400, "invalid_cause"),
        ("assign", {}, 400, "invalid_to"),
        ("tags", {"add": "x"}, 400, "invalid_add"),
        ("tags", {"add": ["a b"]}, 422, "bad_tag"),
        ("reopen", {"why": "x"}, 400, "unknown_field"),
        ("dance", {}, 404, "not_found"),
        ("reopen", {}, 422, "not_resolved"),
    ],
)
async def test_what_cannot_be_done_is_said_and_changes_nothing(
    house: WebHouse, api: httpx.AsyncClient, action: str, body: dict[str, Any], status: int, code: str
) -> None:
    ticket = await house.open_ticket()
    answer = await api.post(f"/tickets/{ticket.number}/{action}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await house.ticket(ticket.number)).version == ticket.version


async def test_a_key_is_answered_once_and_belongs_to_one_request(
    house: WebHouse, api: httpx.AsyncClient
) -> None:
    ticket = await house.open_ticket()
    path, headers = f"/tickets/{ticket.number}/reply", {"Idempotency-Key": "message-1"}
    body = {"text": "您好", "agent": "wangmin"}
    first = await api.post(path, json=body, headers=headers)
    again = await api.post(path, json=body, headers=headers)
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    said = (await api.get(f"/tickets/{ticket.number}/transcript")).json()["lines"]
    assert [line["text"] for line in said].count("您好") == 1
    other = await api.post(path, json={**body, "text": "别的"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "key_used")


async def test_what_was_answered_is_erased_with_the_resident(house: WebHouse, api: httpx.AsyncClient) -> None:
    ticket = await house.open_ticket(serial_number="4200000925202101284997714292")
    path = f"/tickets/{ticket.number}/note"
    await api.post(path, json={"text": "x"}, headers={"Idempotency-Key": "note-1"})
    async with house.work() as work:
        assert await work.api_tokens.answered(1, "note-1") is not None
        work.personal_data.erase(ticket.conversation_id)
        await work.commit()
        assert await work.api_tokens.answered(1, "note-1") is None


async def test_a_change_on_an_old_reading_is_refused(house: WebHouse, api: httpx.AsyncClient) -> None:
    ticket = await house.open_ticket()
    path = f"/tickets/{ticket.number}"
    etag = (await api.get(path)).headers["etag"]
    assert (
        await api.post(f"{path}/assign", json={"to": "wangmin"}, headers={"If-Match": etag})
    ).status_code == 200
    late = await api.post(f"{path}/resolve", json={"cause": "other"}, headers={"If-Match": etag})
    assert (late.status_code, late.json()["code"]) == (412, "changed")


async def test_a_ticket_that_is_not_there_is_not_found(api: httpx.AsyncClient) -> None:
    for path in ("/tickets/GD000000000000", "/tickets/GD000000000000/transcript"):
        assert (await api.get(path)).status_code == 404


async def test_too_many_calls_are_slowed_down(house: WebHouse, api: httpx.AsyncClient) -> None:
    answers = [await api.get("/tickets", params={"limit": 1}) for _ in range(121)]
    assert {answer.status_code for answer in answers[:120]} == {200}
    assert (answers[120].status_code, answers[120].headers["retry-after"]) == (429, "60")


async def test_a_transcript_has_pages(house: WebHouse, api: httpx.AsyncClient) -> None:
    ticket = await house.open_ticket()
    async with house.work() as work:
        conversation = await work.conversations.get(ticket.conversation_id)
        assert conversation is not None
        for word in "一二三":
            work.lines.add(conversation, Reply(word, author=Author.RESIDENT), house.clock.now())
        await work.commit()
    path = f"/tickets/{ticket.number}/transcript"
    first = (await api.get(path, params={"limit": 2})).json()
    rest = (await api.get(path, params={"after": first["cursor"]})).json()
    assert [line["text"] for line in first["lines"] + rest["lines"]] == ["一", "二", "三"]


async def test_an_admin_makes_and_revokes_tokens_in_the_console(house: WebHouse) -> None:
    admin = await new_agent(house, "zhangjie", "张杰", Role.ADMIN)
    assert "还没有令牌" in (await admin.get("/console/tokens")).text
    made = await admin.post("/console/tokens", "/console/tokens", name="Zammad", scope_read="on", days="30")
    token = made.text.split('id="token" readonly value="')[1].split('"')[0]
    assert token.startswith("hdt_")
    assert token not in (await admin.get("/console/tokens")).text
    transport = httpx.ASGITransport(app=house.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.example") as web:
        headers = {"Authorization": f"Bearer {token}"}
        assert (await web.get("/api/v1/tickets", headers=headers)).status_code == 200
        await admin.post("/console/tokens", "/console/tokens/zammad/revoke")
        assert (await web.get("/api/v1/tickets", headers=headers)).status_code == 401
    assert "已吊销" in (await admin.get("/console/tokens")).text
    await admin.web.aclose()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "x", "scope_read": "on"}, "名称只能用"),
        ({"name": "good"}, "请至少选一项权限"),
        ({"name": "good", "scope_read": "on", "days": "soon"}, "有效天数请填"),
    ],
)
async def test_what_is_wrong_with_a_new_token_is_said(
    house: WebHouse, fields: dict[str, str], said: str
) -> None:
    admin: Agent = await new_agent(house, "zhangjie", "张杰", Role.ADMIN)
    answer = await admin.post("/console/tokens", "/console/tokens", **fields)
    assert (answer.status_code, said in answer.text) == (422, True)
    await admin.web.aclose()
