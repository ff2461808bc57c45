"""The running product in a real browser, model and sandbox included; takes the pictures of docs/."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import LAPTOP, PHONE, keep_picture
from tests.doubles.whole_product import Agent, WholeProduct

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

LOST_NOTICE = "2026112022001400000000000103"
PASSWORD = "mima-2026-hao"
OTHERS = {
    "resident-2": ("2026111622001400000000000401", "转人工"),
    "resident-3": ("2026112022001400000000000112",),
    "resident-4": ("你们这是什么服务，我要投诉",),
    "resident-5": ("HZ202611160402", "转人工"),
}
"""Overdue, unknown, a complaint, overdue again: each leads to a ticket, what is late when they ask for it."""


@pytest_asyncio.fixture
async def product(tmp_path: Path) -> AsyncIterator[WholeProduct]:
    product = WholeProduct(tmp_path, WORK_FROM="00:00", WORK_UNTIL="23:59")
    await asyncio.to_thread(product.start)
    yield product
    await asyncio.to_thread(product.stop)


async def window(
    browser: Browser, product: WholeProduct, size: tuple[int, int], scale: int = 1
) -> BrowserContext:
    return await browser.new_context(
        base_url=product.url,
        locale="zh-CN",
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=scale,
    )


async def say(page: Page, text: str) -> None:
    await page.fill("#text", text)
    await page.press("#text", "Enter")


async def heard(page: Page, text: str) -> None:
    await expect(page.locator(".message.bot .bubble").last).to_contain_text(text, timeout=10_000)


async def test_a_resident_is_served_from_a_question_to_an_agents_answer(
    product: WholeProduct, browser: Browser
) -> None:
    phone = await (await window(browser, product, PHONE, scale=2)).new_page()
    await phone.goto("/")
    await heard(phone, "您好")
    await say(phone, "钱扣了，为什么还显示没缴")
    await heard(phone, "先别急")
    await say(phone, LOST_NOTICE)
    await heard(phone, "尾号 000103")
    await keep_picture(phone, "chat.png")

    for resident, messages in OTHERS.items():
        for message in messages:
            await asyncio.to_thread(product.says, resident, message)
    await say(phone, "我明天就要用证，麻烦转人工")
    await heard(phone, "GD")
    Agent(product).set_up(product.setup_link, password=PASSWORD)
    console = await (await window(browser, product, LAPTOP)).new_page()
    await console.goto("/console")
    await console.fill("input[name=name]", "wangli")
    await console.fill("input[name=password]", PASSWORD)
    await console.press("input[name=password]", "Enter")
    await expect(console.locator("tbody tr")).to_have_count(1 + len(OTHERS))
    await keep_picture(console, "console-list.png")

    await console.locator("tr", has_text="000103").locator("a.number").click()
    await console.fill("#text", "您好，我是王丽。付款通知漏了，账单里有这笔，今天就能补上，您不用再付。")
    await console.press("#text", "Control+Enter")
    await expect(phone.locator(".message.agent .bubble")).to_contain_text("我是王丽", timeout=3000)
    await say(phone, "好的，谢谢侬")
    await expect(console.locator(".line.resident").last).to_contain_text("谢谢侬", timeout=6000)
    await keep_picture(console, "console-ticket.png")
    await keep_picture(phone, "chat-agent.png")


async def test_the_sandbox_page_shows_what_to_type(product: WholeProduct, browser: Browser) -> None:
    page = await (await window(browser, product, LAPTOP)).new_page()
    await page.goto(product.sandbox_url)
    await expect(page.locator("body")).to_contain_text(LOST_NOTICE)
    await keep_picture(page, "sandbox.png")
