"""The accounts of the console, for admins: who may log in, as what."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Optional

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console.model import Account, Permission, Role
from bot.console.office import Office
from bot.console.pages import Pages
from bot.console.reception import Reception, Visit
from bot.console.staff import Staff, existing
from bot.errors import Conflict, InvalidInput, NotFound

HERE = "/console/accounts"
LOGINS_SHOWN_FOR = timedelta(days=180)
DONE = ("changed", "sessions_ended", "disabled", "enabled")


class AccountsPage:
    """The list with a form for a new account, and one page for each account.

    A one-time password is on the page that answers the form, and nowhere else.
    """

    def __init__(self, office: Office, pages: Pages) -> None:
        self._office = office
        self._pages = pages
        self._staff = Staff(office.work, office.clock, office.casework)

    def routes(self, reception: Reception) -> list[Route]:
        """The addresses of these pages."""
        agents, needs = reception.for_agents, Permission.ADMINISTER
        return [
            Route(HERE, agents(self.accounts, needs)),
            Route(HERE, agents(self.add, needs), methods=["POST"]),
            Route(HERE + "/{name}", agents(self.account, needs)),
            Route(HERE + "/{name}/{action}", agents(self.act, needs), methods=["POST"]),
        ]

    async def accounts(self, visit: Visit) -> Response:
        """The list."""
        return await self._list(visit)

    async def add(self, visit: Visit) -> Response:
        """Makes an account; what is wrong with the form is said above it."""
        form = visit.form
        try:
            async with self._office.work() as work:
                password = await self._office.accounts.add(
                    work, form.get("name", ""), form.get("display_name", ""), _role(form), visit.account.name
                )
                await work.commit()
        except InvalidInput as error:
            return await self._list(visit, 422, error.code)
        except Conflict:  # two admins at once
            return await self._list(visit, 422, "name_taken")
        return await self._show(visit, form.get("name", "").strip().lower(), password=password)

    async def account(self, visit: Visit) -> Response:
        """One account."""
        return await self._show(visit, visit.request.path_params["name"])

    async def act(self, visit: Visit) -> Response:
        """Changes an account."""
        name, action = visit.request.path_params["name"], visit.request.path_params["action"]
        try:
            if action == "reset":
                return await self._reset(visit, name)
            done = await self._do(visit, name, action)
        except InvalidInput as error:
            return await self._show(visit, name, 422, error.code)
        return RedirectResponse(f"{HERE}/{name}?{done}", 303)

    async def _do(self, visit: Visit, name: str, action: str) -> str:
        form, me = visit.form, visit.account
        if action == "change":
            await self._staff.change(name, form.get("display_name", ""), _role(form), me)
            return "did=changed"
        if action == "end_sessions":
            await self._staff.end_sessions(name, me)
            return "did=sessions_ended"
        if action == "disable":
            return f"did=disabled&tickets={await self._staff.disable(name, me)}"
        if action == "enable":
            await self._staff.enable(name, me)
            return "did=enabled"
        raise NotFound(action)

    async def _reset(self, visit: Visit, name: str) -> Response:
        if name == visit.account.name:
            raise InvalidInput("own_account")
        async with self._office.work() as work:
            password = await self._office.accounts.reset(work, name, visit.account.name)
            await work.commit()
        return await self._show(visit, name, password=password)

    async def _list(self, visit: Visit, status: int = 200, trouble: Optional[str] = None) -> Response:
        now = self._office.clock.now()
        async with self._office.work() as work:
            accounts = await self._office.accounts.all(work)
            logins = await work.agents.last_logins(now - LOGINS_SHOWN_FOR)
        # Those in use first; within, by name.
        accounts.sort(key=lambda account: account.disabled_at is not None)
        return self._page(visit, "accounts.html", status, trouble, accounts=accounts, logins=logins)

    async def _show(
        self, visit: Visit, name: str, status: int = 200, trouble: Optional[str] = None, password: str = ""
    ) -> Response:
        async with self._office.work() as work:
            shown = await existing(work, name)
            tickets = len(await work.inbox.live_of(name))
        did = visit.request.query_params.get("did", "")
        given = visit.request.query_params.get("tickets", "")
        return self._page(
            visit,
            "account.html",
            status,
            trouble,
            shown=shown,
            tickets=tickets,
            password=password,
            did=did if did in DONE else "",
            given=int(given) if given.isascii() and given.isdigit() and len(given) < 6 else 0,
        )

    def _page(
        self, visit: Visit, template: str, status: int, trouble: Optional[str], **values: Any
    ) -> Response:
        words, now = self._pages.words(visit.request), self._office.clock.now()
        return self._pages.page(
            visit.request,
            template,
            status,
            account=visit.account,
            csrf=visit.csrf,
            trouble=words(f"trouble.{trouble}") if trouble else "",
            form=visit.form if trouble else {},
            roles=list(Role),
            state=lambda account: _state(account, now),
            **values,
        )


def _role(form: Any) -> Role:
    try:
        return Role(form.get("role", ""))
    except ValueError:
        raise InvalidInput("bad_role") from None


def _state(account: Account, now: datetime) -> str:
    if account.disabled_at:
        return "disabled"
    if account.locked_until and account.locked_until > now:
        return "locked"
    return "fresh" if account.must_change_password else "active"
