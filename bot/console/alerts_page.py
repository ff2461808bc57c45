"""What supervisors should notice: new ones come by themselves, and each is noticed once."""

from __future__ import annotations

import math
import re
from typing import Any, Mapping

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.alerts import Alert
from bot.console.model import Permission
from bot.console.office import Office
from bot.console.pages import Pages
from bot.console.reception import Reception, Visit
from bot.errors import NotFound
from bot.storage.unit_of_work import UnitOfWork

HERE = "/console/alerts"
PER_PAGE = 25
LISTS = ("unseen", "all")
UP_TO = 10**18
CONVERSATION = re.compile(r"[a-z]+:(\d{1,18})", re.ASCII)
"""How an alert names a contact: the channel and the number of the conversation."""


class AlertsPage:
    """The list, unseen ones first to be had, and the number beside its link."""

    def __init__(self, office: Office, pages: Pages) -> None:
        self._office = office
        self._pages = pages

    def routes(self, reception: Reception) -> list[Route]:
        """The addresses of these pages."""
        agents, oversee = reception.for_agents, Permission.OVERSEE
        return [
            Route(HERE, agents(self.alerts, oversee)),
            Route(HERE + "/rows", agents(self.rows, oversee)),
            Route(HERE + "/unseen", agents(self.unseen, oversee)),
            Route(HERE + "/seen", agents(self.all_seen, oversee), methods=["POST"]),
            Route(HERE + "/{id:int}/seen", agents(self.seen, oversee), methods=["POST"]),
        ]

    async def alerts(self, visit: Visit) -> Response:
        """The page; that it was looked at is recorded, for it names residents' contacts."""
        values = await self._values(visit.request.query_params)
        async with self._office.work() as work:
            work.agents.record(
                visit.account.name, "alerts_viewed", values["chosen"], self._office.clock.now()
            )
            await work.commit()
        return self._pages.page(
            visit.request, "alerts.html", account=visit.account, csrf=visit.csrf, lists=LISTS, **values
        )

    async def rows(self, visit: Visit) -> Response:
        """The part of the page that is kept up to date."""
        values = await self._values(visit.request.query_params)
        html = self._pages.fragment(visit.request, "_alerts.html", csrf=visit.csrf, **values)
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})

    async def unseen(self, visit: Visit) -> Response:
        """How many nobody has noticed yet."""
        async with self._office.work() as work:
            count = await work.alerts.count(unseen_only=True)
        return JSONResponse({"count": count}, headers={"Cache-Control": "no-store"})

    async def seen(self, visit: Visit) -> Response:
        """Notes that one was noticed; the first who noticed it counts."""
        wanted = visit.request.path_params["id"]
        async with self._office.work() as work:
            alert = await work.alerts.get(wanted) if wanted < UP_TO else None
            if alert is None:
                raise NotFound("alert")
            if alert.seen_by is None:
                now = self._office.clock.now()
                work.alerts.mark_seen(wanted, visit.account.name, now)
                subject = f"{wanted} {alert.kind.value} {alert.subject}"
                work.agents.record(visit.account.name, "alert_seen", subject, now)
                await work.commit()
        return RedirectResponse(_back(visit.form), 303)

    async def all_seen(self, visit: Visit) -> Response:
        """Notes it of all that the page knew of; what came since waits to be noticed."""
        newest = visit.form.get("newest", "")
        async with self._office.work() as work:
            if newest.isascii() and newest.isdigit() and int(newest) < UP_TO:
                now = self._office.clock.now()
                work.alerts.mark_all_seen(int(newest), visit.account.name, now)
                work.agents.record(visit.account.name, "alerts_seen", f"..{int(newest)}", now)
                await work.commit()
        return RedirectResponse(_back(visit.form), 303)

    async def _values(self, params: Mapping[str, str]) -> dict[str, Any]:
        chosen = _list(params)
        unseen_only = chosen == "unseen"
        async with self._office.work() as work:
            counts = {name: await work.alerts.count(unseen_only=name == "unseen") for name in LISTS}
            pages = max(1, math.ceil(counts[chosen] / PER_PAGE))
            page = min(_page(params), pages)
            alerts = await work.alerts.list(unseen_only, PER_PAGE, (page - 1) * PER_PAGE)
            newest = await work.alerts.list(limit=1)
            names = {account.name: account.display_name for account in await work.agents.all()}
            tickets = {alert.id: await _ticket(work, alert) for alert in alerts}
        return {
            "chosen": chosen,
            "counts": counts,
            "alerts": alerts,
            "newest": newest[0].id if newest else 0,
            "page": page,
            "pages": pages,
            "names": names,
            "tickets": tickets,
        }


async def _ticket(work: UnitOfWork, alert: Alert) -> str:
    """The number of the newest ticket that an alert leads to, or nothing."""
    contact = CONVERSATION.fullmatch(alert.subject)
    if contact is None:
        return ""
    found = await work.tickets.of_conversation(int(contact[1]), limit=1)
    return found[0].number if found else ""


def _list(values: Mapping[str, str]) -> str:
    wanted = values.get("list", "")
    return wanted if wanted in LISTS else LISTS[0]


def _page(values: Mapping[str, str]) -> int:
    page = values.get("page", "1")
    return max(1, int(page)) if page.isascii() and page.isdigit() and len(page) <= 6 else 1


def _back(form: Mapping[str, str]) -> str:
    return f"{HERE}?list={_list(form)}&page={_page(form)}"
