"""Accounts, audit log and alerts in Debian's chromium: what comes by itself, the keyboard, axe's findings."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from bot.alerts import AlertKind
from bot.console.model import Role
from tests.browser.axe import serious_findings
from tests.browser.conftest import AFTERNOON, LAPTOP, PHONE, Open, keep_picture
from tests.doubles.agent_browser import PASSWORD, new_agent
from tests.doubles.web_house import WebHouse

pytestmark = pytest.mark.browser

PAGES = (
    "/console/alerts",
    "/console/alerts?list=all",
    "/console/audit",
    "/console/audit?from=2026-11-24&to=2026-11-23",
    "/console/audit?subject=nothing-like-it",
    "/console/accounts",
    "/console/accounts/liqiang",
    "/console/accounts/zhouli",
)


async def logged_in(open_page: Open, path: str, size: tuple[int, int] = LAPTOP) -> Page:
    page = await open_page(f"/console/login?next={path.partition('?')[0]}", size=size)
    await page.get_by_label("登录名").fill("zhouli")
    await page.get_by_label("密码").fill(PASSWORD)
    await page.get_by_role("button", name="登录").click()
    await page.wait_for_url(f"**{path.partition('?')[0]}")
    return page


async def staffed(house: WebHouse) -> None:
    """An admin, two colleagues, and something of everything that these pages show."""
    for name, shown, role in (
        ("zhouli", "周丽", Role.ADMIN),
        ("liqiang", "李强", Role.AGENT),
        ("chenjie", "陈洁", Role.SUPERVISOR),
    ):
        await (await new_agent(house, name, shown, role)).web.aclose()
    ticket = await house.open_ticket(serial_number="4200000925202101284997714292")
    now = house.clock.now()
    async with house.work() as work:
        await house.accounts.add(work, "sunyue", "孙悦", Role.AGENT)
        disabled = await work.agents.by_name("chenjie")
        assert disabled is not None
        work.agents.update(disabled, disabled_at=now)
        work.agents.record("chenjie", "ticket_viewed", ticket.number, now - timedelta(hours=3))
        work.agents.record("desk", "reconcile_done", f"SD202611230001 {ticket.number} …714292", now)
        work.agents.record("liqiang", "resident_revealed", f"{ticket.number} call_back", now)
        await work.commit()
    await overdue(house, ticket.number)
    async with house.work() as work:
        work.alerts.mark_seen(1, "chenjie", now)
        data = {"numbers": "6"}
        work.alerts.add(AlertKind.ENUMERATION, f"web:{ticket.conversation_id}", now, data)
        work.alerts.add(AlertKind.ENUMERATION, "4200000925202101284997714292", now, {"contacts": "4"})
        await work.commit()
    await overdue(house, ticket.number)


async def overdue(house: WebHouse, number: str) -> None:
    due = AFTERNOON - timedelta(minutes=20)
    data = {"promise": "answer", "priority": "high", "due": due.isoformat()}
    async with house.work() as work:
        work.alerts.add(AlertKind.TICKET_OVERDUE, number, house.clock.now(), data)
        await work.commit()


async def test_an_alert_comes_by_itself_and_is_marked_with_the_keyboard(
    house: WebHouse, open_page: Open
) -> None:
    await (await new_agent(house, "zhouli", "周丽", Role.ADMIN)).web.aclose()
    ticket = await house.open_ticket()
    page = await logged_in(open_page, "/console/alerts")
    badge = page.locator('[data-badge="alerts"]')
    await expect(page.get_by_text("没有未看的告警")).to_be_visible()
    await expect(badge).to_be_hidden()
    await overdue(house, ticket.number)
    link = page.get_by_role("link", name=ticket.number)
    await expect(link).to_be_visible(timeout=20_000)
    await expect(badge).to_have_text("1", timeout=20_000)
    await expect(page.locator("#news")).to_have_text("有新的告警")
    await link.focus()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("没有未看的告警")).to_be_visible()
    await expect(badge).to_be_hidden()
    await page.get_by_role("link", name="全部").click()
    await expect(page.get_by_text("周丽")).to_have_count(2)


async def test_what_has_the_focus_keeps_it_when_another_alert_comes(house: WebHouse, open_page: Open) -> None:
    await (await new_agent(house, "zhouli", "周丽", Role.ADMIN)).web.aclose()
    first, second = await house.open_ticket("a"), await house.open_ticket("b")
    await overdue(house, first.number)
    page = await logged_in(open_page, "/console/alerts")
    button = page.get_by_role("button", name=first.number)
    await button.focus()
    await overdue(house, second.number)
    await expect(page.get_by_role("link", name=second.number)).to_be_visible(timeout=20_000)
    await expect(button).to_be_focused()


@pytest.mark.parametrize(("size", "shape"), [(LAPTOP, "laptop"), (PHONE, "phone")])
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_pages_have_no_serious_findings_and_no_sideways_scrolling(
    house: WebHouse, open_page: Open, size: tuple[int, int], shape: str, language: str
) -> None:
    await staffed(house)
    page = await logged_in(open_page, "/console/alerts", size)
    for path in PAGES:
        await page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
        assert await serious_findings(page) == [], path
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        if path.count("/") == 2 and "?" not in path:
            await keep_picture(page, f"console-{path.rpartition('/')[2]}-{shape}-{language}.png")
