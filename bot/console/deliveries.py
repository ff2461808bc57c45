"""Lines that never reached a resident: why, and another try."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.channels.problems import Problem
from bot.console.model import Permission
from bot.console.office import Office
from bot.console.once import Once
from bot.console.pages import Pages
from bot.console.reception import Reception, Visit
from bot.errors import Conflict

SHOWN = 100
HERE = "/console/deliveries"


class Deliveries:
    """The dead letters of the outbox, newest first."""

    def __init__(self, office: Office, pages: Pages) -> None:
        self._office = office
        self._pages = pages
        self._once = Once(office.clock)

    def routes(self, reception: Reception) -> list[Route]:
        """The addresses of these pages."""
        return [
            Route(HERE, reception.for_agents(self.deliveries)),
            Route(
                HERE + "/{id:int}/send_again",
                reception.for_agents(self.send_again, needs=Permission.OVERSEE),
                methods=["POST"],
            ),
        ]

    async def deliveries(self, visit: Visit) -> Response:
        """The page; that residents' lines were looked at is recorded."""
        async with self._office.work() as work:
            dead = await work.outbox.dead(SHOWN)
            if dead:
                work.agents.record(
                    visit.account.name, "deliveries_viewed", str(len(dead)), self._office.clock.now()
                )
                await work.commit()
        return self._pages.page(
            visit.request, "deliveries.html", account=visit.account, csrf=visit.csrf, dead=dead, shown=SHOWN
        )

    async def send_again(self, visit: Visit) -> Response:
        """Puts one line back into the queue; 404 for one that is not there or not given up."""
        wanted, now = visit.request.path_params["id"], self._office.clock.now()
        async with self._office.work() as work:
            self._once.obey(work, visit, str(wanted))
            work.outbox.send_again(wanted, now)
            work.agents.record(visit.account.name, "delivery_sent_again", str(wanted), now)
            try:
                await work.commit()
            except Conflict:
                if not await self._once.was_obeyed(work, visit, str(wanted)):
                    raise Problem(404, "not_found", "There is no such undelivered line any more.") from None
        self._office.notify()
        return RedirectResponse(HERE, 303)
