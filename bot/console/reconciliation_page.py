"""One payment beside what the resident and the statements say; choosing a line and confirming it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console.bureau_trouble import TROUBLE, BureauTrouble, trouble_of
from bot.console.office import Office
from bot.console.pages import Pages
from bot.console.payment_search import FOR_TICKET
from bot.console.payment_search import HERE as SEARCH
from bot.console.reception import Reception, Visit
from bot.console.ticket_view import may_act
from bot.errors import Conflict, InvalidInput, NotFound, TooManyTries
from bot.payments.model import Payment, StatementCandidate
from bot.payments.wording import tail
from bot.reconciliation.comparison import Claims, Compared, claims_of, compare, other_words
from bot.reconciliation.lookup import OPEN
from bot.reconciliation.model import Draft, Proposal, new_reference
from bot.reconciliation.service import NOTE_MAX_CHARS
from bot.tickets.model import Ticket

SERIAL = re.compile(r"[0-9A-Za-z_-]{6,64}", re.ASCII)
PROPOSALS = "/console/reconciliations"


@dataclass(frozen=True)
class Case:
    """A payment under a ticket's eyes: what could be learnt of it, or why not."""

    serial: str
    ticket: Optional[Ticket] = None
    payment: Optional[Payment] = None
    lines: tuple[StatementCandidate, ...] = ()
    trouble: Optional[BureauTrouble] = None
    open_proposal: Optional[Proposal] = None

    def line(self, line_id: str) -> Optional[StatementCandidate]:
        """The line of that id; the best one when there is none of that id."""
        chosen = (one for one in self.lines if one.statement_line_id == line_id)
        return next(chosen, self.lines[0] if self.lines else None)


class ReconciliationPage:
    """Compare, choose, confirm, propose. That a payment was looked at is recorded."""

    def __init__(self, office: Office, pages: Pages) -> None:
        self._office = office
        self._pages = pages

    def routes(self, reception: Reception) -> list[Route]:
        """The addresses of these pages."""
        one = FOR_TICKET + "/{serial}"
        return [
            Route(SEARCH + "/{serial}", reception.for_agents(self.compare), methods=["GET"]),
            Route(SEARCH + "/{serial}/identity", reception.for_agents(self.identity), methods=["POST"]),
            Route(one, reception.for_agents(self.compare), methods=["GET", "POST"]),
            Route(one + "/identity", reception.for_agents(self.identity), methods=["POST"]),
            Route(one + "/confirm", reception.for_agents(self.confirm), methods=["POST"]),
            Route(one + "/propose", reception.for_agents(self.propose), methods=["POST"]),
        ]

    async def compare(self, visit: Visit) -> Response:
        """The payment, what agrees and differs, and the lines to choose from."""
        return self._compared(visit, await self._case(visit))

    async def identity(self, visit: Visit) -> Response:
        """Whether the last four that the resident named are the payer's; wrong tries are limited."""
        case = await self._case(visit)
        verdict = await self._identity(visit, case.serial)
        return self._compared(visit, case, identity=verdict)

    async def confirm(self, visit: Visit) -> Response:
        """Repeats the amount and the line before anything happens; changes nothing."""
        case = await self._case(visit)
        wrong = _wrong_choice(visit, case)
        line = case.line(visit.form.get("line", ""))
        if wrong or case.payment is None or line is None:
            return self._compared(visit, case, wrong=wrong)
        return self._confirmed(visit, case, case.payment, line)

    async def propose(self, visit: Visit) -> Response:
        """Proposes what was confirmed; what went wrong is said on the newest state of the page."""
        form = visit.form
        number, serial = visit.request.path_params["number"], _serial(visit)
        amount = form.get("amount", "")
        draft = Draft(
            reference=form.get("reference", ""),
            ticket_number=number,
            serial_number=serial,
            statement_line_id=form.get("line", ""),
            amount=int(amount) if amount.isascii() and amount.isdigit() else -1,
            note=_note(visit),
        )
        if not await self._may_act(visit, number):
            return self._compared(visit, await self._case(visit), wrong="not_yours")
        if not form.get("checked"):
            case = await self._case(visit)
            if _differs(_rows(case, case.line(draft.statement_line_id))) or form.get("differs"):
                return self._unchecked(visit, case)
        try:
            proposal = await self._office.reconciliation.propose(draft, visit.account.name)
        except InvalidInput as error:
            return self._compared(visit, await self._case(visit), wrong=error.code)
        except Conflict:
            return self._compared(visit, await self._case(visit), wrong="open_proposal", status=409)
        except TROUBLE as error:
            case = await self._case(visit)
            return self._compared(visit, case, trouble=case.trouble or trouble_of(error))
        return RedirectResponse(f"{PROPOSALS}/{proposal.reference}", 303)

    async def _may_act(self, visit: Visit, number: str) -> bool:
        async with self._office.work() as work:
            ticket = await work.tickets.get(number)
        return ticket is None or may_act(visit.account, ticket)

    async def _case(self, visit: Visit) -> Case:
        serial, lookup = _serial(visit), self._office.reconciliation.lookup
        number = visit.request.path_params.get("number")
        async with self._office.work() as work:
            ticket = await work.tickets.get(number) if number else None
            if number and ticket is None:
                raise NotFound(number)
            subject = f"…{tail(serial)} {number or ''}".strip()
            work.agents.record(visit.account.name, "payment_viewed", subject, self._office.clock.now())
            await work.commit()
            known = await work.proposals.open_on(serial)
        try:
            payment = await lookup.payment(serial)
            lines = await lookup.candidates(serial) if payment.state in OPEN else ()
        except TROUBLE as error:
            return Case(serial, ticket, trouble=trouble_of(error), open_proposal=known)
        return Case(serial, ticket, payment, lines, open_proposal=known)

    def _compared(
        self,
        visit: Visit,
        case: Case,
        wrong: str = "",
        status: int = 0,
        identity: str = "",
        trouble: Optional[BureauTrouble] = None,
    ) -> Response:
        line = case.line(visit.form.get("line") or visit.request.query_params.get("line", ""))
        return self._pages.page(
            visit.request,
            "reconciliation.html",
            status or (422 if wrong else 200),
            account=visit.account,
            csrf=visit.csrf,
            case=case,
            ticket=case.ticket,
            payment=case.payment,
            line=line,
            rows=_rows(case, line),
            other_words=other_words,
            may_choose=_may_choose(visit, case),
            wrong=wrong,
            trouble=trouble or case.trouble,
            identity=identity,
            note=_note(visit),
            note_max=NOTE_MAX_CHARS,
            base=FOR_TICKET.format(number=case.ticket.number) if case.ticket else SEARCH,
        )

    def _confirmed(
        self, visit: Visit, case: Case, payment: Payment, line: StatementCandidate, wrong: str = ""
    ) -> Response:
        service = self._office.reconciliation
        rows = _rows(case, line)
        assert case.ticket is not None
        return self._pages.page(
            visit.request,
            "reconciliation_confirm.html",
            422 if wrong else 200,
            account=visit.account,
            csrf=visit.csrf,
            ticket=case.ticket,
            payment=payment,
            line=line,
            rows=rows,
            claimed_otherwise=[row.field for row in rows if row.claim_agrees is False],
            flagged=[row.field for row in rows if row.flagged],
            differs=_differs(rows),
            wrong=wrong,
            note=_note(visit),
            second=service.needs_second(payment, line),
            limit=service.four_eyes_fen,
            reference=visit.form.get("reference") or new_reference(self._office.clock.now()),
            base=FOR_TICKET.format(number=case.ticket.number),
        )

    def _unchecked(self, visit: Visit, case: Case) -> Response:
        line = case.line(visit.form.get("line", ""))
        if case.payment is None or line is None or not _may_choose(visit, case):
            return self._compared(visit, case)
        return self._confirmed(visit, case, case.payment, line, wrong="unchecked")

    async def _identity(self, visit: Visit, serial: str) -> str:
        """The word for what came of it: same, differs, last4 (wrong shape), too_many, or the trouble's."""
        name = visit.account.name
        try:
            await self._office.payments.details_of(f"agent:{name}", serial, visit.form.get("last4", ""))
            verdict = "same"
        except NotFound:
            verdict = "differs"
        except InvalidInput:
            return "last4"
        except TooManyTries:
            verdict = "too_many"
        except TROUBLE:
            return "trouble"
        async with self._office.work() as work:
            subject = f"…{tail(serial)} {verdict}"
            work.agents.record(name, "identity_checked", subject, self._office.clock.now())
            await work.commit()
        return verdict


