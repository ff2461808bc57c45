"""A form that is sent twice, to two processes on one database, does its work once. Runs on PostgreSQL too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from bot.console.model import Role
from bot.messages import Author
from bot.phrasebook import Phrasebook
from tests.doubles.agent_browser import Agent, audited, new_agent
from tests.doubles.web_house import WebHouse, open_web_house
from tests.integration.ticket_page.scene import lines_of, log_of, waiting_ticket

TIMES = 6
Pair = tuple[Agent, Agent]


@pytest_asyncio.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[WebHouse]:
    house = await open_web_house(tmp_path, phrases=Phrasebook.load(), database_url=database_url)
    yield house
    await house.aclose()


@pytest_asyncio.fixture
async def browsers(house: WebHouse, tmp_path: Path, database_url: str) -> AsyncIterator[Pair]:
    """One agent's browser, once before each process."""
    other = await open_web_house(tmp_path, house.clock, Phrasebook.load(), database_url=database_url)
    agent = await new_agent(house, "zhouli", "周丽", Role.ADMIN)
    same = Agent(other)
    same.web.cookies = agent.web.cookies
    yield agent, same
    await agent.web.aclose()
    await same.web.aclose()
    await other.aclose()


async def sent_to_both(browsers: Pair, address: str, form: dict[str, str]) -> list[httpx.Response]:
    return list(await asyncio.gather(*(one.web.post(address, data=form) for one in browsers)))


async def steps_of(house: WebHouse, number: str) -> list[str]:
    return [action for _, action, _ in await log_of(house, number)]


async def test_of_replies_sent_at_once_the_resident_gets_one(house: WebHouse, browsers: Pair) -> None:
    number = await waiting_ticket(house)
    page = f"/console/tickets/{number}"
    for place in range(TIMES):
        form = {**await browsers[0].hidden(page, "reply"), "text": f"您好 {place}"}
        answers = await sent_to_both(browsers, f"{page}/reply", form)
        assert [answer.status_code for answer in answers] == [303, 303]
    said = [line.text for line in await lines_of(house, number) if line.author is Author.AGENT]
    assert said == [f"您好 {place}" for place in range(TIMES)]
    assert (await steps_of(house, number)).count("replied") == TIMES
    assert len([one for one in await audited(house) if one[1] == "ticket_reply"]) == TIMES


@pytest.mark.parametrize(
    ("action", "fields", "step"),
    [
        ("claim", {}, "claimed"),
        ("note", {"text": "已联系银行"}, "noted"),
        ("resolve", {"cause": "callback_lost"}, "resolved"),
        ("assign", {"to": "wangmin"}, "assigned"),
    ],
)
async def test_a_second_click_later_is_answered_like_the_first(
    house: WebHouse, browsers: Pair, action: str, fields: dict[str, str], step: str
) -> None:
    await (await new_agent(house)).web.aclose()
    number = await waiting_ticket(house)
    page = f"/console/tickets/{number}"
    form = {**await browsers[0].hidden(page, action), **fields}
    for browser in browsers:
        assert (await browser.web.post(f"{page}/{action}", data=form)).status_code == 303
    assert (await steps_of(house, number)).count(step) == 1


async def test_a_form_that_was_refused_may_be_sent_again(house: WebHouse, browsers: Pair) -> None:
    number = await waiting_ticket(house)
    page = f"/console/tickets/{number}"
    form = await browsers[0].hidden(page, "reply")
    assert (await browsers[0].web.post(f"{page}/reply", data={**form, "text": " "})).status_code == 422
    assert (await browsers[1].web.post(f"{page}/reply", data={**form, "text": "您好"})).status_code == 303
    assert (await steps_of(house, number)).count("replied") == 1


async def test_many_are_claimed_once_and_both_answers_say_so(house: WebHouse, browsers: Pair) -> None:
    numbers = [(await house.open_ticket(f"resident-{place}")).number for place in range(3)]
    marked = {f"ticket.{number}": "1" for number in numbers}
    form = {**await browsers[0].hidden("/console", "/console/bulk"), **marked, "act": "claim"}
    answers = await sent_to_both(browsers, "/console/bulk", form)
    assert all("did=claim&done=3&left=0" in answer.headers["location"] for answer in answers)
    for number in numbers:
        assert (await steps_of(house, number)).count("claimed") == 1


async def test_a_secret_is_renewed_once_so_that_the_former_one_still_signs(
    house: WebHouse, browsers: Pair
) -> None:
    form = await browsers[0].hidden("/console/webhooks/new", "/console/webhooks/new")
    wish = {**form, "name": "Zammad", "url": "http://127.0.0.1:9/", "event_opened": "1"}
    await browsers[0].web.post("/console/webhooks/new", data=wish)
    async with house.work() as work:
        [added] = await work.webhooks.all()
    page = f"/console/webhooks/{added.id}"
    renewal = await browsers[0].hidden(page, "renew")
    for browser in browsers:
        await browser.web.post(f"{page}/renew", data=renewal)
    async with house.work() as work:
        [renewed] = await work.webhooks.all()
    assert renewed.former_secret == added.sealed_secret
    removal = await browsers[0].hidden(page, "delete")
    for browser in browsers:
        gone = await browser.web.post(f"{page}/delete", data=removal)
        assert (gone.status_code, gone.headers["location"]) == (303, "/console/webhooks")


async def test_an_answer_is_made_once_and_the_second_click_is_no_trouble(
    house: WebHouse, browsers: Pair
) -> None:
    form = await browsers[0].hidden("/console/answers/new", "/console/answers/new")
    made = {**form, "shortcut": "waitbank", "title": "银行", "zh": "请稍候", "en": "One moment"}
    answers = await sent_to_both(browsers, "/console/answers/new", made)
    assert [answer.status_code for answer in answers] == [303, 303]
    async with house.work() as work:
        assert len([one for one in await work.canned_answers.all() if one.shortcut == "waitbank"]) == 1
