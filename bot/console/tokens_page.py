"""The tokens of other systems, for admins: made, shown once, revoked."""

from __future__ import annotations

from typing import Optional

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console.model import Permission
from bot.console.office import Office
from bot.console.pages import Pages
from bot.console.reception import Reception, Visit
from bot.errors import Conflict, InvalidInput
from bot.ticket_api.model import Scope
from bot.ticket_api.tokens import TokensService, state_of

HERE = "/console/tokens"


class TokensPage:
    """The list with a form for a new one; a token is on the page that answers the form, and nowhere else."""

    def __init__(self, office: Office, pages: Pages) -> None:
        self._office = office
        self._pages = pages
        self._tokens = TokensService(office.clock)

    def routes(self, reception: Reception) -> list[Route]:
        """The addresses of these pages."""
        agents, needs = reception.for_agents, Permission.ADMINISTER
        return [
            Route(HERE, agents(self.tokens, needs)),
            Route(HERE, agents(self.make, needs), methods=["POST"]),
            Route(HERE + "/{name}/revoke", agents(self.revoke, needs), methods=["POST"]),
        ]

    async def tokens(self, visit: Visit) -> Response:
        """The list."""
        return await self._show(visit)

    async def make(self, visit: Visit) -> Response:
        """Makes a token; what is wrong with the form is said above it."""
        form = visit.form
        try:
            async with self._office.work() as work:
                token = await self._tokens.make(
                    work,
                    form.get("name", ""),
                    _scopes(visit),
                    visit.account.name,
                    _days(form.get("days", "")),
                )
                await work.commit()
        except InvalidInput as error:
            return await self._show(visit, 422, error.code)
        except Conflict:  # two admins at once
            return await self._show(visit, 422, "token_name_taken")
        return await self._show(visit, token=token)

    async def revoke(self, visit: Visit) -> Response:
        """Ends a token at once; a second time changes nothing."""
        async with self._office.work() as work:
            await self._tokens.revoke(work, visit.request.path_params["name"], visit.account.name)
            await work.commit()
        return RedirectResponse(HERE, 303)

    async def _show(
        self, visit: Visit, status: int = 200, trouble: Optional[str] = None, token: str = ""
    ) -> Response:
        now = self._office.clock.now()
        async with self._office.work() as work:
            tokens = await self._tokens.all(work)
            names = {account.name: account.display_name for account in await work.agents.all()}
        words = self._pages.words(visit.request)
        return self._pages.page(
            visit.request,
            "tokens.html",
            status,
            account=visit.account,
            csrf=visit.csrf,
            tokens=tokens,
            names=names,
            states={one.name: state_of(one, now) for one in tokens},
            scopes=list(Scope),
            token=token,
            trouble=words(f"trouble.{trouble}") if trouble else "",
            form=visit.form if trouble else {},
        )


def _scopes(visit: Visit) -> list[Scope]:
    return [scope for scope in Scope if visit.form.get(f"scope_{scope.value}")]


def _days(given: str) -> Optional[int]:
    given = given.strip()
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= 5):
        raise InvalidInput("bad_days")
    return int(given)
