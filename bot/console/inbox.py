"""The inbox: what waits, what is late, what was done; found by words, tags and channels."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Mapping, Optional
from urllib.parse import urlencode

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.alerts import Alert
from bot.channels.words import Words
from bot.console.audit import fingerprint
from bot.console.bulk import MOST_AT_ONCE, Bulk, Outcome
from bot.console.model import Permission
from bot.console.office import Office
from bot.console.pages import Pages
from bot.console.reception import Reception, Visit
from bot.messages import Author, Line
from bot.payments.wording import tail
from bot.storage.unit_of_work import UnitOfWork
from bot.tickets.deadlines import awaits_answer, broken_promise
from bot.tickets.inbox import COUNTED_UP_TO, Sought, Tab
from bot.tickets.model import Cause, Ticket, TicketStatus

HERE = "/console"
PER_PAGE = 25
NUMBER = re.compile(r"GD\d{12}")
SERIAL = re.compile(r"[0-9A-Za-z]{20,}", re.ASCII)
"""Longer than an identity number, a bank card or a telephone number."""
CHANNELS = ("web", "telegram", "wechat", "rest", "terminal")
EXCERPT = 40


@dataclass(frozen=True)
class Query:
    """What an agent wants listed, as the address says it."""

    tab: Tab
    words: str
    tag: str
    channel: str
    page: int

    @classmethod
    def of(cls, values: Mapping[str, str]) -> "Query":
        """From an address or a form; what makes no sense becomes the default."""
        page, channel = values.get("page", "1"), values.get("channel", "")
        sane = page.isascii() and page.isdigit() and len(page) <= 6
        return cls(
            tab=_tab(values.get("tab", "")),
            words=_printable(values.get("q", ""), 64),
            tag=_printable(values.get("tag", ""), 32).lower(),
            channel=channel if channel in CHANNELS else "",
            page=max(1, int(page)) if sane else 1,
        )

    def address(self, path: str = HERE, **changes: Any) -> str:
        """The list's address with changes; a change of what is listed starts at its first page."""
        values = {**self.values, "page": 1, **changes}
        kept = {name: value for name, value in values.items() if value not in ("", 1)}
        if kept.get("tab") == Tab.LIVE.value:
            del kept["tab"]
        return path + ("?" + urlencode(kept) if kept else "")

    @property
    def values(self) -> dict[str, Any]:
        """What the address holds."""
        return {
            "tab": self.tab.value,
            "q": self.words,
            "tag": self.tag,
            "channel": self.channel,
            "page": self.page,
        }

    @property
    def is_narrowed(self) -> bool:
        """True when less than a whole tab is listed."""
        return bool(self.words or self.tag or self.channel)


@dataclass(frozen=True)
class Found:
    """One page of tickets and how many there are, at most `COUNTED_UP_TO`."""

    tickets: list[Ticket]
    count: int
    page: int
    pages: int

    @property
    def is_more(self) -> bool:
        """True when there are more than were counted."""
        return self.count >= COUNTED_UP_TO


