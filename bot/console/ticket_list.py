"""The list of tickets: what waits, what is late, what was done."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Optional
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bot.clock import Clock
from bot.console.pages import Pages
from bot.console.reception import Reception, Visit
from bot.storage.unit_of_work import UnitOfWork, UnitOfWorkFactory
from bot.tickets.model import Ticket, TicketStatus

PER_PAGE = 25
MOST_OVERDUE = 500
UNANSWERED = (TicketStatus.NEW, TicketStatus.OPEN)
LIVE = tuple(status for status in TicketStatus if status.is_live)
DONE = tuple(status for status in TicketStatus if not status.is_live)
FILTERS = ("live", "overdue", "resolved", "all")
STATUSES: dict[str, tuple[TicketStatus, ...]] = {"live": LIVE, "resolved": DONE, "all": ()}


@dataclass(frozen=True)
class Query:
    """What an agent wants listed."""

    filter: str
    words: str
    page: int

    @classmethod
    def of(cls, request: Request) -> "Query":
        """The query of a request; what makes no sense becomes the default."""
        params = request.query_params
        wanted = params.get("filter", "live")
        page = params.get("page", "1")
        sane = page.isascii() and page.isdigit() and len(page) <= 6
        return cls(
            filter=wanted if wanted in FILTERS else "live",
            words="".join(c for c in params.get("q", "") if c.isprintable()).strip()[:64],
            page=max(1, int(page)) if sane else 1,
        )

    def address(self, **changes: Any) -> str:
        """The list's address with changes; a new filter starts at its first page."""
        values = {"filter": self.filter, "q": self.words, "page": 1, **changes}
        return "/console?" + urlencode({k: v for k, v in values.items() if v not in ("", 1)})


@dataclass(frozen=True)
class Found:
    """One page of tickets and how many there are."""

    tickets: list[Ticket]
    count: int
    page: int
    pages: int


class TicketList:
    """The list page and the part of it that refreshes itself."""

    def __init__(self, work: UnitOfWorkFactory, clock: Clock, pages: Pages) -> None:
        self._work = work
        self._clock = clock
        self._pages = pages

    def routes(self, reception: Reception) -> list[Route]:
        """The addresses of these pages."""
        return [
            Route("/console", reception.for_agents(self.tickets)),
            Route("/console/", reception.for_agents(self.tickets)),
            Route("/console/rows", reception.for_agents(self.rows)),
        ]

    async def tickets(self, visit: Visit) -> Response:
        """The whole page."""
        values = await self._values(visit.request)
        return self._pages.page(
            visit.request, "tickets.html", account=visit.account, csrf=visit.csrf, **values
        )

    async def rows(self, visit: Visit) -> Response:
        """The tabs, the table and the pager, for the page that is open already."""
        values = await self._values(visit.request)
        html = self._pages.fragment(visit.request, "_list.html", **values)
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})

    async def _values(self, request: Request) -> dict[str, Any]:
        query = Query.of(request)
        now = self._clock.now()
        async with self._work() as work:
            overdue = await _overdue(work, now, query.words)
            counts = {name: await work.tickets.count(some, query.words) for name, some in STATUSES.items()}
            counts["overdue"] = len(overdue)
            found = await _found(work, query, overdue, counts[query.filter])
            names = {account.name: account.display_name for account in await work.agents.all()}
        return {
            "query": query,
            "filters": FILTERS,
            "counts": counts,
            "found": found,
            "names": names,
            "is_late": lambda ticket: is_late(ticket, now),
        }


def is_late(ticket: Ticket, now: datetime) -> bool:
    """True when the promised first answer is due and nobody gave it."""
    return ticket.status in UNANSWERED and ticket.due_at < now


def tail(serial_number: Optional[str]) -> str:
    """The end of a serial number, enough to tell tickets apart in a list."""
    return f"…{serial_number[-6:]}" if serial_number else "—"


async def _overdue(work: UnitOfWork, now: datetime, words: str) -> list[Ticket]:
    # Listed by due time, so the late ones come first.
    waiting = await work.tickets.list(UNANSWERED, MOST_OVERDUE, 0, words)
    return [ticket for ticket in waiting if is_late(ticket, now)]


async def _found(work: UnitOfWork, query: Query, overdue: list[Ticket], count: int) -> Found:
    pages = max(1, math.ceil(count / PER_PAGE))
    page = min(query.page, pages)
    start = (page - 1) * PER_PAGE
    if query.filter == "overdue":
        return Found(overdue[start : start + PER_PAGE], count, page, pages)
    statuses = STATUSES[query.filter]
    if query.filter == "live":
        return Found(await work.tickets.list(statuses, PER_PAGE, start, query.words), count, page, pages)
    # Done cases are read newest first, so their pages are counted from the end.
    size = min(PER_PAGE, count - start)
    offset = max(0, count - start - size)
    tickets = await work.tickets.list(statuses, size, offset, query.words) if size > 0 else []
    return Found(tickets[::-1], count, page, pages)
