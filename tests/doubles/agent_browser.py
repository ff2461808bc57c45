"""An agent's browser without its scripts, on a web house."""

from __future__ import annotations

import re
from typing import Any

import httpx
import sqlalchemy as sa

from bot.console.model import Role
from bot.storage.tables import audit
from tests.doubles.web_house import WebHouse

PASSWORD = "long enough for us"
INPUT = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


class Agent:
    """An agent's browser, without its scripts."""

    def __init__(self, house: WebHouse) -> None:
        transport = httpx.ASGITransport(app=house.app)
        self.web = httpx.AsyncClient(transport=transport, base_url="http://desk.example")

    async def get(self, address: str) -> httpx.Response:
        return await self.web.get(address)

    async def hidden(self, page: str, form: str = "") -> dict[str, str]:
        """The hidden fields of a page's form, the one that posts to an address ending in `form`."""
        text = (await self.get(page)).text
        start = text.index(f'{form}"', text.index("<main")) if form else text.index("<main")
        return dict(INPUT.findall(text[start : text.index("</form>", start)]))

    async def post(self, page: str, address: str = "", **fields: str) -> httpx.Response:
        """Fills in and sends a page's form."""
        hidden = await self.hidden(page, address)
        return await self.web.post(address or page, data={**hidden, **fields})

    async def log_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        return await self.post("/console/login", "/console/login", name=name, password=password)

    async def act(self, number: str, action: str, **fields: str) -> httpx.Response:
        """Sends one of a ticket's forms."""
        page = f"/console/tickets/{number}"
        return await self.post(page, f"{page}/{action}", **fields)

    async def script(self, number: str, action: str, seen: dict[str, str], **fields: Any) -> httpx.Response:
        """Sends a ticket's form as the page's script does; `seen` are the hidden fields it has."""
        return await self.web.post(
            f"/console/tickets/{number}/{action}", data={**seen, **fields}, headers={"X-Fragment": "1"}
        )


async def new_agent(
    house: WebHouse, name: str = "wangmin", display_name: str = "王敏", role: Role = Role.AGENT
) -> Agent:
    """An agent who has logged in with a password of their own."""
    async with house.work() as work:
        one_time = await house.accounts.add(work, name, display_name, role)
        await work.commit()
        account = await work.agents.by_name(name)
        assert account is not None
        await house.accounts.change_password(work, account, one_time, PASSWORD)
        await work.commit()
    agent = Agent(house)
    assert (await agent.log_in(name)).headers["location"] == "/console"
    return agent


async def audited(house: WebHouse) -> list[tuple[str, str, str]]:
    async with house.work() as work:
        rows = await work.fetch(sa.select(audit).order_by(audit.c.id))
    return [(row.actor, row.action, row.subject) for row in rows]
