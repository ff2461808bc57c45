"""A console whose manual reconciliation asks the sandbox over HTTP, with the limit at 30 yuan."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from bot.console.model import Role
from bot.payments.client import ClientConfig, ReconciliationClient
from bot.payments.service import PaymentsService
from bot.phrasebook import Phrasebook
from bot.sandbox.app import create_app
from bot.sandbox.clock import SandboxClock
from bot.sandbox.keys import RESIDENT_KEY, STAFF_KEY
from tests.doubles.web_house import MONDAY, FakeClock, open_web_house
from tests.integration.reconciliation.visitor import Bureau, Visitor, Wire, visitor
from tests.unit.payments.examples import RememberedAttempts

LIMIT = 3000


@pytest_asyncio.fixture
async def bureau(tmp_path: Path) -> AsyncIterator[Bureau]:
    clock = FakeClock(MONDAY.replace(day=24))
    sandbox = create_app(clock=SandboxClock(source=clock.now))

    wire = Wire(sandbox)

    def client(key: str) -> ReconciliationClient:
        config = ClientConfig("http://sandbox", key, deadline=0.5, retries=0)
        return ReconciliationClient(config, wire)

    clients = [client(STAFF_KEY), client(STAFF_KEY), client(RESIDENT_KEY)]
    payments = PaymentsService(clients[2], RememberedAttempts(), clock)
    house = await open_web_house(
        tmp_path, clock, Phrasebook.load(), staff=clients[0], four_eyes_fen=LIMIT, payments=payments
    )
    yield Bureau(house, sandbox, wire, clients[1])
    await house.aclose()
    for one in clients:
        await one.aclose()


@pytest_asyncio.fixture
async def agent(bureau: Bureau) -> AsyncIterator[Visitor]:
    person = await visitor(bureau.house, "wangmin", "王敏", Role.AGENT)
    yield person
    await person.web.aclose()


@pytest_asyncio.fixture
async def supervisor(bureau: Bureau) -> AsyncIterator[Visitor]:
    person = await visitor(bureau.house, "chenjie", "陈洁", Role.SUPERVISOR)
    yield person
    await person.web.aclose()
