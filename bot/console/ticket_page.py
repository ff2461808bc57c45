"""One ticket: what was said and done, and what an agent can do about it.

A form answers with a page, or with JSON for the page's own script (`X-Fragment`): what went wrong, what is
new, and a fresh key. Without its script the page works by loading it again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Optional

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bot import formats
from bot.channels.body import line_id
from bot.console.office import Office
from bot.console.once import Once
from bot.console.pages import Pages, new_form_key
from bot.console.reception import Reception, Visit
from bot.console.resident_card import PURPOSES, Revealed, reveal
from bot.console.ticket_actions import TicketActions
from bot.console.ticket_news import TicketNews, mark_read
from bot.console.ticket_view import TicketView, existing, filled, seen_of
from bot.console.timeline import newest
from bot.errors import Conflict, InvalidInput, NotFound
from bot.seal import Seal

HERE = "/console/tickets/{number}"
SCRIPT_WORDS = (
    "leave", "sending", "not_sent", "saved", "picker_none", "picker_count", "too_large",
    "payment_loading", "payment_slow", "payment_failed", "payment_refresh", "cause_suggested",
)  # fmt: skip
"""What the page's own script says."""
TYPED = ("text", "note", "cause", "to", "own", "tag", "purpose")
"""What is put back into a refused form."""
NO_STORE = {"Cache-Control": "no-store"}


