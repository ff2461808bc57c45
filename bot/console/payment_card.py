"""How the payment of a ticket stands right now: the state that any agent may see, never its details."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bot import formats
from bot.console.bureau_trouble import TROUBLE, trouble_of
from bot.console.office import Office
from bot.console.pages import Pages
from bot.console.reception import Reception, Visit
from bot.console.ticket_view import existing, suggested_cause
from bot.errors import NotFound, Slow
from bot.payments.wording import describe

PATIENCE = 12.0
"""Seconds until an agent is told that the system is too slow just now."""


class PaymentCard:
    """A part of the page that is asked for after the page is there; that somebody looked is recorded."""

    def __init__(self, office: Office, pages: Pages) -> None:
        self._office = office
        self._pages = pages

    def routes(self, reception: Reception) -> list[Route]:
        """The address of the card."""
        return [Route("/console/tickets/{number}/payment", reception.for_agents(self.payment))]

    async def payment(self, visit: Visit) -> Response:
        """The state now, or why nobody can say."""
        number = visit.request.path_params["number"]
        async with self._office.work() as work:
            ticket = await existing(work, number)
            conversation = await work.conversations.get(ticket.conversation_id)
            work.agents.record(visit.account.name, "payment_viewed", number, self._office.clock.now())
            await work.commit()
        assert conversation is not None
        values: dict[str, Any] = {"report": None, "trouble": None, "is_found": bool(ticket.serial_number)}
        if ticket.serial_number:
            values.update(await self._asked(visit, ticket.serial_number, conversation.language))
        html = self._pages.fragment(
            visit.request, "_payment.html", ticket=ticket, asked_at=self._office.clock.now(), **values
        )
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})

    async def _asked(self, visit: Visit, serial_number: str, residents_language: str) -> dict[str, Any]:
        try:
            report = await asyncio.wait_for(self._office.payments.state_of(serial_number), PATIENCE)
        except asyncio.TimeoutError:
            return {"trouble": trouble_of(Slow())}
        except NotFound:
            return {"is_found": False}
        except TROUBLE as error:
            return {"trouble": trouble_of(error)}
        now, phrases = self._office.clock.now(), self._office.phrases
        language = self._pages.words(visit.request).language
        reason = report.payment.reason
        return {
            "report": report,
            "said": describe(report, now, phrases, language),
            "cause": suggested_cause(reason.value if reason else None),
            "expected_by": formats.moment(report.due, now, phrases, residents_language) if report.due else "",
        }
