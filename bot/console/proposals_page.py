"""Manual reconciliations: those that wait for a second look, what came of each, and deciding them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Optional

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.channels.problems import Problem
from bot.console.bureau_trouble import TROUBLE, BureauTrouble, trouble_of
from bot.console.model import Account, Permission
from bot.console.office import Office
from bot.console.pages import Pages
from bot.console.reception import Reception, Visit
from bot.console.ticket_view import may_act
from bot.errors import Conflict, InvalidInput, NotFound
from bot.payments.model import Payment, StatementCandidate
from bot.reconciliation.comparison import claims_of, compare, other_words
from bot.reconciliation.model import Proposal, ProposalState
from bot.reconciliation.service import NOTE_MAX_CHARS
from bot.storage.unit_of_work import UnitOfWork

HERE = "/console/reconciliations"
PER_PAGE = 25
LISTS: dict[str, tuple[ProposalState, ...]] = {
    "waiting": (ProposalState.PROPOSED,),
    "running": (ProposalState.APPROVED,),
    "mine": (),
    "all": (),
}
ACTIONS = ("approve", "reject", "withdraw", "retry")


@dataclass(frozen=True)
class Newest:
    """What the bureau says of a proposal's payment now, as far as it could be asked."""

    payment: Optional[Payment] = None
    line: Optional[StatementCandidate] = None
    trouble: Optional[BureauTrouble] = None


