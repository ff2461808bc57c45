"""The canned answers: everybody reads them, supervisors make, change and remove them."""

from __future__ import annotations

from typing import Awaitable, Callable, Optional

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console.canned import LANGUAGES, TEXT_MAX_CHARS, TITLE_MAX_CHARS, VARIABLES, CannedAnswersService
from bot.console.model import Permission
from bot.console.office import Office
from bot.console.once import Once
from bot.console.pages import Pages
from bot.console.reception import Reception, Visit
from bot.errors import Conflict, InvalidInput, NotFound, ResidentError
from bot.storage.unit_of_work import UnitOfWork

HERE = "/console/answers"
Change = Callable[[UnitOfWork], Awaitable[str]]
"""Stages a change; returns the shortcut that it is about."""


class CannedPage:
    """A searchable list, and a form for one answer."""

    def __init__(self, office: Office, pages: Pages) -> None:
        self._office = office
        self._pages = pages
        self._service = CannedAnswersService(office.clock)
        self._once = Once(office.clock)

    def routes(self, reception: Reception) -> list[Route]:
        """The addresses of these pages."""
        agents, oversee = reception.for_agents, Permission.OVERSEE
        return [
            Route(HERE, agents(self.answers)),
            Route(HERE + "/new", agents(self.form, oversee)),
            Route(HERE + "/new", agents(self.make, oversee), methods=["POST"]),
            Route(HERE + "/{id:int}", agents(self.form, oversee)),
            Route(HERE + "/{id:int}", agents(self.change, oversee), methods=["POST"]),
            Route(HERE + "/{id:int}/remove", agents(self.remove, oversee), methods=["POST"]),
        ]

    async def answers(self, visit: Visit) -> Response:
        """Every answer that has the words looked for."""
        words = visit.request.query_params.get("q", "")[:100].strip()
        async with self._office.work() as work:
            answers = await work.canned_answers.all()
            names = {account.name: account.display_name for account in await work.agents.all()}
        return self._pages.page(
            visit.request,
            "canned.html",
            account=visit.account,
            csrf=visit.csrf,
            answers=[answer for answer in answers if answer.matches(words)],
            names=names,
            query=words,
        )

    async def form(self, visit: Visit) -> Response:
        """The form of one answer, or of a new one."""
        return await self._form(visit)

    async def make(self, visit: Visit) -> Response:
        """Keeps a new answer."""

        async def change(work: UnitOfWork) -> str:
            await self._service.make(work, visit.account.name, *_given(visit))
            return visit.form.get("shortcut", "")

        return await self._commit(visit, "answer_made", change)

    async def change(self, visit: Visit) -> Response:
        """Keeps a changed answer; somebody else's change in between is told."""

        async def change(work: UnitOfWork) -> str:
            version = visit.form.get("version", "")
            await self._service.change(
                work, visit.account.name, visit.request.path_params["id"],
                int(version) if version.isdecimal() else -1, *_given(visit),
            )  # fmt: skip
            return visit.form.get("shortcut", "")

        return await self._commit(visit, "answer_changed", change)

    async def remove(self, visit: Visit) -> Response:
        """Removes an answer."""

        async def change(work: UnitOfWork) -> str:
            return (await self._service.remove(work, visit.request.path_params["id"])).shortcut

        return await self._commit(visit, "answer_removed", change)

    async def _commit(self, visit: Visit, action: str, change: Change) -> Response:
        try:
            async with self._office.work() as work:
                self._once.obey(work, visit, action)
                shortcut = await change(work)
                work.agents.record(visit.account.name, action, shortcut[:64], self._office.clock.now())
                await work.commit()
        except (InvalidInput, NotFound, Conflict) as error:
            return await self._refused(visit, action, error)
        return RedirectResponse(HERE, 303)

    async def _refused(self, visit: Visit, action: str, error: ResidentError) -> Response:
        async with self._office.work() as work:
            if await self._once.was_obeyed(work, visit, action):
                return RedirectResponse(HERE, 303)
        if isinstance(error, InvalidInput):
            return await self._form(visit, 422, error.code)
        if isinstance(error, Conflict):
            return await self._form(visit, 409, "answer_conflict")
        raise error

    async def _form(self, visit: Visit, status: int = 200, trouble: Optional[str] = None) -> Response:
        answer_id = visit.request.path_params.get("id")
        async with self._office.work() as work:
            answer = await work.canned_answers.get(answer_id) if answer_id else None
        if answer_id and answer is None:
            raise NotFound("canned answer")
        words = self._pages.words(visit.request)
        return self._pages.page(
            visit.request,
            "canned_form.html",
            status,
            account=visit.account,
            csrf=visit.csrf,
            answer=answer,
            given=visit.form if trouble else None,
            trouble=words(f"trouble.{trouble}") if trouble else "",
            languages=LANGUAGES,
            variables=VARIABLES,
            title_max=TITLE_MAX_CHARS,
            text_max=TEXT_MAX_CHARS,
        )


def _given(visit: Visit) -> tuple[str, str, dict[str, str]]:
    form = visit.form
    texts = {language: form.get(language, "").replace("\r\n", "\n") for language in LANGUAGES}
    return form.get("shortcut", ""), form.get("title", ""), texts