class TicketPage:
    """A ticket's page, the parts of it that keep up to date, and its actions."""

    def __init__(self, office: Office, pages: Pages) -> None:
        self._office = office
        self._clock = office.clock
        self._seal = Seal(office.secret_key)
        self._pages = pages
        self._view = TicketView(office, pages)
        self._news = TicketNews(office, pages, self._view)
        self._actions = TicketActions(office)
        self._once = Once(office.clock)

    def routes(self, reception: Reception) -> list[Route]:
        """The addresses of these pages."""
        agents = reception.for_agents
        return [
            Route(HERE, agents(self.ticket)),
            Route(HERE + "/live", agents(self.live)),
            Route(HERE + "/events", agents(self._news.events)),
            Route(HERE + "/answers", agents(self.answers)),
            Route(HERE + "/typing", agents(self._news.typing), methods=["POST"]),
            Route(HERE + "/reveal", agents(self.reveal), methods=["POST"]),
            Route(
                HERE + "/{action}",
                agents(self.act, most_upload=self._office.sending.most),
                methods=["POST"],
            ),
        ]

    async def ticket(self, visit: Visit) -> Response:
        """The page; that it was looked at is recorded."""
        number = visit.request.path_params["number"]
        before = line_id(visit.request.query_params.get("before", ""))
        async with self._office.work() as work:
            await existing(work, number)
            work.agents.record(visit.account.name, "ticket_viewed", number, self._clock.now())
            await work.commit()
        return await self._show(visit, number, before=before)

    async def live(self, visit: Visit) -> Response:
        """What changed since the page was loaded, for a page whose stream does not come through."""
        return JSONResponse(await self._news.since(visit), headers=NO_STORE)

    async def answers(self, visit: Visit) -> Response:
        """The canned answers, filled in for this ticket and in its resident's language."""
        number = visit.request.path_params["number"]
        async with self._office.work() as work:
            ticket = await existing(work, number)
            conversation = await work.conversations.get(ticket.conversation_id)
            answers = await work.canned_answers.all()
        assert conversation is not None
        language = conversation.language
        words = self._pages.words_in(language)
        values = {
            "agent": visit.account.display_name,
            "resident": words("canned.resident"),
            "expected_by": self._expected_by(ticket.checked.get("expected_by", ""), language),
        }
        found = [filled(answer, ticket, conversation, values) for answer in answers]
        return JSONResponse({"answers": found}, headers=NO_STORE)

    async def act(self, visit: Visit) -> Response:
        """Does what a form asks, once; what went wrong is said on the newest state of the page."""
        number, action = visit.request.path_params["number"], visit.request.path_params["action"]
        if action not in self._actions.names:
            raise NotFound(action)
        status, trouble = 200, None
        try:
            await self._obey_once(visit, number, action)
        except InvalidInput as error:
            status, trouble = 422, error.code
        except Conflict:
            status, trouble = 409, "conflict"
        if _is_script(visit):
            return await self._answer(visit, number, status, trouble)
        if trouble:
            return await self._show(visit, number, status, trouble)
        return RedirectResponse(HERE.format(number=number), 303)

    async def reveal(self, visit: Visit) -> Response:
        """Shows what is hidden of the resident, on this one answer."""
        number, form = visit.request.path_params["number"], visit.form
        now = self._clock.now()
        try:
            async with self._office.work() as work:
                ticket = await existing(work, number)
                conversation = await work.conversations.get(ticket.conversation_id)
                assert conversation is not None
                shown = await reveal(
                    work, ticket, conversation, visit.account.name,
                    form.get("purpose", ""), form.get("own", ""), now, self._seal,
                )  # fmt: skip
                await work.commit()
        except InvalidInput as error:
            if _is_script(visit):
                return await self._answer(visit, number, 422, error.code)
            return await self._show(visit, number, 422, error.code)
        if _is_script(visit):
            html = self._pages.fragment(visit.request, "_revealed.html", revealed=shown)
            return JSONResponse({"revealed": html}, headers=NO_STORE)
        return await self._show(visit, number, revealed=shown)

    async def _obey_once(self, visit: Visit, number: str, action: str) -> None:
        try:
            await self._obey(visit, number, action)
        except (Conflict, InvalidInput):
            async with self._office.work() as work:
                if not await self._once.was_obeyed(work, visit, action):
                    raise

    async def _obey(self, visit: Visit, number: str, action: str) -> None:
        try:
            conversation_id = await self._try(visit, number, action)
        except Conflict:
            # The resident may have written in between, which is no reason to stop an agent. If it was
            # another agent, the second try sees that.
            conversation_id = await self._try(visit, number, action)
        self._office.announcer.announce(conversation_id)
        self._office.notify()

    async def _try(self, visit: Visit, number: str, action: str) -> int:
        now, me = self._clock.now(), visit.account.name
        async with self._office.work() as work:
            ticket = await existing(work, number)
            self._once.obey(work, visit, action)
            await self._actions.do(work, visit, ticket, action)
            work.agents.record(me, f"ticket_{action}", number, now)
            if action == "reply":
                work.presence.typing(number, me, now, None)
            await work.commit()
        return ticket.conversation_id

    async def _answer(self, visit: Visit, number: str, status: int, trouble: Optional[str]) -> Response:
        words = self._pages.words(visit.request)
        async with self._office.work() as work:
            seen = seen_of(await existing(work, number))
        return JSONResponse(
            {
                "trouble": words(f"trouble.{trouble}") if trouble else "",
                "seen": {**seen, "key": new_form_key()},
                "news": await self._news.since(visit),
            },
            status,
            headers=NO_STORE,
        )

    async def _show(
        self,
        visit: Visit,
        number: str,
        status: int = 200,
        trouble: Optional[str] = None,
        before: int = 0,
        revealed: Optional[Revealed] = None,
    ) -> Response:
        async with self._office.work() as work:
            ticket = await existing(work, number)
            timeline = await newest(work, ticket, before)
            values = await self._view.of(work, visit, ticket)
            present = await self._view.present(work, visit, ticket)
            await mark_read(work, visit.account.name, ticket, timeline.last_line)
        words = self._pages.words(visit.request)
        return self._pages.page(
            visit.request,
            "ticket.html",
            status,
            account=visit.account,
            timeline=timeline,
            before=before,
            present=present,
            purposes=PURPOSES,
            revealed=revealed,
            trouble=words(f"trouble.{trouble}") if trouble else "",
            typed=_typed(visit) if trouble else {},
            page_words={name: words(f"case.{name}") for name in SCRIPT_WORDS},
            **values,
        )

    def _expected_by(self, moment: str, language: str) -> str:
        try:
            at = datetime.fromisoformat(moment)
        except ValueError:
            return ""
        return formats.moment(at, self._clock.now(), self._office.phrases, language)


def _is_script(visit: Visit) -> bool:
    return visit.request.headers.get("x-fragment") == "1"


def _typed(visit: Visit) -> dict[str, Any]:
    """What a refused form brought, to be put back into it."""
    action = visit.request.path_params.get("action", "reveal")
    return {"action": action, **{name: visit.form.get(name, "") for name in TYPED}}
