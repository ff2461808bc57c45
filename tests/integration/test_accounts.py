"""The accounts' page over a real database: who may, what it does, and what it never does."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import AsyncIterator

import pytest
import pytest_asyncio

from bot.console.model import Account, Role
from bot.console.staff import Staff
from bot.errors import InvalidInput
from tests.doubles.agent_browser import PASSWORD, Agent, audited, new_agent
from tests.doubles.web_house import WebHouse, open_web_house

HERE = "/console/accounts"
ONE_TIME = re.compile(r'<output class="password" translate="no">([a-z0-9-]{19})</output>')


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    house = await open_web_house(tmp_path)
    yield house
    await house.aclose()


@pytest_asyncio.fixture
async def admin(house: WebHouse) -> AsyncIterator[Agent]:
    admin = await new_agent(house, "zhouli", "周丽", Role.ADMIN)
    yield admin
    await admin.web.aclose()


async def account(house: WebHouse, name: str) -> Account:
    async with house.work() as work:
        found = await work.agents.by_name(name)
    assert found is not None
    return found


async def act(admin: Agent, name: str, action: str, **fields: str) -> str:
    """Sends one of an account's forms, and follows where it leads."""
    page = f"{HERE}/{name}"
    answer = await admin.post(page, f"{page}/{action}", **fields)
    return (await admin.get(answer.headers["location"])).text if answer.status_code == 303 else answer.text


