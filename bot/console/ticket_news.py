"""What is new on a ticket's page, as it comes: lines, notes, changed parts, and who else is there."""

from __future__ import annotations

import asyncio
import json
from time import monotonic
from typing import Any, AsyncIterator

from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse
from starlette.responses import Response

from bot.channels.body import line_id
from bot.channels.streams import to_its_end
from bot.console.office import Office
from bot.console.pages import Pages
from bot.console.reception import Visit
from bot.console.ticket_view import TicketView, existing
from bot.console.timeline import after
from bot.storage.unit_of_work import UnitOfWork
from bot.tickets.model import Ticket

PARTS = ("head", "actions", "facts", "related", "history")
BEAT = 0.7
"""Seconds between looks for what another process stored; what this one did is announced at once."""
SIGN_EVERY = 5.0
"""Seconds between signs of life; see bot.console.presence."""
LASTS = 300.0
"""Seconds until a stream ends and its page asks for another, which lets in only who is still logged in."""


class TicketNews:
    """Looks at the database when something was announced, and at least every `BEAT` seconds."""

    def __init__(self, office: Office, pages: Pages, view: TicketView) -> None:
        self._office = office
        self._pages = pages
        self._view = view
        self._leaving: set["asyncio.Task[None]"] = set()

    async def since(self, visit: Visit) -> dict[str, Any]:
        """What came after the line and the note that a page has, and its parts as they are now."""
        number = visit.request.path_params["number"]
        asked = visit.request.query_params
        return await self._of(visit, number, line_id(asked.get("after", "")), line_id(asked.get("note", "")))

    async def events(self, visit: Visit) -> Response:
        """The same as a stream. While it lasts, its agent is shown as present."""
        number = visit.request.path_params["number"]
        async with self._office.work() as work:
            await existing(work, number)
        return EventSourceResponse(self._stream(visit, number), ping=15)

    async def typing(self, visit: Visit) -> Response:
        """An agent writes to the resident, or stopped."""
        number, now = visit.request.path_params["number"], self._office.clock.now()
        async with self._office.work() as work:
            ticket = await existing(work, number)
            work.presence.typing(number, visit.account.name, now, now if visit.form.get("on") else None)
            await work.commit()
        self._office.announcer.announce(ticket.conversation_id)
        return Response(status_code=204)

    async def _stream(self, visit: Visit, number: str) -> AsyncIterator[ServerSentEvent]:
        asked, ends = visit.request.query_params, monotonic() + LASTS
        line, note = line_id(asked.get("after", "")), line_id(asked.get("note", ""))
        async with self._office.work() as work:
            ticket = await existing(work, number)
        pulse: Any = None
        sent: dict[str, str] = {}
        signed = 0.0
        yield ServerSentEvent(event="ready", data="{}", retry=1000)
        try:
            while monotonic() < ends:
                # Waiting starts before reading, so that nothing announced in between is missed.
                news = asyncio.create_task(self._office.announcer.wait(ticket.conversation_id, BEAT))
                if monotonic() - signed > SIGN_EVERY:
                    signed = monotonic()
                    await to_its_end(self._sign(visit, number))
                now = await to_its_end(self._pulse(visit, ticket))
                if now != pulse:
                    if not await to_its_end(self._is_still_in(visit)):
                        return
                    pulse = now
                    found = await to_its_end(self._of(visit, number, line, note))
                    line, note = found["last"], found["note"]
                    if found["more"]:
                        pulse = None
                    found["parts"] = {
                        name: html for name, html in found["parts"].items() if sent.get(name) != html
                    }
                    sent.update(found["parts"])
                    yield ServerSentEvent(event="news", data=json.dumps(found, ensure_ascii=False))
                await asyncio.wait({news})
        finally:
            # The reader is gone, and with it the task that runs this.
            leaving = asyncio.create_task(self._leave(visit, ticket))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    async def _of(self, visit: Visit, number: str, line: int, note: int) -> dict[str, Any]:
        async with self._office.work() as work:
            ticket = await existing(work, number)
            timeline = await after(work, ticket, line, note)
            values = await self._view.of(work, visit, ticket)
            present = await self._view.present(work, visit, ticket)
            if timeline.last_line > line:
                await mark_read(work, visit.account.name, ticket, timeline.last_line)
        parts = {name: self._pages.fragment(visit.request, f"_{name}.html", **values) for name in PARTS}
        parts["present"] = self._pages.fragment(
            visit.request, "_present.html", present=present, ticket=ticket
        )
        entries = self._pages.fragment(
            visit.request, "_entries.html", entries=timeline.entries, ticket=ticket, names=values["names"]
        )
        return {
            "entries": entries, "last": timeline.last_line, "note": timeline.last_note,
            "more": timeline.has_more, "parts": parts,
        }  # fmt: skip

    async def _pulse(self, visit: Visit, ticket: Ticket) -> Any:
        async with self._office.work() as work:
            others = await self._view.present(work, visit, ticket)
            return await work.reads.pulse(ticket.number), others

    async def _is_still_in(self, visit: Visit) -> bool:
        async with self._office.work() as work:
            account = await work.agents.get(visit.account.id)
        if account is None or account.disabled_at:
            return False
        return account.session_epoch == visit.account.session_epoch

    async def _sign(self, visit: Visit, number: str) -> None:
        async with self._office.work() as work:
            work.presence.seen(number, visit.account.name, self._office.clock.now())
            await work.commit()

    async def _leave(self, visit: Visit, ticket: Ticket) -> None:
        async with self._office.work() as work:
            work.presence.gone(ticket.number, visit.account.name)
            await work.commit()
        self._office.announcer.announce(ticket.conversation_id)


async def mark_read(work: UnitOfWork, agent: str, ticket: Ticket, line: int) -> None:
    """Keeps that an agent saw a resident's thread up to a line, whichever of their tickets shows it."""
    for one in await work.tickets.live_of(ticket.conversation_id):
        work.reads.mark(agent, one.number, line)
    work.reads.mark(agent, ticket.number, line)
    await work.commit()
