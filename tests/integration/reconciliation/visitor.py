"""Somebody at the console, without scripts; and the house and the sandbox behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

import httpx

from bot.console.model import Role
from bot.payments.client import ReconciliationClient
from bot.tickets.model import Ticket
from tests.doubles.web_house import WebHouse

PASSWORD = "long enough for us"
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


class Wire(httpx.AsyncBaseTransport):
    """The way to the sandbox; the next answers to `reconcile` are lost on it, so many as `lost`."""

    def __init__(self, sandbox: Any) -> None:
        self._inner = httpx.ASGITransport(app=sandbox)
        self.lost = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carries one request."""
        try:
            answer = await self._inner.handle_async_request(request)
        except AssertionError as error:  # the answer stopped half-way: to a client, a broken connection
            raise httpx.RemoteProtocolError("broken connection", request=request) from error
        if self.lost and request.url.path.endswith("/reconcile"):
            self.lost -= 1
            raise httpx.ReadTimeout("lost", request=request)
        return answer


@dataclass
class Bureau:
    """The house, the sandbox that it asks, and a colleague elsewhere who may reconcile, too."""

    house: WebHouse
    sandbox: Any
    wire: Wire
    colleague: ReconciliationClient

    async def breaks(self, **faults: Any) -> None:
        """The sandbox goes wrong in this way."""
        await self._admin("POST", "/sandbox/faults", faults)

    async def heals(self) -> None:
        """The sandbox works again."""
        await self._admin("DELETE", "/sandbox/faults")

    async def state_of(self, serial: str) -> str:
        """A payment's state in the sandbox."""
        return (await self.colleague.get_payment(serial)).state.value

    async def heard(self, ticket: Ticket) -> list[str]:
        """What the ticket's resident was told."""
        async with self.house.work() as work:
            return [line.text for line in await work.lines.after(ticket.conversation_id)]

    async def _admin(self, method: str, path: str, body: Any = None) -> None:
        transport = httpx.ASGITransport(app=self.sandbox)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            (await client.request(method, path, json=body)).raise_for_status()


class Visitor:
    """One person's browser."""

    def __init__(self, house: WebHouse) -> None:
        transport = httpx.ASGITransport(app=house.app)
        self.web = httpx.AsyncClient(transport=transport, base_url="http://desk.example")

    async def get(self, address: str) -> httpx.Response:
        return await self.web.get(address)

    async def read(self, address: str) -> str:
        """A page's text without its tags."""
        return words_of((await self.web.get(address)).text)

    async def post(self, page: str, form: str, **fields: str) -> httpx.Response:
        """Sends the form of a page that posts to this address."""
        return await self.send((await self.get(page)).text, form, **fields)

    async def send(self, html: str, form: str, **fields: str) -> httpx.Response:
        """Sends the form of a page that was read already."""
        start = html.index(f'action="{form}"')
        hidden = {
            name: unescape(value)
            for name, value in HIDDEN.findall(html[start : html.index("</form>", start)])
        }
        return await self.web.post(form, data={**hidden, **fields})


def words_of(html: str) -> str:
    """What a page says."""
    main = html[html.index("<main") :] if "<main" in html else html
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main)))


async def visitor(house: WebHouse, name: str, shown: str, role: Role) -> Visitor:
    """An account of its own, logged in."""
    async with house.work() as work:
        one_time = await house.accounts.add(work, name, shown, role)
        await work.commit()
        account = await work.agents.by_name(name)
        assert account is not None
        await house.accounts.change_password(work, account, one_time, PASSWORD)
        await work.commit()
    person = Visitor(house)
    await person.post("/console/login", "/console/login", name=name, password=PASSWORD)
    return person