async def test_a_new_account_has_a_one_time_password_that_is_shown_once(
    house: WebHouse, admin: Agent
) -> None:
    made = await admin.post(HERE, HERE, name="LiQiang", display_name="李强", role="supervisor")
    [password] = ONE_TIME.findall(made.text)
    assert made.headers["cache-control"] == "no-store"
    assert not ONE_TIME.findall((await admin.get(f"{HERE}/liqiang")).text)
    new = Agent(house)
    await new.log_in("liqiang", password)
    assert (await new.get("/console")).headers["location"] == "/console/password"
    assert (await account(house, "liqiang")).role is Role.SUPERVISOR
    assert ("zhouli", "account_added", "liqiang") in await audited(house)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "李强", "display_name": "李强", "role": "agent"}, "登录名只能用"),
        ({"name": "resident", "display_name": "李强", "role": "agent"}, "登录名只能用"),
        ({"name": "liqiang", "display_name": "", "role": "agent"}, "显示名需为"),
        ({"name": "liqiang", "display_name": "李强", "role": "god"}, "请选择角色"),
        ({"name": "zhouli", "display_name": "李强", "role": "agent"}, "这个登录名已被使用"),
    ],
)
async def test_what_is_wrong_with_a_new_account_is_said_and_the_form_kept(
    admin: Agent, fields: dict[str, str], words: str
) -> None:
    answer = await admin.post(HERE, HERE, **fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{fields["name"]}"' in answer.text


async def test_a_role_counts_from_the_next_request_on(house: WebHouse, admin: Agent) -> None:
    agent = await new_agent(house)
    assert (await agent.get(HERE)).status_code == 403
    assert "已保存" in await act(admin, "wangmin", "change", display_name="王敏敏", role="admin")
    assert (await agent.get(HERE)).status_code == 200
    changed = await account(house, "wangmin")
    assert (changed.display_name, changed.role) == ("王敏敏", Role.ADMIN)
    assert {("zhouli", "account_renamed", "wangmin"), ("zhouli", "role_admin", "wangmin")} <= set(
        await audited(house)
    )


async def test_a_reset_ends_sessions_and_gives_another_password(house: WebHouse, admin: Agent) -> None:
    agent = await new_agent(house)
    [password] = ONE_TIME.findall(await act(admin, "wangmin", "reset"))
    assert (await agent.get("/console")).status_code == 303
    assert (await Agent(house).log_in("wangmin", PASSWORD)).status_code == 401
    assert (await Agent(house).log_in("wangmin", password)).status_code == 303


async def test_ended_sessions_leave_the_password(house: WebHouse, admin: Agent) -> None:
    agent = await new_agent(house)
    assert "已退出所有登录" in await act(admin, "wangmin", "end_sessions")
    assert (await agent.get("/console")).status_code == 303
    assert (await agent.log_in("wangmin")).status_code == 303


async def test_a_disabled_account_is_out_at_once_and_its_tickets_wait_for_others(
    house: WebHouse, admin: Agent
) -> None:
    agent = await new_agent(house)
    mine, others = await house.open_ticket("a"), await house.open_ticket("b")
    async with house.work() as work:
        await house.casework.claim(work, mine.number, "wangmin")
        await house.casework.claim(work, others.number, "zhouli")
        await work.commit()
    assert "名下 1 张" in (await admin.get(f"{HERE}/wangmin")).text
    assert "1 张工单已放回" in await act(admin, "wangmin", "disable")
    assert (await agent.get("/console")).status_code == 303
    refused = await Agent(house).log_in("wangmin")
    assert (refused.status_code, "这个账号已停用" in refused.text) == (401, True)
    assert "登录名或密码不正确" in (await Agent(house).log_in("wangmin", "wrong")).text
    owners = [(await house.ticket(ticket.number)).assignee for ticket in (mine, others)]
    assert owners == [None, "zhouli"]
    assert "重新启用" in await act(admin, "wangmin", "enable")
    assert (await agent.log_in("wangmin")).status_code == 303


@pytest.mark.parametrize(
    ("action", "fields"),
    [("disable", {}), ("reset", {}), ("change", {"display_name": "周丽", "role": "agent"})],
)
async def test_nobody_takes_their_own_account_away(
    house: WebHouse, admin: Agent, action: str, fields: dict[str, str]
) -> None:
    hidden = await admin.hidden(f"{HERE}/zhouli", "end_sessions")
    answer = await admin.web.post(f"{HERE}/zhouli/{action}", data={**hidden, **fields})
    assert answer.status_code == 422
    assert "请由另一位管理员操作" in answer.text
    assert (await account(house, "zhouli")).role is Role.ADMIN
    assert (await admin.get(HERE)).status_code == 200


async def test_of_two_admins_who_disable_each_other_at_once_one_stays(house: WebHouse, admin: Agent) -> None:
    await new_agent(house, "wangmin", "王敏", Role.ADMIN)
    one, other = await account(house, "zhouli"), await account(house, "wangmin")
    staff = Staff(house.work, house.clock, house.casework)
    results = await asyncio.gather(
        staff.disable("wangmin", one), staff.disable("zhouli", other), return_exceptions=True
    )
    assert [error.code for error in results if isinstance(error, InvalidInput)] == ["last_admin"]
    async with house.work() as work:
        assert len([one for one in await work.agents.all() if one.disabled_at is None]) == 1


async def test_an_account_that_is_not_there_is_not_found(admin: Agent) -> None:
    assert (await admin.get(f"{HERE}/nobody")).status_code == 404
    hidden = await admin.hidden(HERE, HERE)
    for action in ("disable", "reset", "change", "enable", "end_sessions"):
        fields = {**hidden, "display_name": "x", "role": "agent"}
        assert (await admin.web.post(f"{HERE}/nobody/{action}", data=fields)).status_code == 404
    assert (await admin.web.post(f"{HERE}/zhouli/explode", data=hidden)).status_code == 404


async def test_the_list_says_where_each_account_stands(house: WebHouse, admin: Agent) -> None:
    await new_agent(house)
    async with house.work() as work:
        await house.accounts.add(work, "liqiang", "李强", Role.AGENT)
        await work.commit()
    for _ in range(5):
        await Agent(house).log_in("wangmin", "wrong")
    text = (await admin.get(HERE)).text
    for words in ("在用", "待首次登录", "暂时锁定", "（我）", "11-23 10:00"):
        assert words in text
    english = (await admin.get(f"{HERE}?lang=en")).text
    assert "Before first login" in english
