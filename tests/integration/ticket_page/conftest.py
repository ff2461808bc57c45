"""A console on a house of its own, with payments that a test decides about, and agents of each role."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from bot.console.model import Role
from bot.phrasebook import Phrasebook
from tests.doubles.agent_browser import Agent, new_agent
from tests.doubles.web_house import WebHouse, open_web_house
from tests.integration.ticket_page.scene import Payments


@pytest_asyncio.fixture
async def payments() -> Payments:
    return Payments()


@pytest_asyncio.fixture
async def house(tmp_path: Path, payments: Payments) -> AsyncIterator[WebHouse]:
    house = await open_web_house(tmp_path, phrases=Phrasebook.load(), payments=payments)
    yield house
    await house.aclose()


@pytest_asyncio.fixture
async def agent(house: WebHouse) -> AsyncIterator[Agent]:
    agent = await new_agent(house)
    yield agent
    await agent.web.aclose()


@pytest_asyncio.fixture
async def colleague(house: WebHouse) -> AsyncIterator[Agent]:
    agent = await new_agent(house, "liqiang", "李强")
    yield agent
    await agent.web.aclose()


@pytest_asyncio.fixture
async def supervisor(house: WebHouse) -> AsyncIterator[Agent]:
    agent = await new_agent(house, "chenjie", "陈洁", Role.SUPERVISOR)
    yield agent
    await agent.web.aclose()
