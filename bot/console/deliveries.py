"""Lines that never reached a resident: why, and another try."""

from __future__ import annotations

from contextlib import suppress

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
            Route(
                HERE + "/contacts/{id:int}/send_again",
                reception.for_agents(self.send_all_again, needs=Permission.OVERSEE),
                methods=["POST"],
            ),
        ]

    async def deliveries(self, visit: Visit) -> Response:
        """A page of them; that residents' lines were looked at is recorded."""
        before = _number(visit.request.query_params.get("before", ""))
        async with self._office.work() as work:
            found = await work.outbox.dead(SHOWN + 1, before)
            dead = found[:SHOWN]
            of_contact = await work.outbox.count_dead({one.line.conversation_id for one in dead})
            if dead:
                work.agents.record(
                    visit.account.name, "deliveries_viewed", str(len(dead)), self._office.clock.now()
                )
                await work.commit()
        return self._pages.page(
            visit.request,
            "deliveries.html",
            account=visit.account,
            csrf=visit.csrf,
            dead=dead,
            of_contact=of_contact,
            older=f"{HERE}?before={dead[-1].id}" if len(found) > SHOWN else "",
            newest=HERE if before else "",
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

    async def send_all_again(self, visit: Visit) -> Response:
        """Puts every line of one contact back into the queue; 404 when none of theirs was given up."""
        contact, now = visit.request.path_params["id"], self._office.clock.now()
        what = f"contact-{contact}"
        async with self._office.work() as work:
            count = (await work.outbox.count_dead([contact])).get(contact, 0)
            if count:
                self._once.obey(work, visit, what)
                work.outbox.send_all_again(contact, now)
                subject = f"{contact}: {count}"
                work.agents.record(visit.account.name, "deliveries_sent_again", subject, now)
                with suppress(Conflict):  # the same form was obeyed before
                    await work.commit()
            elif not await self._once.was_obeyed(work, visit, what):
                raise Problem(404, "not_found", "There is no such undelivered line any more.")
        self._office.notify()
        return RedirectResponse(HERE, 303)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
