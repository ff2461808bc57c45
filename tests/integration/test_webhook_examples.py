"""The examples beside docs/outward.md, run as they are: the receiver, and those for Zammad and Chatwoot."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio
from starlette.applications import Starlette

from bot.clock import SHANGHAI, SystemClock
from bot.messages import Contact, IncomingMessage
from bot.seal import Seal
from bot.servers import listen, serve
from bot.settings import ROOT
from bot.tickets.model import Cause, Ticket
from bot.webhooks.addresses import Addresses, networks_of
from bot.webhooks.dispatcher import WebhookDispatcher
from bot.webhooks.model import CHOICES, DeliveryState
from bot.webhooks.sender import WebhookSender
from bot.webhooks.service import WebhooksService, Wish
from bot.webhooks.signing import headers
from tests.doubles.web_house import SECRET, FakeClock, WebHouse, open_web_house
from tests.fakes.peers import TOKEN, FakeChatwoot, FakeZammad

EXAMPLES = ROOT / "docs" / "examples"
LOOPBACK = Addresses(networks_of("127.0.0.1"))


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    # Real time: an example refuses what was signed long ago.
    house = await open_web_house(tmp_path, FakeClock(SystemClock().now(), live=True))
    yield house
    await house.aclose()


@asynccontextmanager
async def running(name: str, **settings: str) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """An example as its own process: its address, and the process."""
    free = listen("127.0.0.1", 0)
    port = free.getsockname()[1]
    free.close()
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(EXAMPLES / name), env={**os.environ, "PORT": str(port), **settings},
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        await _listening(port)
        yield f"http://127.0.0.1:{port}/hook", process
    finally:
        process.kill()
        await process.wait()


async def _listening(port: int) -> None:
    async with httpx.AsyncClient(trust_env=False) as web:
        for _ in range(200):
            try:
                await web.post(f"http://127.0.0.1:{port}/", content=b"{}")
                return
            except httpx.TransportError:
                await asyncio.sleep(0.05)
    raise AssertionError("the example does not listen")


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[str]:
    server = await serve(app, "127.0.0.1", 0)
    try:
        yield server.url
    finally:
        await server.stop()


class Bureau:
    """One case's way, told to whoever follows."""

    def __init__(self, house: WebHouse, url: str) -> None:
        self.house = house
        self.url = url
        self.sender = WebhookSender(LOOPBACK)
        self.dispatcher = WebhookDispatcher(
            house.work, self.sender, Seal(SECRET), house.clock, jitter=lambda: 1.0
        )

    async def follow(self, secret: str) -> None:
        """A webhook for everything, with words."""
        service = WebhooksService(self.house.clock, Seal(SECRET), LOOPBACK)
        every = tuple(event.value for event in CHOICES)
        async with self.house.work() as work:
            await service.add(work, Wish("peer", self.url, every, True), "chenjie")
            await work.commit()
            [webhook] = await work.webhooks.all()
            work.webhooks.update(webhook, sealed_secret=Seal(SECRET).close(secret))
            await work.commit()

    async def says(self, text: str) -> None:
        contact = Contact("rest", "resident-1")
        await self.house.desk.handle(IncomingMessage(contact, text, text))

    async def does(self, action: str, *arguments: Any) -> None:
        async with self.house.work() as work:
            [ticket] = await work.tickets.list()
            await getattr(self.house.casework, action)(work, ticket.number, "wangmin", *arguments)
            await work.commit()

    async def tells(self) -> set[DeliveryState]:
        """Sends everything; what became of it."""
        await self.dispatcher.settle()
        async with self.house.work() as work:
            [webhook] = await work.webhooks.all()
            return {one.state for one in await work.webhooks.deliveries(webhook.id, 100)}

    async def ticket(self) -> Ticket:
        async with self.house.work() as work:
            [ticket] = await work.tickets.list()
        return ticket

    async def aclose(self) -> None:
        await self.dispatcher.aclose(0)
        await self.sender.aclose()


@asynccontextmanager
async def followed(house: WebHouse, name: str, **settings: str) -> AsyncIterator[Bureau]:
    secret = "whsec_" + "a2V5" * 8
    async with running(name, WEBHOOK_SECRET=secret, **settings) as (url, _):
        bureau = Bureau(house, url)
        await bureau.follow(secret)
        yield bureau
        await bureau.aclose()


