"""Bills handed on from the console to a bureau that takes them; said plainly where it takes none."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette

from bot.payments.client import ClientConfig, ReconciliationClient
from bot.sandbox.keys import STAFF_KEY
from tests.doubles.agent_browser import audited
from tests.integration.reconciliation.visitor import Bureau, Visitor, words_of
from tests.unit.sandbox.office import notice
from tests.unit.sandbox.papers import notices_file, own_line, wechat_file

HERE = "/console/bills"
BILL = wechat_file(own_line(1), own_line(2))


async def send(person: Visitor, content: bytes, name: str = "账单.csv") -> httpx.Response:
    html = (await person.get(HERE)).text
    csrf = html[html.index('name="csrf" value="') :].split('"')[3]
    return await person.web.post(HERE, data={"csrf": csrf}, files={"file": (name, content)})


async def test_a_bill_is_handed_on_and_its_outcome_shown(bureau: Bureau, supervisor: Visitor) -> None:
    await send(supervisor, notices_file(notice(1)), "缴款通知.csv")
    answer = await send(supervisor, BILL)
    assert answer.status_code == 200
    said = words_of(answer.text)
    assert "已导入: 账单.csv" in said and "行数 2 · 新增 2 · 已对账 1" in said
    assert "平账 1 20.00 元" in said or "平账 1 ¥20.00" in said
    again = words_of((await send(supervisor, BILL)).text)
    assert "这个文件以前导入过" in again
    assert ("chenjie", "bill_sent", "账单.csv accepted") in await audited(bureau.house)
    assert ("chenjie", "bill_sent", "账单.csv again") in await audited(bureau.house)


async def test_a_refused_bill_says_why_in_the_readers_language(bureau: Bureau, supervisor: Visitor) -> None:
    broken = BILL.replace(b"`SUCCESS", b"`WHAT", 1)
    answer = await send(supervisor, broken)
    assert answer.status_code == 422
    assert "第 2 行:交易状态“WHAT”不认识" in words_of(answer.text)
    assert "line 2: unknown state" in await supervisor.read(f"{HERE}?lang=en")
    assert ("chenjie", "bill_sent", "账单.csv refused") in await audited(bureau.house)


async def test_nothing_is_sent_without_a_file_or_by_an_old_form(bureau: Bureau, supervisor: Visitor) -> None:
    assert "请先选择一个文件" in words_of((await send(supervisor, b"", "")).text)
    answer = await supervisor.web.post(HERE, data={"csrf": "old"}, files={"file": ("a.csv", BILL)})
    assert answer.status_code == 403


async def test_agents_may_not(agent: Visitor) -> None:
    assert (await agent.get(HERE)).status_code == 403
    assert HERE not in (await agent.get("/console")).text


async def test_a_bureau_that_is_down_is_said_so(bureau: Bureau, supervisor: Visitor) -> None:
    def gone(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("gone")

    bureau.wire._inner = httpx.MockTransport(gone)
    page = await supervisor.get(HERE)
    assert page.status_code == 200 and "现在连不上对账系统" in page.text


async def test_a_bureau_that_takes_no_bills_is_said_so(bureau: Bureau, supervisor: Visitor) -> None:
    bureau.wire._inner = httpx.ASGITransport(app=Starlette())
    assert "现在接的对账系统不从这里收账单" in await supervisor.read(HERE)


@pytest.mark.parametrize("status", [404, 405])
async def test_the_client_says_none_where_there_is_no_such_address(status: int) -> None:
    client = ReconciliationClient(
        ClientConfig("http://bureau", STAFF_KEY, retries=0),
        httpx.MockTransport(lambda _: httpx.Response(status, html="<h1>no</h1>")),
    )
    assert await client.send_file("a.csv", b"x", "王敏") is None
    assert await client.files() is None
    await client.aclose()
