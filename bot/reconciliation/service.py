"""Manual reconciliation (手动对账): one person proposes it, over a limit a second one looks at it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Optional

from bot.clock import Clock
from bot.errors import Conflict, InvalidInput, NotFound
from bot.payments.model import Payment, StatementCandidate
from bot.privacy import mask_identity
from bot.reading import clean
from bot.reconciliation.execution import FIRST_PAUSE, Execution
from bot.reconciliation.lookup import OPEN, StaffLookup
from bot.reconciliation.model import REFERENCE, Draft, Proposal, ProposalState
from bot.reconciliation.repository import Work
from bot.reconciliation.trail import Trail

NOTE_MAX_CHARS = 400
"""The bureau takes 500, with the names of those who decided."""


class ReconciliationService:
    """Commits by itself, because the bureau is asked between two transactions.

    Raises NotFound for an unknown proposal, and Conflict when somebody else was quicker here.
    """

    def __init__(
        self,
        lookup: StaffLookup,
        execution: Execution,
        work: Callable[[], Work],
        clock: Clock,
        trail: Trail,
        four_eyes_fen: int,
    ) -> None:
        self.lookup = lookup
        self.execution = execution
        self.four_eyes_fen = four_eyes_fen
        self._work = work
        self._clock = clock
        self._trail = trail

    def needs_second(self, payment: Payment, line: StatementCandidate) -> bool:
        """True when any amount in it is over the limit."""
        details = payment.details
        known = (details.amount_due, details.amount_paid or 0) if details else (0,)
        return max(line.amount, *known) > self.four_eyes_fen

    async def propose(self, draft: Draft, operator: str) -> Proposal:
        """Proposes what an agent confirmed; up to the limit it is carried out at once.

        The same operator's draft of the same reference is one proposal, however often it is sent. Raises
        InvalidInput("bad_reference" | "note_missing" | "note_too_long" | "line_gone" | "line_changed" |
        "payment_settled" | "already_resolved"), Conflict when the payment has an open proposal, and what the
        look-up raises.
        """
        known = await self._known(draft.reference, operator)
        if known:
            return known
        note = _checked_note(draft.note)
        payment = await self.lookup.payment(draft.serial_number)
        line = await self.lookup.line(draft.serial_number, draft.statement_line_id)
        if payment.state not in OPEN:
            raise InvalidInput("payment_settled")
        if line.amount != draft.amount:
            raise InvalidInput("line_changed")
        proposal = self._proposal(dataclasses.replace(draft, note=note), operator, payment, line)
        async with self._work() as work:
            ticket = await work.tickets.get(draft.ticket_number)
            if ticket is None:
                raise NotFound(draft.ticket_number)
            if not ticket.status.is_live:
                raise InvalidInput("already_resolved")
            work.proposals.add(proposal)
            self._trail.leave(work, proposal, operator, "reconcile_proposed", note)
            await work.commit()
        return await self.execution.carry_out(proposal.reference)

    async def approve(self, reference: str, by: str, note: str = "") -> Proposal:
        """The second person agrees, and it is carried out.

        Raises InvalidInput("own_proposal" | "note_too_long" | "already_decided").
        """
        note = _bounded(note)
        async with self._work() as work:
            proposal = await _undecided(work, reference)
            if proposal.operator == by:
                raise InvalidInput("own_proposal")
            now = self._clock.now()
            work.proposals.change(
                proposal,
                state=ProposalState.APPROVED,
                decided_by=by,
                decided_at=now,
                decision_note=note,
                next_try_at=now + FIRST_PAUSE,
            )
            self._trail.leave(work, proposal, by, "reconcile_approved", note)
            await work.commit()
        return await self.execution.carry_out(reference)

    async def reject(self, reference: str, by: str, note: str) -> Proposal:
        """The second person refuses, with a reason.

        Raises InvalidInput("own_proposal" | "note_missing" | "note_too_long" | "already_decided").
        """
        note = _checked_note(note)
        async with self._work() as work:
            proposal = await _undecided(work, reference)
            if proposal.operator == by:
                raise InvalidInput("own_proposal")
            return await self._end(work, proposal, ProposalState.REJECTED, by, note)

    async def withdraw(self, reference: str, by: str) -> Proposal:
        """Whoever proposed it takes it back. Raises InvalidInput("not_own_proposal" | "already_decided")."""
        async with self._work() as work:
            proposal = await _undecided(work, reference)
            if proposal.operator != by:
                raise InvalidInput("not_own_proposal")
            return await self._end(work, proposal, ProposalState.WITHDRAWN, by, "")

    async def retry(self, reference: str, by: str) -> Proposal:
        """Asks the bureau again now for what is decided. Raises InvalidInput("nothing_to_retry")."""
        async with self._work() as work:
            proposal = await work.proposals.get(reference)
            if proposal is None:
                raise NotFound(reference)
            if proposal.state is not ProposalState.APPROVED:
                raise InvalidInput("nothing_to_retry")
            work.agents.record(by, "reconcile_retried", reference, self._clock.now())
            await work.commit()
        return await self.execution.carry_out(reference)

    async def _known(self, reference: str, operator: str) -> Optional[Proposal]:
        """This operator's proposal of that name, or None; raises Conflict when it is somebody else's."""
        if not REFERENCE.fullmatch(reference):
            raise InvalidInput("bad_reference")
        async with self._work() as work:
            known = await work.proposals.get(reference)
        if known and known.operator != operator:
            raise Conflict(reference)
        return known

    def _proposal(self, draft: Draft, operator: str, payment: Payment, line: StatementCandidate) -> Proposal:
        now = self._clock.now()
        second = self.needs_second(payment, line)
        return Proposal(
            reference=draft.reference,
            ticket_number=draft.ticket_number,
            serial_number=payment.serial_number,
            statement_line_id=line.statement_line_id,
            amount=line.amount,
            source=line.source.value,
            booked_at=line.booked_at,
            differs=line.differs,
            operator=operator,
            note=draft.note,
            state=ProposalState.PROPOSED if second else ProposalState.APPROVED,
            created_at=now,
            decided_at=None if second else now,
            payment_state=payment.state_word,
            next_try_at=None if second else now + FIRST_PAUSE,
        )

    async def _end(
        self, work: Work, proposal: Proposal, state: ProposalState, by: str, note: str
    ) -> Proposal:
        now = self._clock.now()
        ended = work.proposals.change(
            proposal, state=state, decided_by=by, decided_at=now, decision_note=note, ended_at=now
        )
        self._trail.leave(work, ended, by, f"reconcile_{state.value}", note)
        await work.commit()
        return ended


async def _undecided(work: Work, reference: str) -> Proposal:
    proposal = await work.proposals.get(reference)
    if proposal is None:
        raise NotFound(reference)
    if proposal.state is not ProposalState.PROPOSED:
        raise InvalidInput("already_decided")
    return proposal


def _checked_note(note: str) -> str:
    note = _bounded(note)
    if not note:
        raise InvalidInput("note_missing")
    return note


def _bounded(note: str) -> str:
    """A note without control characters, identity numbers and bank cards."""
    note = mask_identity(clean(note, keep="\n"))
    if len(note) > NOTE_MAX_CHARS:
        raise InvalidInput("note_too_long")
    return note
