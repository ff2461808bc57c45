"""The console's pages for webhooks over a real database."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import AsyncIterator

import pytest
import pytest_asyncio

from bot.console.model import Role
from bot.webhooks.model import DeliveryState, Event, Webhook
from tests.doubles.agent_browser import Agent, audited, new_agent
from tests.doubles.web_house import WebHouse, open_web_house

HERE = "/console/webhooks"
URL = "http://127.0.0.1:9/hook"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{44}")
FORM = {"name": "市局", "url": URL, "event_opened": "1", "event_resolved": "1"}


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    house = await open_web_house(tmp_path)
    yield house
    await house.aclose()


@pytest_asyncio.fixture
async def admin(house: WebHouse) -> AsyncIterator[Agent]:
    admin = await new_agent(house, "chenjie", "陈洁", Role.ADMIN)
    yield admin
    await admin.web.aclose()


async def add(admin: Agent, **fields: str) -> str:
    """Fills in the form for a new one; returns the page that answers."""
    return html.unescape((await admin.post(f"{HERE}/new", f"{HERE}/new", **{**FORM, **fields})).text)


async def stored(house: WebHouse) -> list[Webhook]:
    async with house.work() as work:
        return await work.webhooks.all()


async def ended(house: WebHouse, state: DeliveryState, status: int = 500, answer: str = "") -> None:
    """The oldest delivery was sent, or given up."""
    async with house.work() as work:
        [delivery, *_] = await work.webhooks.due(house.clock.now(), 1)
        work.webhooks.hold(delivery, "here", house.clock.now())
        work.webhooks.end(
            delivery.id, "here", state, house.clock.now(),
            status=status, answer=answer, error="", milliseconds=12,
        )  # fmt: skip
        await work.commit()


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR])
async def test_only_admins_see_webhooks(house: WebHouse, role: Role) -> None:
    agent = await new_agent(house, role=role)
    for page in (HERE, f"{HERE}/new", f"{HERE}/1"):
        assert (await agent.get(page)).status_code == 403
    await agent.web.aclose()


async def test_without_any_the_page_says_what_they_are_good_for(admin: Agent) -> None:
    assert "还没有事件推送" in (await admin.get(HERE)).text


async def test_a_new_one_is_listed_and_its_secret_shown_once(house: WebHouse, admin: Agent) -> None:
    answer = await add(admin)
    assert len(SECRET.findall(answer)) == 1
    [webhook] = await stored(house)
    assert (webhook.name, webhook.url, webhook.with_texts, webhook.active) == ("市局", URL, False, True)
    assert webhook.events == (Event.OPENED, Event.RESOLVED)
    assert SECRET.search(answer)[0].encode() not in webhook.sealed_secret  # type: ignore[index]
    page = html.unescape((await admin.get(f"{HERE}/{webhook.id}")).text)
    assert not SECRET.search(page)
    listed = html.unescape((await admin.get(HERE)).text)
    assert "市局" in listed and "2 / 13 种" in listed and "推送中" in listed
    assert ("chenjie", "webhook_added", "市局") in await audited(house)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": " "}, "名称需为"),
        ({"url": "ftp://127.0.0.1/"}, "格式不对"),
        ({"url": "https://user:pass@127.0.0.1/"}, "格式不对"),
        ({"url": "http://10.0.0.7/hook"}, "指向内部网络"),
        ({"url": "https://169.254.169.254/latest"}, "指向内部网络"),
        ({"url": "https://[::ffff:10.0.0.7]/"}, "指向内部网络"),
        ({"url": "http://93.184.216.34/hook"}, "必须以 https:// 开头"),
        ({"event_opened": "", "event_resolved": ""}, "至少选一种"),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    house: WebHouse, admin: Agent, fields: dict[str, str], words: str
) -> None:
    answer = await add(admin, **fields)
    assert words in answer and f'value="{fields.get("url", URL)}"' in answer
    assert await stored(house) == []


async def test_a_name_is_taken_once(house: WebHouse, admin: Agent) -> None:
    await add(admin)
    assert "已经用过" in await add(admin)
    assert len(await stored(house)) == 1


async def test_one_is_changed(house: WebHouse, admin: Agent) -> None:
    await add(admin)
    page = f"{HERE}/{(await stored(house))[0].id}"
    changed = {"name": "区里", "url": f"{URL}/2", "event_rated": "1", "with_texts": "1"}
    await admin.post(page, f"{page}/change", **changed)
    [webhook] = await stored(house)
    assert (webhook.name, webhook.url, webhook.with_texts) == ("区里", f"{URL}/2", True)
    assert webhook.events == (Event.RATED,)


async def test_a_change_that_is_wrong_changes_nothing(house: WebHouse, admin: Agent) -> None:
    await add(admin)
    before = await stored(house)
    page = f"{HERE}/{before[0].id}"
    answer = await admin.post(page, f"{page}/change", name="区里", url="https://10.0.0.7/", event_rated="1")
    assert answer.status_code == 422 and "指向内部网络" in answer.text and 'value="区里"' in answer.text
    assert await stored(house) == before


async def test_a_new_secret_is_shown_once_and_the_old_one_is_kept_for_a_day(
    house: WebHouse, admin: Agent
) -> None:
    first = SECRET.search(await add(admin))
    [before] = await stored(house)
    page = f"{HERE}/{before.id}"
    second = SECRET.search(html.unescape((await admin.post(page, f"{page}/renew")).text))
    assert first and second and first[0] != second[0]
    [after] = await stored(house)
    assert after.former_secret == before.sealed_secret != after.sealed_secret
    assert "原密钥有效到 11-24 10:00" in (await admin.get(page)).text


async def test_paused_it_is_told_nothing_until_it_is_resumed(house: WebHouse, admin: Agent) -> None:
    await add(admin)
    [webhook] = await stored(house)
    page = f"{HERE}/{webhook.id}"
    await admin.post(page, f"{page}/pause")
    await house.open_ticket()
    assert "还没有推送过" in (await admin.get(page)).text
    await admin.post(page, f"{page}/resume")
    await house.open_ticket("resident-2")
    assert "新工单" in (await admin.get(page)).text.split("deliveries-head")[1]
    actions = [action for _, action, _ in await audited(house) if action != "webhook_viewed"]
    assert actions[-2:] == ["webhook_paused", "webhook_resumed"]


async def test_a_test_is_sent_but_not_while_paused(house: WebHouse, admin: Agent) -> None:
    await add(admin)
    [webhook] = await stored(house)
    page = f"{HERE}/{webhook.id}"
    answer = await admin.post(page, f"{page}/ping")
    assert "测试已发出" in (await admin.get(answer.headers["location"])).text
    hidden = await admin.hidden(page, f"{page}/ping")
    await admin.post(page, f"{page}/pause")
    refused = await admin.web.post(f"{page}/ping", data=hidden)
    assert refused.status_code == 422 and "请先恢复" in refused.text
    async with house.work() as work:
        assert [one.event for one in await work.webhooks.deliveries(webhook.id, 10)] == [Event.PING]


async def test_deliveries_show_body_and_answer_harmlessly(house: WebHouse, admin: Agent) -> None:
    await add(admin)
    [webhook] = await stored(house)
    ticket = await house.open_ticket()
    await ended(house, DeliveryState.GIVEN_UP, 503, "<b>down</b>")
    page = (await admin.get(f"{HERE}/{webhook.id}")).text
    assert "HTTP 503" in page and "&lt;b&gt;down" in page and "<b>down" not in page
    assert "12 毫秒" in page and "已试 1 次" in page and "已放弃 1 条" in page
    assert f'href="/console/tickets/{ticket.number}"' in page
    assert '"ticket.opened"' in html.unescape(page)


async def test_looking_at_what_was_sent_is_recorded(house: WebHouse, admin: Agent) -> None:
    await add(admin)
    [webhook] = await stored(house)
    await admin.get(f"{HERE}/{webhook.id}")
    assert "webhook_viewed" not in {action for _, action, _ in await audited(house)}
    await house.open_ticket()
    await admin.get(f"{HERE}/{webhook.id}")
    assert (await audited(house))[-1] == ("chenjie", "webhook_viewed", "市局")


async def test_a_delivery_is_sent_again_once_for_two_clicks(house: WebHouse, admin: Agent) -> None:
    await add(admin)
    [webhook] = await stored(house)
    await house.open_ticket()
    await ended(house, DeliveryState.SENT, 200)
    page = f"{HERE}/{webhook.id}"
    async with house.work() as work:
        [delivery] = await work.webhooks.deliveries(webhook.id, 10)
    hidden = await admin.hidden(page, f"{page}/deliveries/{delivery.id}")
    for _ in range(2):
        answer = await admin.web.post(f"{page}/deliveries/{delivery.id}", data=hidden)
        assert answer.status_code == 303
    async with house.work() as work:
        [again] = await work.webhooks.deliveries(webhook.id, 10)
    assert again.state is DeliveryState.PENDING and again.event_id == delivery.event_id
    assert [action for _, action, _ in await audited(house)].count("webhook_sent_again") == 1


async def test_everything_given_up_is_sent_again_at_once(house: WebHouse, admin: Agent) -> None:
    await add(admin)
    [webhook] = await stored(house)
    for user in ("a", "b"):
        await house.open_ticket(user)
        await ended(house, DeliveryState.GIVEN_UP)
    page = f"{HERE}/{webhook.id}"
    await admin.post(page, f"{page}/again")
    async with house.work() as work:
        states = {one.state for one in await work.webhooks.deliveries(webhook.id, 10)}
    assert states == {DeliveryState.PENDING}


async def test_deliveries_of_another_webhook_are_not_found(house: WebHouse, admin: Agent) -> None:
    await add(admin)
    await house.open_ticket()
    await ended(house, DeliveryState.SENT, 200)
    await add(admin, name="另一个")
    first, other = sorted(await stored(house), key=lambda one: one.id)
    async with house.work() as work:
        [delivery] = await work.webhooks.deliveries(first.id, 10)
    hidden = await admin.hidden(f"{HERE}/{other.id}", f"{HERE}/{other.id}/ping")
    answer = await admin.web.post(f"{HERE}/{other.id}/deliveries/{delivery.id}", data=hidden)
    assert answer.status_code == 404


async def test_older_deliveries_are_paged(house: WebHouse, admin: Agent) -> None:
    await add(admin)
    [webhook] = await stored(house)
    for count in range(27):
        await house.open_ticket(f"r{count}")
    page = (await admin.get(f"{HERE}/{webhook.id}")).text
    older = re.search(r'href="([^"]+before=\d+)"', page)
    assert older and page.count('class="delivery"') == 25
    rest = (await admin.get(older[1])).text
    assert rest.count('class="delivery"') == 2 and "回到最新" in rest


async def test_one_is_deleted_with_everything_that_waits(house: WebHouse, admin: Agent) -> None:
    await add(admin)
    [webhook] = await stored(house)
    await house.open_ticket()
    page = f"{HERE}/{webhook.id}"
    hidden = await admin.hidden(page, f"{page}/delete")
    assert (await admin.post(page, f"{page}/delete")).headers["location"] == HERE
    assert await stored(house) == []
    async with house.work() as work:
        assert await work.webhooks.deliveries(webhook.id, 10) == []
    assert (await admin.web.post(f"{page}/delete", data=hidden)).status_code == 404
    assert (await admin.get(page)).status_code == 404


async def test_a_form_without_its_token_is_refused(house: WebHouse, admin: Agent) -> None:
    await add(admin)
    [webhook] = await stored(house)
    assert (await admin.web.post(f"{HERE}/{webhook.id}/delete", data={"csrf": "x"})).status_code == 403
    assert len(await stored(house)) == 1


async def test_it_speaks_english(house: WebHouse, admin: Agent) -> None:
    await add(admin)
    [webhook] = await stored(house)
    await house.open_ticket()
    page = (await admin.get(f"{HERE}/{webhook.id}?lang=en")).text
    for words in ("Signing", "Send a test", "New ticket", "1 waiting, 0 given up"):
        assert (words in page) is (words != "Signing")
