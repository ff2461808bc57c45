"""The webhooks, for admins: who is told of tickets, and what came of telling them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Mapping, Optional

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console.model import Permission
from bot.console.office import Office
from bot.console.once import Once
from bot.console.pages import Pages
from bot.console.reception import Reception, Visit
from bot.errors import Conflict, InvalidInput, NotFound, ResidentError
from bot.storage.unit_of_work import UnitOfWork
from bot.webhooks.model import CHOICES, Webhook
from bot.webhooks.service import NAME_MAX_CHARS, Wish

HERE = "/console/webhooks"
SHOWN = 25
DONE = ("changed", "paused", "resumed", "pinged", "again")
Change = Callable[[UnitOfWork], Awaitable[Optional[str]]]
"""Stages a change; returns a secret to be shown once, if it made one."""


class WebhooksPage:
    """A list, a form for a new one, and a page for each with its deliveries.

    A secret is on the page that answers the form, and nowhere else.
    """

    def __init__(self, office: Office, pages: Pages) -> None:
        self._office = office
        self._pages = pages
        self._webhooks = office.webhooks
        self._once = Once(office.clock)

    def routes(self, reception: Reception) -> list[Route]:
        """The addresses of these pages."""
        agents, needs = reception.for_agents, Permission.ADMINISTER
        return [
            Route(HERE, agents(self.webhooks, needs)),
            Route(HERE + "/new", agents(self.form, needs)),
            Route(HERE + "/new", agents(self.add, needs), methods=["POST"]),
            Route(HERE + "/{id:int}", agents(self.webhook, needs)),
            Route(HERE + "/{id:int}/{action}", agents(self.act, needs), methods=["POST"]),
            Route(HERE + "/{id:int}/deliveries/{delivery:int}", agents(self.again, needs), methods=["POST"]),
        ]

    async def webhooks(self, visit: Visit) -> Response:
        """The list."""
        async with self._office.work() as work:
            overview = await self._webhooks.overview(work)
        return self._page(visit, "webhooks.html", overview=overview, names=await self._names())

    async def form(self, visit: Visit) -> Response:
        """The form for a new one."""
        return self._new(visit)

    async def add(self, visit: Visit) -> Response:
        """Adds one and shows its secret; what is wrong with the form is said above it."""
        wish = _wish(visit.form)
        try:
            async with self._office.work() as work:
                secret = await self._webhooks.add(work, wish, visit.account.name)
                await work.commit()
                added = next(one for one in await work.webhooks.all() if one.name == wish.name.strip())
        except InvalidInput as error:
            return self._new(visit, error.code)
        return await self._show(visit, added.id, secret=secret)

    async def webhook(self, visit: Visit) -> Response:
        """One webhook and its deliveries."""
        return await self._show(visit, visit.request.path_params["id"])

    async def act(self, visit: Visit) -> Response:
        """Changes one, tests it, or takes it away."""
        webhook_id, action = visit.request.path_params["id"], visit.request.path_params["action"]
        return await self._commit(visit, webhook_id, *self._change(visit, webhook_id, action))

    async def again(self, visit: Visit) -> Response:
        """Sends a delivery once more."""
        webhook_id, delivery = visit.request.path_params["id"], visit.request.path_params["delivery"]

        async def change(work: UnitOfWork) -> None:
            await self._webhooks.send_again(work, webhook_id, delivery, visit.account.name)

        return await self._commit(visit, webhook_id, "again", change, f"again{delivery}")

    def _change(self, visit: Visit, webhook_id: int, action: str) -> tuple[str, Change]:
        by = visit.account.name
        service = self._webhooks
        changes: dict[str, tuple[str, Change]] = {
            "change": ("changed", lambda work: service.change(work, webhook_id, _wish(visit.form), by)),
            "renew": ("renewed", lambda work: service.renew_secret(work, webhook_id, by)),
            "pause": ("paused", lambda work: service.pause(work, webhook_id, by)),
            "resume": ("resumed", lambda work: service.resume(work, webhook_id, by)),
            "ping": ("pinged", lambda work: service.ping(work, webhook_id, by)),
            "again": ("again", lambda work: service.send_all_again(work, webhook_id, by)),
            "delete": ("deleted", lambda work: service.delete(work, webhook_id, by)),
        }
        if action not in changes:
            raise NotFound(action)
        return changes[action]

    async def _commit(
        self, visit: Visit, webhook_id: int, done: str, change: Change, what: str = ""
    ) -> Response:
        """`what` tells forms of one page apart that are done with alike."""
        after = HERE if done == "deleted" else f"{HERE}/{webhook_id}?did={done}"
        try:
            async with self._office.work() as work:
                self._once.obey(work, visit, what or done)
                secret = await change(work)
                await work.commit()
        except (InvalidInput, NotFound, Conflict) as error:
            async with self._office.work() as work:
                if not await self._once.was_obeyed(work, visit, what or done):
                    return await self._refused(visit, webhook_id, error)
            # A secret that the first answer showed is shown by no second one.
            return RedirectResponse(f"{HERE}/{webhook_id}" if done == "renewed" else after, 303)
        self._office.notify_webhooks()
        if secret:
            return await self._show(visit, webhook_id, secret=secret)
        return RedirectResponse(after, 303)

    async def _refused(self, visit: Visit, webhook_id: int, error: ResidentError) -> Response:
        if isinstance(error, InvalidInput):
            return await self._show(visit, webhook_id, 422, error.code)
        if isinstance(error, Conflict):  # on its way already
            return RedirectResponse(f"{HERE}/{webhook_id}", 303)
        raise error

    def _new(self, visit: Visit, trouble: Optional[str] = None) -> Response:
        given = _given(visit.form) if trouble else {"name": "", "url": "", "with_texts": False, "events": ()}
        return self._page(visit, "webhook_new.html", 422 if trouble else 200, trouble, given=given)

    async def _show(
        self,
        visit: Visit,
        webhook_id: int,
        status: int = 200,
        trouble: Optional[str] = None,
        secret: str = "",
    ) -> Response:
        query = visit.request.query_params
        before = _number(query.get("before", ""))
        async with self._office.work() as work:
            webhook = await self._webhooks.get(work, webhook_id)
            deliveries = await work.webhooks.deliveries(webhook_id, SHOWN + 1, before)
            counts = (await work.webhooks.counts()).get(webhook_id, {})
            if deliveries:  # what was sent may hold residents' words
                now = self._office.clock.now()
                work.agents.record(visit.account.name, "webhook_viewed", webhook.name, now)
                await work.commit()
        did = query.get("did", "")
        return self._page(
            visit,
            "webhook.html",
            status,
            trouble,
            webhook=webhook,
            given=_given(visit.form) if trouble and "url" in visit.form else _stored(webhook),
            deliveries=deliveries[:SHOWN],
            older=deliveries[SHOWN - 1].id if len(deliveries) > SHOWN else 0,
            newer=bool(before),
            counts={state.value: count for state, count in counts.items()},
            secret=secret,
            did=did if did in DONE else "",
            names=await self._names(),
            pretty=_pretty,
        )

    async def _names(self) -> dict[str, str]:
        async with self._office.work() as work:
            return {account.name: account.display_name for account in await work.agents.all()}

    def _page(
        self, visit: Visit, template: str, status: int = 200, trouble: Optional[str] = None, **values: Any
    ) -> Response:
        words = self._pages.words(visit.request)
        return self._pages.page(
            visit.request,
            template,
            status,
            account=visit.account,
            csrf=visit.csrf,
            trouble=words(f"webhooks.trouble.{trouble}") if trouble else "",
            choices=CHOICES,
            name_max=NAME_MAX_CHARS,
            **values,
        )


def _wish(form: Mapping[str, str]) -> Wish:
    chosen = tuple(event.value for event in CHOICES if form.get(f"event_{event.word}"))
    return Wish(form.get("name", ""), form.get("url", ""), chosen, bool(form.get("with_texts")))


def _given(form: Mapping[str, str]) -> dict[str, Any]:
    wish = _wish(form)
    return {"name": wish.name, "url": wish.url, "with_texts": wish.with_texts, "events": wish.events}


def _stored(webhook: Webhook) -> dict[str, Any]:
    events = [event.value for event in webhook.events]
    return {"name": webhook.name, "url": webhook.url, "with_texts": webhook.with_texts, "events": events}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _pretty(body: str) -> str:
    return json.dumps(json.loads(body), ensure_ascii=False, indent=2)