class Inbox:
    """The list page, the part of it that keeps up to date, and what is done from it."""

    def __init__(self, office: Office, pages: Pages) -> None:
        self._office = office
        self._pages = pages
        self._bulk = Bulk(office)

    def routes(self, reception: Reception) -> list[Route]:
        """The addresses of these pages."""
        return [
            Route(HERE, reception.for_agents(self.inbox)),
            Route(HERE + "/", reception.for_agents(self.inbox)),
            Route(HERE + "/rows", reception.for_agents(self.rows)),
            Route(HERE + "/unread", reception.for_agents(self.unread)),
            Route(HERE + "/bulk", reception.for_agents(self.act), methods=["POST"]),
        ]

    async def inbox(self, visit: Visit) -> Response:
        """The whole page; that residents' lines were looked at, or looked for, is recorded."""
        query = Query.of(visit.request.query_params)
        values = await self._values(visit, query)
        async with self._office.work() as work:
            self._record(work, visit, query)
            await work.commit()
            values["all_tags"] = await work.tickets.all_tags()
            accounts = await work.agents.all()
            lost = await _lost(work, visit.request.query_params.get("lost", ""))
        return self._pages.page(
            visit.request,
            "inbox.html",
            account=visit.account,
            csrf=visit.csrf,
            colleagues=[one for one in accounts if one.disabled_at is None],
            causes=list(Cause),
            channels=CHANNELS,
            most=MOST_AT_ONCE,
            outcome=Outcome.of(visit.request.query_params),
            lost=lost,
            **values,
        )

    async def rows(self, visit: Visit) -> Response:
        """The tabs, the table and the pager, for the page that is open; 204 when it shows them already."""
        query = Query.of(visit.request.query_params)
        state = await self._state(visit)
        headers = {"Cache-Control": "no-store", "X-State": state}
        if state == visit.request.query_params.get("state"):
            return Response(status_code=204, headers=headers)
        values = await self._values(visit, query)
        html = self._pages.fragment(visit.request, "_inbox.html", **values)
        return HTMLResponse(html, headers=headers)

    async def unread(self, visit: Visit) -> Response:
        """What the browser tells this agent of: lines to read, what came to be taken, what to oversee."""
        words = self._pages.words(visit.request)
        async with self._office.work() as work:
            count = await work.inbox.unread_lines(visit.account.name)
            came, number, action = await work.inbox.newest_waiting()
            unseen = await work.alerts.list(unseen_only=True, limit=1) if _oversees(visit) else []
        news: dict[str, Any] = {"count": count, "came": came, "came_said": "", "alert": 0, "alert_said": ""}
        if came:
            news["came_said"] = (
                f"{words('inbox.came.' + ('opened' if action == 'opened' else 'again'))} {number}"
            )
        for alert in unseen:
            news["alert"] = alert.id
            news["alert_said"] = _alert_said(words, alert)
        return JSONResponse(news, headers={"Cache-Control": "no-store"})

    async def act(self, visit: Visit) -> Response:
        """Does one thing with every marked ticket, then shows the list that it was done from."""
        back = Query.of(visit.form)
        outcome = await self._bulk.do(visit)
        return RedirectResponse(back.address(page=back.page, **outcome.values), 303)

    def _record(self, work: UnitOfWork, visit: Visit, query: Query) -> None:
        action = "inbox_searched" if query.words else "inbox_viewed"
        subject = described(query, self._office.secret_key)
        work.agents.record(visit.account.name, action, subject, self._office.clock.now())

    async def _state(self, visit: Visit) -> str:
        # Ages and countdowns change with the minute.
        minute = self._office.clock.now().strftime("%H%M")
        async with self._office.work() as work:
            return f"{minute}/{await work.inbox.state()}"

    async def _values(self, visit: Visit, query: Query) -> dict[str, Any]:
        now, me = self._office.clock.now(), visit.account.name
        sought = Sought(query.tab, me, now, query.words, query.tag, query.channel)
        async with self._office.work() as work:
            counts = await work.inbox.counts(sought)
            found = await _found(work, sought, query, counts[query.tab])
            numbers = [ticket.number for ticket in found.tickets]
            lines = await work.inbox.last_lines(ticket.conversation_id for ticket in found.tickets)
            return {
                "query": query,
                "tabs": list(Tab),
                "counts": counts,
                "most_counted": COUNTED_UP_TO,
                "found": found,
                "tags": await work.tickets.tags_of(numbers),
                "unread": await work.reads.unread(me, numbers),
                "last": {number: _excerpt(line) for number, line in lines.items()},
                "names": {account.name: account.display_name for account in await work.agents.all()},
                "too_much": await work.inbox.is_too_much(query.words),
                "broken": {t.number: broken_promise(t, now) for t in found.tickets},
                "awaits_answer": awaits_answer,
                "waits_since": _waits_since,
                "me": visit.account,
            }


def _oversees(visit: Visit) -> bool:
    return visit.account.may(Permission.OVERSEE)


def _alert_said(words: Words, alert: Alert) -> str:
    """An alert in a line; a contact's number tells nobody anything."""
    kind = words(f"alerts.kind.{alert.kind.value}")
    return f"{kind} {alert.subject}" if NUMBER.fullmatch(alert.subject) else kind


def described(query: Query, secret: str) -> str:
    """A query for the audit log: a number by its end, words by a fingerprint that only we can make."""
    words = query.words
    said = [query.tab.value]
    if NUMBER.fullmatch(words.upper()):
        said.insert(0, words.upper())
    elif SERIAL.fullmatch(words):
        said.insert(0, f"number …{tail(words)}")
    elif words:
        said.insert(0, f"words #{fingerprint(words, secret)}")
    said += [f"{name}={value}" for name, value in (("tag", query.tag), ("channel", query.channel)) if value]
    return " ".join(said)


async def _found(work: UnitOfWork, sought: Sought, query: Query, count: int) -> Found:
    pages = max(1, math.ceil(count / PER_PAGE))
    page = min(query.page, pages)
    return Found(await work.inbox.page(sought, PER_PAGE, (page - 1) * PER_PAGE), count, page, pages)


async def _lost(work: UnitOfWork, number: str) -> dict[str, str]:
    """Who was quicker with a ticket that an agent wanted to claim; empty when nobody was."""
    ticket = await work.tickets.get(number) if NUMBER.fullmatch(number) else None
    if ticket is None or ticket.assignee is None:
        return {}
    account = await work.agents.by_name(ticket.assignee)
    return {"number": number, "name": account.display_name if account else ticket.assignee}


def _waits_since(ticket: Ticket, said: Optional[Mapping[str, Any]]) -> Optional[datetime]:
    """Since when the resident waits for a person; None while it is the resident's turn, or nobody's."""
    if awaits_answer(ticket):
        return ticket.created_at
    wrote_last = said is not None and said["is_theirs"]
    return said["at"] if said and wrote_last and ticket.status is TicketStatus.OPEN else None


def _excerpt(line: Line) -> dict[str, Any]:
    text = " ".join(line.text.split())
    shown = text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"
    theirs = line.author is Author.RESIDENT
    return {"text": shown, "author": line.author.value, "is_theirs": theirs, "at": line.created_at}


def _tab(value: str) -> Tab:
    return Tab(value) if value in {tab.value for tab in Tab} else Tab.LIVE


def _printable(text: str, most: int) -> str:
    return "".join(character for character in text if character.isprintable()).strip()[:most]
