"""Every address of the console asks for the permission that it needs; none is forgotten here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import AsyncIterator, Iterator

import httpx
import pytest
import pytest_asyncio
from starlette.routing import Route

from bot.console.model import PERMISSIONS, Permission, Role
from bot.errors import NotFound
from tests.doubles.agent_browser import Agent, new_agent
from tests.doubles.web_house import WebHouse, open_web_house

BEFORE_LOGIN = {"GET /login", "POST /login", "GET /setup/{token}", "POST /setup/{token}"}
NEEDS = {
    Permission.SERVE: {
        "GET ",
        "GET /",
        "GET /rows",
        "GET /unread",
        "POST /bulk",
        "GET /password",
        "POST /password",
        "POST /logout",
        "GET /payments",
        "POST /payments",
        "GET /payments/{serial}",
        "POST /payments/{serial}/identity",
        "GET /reconciliations",
        "GET /reconciliations/waiting",
        "GET /reconciliations/{reference}",
        "GET /reconciliations/{reference}/state",
        "POST /reconciliations/{reference}/{action}",
        "GET /tickets/{number}",
        "GET /tickets/{number}/live",
        "GET /tickets/{number}/events",
        "GET /tickets/{number}/answers",
        "GET /tickets/{number}/payment",
        "GET /tickets/{number}/attachments/{id:int}",
        "GET /tickets/{number}/sent/{sha256}",
        "POST /tickets/{number}/typing",
        "POST /tickets/{number}/reveal",
        "POST /tickets/{number}/{action}",
        "GET /tickets/{number}/reconciliation",
        "POST /tickets/{number}/reconciliation",
        "GET /tickets/{number}/reconciliation/{serial}",
        "POST /tickets/{number}/reconciliation/{serial}",
        "POST /tickets/{number}/reconciliation/{serial}/identity",
        "POST /tickets/{number}/reconciliation/{serial}/confirm",
        "POST /tickets/{number}/reconciliation/{serial}/propose",
        "GET /answers",
        "GET /deliveries",
    },
    Permission.OVERSEE: {
        "GET /answers/new",
        "POST /answers/new",
        "GET /answers/{id:int}",
        "POST /answers/{id:int}",
        "POST /answers/{id:int}/remove",
        "POST /deliveries/{id:int}/send_again",
        "POST /deliveries/contacts/{id:int}/send_again",
        "GET /bills",
        "POST /bills",
        "GET /dashboard",
        "GET /dashboard/{table}.csv",
        "GET /alerts",
        "GET /alerts/rows",
        "GET /alerts/unseen",
        "POST /alerts/seen",
        "POST /alerts/{id:int}/seen",
    },
    Permission.AUDIT: {"GET /audit", "GET /audit.csv"},
    Permission.ADMINISTER: {
        "GET /tokens",
        "POST /tokens",
        "POST /tokens/{name}/revoke",
        "GET /webhooks",
        "GET /webhooks/new",
        "POST /webhooks/new",
        "GET /webhooks/{id:int}",
        "POST /webhooks/{id:int}/{action}",
        "POST /webhooks/{id:int}/deliveries/{delivery:int}",
        "GET /accounts",
        "POST /accounts",
        "GET /accounts/{name}",
        "POST /accounts/{name}/{action}",
    },
}
FILLED = {
    "number": "GD209901010001",
    "serial": "4" * 28,
    "reference": "SD209901010001",
    "action": "nothing",
    "id:int": "999",
    "delivery:int": "999",
    "name": "nobody",
    "sha256": "0" * 64,
    "table": "summary",
}
REFUSED = "您的角色不能使用这项功能"


class NoPayments:
    """A reconciliation system that knows no payment."""

    async def details_of(self, *_: str) -> None:
        raise NotFound("payment")


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    house = await open_web_house(tmp_path, payments=NoPayments())
    yield house
    await house.aclose()


def addresses(house: WebHouse) -> Iterator[str]:
    """Each method and path under /console that answers, as routed."""
    for route in house.app.routes:
        if isinstance(route, Route) and route.path.startswith("/console"):
            for method in sorted(route.methods or set()):
                if method != "HEAD":
                    yield f"{method} {route.path[len('/console') :]}"


async def ask(agent: Agent, address: str, csrf: str = "", **more: str) -> httpx.Response:
    method, path = address.split(" ")
    path = re.sub(r"\{([\w:]+)\}", lambda part: {**FILLED, **more}[part[1]], path)
    form = {"csrf": csrf} if method == "POST" else None
    return await agent.web.request(method, f"/console{path}", data=form)


async def csrf_of(agent: Agent) -> str:
    return (await agent.hidden("/console/password"))["csrf"]


async def refused(agent: Agent, wanted: list[str]) -> set[str]:
    """Which of the addresses say that the role has not the right."""
    csrf, found = await csrf_of(agent), set()
    for address in sorted(wanted, key=lambda one: one == "POST /logout"):  # what ends the session comes last
        answer = await ask(agent, address, csrf)
        assert answer.status_code != 500, address
        if answer.status_code == 403:
            assert REFUSED in answer.text, address
            found.add(address)
    return found


async def test_every_address_has_a_permission_here(house: WebHouse) -> None:
    listed = BEFORE_LOGIN.union(*NEEDS.values())
    assert set(addresses(house)) == listed


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_is_refused_what_it_may_not_do_and_nothing_else(house: WebHouse, role: Role) -> None:
    agent = await new_agent(house, role=role)
    wanted = [address for address in addresses(house) if address not in BEFORE_LOGIN]
    kept_out = set().union(*(NEEDS[needs] for needs in Permission if needs not in PERMISSIONS[role]))
    assert await refused(agent, wanted) == kept_out
    await agent.web.aclose()


@pytest.mark.parametrize(("action", "status"), [("approve", 403), ("reject", 403), ("withdraw", 404)])
async def test_a_second_look_is_a_supervisors(house: WebHouse, action: str, status: int) -> None:
    agent = await new_agent(house)
    answer = await ask(
        agent, "POST /reconciliations/{reference}/{action}", await csrf_of(agent), action=action
    )
    assert answer.status_code == status
    await agent.web.aclose()


async def test_strangers_get_nowhere(house: WebHouse) -> None:
    stranger = Agent(house)
    for address in set(addresses(house)) - BEFORE_LOGIN:
        answer = await ask(stranger, address)
        assert answer.status_code == 303, address
        assert answer.headers["location"].startswith("/console/login"), address
    await stranger.web.aclose()


async def test_no_form_is_taken_without_its_token(house: WebHouse) -> None:
    admin = await new_agent(house, role=Role.ADMIN)
    for address in set(addresses(house)) - BEFORE_LOGIN:
        if address.startswith("POST"):
            answer = await ask(admin, address, "made up")
            assert (answer.status_code, "页面已过期" in answer.text) == (403, True), address
    await admin.web.aclose()
