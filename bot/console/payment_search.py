"""Searching payments (查询缴费记录): by number, payer, day and state; on its own or for a ticket.

What was searched for travels sealed in the address, because a payer's name has no place in a server's log.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Optional
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console.audit import fingerprint
from bot.console.bureau_trouble import TROUBLE, BureauTrouble, trouble_of
from bot.console.office import Office
from bot.console.pages import Pages
from bot.console.reception import Reception, Visit
from bot.errors import Bug, InvalidInput, NotFound
from bot.payments.model import PaymentsPage, State
from bot.payments.wording import tail
from bot.reconciliation.lookup import check_query
from bot.reconciliation.model import PaymentQuery, QueryKind, query_words
from bot.seal import Seal
from bot.tickets.model import Ticket

HERE = "/console/payments"
FOR_TICKET = "/console/tickets/{number}/reconciliation"
STATES = tuple(state for state in State if state is not State.UNRECOGNISED)
STEPS_BACK = 10
"""How many earlier pages an address remembers the way to."""
NOTHING = PaymentsPage((), None)


@dataclass(frozen=True)
class Search:
    """A query and the way to the page that is shown: the cursors of the pages before it and its own."""

    query: PaymentQuery
    cursors: tuple[str, ...] = ()

    @property
    def cursor(self) -> Optional[str]:
        """Where the shown page begins; None for the first."""
        return self.cursors[-1] if self.cursors else None

    def on(self, cursor: str) -> "Search":
        """The next page."""
        return replace(self, cursors=(*self.cursors, cursor)[-STEPS_BACK:])

    def back(self) -> "Search":
        """The page before; the first one when the way to it was forgotten."""
        return replace(self, cursors=self.cursors[:-1])


@dataclass(frozen=True)
class Results:
    """What was found, or why nothing could be."""

    page: PaymentsPage = NOTHING
    trouble: Optional[BureauTrouble] = None


class PaymentSearch:
    """The search page; each search is recorded by what it was for, a name only by its fingerprint."""

    def __init__(self, office: Office, pages: Pages) -> None:
        self._office = office
        self._pages = pages
        self._seal = Seal(office.secret_key)

    def routes(self, reception: Reception) -> list[Route]:
        """The addresses of this page."""
        show, send = reception.for_agents(self.show), reception.for_agents(self.search)
        return [
            route
            for address in (HERE, FOR_TICKET)
            for route in (Route(address, show, methods=["GET"]), Route(address, send, methods=["POST"]))
        ]

    async def search(self, visit: Visit) -> Response:
        """Takes a form; the answer is an address that can be gone back to."""
        ticket = await self._ticket(visit)
        try:
            query = _query_of(visit.form)
            check_query(query)
        except InvalidInput as error:
            return await self._page(visit, ticket, None, Results(), error.code)
        return RedirectResponse(f"{_base(ticket)}?{self._sealed(Search(query))}", 303)

    async def show(self, visit: Visit) -> Response:
        """The form, and what was found; a ticket's own number is looked for without being asked."""
        ticket = await self._ticket(visit)
        params = visit.request.query_params
        search = self._opened(params.get("find", ""))
        own = ticket.serial_number if ticket and "find" not in params else None
        if own:
            search = Search(PaymentQuery(query_words(own)))
        results = await self._found(visit, ticket, search) if search else Results()
        found = results.page.payments
        if own and len(found) == 1:
            return RedirectResponse(f"{_base(ticket)}/{found[0].serial_number}", 303)
        return await self._page(visit, ticket, search, results)

    async def _found(self, visit: Visit, ticket: Optional[Ticket], search: Search) -> Results:
        subject = described(search.query, self._office.secret_key, ticket.number if ticket else "")
        async with self._office.work() as work:
            work.agents.record(visit.account.name, "payments_searched", subject, self._office.clock.now())
            await work.commit()
        try:
            return Results(await self._office.reconciliation.lookup.search(search.query, search.cursor))
        except InvalidInput:
            return Results()  # A cursor that the bureau no longer knows.
        except TROUBLE as error:
            return Results(trouble=trouble_of(error))

    async def _page(
        self,
        visit: Visit,
        ticket: Optional[Ticket],
        search: Optional[Search],
        results: Results,
        wrong: str = "",
    ) -> Response:
        lookup = self._office.reconciliation.lookup
        trouble = results.trouble if lookup.is_set_up else BureauTrouble("not_set_up")
        following = results.page.next_cursor
        return self._pages.page(
            visit.request,
            "payments.html",
            422 if wrong else 200,
            account=visit.account,
            csrf=visit.csrf,
            ticket=ticket,
            base=_base(ticket),
            typed=_typed(visit, search, wrong),
            states=STATES,
            wrong=wrong,
            trouble=trouble,
            searched=search is not None,
            payments=results.page.payments,
            place=len(search.cursors) + 1 if search else 1,
            before=self._sealed(search.back()) if search and search.cursors else "",
            after=self._sealed(search.on(following)) if search and following else "",
            **await self._proposals(ticket),
        )

    async def _ticket(self, visit: Visit) -> Optional[Ticket]:
        number = visit.request.path_params.get("number")
        if number is None:
            return None
        async with self._office.work() as work:
            ticket = await work.tickets.get(number)
        if ticket is None:
            raise NotFound(number)
        return ticket

    async def _proposals(self, ticket: Optional[Ticket]) -> dict[str, Any]:
        """What was proposed for the ticket, and the names of those who did."""
        if ticket is None:
            return {"proposals": [], "names": {}}
        async with self._office.work() as work:
            names = {account.name: account.display_name for account in await work.agents.all()}
            return {"proposals": await work.proposals.of_ticket(ticket.number), "names": names}

    def _sealed(self, search: Search) -> str:
        query = search.query
        said = {
            "words": query.words,
            "from": query.paid_from.isoformat() if query.paid_from else "",
            "to": query.paid_to.isoformat() if query.paid_to else "",
            "state": query.state.value if query.state else "",
            "cursors": search.cursors,
        }
        return urlencode({"find": self._seal.close(json.dumps(said)).decode()})

    def _opened(self, token: str) -> Optional[Search]:
        try:
            said = json.loads(self._seal.open(token.encode("ascii", "replace"))) if token else None
        except Bug:
            return None  # Made up, or from before the key was changed: ask again.
        return Search(_query_of(said), tuple(said["cursors"])) if said else None


