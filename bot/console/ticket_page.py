"""One ticket: what happened, what was said, and what an agent can do about it."""

from __future__ import annotations

import re
import secrets
from typing import Any, Optional

from cachetools import TTLCache
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.channels.body import line_id
from bot.clock import Clock
from bot.console.office import Office
from bot.console.pages import Pages
from bot.console.reception import Reception, Visit
from bot.console.ticket_list import is_late
from bot.errors import Conflict, InvalidInput, NotFound
from bot.messages import ConversationStatus
from bot.storage.unit_of_work import UnitOfWork
from bot.tickets.model import Ticket

LINES = 300
FORM_KEY = re.compile(r"[\w-]{12}", re.ASCII)
ACTIONS = ("claim", "reply", "hand_back", "resolve", "reopen")


class TicketPage:
    """A ticket's page, the parts of it that keep up to date, and its actions."""

    def __init__(self, office: Office, pages: Pages) -> None:
        self._office = office
        self._clock: Clock = office.clock
        self._pages = pages
        # Forms already obeyed: a second click, or a reload after a reply, must not write twice.
        self._obeyed: "TTLCache[str, bool]" = TTLCache(maxsize=10_000, ttl=3600)

    def routes(self, reception: Reception) -> list[Route]:
        """The addresses of these pages."""
        return [
            Route("/console/tickets/{number}", reception.for_agents(self.ticket)),
            Route("/console/tickets/{number}/live", reception.for_agents(self.live)),
            Route("/console/tickets/{number}/{action}", reception.for_agents(self.act), methods=["POST"]),
        ]

    async def ticket(self, visit: Visit) -> Response:
        """The page; that it was looked at is recorded."""
        number = visit.request.path_params["number"]
        before = line_id(visit.request.query_params.get("before", ""))
        async with self._office.work() as work:
            await _existing(work, number)
            work.agents.record(visit.account.name, "ticket_viewed", number, self._clock.now())
            await work.commit()
        return await self._show(visit, number, before=before)

    async def live(self, visit: Visit) -> Response:
        """What changed since the page was loaded: new lines, and the parts that follow the ticket."""
        number = visit.request.path_params["number"]
        after = line_id(visit.request.query_params.get("after", ""))
        async with self._office.work() as work:
            ticket = await _existing(work, number)
            values = await self._values(work, visit, ticket)
            lines = await work.lines.after(ticket.conversation_id, after, LINES)
        parts = {
            part: self._pages.fragment(visit.request, f"_{part}.html", **values)
            for part in ("head", "actions", "facts", "history")
        }
        return JSONResponse(
            {
                "lines": self._pages.fragment(visit.request, "_lines.html", lines=lines, ticket=ticket),
                "last": lines[-1].id if lines else after,
                "parts": parts,
            },
            headers={"Cache-Control": "no-store"},
        )

    async def act(self, visit: Visit) -> Response:
        """Does what a form asks, once; what went wrong is said on the newest state of the page."""
        number, action = visit.request.path_params["number"], visit.request.path_params["action"]
        if action not in ACTIONS:
            raise NotFound(action)
        key = f"{visit.account.id}:{visit.form.get('key') or secrets.token_urlsafe(9)}"
        if key not in self._obeyed:
            self._obeyed[key] = True
            try:
                await self._obey(visit, number, action)
            except (Conflict, InvalidInput) as error:
                self._obeyed.pop(key, None)
                if isinstance(error, InvalidInput):
                    return await self._show(visit, number, 422, error.code)
                return await self._show(visit, number, 409, "conflict")
            except BaseException:
                self._obeyed.pop(key, None)
                raise
        return RedirectResponse(f"/console/tickets/{number}", 303)

    async def _obey(self, visit: Visit, number: str, action: str) -> None:
        try:
            ticket = await self._try(visit, number, action)
        except Conflict:
            # The resident may have written in between, which is no reason to stop an agent. If it was
            # another agent, the second try sees that.
            ticket = await self._try(visit, number, action)
        self._office.announcer.announce(ticket.conversation_id)
        self._office.notify()

    async def _try(self, visit: Visit, number: str, action: str) -> Ticket:
        async with self._office.work() as work:
            ticket = await _existing(work, number)
            _refuse_unseen_change(visit, ticket)
            ticket = await self._do(work, visit, ticket, action)
            work.agents.record(visit.account.name, f"ticket_{action}", number, self._clock.now())
            await work.commit()
        return ticket

    async def _do(self, work: UnitOfWork, visit: Visit, ticket: Ticket, action: str) -> Ticket:
        casework, me, number = self._office.casework, visit.account, ticket.number
        if action == "claim":
            return await casework.claim(work, number, me.name)
        if action == "reply":
            text = visit.form.get("text", "").replace("\r\n", "\n")
            return await casework.reply(work, number, me.name, me.display_name, text)
        if action == "hand_back":
            conversation = await work.conversations.get(ticket.conversation_id)
            if conversation is None or conversation.status is ConversationStatus.WITH_BOT:
                raise Conflict("handed back already")
            return await casework.hand_back(work, number, me.name)
        if action == "resolve":
            return await casework.resolve(work, number, me.name, visit.form.get("note", "").strip())
        return await casework.reopen(work, number, me.name)

    async def _show(
        self, visit: Visit, number: str, status: int = 200, trouble: Optional[str] = None, before: int = 0
    ) -> Response:
        async with self._office.work() as work:
            ticket = await _existing(work, number)
            values = await self._values(work, visit, ticket)
            lines = await work.lines.last(ticket.conversation_id, LINES, before or None)
        words = self._pages.words(visit.request)
        return self._pages.page(
            visit.request,
            "ticket.html",
            status,
            account=visit.account,
            lines=lines,
            earlier=lines[0].id if len(lines) == LINES else 0,
            before=before,
            trouble=words(f"trouble.{trouble}") if trouble else "",
            typed=visit.form.get("text", "") if trouble else "",
            **values,
        )

    async def _values(self, work: UnitOfWork, visit: Visit, ticket: Ticket) -> dict[str, Any]:
        conversation = await work.conversations.get(ticket.conversation_id)
        assert conversation is not None
        others = await work.tickets.of_conversation(ticket.conversation_id)
        return {
            "csrf": visit.csrf,
            "key": _form_key(visit),
            "me": visit.account,
            "ticket": ticket,
            "late": is_late(ticket, self._clock.now()),
            "conversation": conversation,
            "served_by_bot": conversation.status is ConversationStatus.WITH_BOT,
            "others": [other for other in others if other.number != ticket.number],
            "history": await work.tickets.log(ticket.number),
            "names": {account.name: account.display_name for account in await work.agents.all()},
        }


async def _existing(work: UnitOfWork, number: str) -> Ticket:
    ticket = await work.tickets.get(number)
    if ticket is None:
        raise NotFound(number)
    return ticket


def _form_key(visit: Visit) -> str:
    """What marks one page's forms; parts loaded later keep the page's own."""
    given = visit.request.query_params.get("key", "")
    return given if FORM_KEY.fullmatch(given) else secrets.token_urlsafe(9)


def _refuse_unseen_change(visit: Visit, ticket: Ticket) -> None:
    """Raises Conflict when another agent took or ended the case after this page was made."""
    taken = (ticket.assignee or "") not in (visit.form.get("seen_assignee", ""), visit.account.name)
    ended = ("live" if ticket.status.is_live else "done") != visit.form.get("seen_state", "")
    if taken or ended:
        raise Conflict(ticket.number)
