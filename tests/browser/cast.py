"""Who the browser tests are about: two agents and a supervisor at their laptops, a resident on a phone."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from playwright.async_api import Page, expect

from bot.console.model import Role
from bot.payments.model import Reason, State
from bot.phrasebook import Phrasebook
from tests.browser.conftest import AFTERNOON, LAPTOP, PHONE, Open
from tests.doubles.web_house import FakeClock, WebHouse, open_web_house
from tests.fakes.bureau import payment
from tests.integration.ticket_page.scene import SERIAL, Payments

PASSWORD = "long enough for us"


async def staffed_house(folder: Path) -> WebHouse:
    """A house whose payments can be asked for."""
    payments = Payments()
    payments.payment = dataclasses.replace(
        payment(SERIAL, State.UNRECONCILED, Reason.CALLBACK_LOST),
        expected_by=AFTERNOON.replace(hour=17, minute=0),
    )
    clock = FakeClock(AFTERNOON, live=True)
    house = await open_web_house(folder, clock, Phrasebook.load(), payments=payments)
    async with house.work() as work:
        for name, display_name, role in (
            ("wangmin", "王敏", Role.AGENT),
            ("liqiang", "李强", Role.AGENT),
            ("chenjie", "陈洁", Role.SUPERVISOR),
        ):
            one_time = await house.accounts.add(work, name, display_name, role)
            await work.commit()
            account = await work.agents.by_name(name)
            assert account
            await house.accounts.change_password(work, account, one_time, PASSWORD)
            await work.commit()
    return house


async def console(open_page: Open, name: str, path: str = "/console", **options: object) -> Page:
    """An agent's browser, logged in."""
    page = await open_page(f"/console/login?next={path}", size=LAPTOP, **options)
    await log_in(page, name)
    await page.wait_for_url(f"**{path}")
    return page


async def log_in(page: Page, name: str) -> None:
    """Fills in the form that is shown."""
    await page.get_by_label("登录名").fill(name)
    await page.get_by_label("密码").fill(PASSWORD)
    await page.get_by_role("button", name="登录").click()


async def resident(open_page: Open) -> Page:
    """A resident's phone, waiting for a person."""
    page = await open_page("/", size=PHONE)
    await page.fill("#text", "转人工")
    await page.press("#text", "Enter")
    await expect(page.locator(".message.bot").last).to_contain_text("已转人工")
    return page


async def only_ticket(house: WebHouse) -> str:
    async with house.work() as work:
        [ticket] = await work.tickets.list()
    return ticket.number


async def ticket_page(house: WebHouse, open_page: Open, name: str = "wangmin") -> Page:
    """An agent on the page of the only ticket."""
    page = await console(open_page, name, f"/console/tickets/{await only_ticket(house)}")
    await expect(page.locator("#payment .payment-state")).to_be_visible()
    return page
