"""Who may see a page: everybody gets a session, agents get further."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Awaitable, Callable, Mapping, Optional
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from bot.channels.body import read_form, read_upload
from bot.channels.problems import Problem
from bot.channels.visitor import refuse_other_origins
from bot.console.model import Account, Permission
from bot.console.session import Session, Sessions
from bot.storage.unit_of_work import UnitOfWorkFactory

LOGIN = "/console/login"
CHANGE = "/console/password"
FORM_KEY = re.compile(r"[\w-]{12}", re.ASCII)
NEXT = re.compile(r"/console(?:[/?][\w/?=&%.+-]*)?", re.ASCII)


@dataclass(frozen=True)
class Visit:
    """One request with what is known about who sent it; `form` and `upload` hold what a POST brought."""

    request: Request
    session: Session
    csrf: str
    known: Optional[Account] = None
    form: Mapping[str, str] = field(default_factory=dict)
    upload: bytes = b""

    @property
    def account(self) -> Account:
        """Who is logged in, on pages for agents."""
        assert self.known is not None
        return self.known

    @property
    def key(self) -> str:
        """What marks a form of one page, so that it is obeyed once; empty where a form brings none."""
        given = self.form.get("key", "")
        return given if FORM_KEY.fullmatch(given) else ""


View = Callable[[Visit], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


class Reception:
    """Turns views into endpoints that let in who may come in."""

    def __init__(self, work: UnitOfWorkFactory, sessions: Sessions) -> None:
        self._work = work
        self._sessions = sessions

    def for_everybody(self, view: View) -> Endpoint:
        """A page before login."""

        async def endpoint(request: Request) -> Response:
            session = self._sessions.read(request)
            visit = await self._visit(request, session or self._sessions.anonymous())
            response = await view(visit)
            if session is None and "set-cookie" not in response.headers:
                self._sessions.write(request, response, visit.session)
            return response

        endpoint.__name__ = f"console_{view.__name__}"
        return endpoint

    def for_agents(self, view: View, needs: Permission = Permission.SERVE, most_upload: int = 0) -> Endpoint:
        """A page after login, for roles that have the permission; else 403.

        Whoever must change their password first is sent to do so. With `most_upload` its forms may bring a
        file of at most so many bytes.
        """

        async def endpoint(request: Request) -> Response:
            session = self._sessions.read(request)
            async with self._work() as work:
                account = await self._sessions.account(work, session)
            if account is None or session is None:
                return _to_login(request)
            if account.must_change_password and request.url.path != CHANGE:
                return RedirectResponse(CHANGE, 303)
            if not account.may(needs):
                raise Problem(403, "not_allowed", "Your role does not allow this.")
            return await view(await self._visit(request, session, account, most_upload))

        endpoint.__name__ = f"console_{view.__name__}"
        return endpoint

    async def _visit(
        self,
        request: Request,
        session: Session,
        account: Optional[Account] = None,
        most_upload: int = 0,
    ) -> Visit:
        form: Mapping[str, str] = {}
        upload = b""
        if request.method == "POST":
            refuse_other_origins(request)
            if most_upload:
                form, upload = await read_upload(request, most_upload)
            else:
                form = await read_form(request)
            if not self._sessions.is_ours(session, form.get("csrf", "")):
                raise Problem(403, "stale_form", "The form is too old; load the page again.")
        return Visit(request, session, self._sessions.csrf(session), account, form, upload)


def safe_next(address: str) -> str:
    """Where to go after login: a page of the console, whatever was asked."""
    return address if NEXT.fullmatch(address) else "/console"


def _to_login(request: Request) -> Response:
    if request.headers.get("x-fragment"):
        return PlainTextResponse("", 401)
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "GET" or asked == "/console":
        return RedirectResponse(LOGIN, 303)
    return RedirectResponse(f"{LOGIN}?next={quote(asked)}", 303)