def described(query: PaymentQuery, secret: str, ticket: str = "") -> str:
    """A query for the audit log: a number by its end, a name by a fingerprint that only we can make."""
    said = []
    if query.kind is QueryKind.NUMBER:
        said.append(f"number …{tail(query.words)}")
    if query.kind is QueryKind.NAME:
        said.append(f"name #{fingerprint(query.words, secret)}")
    if query.paid_from or query.paid_to:
        said.append(f"paid {query.paid_from or ''}..{query.paid_to or ''}")
    if query.state:
        said.append(query.state.value)
    return " ".join([*said, *([ticket] if ticket else [])])


def _query_of(form: Mapping[str, Any]) -> PaymentQuery:
    """The query of a form; raises InvalidInput("bad_date")."""
    state = form.get("state", "")
    return PaymentQuery(
        words=query_words(str(form.get("words", ""))),
        paid_from=_day(form.get("from", "")),
        paid_to=_day(form.get("to", "")),
        state=State(state) if state in {one.value for one in STATES} else None,
    )


def _day(text: str) -> Optional[date]:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidInput("bad_date") from None


def _typed(visit: Visit, search: Optional[Search], wrong: str) -> dict[str, str]:
    """What the form shows: as it was typed, but an identity number is not shown again."""
    if wrong:
        words = "" if wrong == "identity_number" else visit.form.get("words", "")
        return {"words": words, **{name: visit.form.get(name, "") for name in ("from", "to", "state")}}
    query = search.query if search else PaymentQuery()
    return {
        "words": query.words,
        "from": query.paid_from.isoformat() if query.paid_from else "",
        "to": query.paid_to.isoformat() if query.paid_to else "",
        "state": query.state.value if query.state else "",
    }


def _base(ticket: Optional[Ticket]) -> str:
    return FOR_TICKET.format(number=ticket.number) if ticket else HERE