class ProposalsPage:
    """The lists, one proposal, and its decision; nobody decides their own."""

    def __init__(self, office: Office, pages: Pages) -> None:
        self._office = office
        self._pages = pages

    def routes(self, reception: Reception) -> list[Route]:
        """The addresses of these pages; `waiting` is for the navigation."""
        one = HERE + "/{reference}"
        return [
            Route(HERE, reception.for_agents(self.listed)),
            Route(HERE + "/waiting", reception.for_agents(self.waiting)),
            Route(one, reception.for_agents(self.proposal)),
            Route(one + "/state", reception.for_agents(self.state)),
            Route(one + "/{action}", reception.for_agents(self.decide), methods=["POST"]),
        ]

    async def listed(self, visit: Visit) -> Response:
        """A page of a list, newest first."""
        params = visit.request.query_params
        wanted = params.get("list", "waiting")
        chosen = wanted if wanted in LISTS else "waiting"
        async with self._office.work() as work:
            counts = {name: await self._count(work, visit.account, name) for name in LISTS}
            pages = max(1, math.ceil(counts[chosen] / PER_PAGE))
            page = min(_page_number(params.get("page", "1")), pages)
            operator = visit.account.name if chosen == "mine" else ""
            found = await work.proposals.list(LISTS[chosen], operator, PER_PAGE, (page - 1) * PER_PAGE)
            names = await _names(work)
        return self._pages.page(
            visit.request,
            "proposals.html",
            account=visit.account,
            csrf=visit.csrf,
            lists=tuple(LISTS),
            chosen=chosen,
            counts=counts,
            proposals=found,
            page=page,
            pages=pages,
            names=names,
            four_eyes_fen=self._office.reconciliation.four_eyes_fen,
        )

    async def waiting(self, visit: Visit) -> Response:
        """How many wait for this person's second look."""
        count = 0
        if visit.account.may(Permission.OVERSEE):
            async with self._office.work() as work:
                waits = (ProposalState.PROPOSED,)
                count = await work.proposals.count(waits, but_not_of=visit.account.name)
        return JSONResponse({"count": count}, headers={"Cache-Control": "no-store"})

    async def proposal(self, visit: Visit) -> Response:
        """One proposal with its payment's newest state; that it was looked at is recorded."""
        proposal = await self._read(visit)
        async with self._office.work() as work:
            subject = f"{proposal.reference} {proposal.ticket_number}"
            work.agents.record(visit.account.name, "reconciliation_viewed", subject, self._office.clock.now())
            await work.commit()
        return await self._show(visit, proposal)

    async def state(self, visit: Visit) -> Response:
        """Where it stands, for a page that waits for it."""
        proposal = await self._read(visit)
        seen = {"state": proposal.state.value, "tries": proposal.tries}
        return JSONResponse(seen, headers={"Cache-Control": "no-store"})

    async def decide(self, visit: Visit) -> Response:
        """Approves, rejects, withdraws or tries again; what went wrong is said on the newest state."""
        action = visit.request.path_params["action"]
        if action not in ACTIONS:
            raise NotFound(action)
        if action in ("approve", "reject") and not visit.account.may(Permission.OVERSEE):
            raise Problem(403, "not_allowed", "Your role does not allow this.")
        reference = visit.request.path_params["reference"]
        try:
            await self._obey(visit, action, reference)
        except InvalidInput as error:
            proposal = await self._read(visit)
            if error.code in ("already_decided", "nothing_to_retry") and _is_theirs(proposal, visit.account):
                return RedirectResponse(f"{HERE}/{reference}", 303)  # a form sent twice
            return await self._show(visit, proposal, 422, error.code)
        except Conflict:
            return await self._show(visit, await self._read(visit), 409, "decided_meanwhile")
        return RedirectResponse(f"{HERE}/{reference}", 303)

    async def _obey(self, visit: Visit, action: str, reference: str) -> None:
        service, me = self._office.reconciliation, visit.account.name
        note = visit.form.get("note", "").replace("\r\n", "\n").strip()
        if action == "approve" and not visit.form.get("checked"):
            raise InvalidInput("unchecked")
        if action == "approve":
            await service.approve(reference, me, note)
        elif action == "reject":
            await service.reject(reference, me, note)
        elif action == "withdraw":
            await service.withdraw(reference, me)
        else:
            await self._refuse_others(visit, reference)
            await service.retry(reference, me)

    async def _refuse_others(self, visit: Visit, reference: str) -> None:
        """Raises InvalidInput("not_yours") when this is neither one's own proposal nor one's ticket."""
        proposal = await self._read(visit)
        async with self._office.work() as work:
            ticket = await work.tickets.get(proposal.ticket_number)
        theirs = proposal.operator == visit.account.name or (ticket and may_act(visit.account, ticket))
        if not theirs:
            raise InvalidInput("not_yours")

    async def _read(self, visit: Visit) -> Proposal:
        reference = visit.request.path_params["reference"]
        async with self._office.work() as work:
            proposal = await work.proposals.get(reference)
        if proposal is None:
            raise NotFound(reference)
        return proposal

    async def _show(self, visit: Visit, proposal: Proposal, status: int = 200, wrong: str = "") -> Response:
        async with self._office.work() as work:
            ticket = await work.tickets.get(proposal.ticket_number)
            names = await _names(work)
        assert ticket is not None, "a proposal without a ticket"
        newest = await self._newest(proposal)
        claims = claims_of(ticket.checked, ticket.serial_number)
        overseer = visit.account.may(Permission.OVERSEE)
        waits, own = proposal.state is ProposalState.PROPOSED, proposal.operator == visit.account.name
        return self._pages.page(
            visit.request,
            "proposal.html",
            status,
            account=visit.account,
            csrf=visit.csrf,
            proposal=proposal,
            ticket=ticket,
            newest=newest,
            rows=compare(claims, newest.payment, newest.line) if newest.payment else (),
            other_words=other_words,
            may_decide=waits and overseer and not own,
            own=own,
            names=names,
            wrong=wrong,
            note=visit.form.get("note", "") if wrong else "",
            note_max=NOTE_MAX_CHARS,
        )

    async def _newest(self, proposal: Proposal) -> Newest:
        if not proposal.serial_number:
            return Newest()  # The resident had it erased.
        lookup = self._office.reconciliation.lookup
        try:
            payment = await lookup.payment(proposal.serial_number)
            lines = await lookup.candidates(proposal.serial_number)
        except NotFound:
            return Newest()
        except TROUBLE as error:
            return Newest(trouble=trouble_of(error))
        chosen = (one for one in lines if one.statement_line_id == proposal.statement_line_id)
        return Newest(payment, next(chosen, None))

    async def _count(self, work: UnitOfWork, account: Account, name: str) -> int:
        return await work.proposals.count(LISTS[name], operator=account.name if name == "mine" else "")


async def _names(work: UnitOfWork) -> dict[str, Any]:
    return {account.name: account.display_name for account in await work.agents.all()}


def _is_theirs(proposal: Proposal, account: Account) -> bool:
    """True when this person's own form was obeyed already."""
    return account.name in (proposal.decided_by, proposal.operator)


def _page_number(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) <= 6 else 1
