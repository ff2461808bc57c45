"""The way in and out: set-up, login, password, logout."""

from __future__ import annotations

import math
from typing import Any, Optional

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console.pages import Pages
from bot.console.reception import CHANGE, LOGIN, Reception, Visit, safe_next
from bot.console.service import AccountsService
from bot.console.session import Sessions
from bot.errors import InvalidInput, NotFound, TooManyTries
from bot.storage.unit_of_work import UnitOfWorkFactory


class Entry:
    """Pages that lead in and out of the console."""

    def __init__(
        self, work: UnitOfWorkFactory, accounts: AccountsService, sessions: Sessions, pages: Pages
    ) -> None:
        self._work = work
        self._accounts = accounts
        self._sessions = sessions
        self._pages = pages

    def routes(self, reception: Reception) -> list[Route]:
        """The addresses of these pages."""
        everybody, agents = reception.for_everybody, reception.for_agents
        return [
            Route(LOGIN, everybody(self.login)),
            Route(LOGIN, everybody(self.log_in), methods=["POST"]),
            Route("/console/setup/{token}", everybody(self.setup)),
            Route("/console/setup/{token}", everybody(self.set_up), methods=["POST"]),
            Route(CHANGE, agents(self.password)),
            Route(CHANGE, agents(self.change_password), methods=["POST"]),
            Route("/console/logout", agents(self.log_out), methods=["POST"]),
        ]

    async def login(self, visit: Visit) -> Response:
        """The login form; a note when there is no account yet."""
        async with self._work() as work:
            fresh = await self._accounts.setup_token(work) is not None
        return self._form(visit, "login.html", next=visit.request.query_params.get("next", ""), fresh=fresh)

    async def log_in(self, visit: Visit) -> Response:
        """Lets an agent in, with a new session."""
        goal = safe_next(visit.form.get("next", ""))
        try:
            async with self._work() as work:
                account = await self._accounts.authenticate(
                    work, visit.form.get("name", ""), visit.form.get("password", "")
                )
        except TooManyTries as error:
            minutes = math.ceil(error.retry_after / 60)
            return self._form(visit, "login.html", 429, "locked", minutes, next=goal, fresh=False)
        except InvalidInput as error:
            return self._form(visit, "login.html", 401, error.code, next=goal, fresh=False)
        response = RedirectResponse(goal, 303)
        self._sessions.write(visit.request, response, self._sessions.of(account))
        return response

    async def setup(self, visit: Visit) -> Response:
        """The form for the very first account, while there is none."""
        async with self._work() as work:
            if await self._accounts.setup_token(work) is None:
                return RedirectResponse(LOGIN, 303)
            if visit.request.path_params["token"] != await self._accounts.setup_token(work):
                raise NotFound("setup")
        return self._form(visit, "setup.html")

    async def set_up(self, visit: Visit) -> Response:
        """Makes the first account and lets its owner in."""
        form, token = visit.form, visit.request.path_params["token"]
        name, password = form.get("name", ""), form.get("password", "")
        try:
            if password != form.get("again", ""):
                raise InvalidInput("passwords_differ")
            async with self._work() as work:
                await self._accounts.set_up(work, token, name, form.get("display_name", ""), password)
                await work.commit()
        except InvalidInput as error:
            return self._form(visit, "setup.html", 422, error.code)
        return await self._as(visit, name)

    async def password(self, visit: Visit) -> Response:
        """The form to change one's password."""
        return self._form(visit, "password.html")

    async def change_password(self, visit: Visit) -> Response:
        """Changes the password; every other session of the account ends."""
        form, account = visit.form, visit.account
        try:
            if form.get("password", "") != form.get("again", ""):
                raise InvalidInput("passwords_differ")
            async with self._work() as work:
                await self._accounts.change_password(
                    work, account, form.get("old", ""), form.get("password", "")
                )
                await work.commit()
        except InvalidInput as error:
            return self._form(visit, "password.html", 422, error.code)
        return await self._as(visit, account.name)

    async def log_out(self, visit: Visit) -> Response:
        """Ends the session, on the server too."""
        async with self._work() as work:
            self._accounts.end_sessions(work, visit.account)
            await work.commit()
        response = RedirectResponse(LOGIN, 303)
        self._sessions.write(visit.request, response, self._sessions.anonymous())
        return response

    async def _as(self, visit: Visit, name: str) -> Response:
        async with self._work() as work:
            account = await work.agents.by_name(name.strip().lower())
        assert account is not None
        response = RedirectResponse("/console", 303)
        self._sessions.write(visit.request, response, self._sessions.of(account))
        return response

    def _form(
        self,
        visit: Visit,
        template: str,
        status: int = 200,
        trouble: Optional[str] = None,
        minutes: int = 0,
        **values: Any,
    ) -> Response:
        words = self._pages.words(visit.request)
        said = words(f"trouble.{trouble}", minutes=minutes) if trouble else ""
        return self._pages.page(
            visit.request,
            template,
            status,
            account=visit.known,
            csrf=visit.csrf,
            trouble=said,
            form=visit.form,
            **values,
        )
