"""The dashboard in Debian's chromium: what it draws, on a phone and on a desk, and axe's findings."""

from __future__ import annotations

import random
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from bot.console.model import Role
from bot.messages import Contact
from bot.storage import tables
from bot.tickets.model import Cause, HandoffReason, Ticket
from tests.browser.axe import serious_findings
from tests.browser.conftest import AFTERNOON, LAPTOP, PHONE, Open, keep_picture
from tests.doubles.agent_browser import PASSWORD, new_agent
from tests.doubles.web_house import WebHouse

pytestmark = pytest.mark.browser

INTENTS = ("query_status", "faq_how_long", "faq_why_unreconciled", "provide_serial", "faq_refund", "thanks")


async def head_at(house: WebHouse, open_page: Open, size: tuple[int, int] = LAPTOP) -> Page:
    """The head of the hotline, who has just logged in."""
    await (await new_agent(house, "zhouhong", "周红", Role.SUPERVISOR)).web.aclose()
    page = await open_page("/console/login", size=size)
    await page.get_by_label("登录名").fill("zhouhong")
    await page.get_by_label("密码").fill(PASSWORD)
    await page.get_by_role("button", name="登录").click()
    await expect(page.get_by_role("heading", name="工单")).to_be_visible()
    return page


async def two_weeks(house: WebHouse) -> None:
    """Messages, mostly by day; cases that were answered, resolved and rated."""
    dice = random.Random(3)
    async with house.work() as work:
        for number in range(40):
            reason = list(HandoffReason)[number % 7]
            ticket = await house.open_ticket(f"resident-{number}", reason=reason)
            opened = AFTERNOON - timedelta(days=number % 14, hours=dice.randrange(1, 6))
            await _backdate(house, ticket, opened, dice)
        for text, count in (("侬帮我看看伐", 4), ("咋整啊", 2)):
            for _ in range(count):
                work.misunderstandings.add(text, "query_status", "greet", 0.3, "below_threshold", AFTERNOON)
        await work.commit()
    rows = [row for visitor in await _visitors(house) for row in _visits(visitor, dice)]
    async with house.engine.execution_options(writes=True).begin() as connection:
        await connection.execute(tables.incoming.insert(), rows)


async def _visitors(house: WebHouse) -> list[int]:
    """Those with a ticket and many more."""
    async with house.work() as work:
        for number in range(360):
            await work.conversations.open(Contact("rest", f"visitor-{number}"), AFTERNOON, "zh")
        await work.commit()
    async with house.work() as work:
        return [row.id for row in await work.fetch(sa.select(tables.conversations.c.id))]


def _visits(visitor: int, dice: random.Random) -> list[dict[str, Any]]:
    """A few messages in a quarter of an hour; one in five comes again, some days later or the next hours."""
    day = dice.randrange(14)
    days = [day] if dice.random() > 0.2 else [day, max(0, day - dice.choice((0, 1, 3, 5)))]
    rows = []
    for visit, back in enumerate(days):
        hour = min(22, max(6, round(dice.gauss(13, 3.5))))
        came = (AFTERNOON - timedelta(days=back)).replace(hour=hour, minute=dice.randrange(45))
        for place in range(dice.randrange(1, 6)):
            rows.append(
                {
                    "conversation_id": visitor, "channel": "rest",
                    "message_id": f"m{visitor}-{visit}-{place}",
                    "kind": "text", "text": "查一下", "intent": dice.choice(INTENTS),
                    "received_at": min(came + timedelta(minutes=3 * place), AFTERNOON),
                }
            )  # fmt: skip
    return rows