async def test_the_receiver_hears_what_is_genuine_and_nothing_else(house: WebHouse) -> None:
    secret = "whsec_" + "a2V5" * 8
    async with running("receiver.py", WEBHOOK_SECRET=secret) as (url, process):
        bureau = Bureau(house, url)
        await bureau.follow(secret)
        await bureau.says("人工")
        assert await bureau.tells() == {DeliveryState.SENT}
        assert process.stdout is not None
        heard = await asyncio.wait_for(process.stdout.readline(), 20)
        assert heard.decode().split() == ["ticket.opened", (await bureau.ticket()).number]
        at = int(house.clock.now().timestamp())
        for forged in (
            headers("msg_x", at, "{}", ["whsec_AAAA"]),
            headers("msg_x", at - 301, "{}", [secret]),
            {**headers("msg_x", at, "{}", [secret]), "webhook-id": "msg_y"},
            {},
        ):
            assert (await bureau.sender.post(url, forged, "{}")).status == 401
        await bureau.aclose()


async def test_what_came_twice_is_done_once(house: WebHouse) -> None:
    secret = "whsec_" + "a2V5" * 8
    body = json.dumps({"type": "ticket.opened", "data": {"ticket": {"number": "GD1"}}})
    async with running("receiver.py", WEBHOOK_SECRET=secret) as (url, process):
        sender = WebhookSender(LOOPBACK)
        at = int(SystemClock().now().timestamp())
        for event_id in ("msg_1", "msg_1", "msg_2"):
            sent = await sender.post(url, headers(event_id, at, body, [secret]), body)
            assert sent.status == 204
        await sender.aclose()
        assert process.stdout is not None
        lines = [await asyncio.wait_for(process.stdout.readline(), 20) for _ in range(2)]
        assert lines == [b"ticket.opened GD1\n"] * 2


async def test_zammad_follows_a_case_from_its_opening_to_its_end(house: WebHouse) -> None:
    zammad = FakeZammad()
    async with (
        serving(zammad.app) as url,
        followed(house, "zammad.py", ZAMMAD_URL=url, ZAMMAD_TOKEN=TOKEN) as bureau,
    ):
        await bureau.says("人工")
        assert await bureau.tells() == {DeliveryState.SENT}
        [ticket] = zammad.tickets.values()
        assert ticket["title"] == f"{(await bureau.ticket()).number} customer_request"
        assert (ticket["state"], ticket["priority"]) == ("new", "2 normal")
        await bureau.does("reply", "王敏", "正在核实")
        await bureau.tells()
        assert ticket["state"] == "open"
        assert ticket["articles"][-1] == {
            "subject": "ticket.replied", "body": "正在核实", "type": "note", "internal": True,
        }  # fmt: skip
        until = house.clock.now() + timedelta(days=2)
        await bureau.does("snooze", until)
        await bureau.tells()
        assert ticket["state"] == "pending reminder"
        assert datetime.fromisoformat(ticket["pending_time"]) == until.astimezone(SHANGHAI)
        await bureau.does("resolve", "银行已入账", Cause.CALLBACK_LOST)
        assert await bureau.tells() == {DeliveryState.SENT}
        assert (ticket["state"], len(zammad.tickets)) == ("closed", 1)


async def test_what_zammad_refuses_is_not_heard_and_comes_again(house: WebHouse) -> None:
    async with followed(house, "zammad.py", ZAMMAD_URL="http://127.0.0.1:9", ZAMMAD_TOKEN="x") as bureau:
        await bureau.says("人工")
        assert await bureau.tells() == {DeliveryState.PENDING}


async def test_chatwoot_shows_the_talk_and_where_the_case_stands(house: WebHouse) -> None:
    chatwoot = FakeChatwoot()
    async with (
        serving(chatwoot.app) as url,
        followed(
            house, "chatwoot.py",
            CHATWOOT_URL=url, CHATWOOT_TOKEN=TOKEN, CHATWOOT_ACCOUNT="3", CHATWOOT_INBOX="7",
        ) as bureau,
    ):  # fmt: skip
        await bureau.says("人工")
        assert await bureau.tells() == {DeliveryState.SENT}
        [conversation] = chatwoot.conversations.values()
        assert conversation["name"] == (await bureau.ticket()).number
        await bureau.does("reply", "王敏", "正在核实")
        await bureau.says("多久有结果？")
        await bureau.tells()
        assert conversation["messages"][-2:] == [
            ("outgoing", False, "正在核实"),
            ("incoming", False, "多久有结果？"),
        ]
        until = house.clock.now() + timedelta(days=2)
        await bureau.does("snooze", until)
        await bureau.tells()
        assert (conversation["status"], conversation["snoozed_until"]) == ("snoozed", int(until.timestamp()))
        assert conversation["messages"][-1][:2] == ("outgoing", True), "what is no word is a private note"
        await bureau.does("resolve", "", Cause.CALLBACK_LOST)
        assert await bureau.tells() == {DeliveryState.SENT}
        assert (conversation["status"], len(chatwoot.conversations)) == ("resolved", 1)
