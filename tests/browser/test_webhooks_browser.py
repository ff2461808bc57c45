"""The webhooks' pages in Debian's chromium: added, tested, deleted; axe's findings in both languages."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from bot.console.model import Role
from bot.webhooks.model import CHOICES, DeliveryState
from tests.browser.axe import serious_findings
from tests.browser.conftest import LAPTOP, PHONE, Open, keep_picture
from tests.doubles.agent_browser import PASSWORD, new_agent
from tests.doubles.web_house import WebHouse

pytestmark = pytest.mark.browser

HERE = "/console/webhooks"


async def logged_in(house: WebHouse, open_page: Open, size: tuple[int, int] = LAPTOP) -> Page:
    await (await new_agent(house, "zhouli", "周丽", Role.ADMIN)).web.aclose()
    page = await open_page(f"/console/login?next={HERE}", size=size)
    await page.get_by_label("登录名").fill("zhouli")
    await page.get_by_label("密码").fill(PASSWORD)
    await page.get_by_role("button", name="登录").click()
    await page.wait_for_url(f"**{HERE}")
    return page


async def told(house: WebHouse) -> None:
    """Two webhooks, one of them paused, with deliveries of every state."""
    now = house.clock.now()
    async with house.work() as work:
        work.webhooks.add("市局工单系统", "https://tickets.example/hook", CHOICES, True, b"", "zhouli", now)
        work.webhooks.add("Zammad", "https://zammad.example/hook", CHOICES[:2], False, b"", "zhouli", now)
        await work.commit()
    for user in ("a", "b", "c"):
        await house.open_ticket(user, "4200000925202101284997714292")
    async with house.work() as work:
        first, second = await work.webhooks.all()
        work.webhooks.update(second, active=False)
        sent, given_up, *_ = [one for one in await work.webhooks.due(now, 99) if one.webhook_id == second.id]
        for one in (sent, given_up):
            work.webhooks.hold(one, "here", now)
        seen = {"answer": "", "error": "", "milliseconds": 87}
        work.webhooks.end(sent.id, "here", DeliveryState.SENT, now, status=204, **seen)
        seen = {"answer": "<h1>Bad gateway</h1>", "error": "", "milliseconds": 10_000}
        work.webhooks.end(given_up.id, "here", DeliveryState.GIVEN_UP, now, status=502, **seen)
        await work.commit()


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
async def test_axe_finds_nothing_serious(house: WebHouse, open_page: Open, size: tuple[int, int]) -> None:
    page = await logged_in(house, open_page, size)
    assert await serious_findings(page) == []
    await told(house)
    for language in ("zh", "en"):
        for path in ("", "/new", "/1", "/2"):
            await page.goto(f"{HERE}{path}?lang={language}")
            for details in await page.locator("details").all():
                await details.evaluate("one => one.open = true")
            assert await serious_findings(page) == [], f"{path} {language}"
            wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{path} {language} scrolls sideways"
            name = path.strip("/") or "list"
            await keep_picture(
                page, f"webhooks-{name}-{language}-{'phone' if size == PHONE else 'laptop'}.png"
            )


async def test_one_is_added_tested_and_deleted_by_keyboard_and_pointer(
    house: WebHouse, open_page: Open
) -> None:
    page = await logged_in(house, open_page)
    await page.get_by_role("link", name="新增推送").click()
    await page.get_by_label("名称").fill("市局")
    await page.get_by_label("接收地址").fill("http://127.0.0.1:9/hook")
    await page.get_by_label("新工单").press("Space")
    await page.get_by_role("button", name="保存并生成密钥").press("Enter")
    await expect(page.locator("#secret")).to_contain_text("whsec_")
    await page.get_by_role("button", name="发送测试").click()
    await expect(page.get_by_role("status").filter(has_text="测试已发出")).to_be_visible()
    await expect(page.locator("#secret")).to_have_count(0)
    await expect(page.locator(".delivery")).to_contain_text("待推送")
    delete = page.locator("summary", has_text="删除")
    await expect(page.get_by_role("button", name="确定删除")).to_be_hidden()
    await delete.press("Enter")
    await page.get_by_role("button", name="确定删除").click()
    await expect(page.get_by_text("还没有事件推送")).to_be_visible()