async def _backdate(house: WebHouse, ticket: Ticket, opened: datetime, dice: random.Random) -> None:
    number, replied = ticket.number, opened + timedelta(minutes=dice.randrange(5, 150))
    resolved = replied + timedelta(minutes=dice.randrange(10, 200))
    cause = dice.choice(list(Cause)[:7]).value
    log = [{"action": "replied", "at": replied}, {"action": "resolved", "at": resolved}]
    async with house.engine.execution_options(writes=True).begin() as connection:
        said = {
            "conversation_id": ticket.conversation_id, "channel": "rest", "message_id": number,
            "kind": "text", "text": "转人工", "intent": "request_human",
            "received_at": opened - timedelta(minutes=1),
        }  # fmt: skip
        await connection.execute(tables.incoming.insert(), [said])
        await connection.execute(
            tables.tickets.update()
            .where(tables.tickets.c.number == number)
            .values(
                created_at=opened, status="resolved", resolved_at=resolved, first_replied_at=replied,
                due_at=opened + timedelta(hours=1), resolve_by=opened + timedelta(hours=4), cause=cause,
            )
        )  # fmt: skip
        notes = tables.ticket_notes
        await connection.execute(notes.update().where(notes.c.ticket_number == number).values(at=opened))
        common = {
            "ticket_number": number,
            "actor": dice.choice(("zhouhong", "liqiang")),
            "note": "",
            "data": {},
        }
        await connection.execute(notes.insert(), [{**common, **entry} for entry in log])
        score = dice.choice((5, 5, 4, 3, 1))
        await connection.execute(
            tables.ratings.insert().values(
                ticket_number=number, asked_at=resolved, rated_at=resolved, score=score,
                words="讲得清楚，谢谢" if score == 5 else "",
            )
        )  # fmt: skip


async def test_the_head_sees_charts_with_their_numbers(house: WebHouse, open_page: Open) -> None:
    await two_weeks(house)
    page = await head_at(house, open_page)
    await page.get_by_role("link", name="统计").click()
    await expect(page.get_by_role("heading", name="统计", exact=True)).to_be_visible()
    await page.get_by_role("link", name="最近 30 天").click()
    await expect(page.get_by_role("img", name="每天的会话")).to_be_visible()
    await expect(page.get_by_role("img", name="居民什么时候来")).to_be_visible()
    await page.get_by_text("数据表").first.click()
    await expect(page.get_by_role("table", name="按天")).to_be_visible()
    await expect(page.get_by_text("侬帮我看看伐")).to_be_visible()
    await page.goto("/console/dashboard?from=2026-11-10&to=2026-11-23")
    await page.set_viewport_size({"width": 1280, "height": 1750})
    await keep_picture(page, "dashboard.png")


async def test_other_days_are_chosen_by_keyboard_and_mistakes_are_explained(
    house: WebHouse, open_page: Open
) -> None:
    page = await head_at(house, open_page)
    await page.goto("/console/dashboard")
    await page.get_by_label("从").fill("2026-11-01")
    await page.get_by_label("到").fill("2026-11-10")
    await page.get_by_label("到").press("Enter")
    await expect(page.get_by_text("2026-11-01 至 2026-11-10")).to_be_visible()
    await page.goto("/console/dashboard?from=2026-11-10&to=2026-11-01")
    await expect(page.get_by_role("alert")).to_contain_text("开始日期不能晚于结束日期")


async def test_a_table_is_taken_away_as_a_file(house: WebHouse, open_page: Open) -> None:
    await two_weeks(house)
    page = await head_at(house, open_page)
    await page.goto("/console/dashboard?days=30")
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name=re.compile("CSV.*转人工原因")).click()
    download = await waiting.value
    assert download.suggested_filename.startswith("reasons-2026-")


@pytest.mark.parametrize("size", [PHONE, LAPTOP])
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_axe_finds_nothing_serious_and_nothing_scrolls_sideways(
    house: WebHouse, open_page: Open, size: tuple[int, int], language: str
) -> None:
    page = await head_at(house, open_page, size)
    await page.goto(f"/console/dashboard?days=30&lang={language}")
    assert await serious_findings(page) == []
    await two_weeks(house)
    await page.goto(f"/console/dashboard?days=30&lang={language}")
    assert await serious_findings(page) == []
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
