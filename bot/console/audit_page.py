"""The audit log, for those who watch over the console: filtered, page by page, and as a file."""

from __future__ import annotations

import re
from typing import Any, AsyncIterator, Mapping

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bot.channels.words import Words
from bot.clock import SHANGHAI
from bot.console.audit import Entry, Sought
from bot.console.model import Permission
from bot.console.office import Office
from bot.console.pages import Pages
from bot.console.reception import Reception, Visit
from bot.console.service import COMMAND_LINE, SETUP_LINK
from bot.errors import InvalidInput
from bot.spreadsheet import BYTE_ORDER_MARK, csv_rows, harmless

HERE = "/console/audit"
PER_PAGE = 50
TICKET = re.compile(r"(GD\d{12})")
NOBODYS = (COMMAND_LINE, SETUP_LINK)
NAMED = {
    "resident_revealed": "purpose",
    "alerts_viewed": "alerts.list",
    "inbox_viewed": "inbox.tab",
    "inbox_searched": "inbox.tab",
}
"""Whose subject says more than what it was about, and the family of words for that."""
COLUMNS = ("at", "login", "name", "action", "action_code", "about")


class AuditPage:
    """The page and the file; that somebody looked is itself recorded."""

    def __init__(self, office: Office, pages: Pages) -> None:
        self._office = office
        self._pages = pages

    def routes(self, reception: Reception) -> list[Route]:
        """The addresses of these pages."""
        agents, needs = reception.for_agents, Permission.AUDIT
        return [
            Route(HERE, agents(self.entries, needs)),
            Route(HERE + ".csv", agents(self.file, needs)),
        ]

    async def entries(self, visit: Visit) -> Response:
        """A page of entries, newest first."""
        params = visit.request.query_params
        try:
            sought = Sought.of(params, self._office.statistics.today())
        except InvalidInput as error:
            return await self._page(visit, error.code)
        before = _number(params.get("before", ""))
        async with self._office.work() as work:
            found = await work.audit.page(sought, PER_PAGE + 1, before)
            work.agents.record(visit.account.name, "audit_viewed", sought.said, self._office.clock.now())
            await work.commit()
        more = sought.address(HERE, before=found[PER_PAGE - 1].id) if len(found) > PER_PAGE else ""
        return await self._page(
            visit, sought=sought, entries=found[:PER_PAGE], older=more, is_later=bool(before)
        )

    async def file(self, visit: Visit) -> Response:
        """Every entry that is sought, for a spreadsheet. Raises InvalidInput as `Sought.of` does."""
        sought = Sought.of(visit.request.query_params, self._office.statistics.today())
        async with self._office.work() as work:
            work.agents.record(visit.account.name, "audit_exported", sought.said, self._office.clock.now())
            await work.commit()
        name = f"audit-{sought.days.first}-{sought.days.last}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        lines = self._lines(sought, self._pages.words(visit.request))
        return StreamingResponse(lines, 200, headers, "text/csv; charset=utf-8")

    async def _lines(self, sought: Sought, words: Words) -> AsyncIterator[str]:
        async with self._office.work() as work:
            names = {account.name: account.display_name for account in await work.agents.all()}
            yield BYTE_ORDER_MARK + csv_rows([[words(f"audit.column.{column}") for column in COLUMNS]])
            async for entries in work.audit.all(sought):
                yield csv_rows([_cells(words, entry, names) for entry in entries])

    async def _page(self, visit: Visit, trouble: str = "", **found: Any) -> Response:
        words, params = self._pages.words(visit.request), visit.request.query_params
        async with self._office.work() as work:
            names = {account.name: account.display_name for account in await work.agents.all()}
        values: dict[str, Any] = {"sought": None, "entries": [], "older": "", "is_later": False, **found}
        return self._pages.page(
            visit.request,
            "audit.html",
            422 if trouble else 200,
            account=visit.account,
            csrf=visit.csrf,
            trouble=words(f"statistics.trouble.{trouble}") if trouble else "",
            typed=_typed(values["sought"], params),
            today=self._office.statistics.today().isoformat(),
            names=names,
            nobodys=NOBODYS,
            actions=words.within("audit.action"),
            actor=lambda entry: _actor(words, entry, names),
            parts=TICKET.split,
            named=lambda entry, part: _named(words, entry, part),
            **values,
        )


def _actor(words: Words, entry: Entry, names: Mapping[str, str]) -> str:
    return names.get(entry.actor, words.of("audit.actor", entry.actor))


def _named(words: Words, entry: Entry, part: str) -> str:
    """Part of what an entry is about, with what has words in words."""
    family = NAMED.get(entry.action)
    return " ".join(words.of(family, one) for one in part.split(" ")) if family else part


def _cells(words: Words, entry: Entry, names: Mapping[str, str]) -> list[str]:
    cells = (
        f"{entry.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}",
        entry.actor,
        _actor(words, entry, names),
        words.of("audit.action", entry.action),
        entry.action,
        entry.subject,
    )
    return [harmless(cell) for cell in cells]


def _typed(sought: Any, params: Mapping[str, str]) -> dict[str, str]:
    """What the form shows: what is sought, or what was wrong with it."""
    if sought is None:
        return {name: params.get(name, "") for name in ("from", "to", "actor", "action", "subject")}
    return {
        "from": sought.days.first.isoformat(),
        "to": sought.days.last.isoformat(),
        "actor": sought.actor,
        "action": sought.action,
        "subject": sought.subject,
    }


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