def _differs(rows: tuple[Compared, ...]) -> bool:
    """Whether a person has to say that they looked: a masked name agrees with many."""
    return any(row.flagged or row.claim_agrees is False or row.line_agrees is False for row in rows)


def _rows(case: Case, line: Optional[StatementCandidate]) -> tuple[Compared, ...]:
    if case.payment is None:
        return ()
    ticket = case.ticket
    claims = claims_of(ticket.checked, ticket.serial_number) if ticket else Claims()
    return compare(claims, case.payment, line)


def _may_choose(visit: Visit, case: Case) -> bool:
    return bool(
        case.ticket
        and case.ticket.status.is_live
        and may_act(visit.account, case.ticket)
        and case.payment
        and case.payment.state in OPEN
        and case.lines
        and case.open_proposal is None
    )


def _wrong_choice(visit: Visit, case: Case) -> str:
    """What keeps a choice from being confirmed, or nothing."""
    if case.ticket and not case.ticket.status.is_live:
        return "already_resolved"
    if case.ticket and not may_act(visit.account, case.ticket):
        return "not_yours"
    if case.open_proposal:
        return "open_proposal"
    if case.trouble:
        return ""
    if case.payment and case.payment.state not in OPEN:
        return "payment_settled"
    if visit.form.get("line") not in {one.statement_line_id for one in case.lines}:
        return "line_gone" if visit.form.get("line") else "line_missing"
    if not _note(visit):
        return "note_missing"
    return "note_too_long" if len(_note(visit)) > NOTE_MAX_CHARS else ""


def _note(visit: Visit) -> str:
    return visit.form.get("note", "").replace("\r\n", "\n").strip()


def _serial(visit: Visit) -> str:
    serial: str = visit.request.path_params["serial"]
    if not SERIAL.fullmatch(serial):
        raise NotFound("serial number")
    return serial
