"""Carrying out what was decided, exactly once.

What was decided is stored before the bureau is asked, and it is asked with a key that never changes: a
process killed in between asks again, and nothing is booked twice. The result, the resident's notice and the
ticket's log commit together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Optional

import structlog

from bot.clock import Clock
from bot.errors import Bug, Conflict, InvalidInput, MalformedAnswer, NotFound, RetryLater
from bot.payments.model import Payment, State
from bot.reconciliation.lookup import OPEN, NotSetUp, StaffLookup
from bot.reconciliation.model import Clash, Proposal, ProposalState, Told
from bot.reconciliation.repository import Work
from bot.reconciliation.telling import Telling
from bot.reconciliation.trail import Trail

log = structlog.get_logger(__name__)

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=6)
"""The bureau remembers a key for 7 days; after that a repeated call would be a new one."""
STORE_TRIES = 5
LOOK_EVERY_SECONDS = 20.0


class Execution:
    """Asks the bureau for approved proposals until it answers; `run` does so in the background."""

    def __init__(
        self,
        lookup: StaffLookup,
        work: Callable[[], Work],
        telling: Telling,
        clock: Clock,
        trail: Trail,
        announce: Callable[[int], None],
        notify: Callable[[], None],
    ) -> None:
        self._lookup = lookup
        self._work = work
        self._telling = telling
        self._clock = clock
        self._trail = trail
        self._announce = announce
        self._notify = notify

    async def carry_out(self, reference: str) -> Proposal:
        """Asks the bureau and stores its answer; a proposal that is not approved stays as it is.

        While the bureau cannot answer it stays approved, and is tried again later. Raises NotFound.
        """
        proposal = await self._read(reference)
        if proposal.state is not ProposalState.APPROVED:
            return proposal
        if self._is_too_old(proposal):
            return await self._end(proposal, ProposalState.FAILED, "no_answer")
        try:
            payment = await self._ask(proposal)
        except Conflict:
            clash, newest = await self._clash(proposal)
            return await self._end(proposal, ProposalState.CONFLICT, clash.value, newest)
        except (NotFound, InvalidInput) as error:
            return await self._end(proposal, ProposalState.FAILED, type(error).__name__)
        except (NotSetUp, RetryLater, Bug) as error:
            log.warning("reconciliation_not_answered", proposal=reference, error=type(error).__name__)
            return await self._put_off(proposal, type(error).__name__)
        return await self._end(proposal, ProposalState.DONE, "", payment)

    async def resume(self) -> int:
        """Carries out what is due and not known to be done; returns how many were tried."""
        async with self._work() as work:
            due = await work.proposals.due(self._clock.now())
        for reference in due:
            await self.carry_out(reference)
        return len(due)

    async def run(self) -> None:
        """Resumes again and again until cancelled."""
        while True:
            try:
                await self.resume()
            except Exception as error:
                log.warning("reconciliations_not_resumed", error=type(error).__name__)
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _ask(self, proposal: Proposal) -> Payment:
        payment = await self._lookup.system.reconcile(
            proposal.serial_number,
            proposal.statement_line_id,
            proposal.operator,
            proposal.signed_note,
            proposal.idempotency_key,
        )
        if payment.state is not State.RECONCILED:
            # Nobody may be told that it is done on the strength of a 200 alone.
            raise MalformedAnswer("payment.state: not reconciled after reconcile")
        return payment

    async def _clash(self, proposal: Proposal) -> tuple[Clash, Optional[Payment]]:
        """What was first, read off the newest state: the contract promises no word for it."""
        try:
            newest = await self._lookup.payment(proposal.serial_number)
            if newest.state is State.RECONCILED:
                return Clash.PAYMENT_RECONCILED, newest
            if newest.state not in OPEN:
                return Clash.PAYMENT_STATE, newest
            lines = await self._lookup.candidates(proposal.serial_number)
        except (NotFound, RetryLater, Bug):
            return Clash.UNCLEAR, None
        taken = proposal.statement_line_id not in {line.statement_line_id for line in lines}
        return (Clash.LINE_TAKEN if taken else Clash.UNCLEAR), newest

    async def _end(
        self, proposal: Proposal, state: ProposalState, outcome: str, payment: Optional[Payment] = None
    ) -> Proposal:
        """Stores an end; what changed meanwhile (a watch told, the conversation passed on) is read again."""
        for _ in range(STORE_TRIES - 1):
            try:
                return await self._store(proposal.reference, state, outcome, payment)
            except Conflict:
                continue
        return await self._store(proposal.reference, state, outcome, payment)

    async def _store(
        self, reference: str, state: ProposalState, outcome: str, payment: Optional[Payment]
    ) -> Proposal:
        async with self._work() as work:
            proposal = await _existing(work, reference)
            if proposal.state is not ProposalState.APPROVED:
                return proposal  # another process was told the same and stored it
            told = Told.NOT_YET
            conversations: list[int] = []
            if state is ProposalState.DONE and payment is not None:
                told, conversations = await self._telling.tell(work, proposal, payment)
            ended = work.proposals.change(
                proposal,
                state=state,
                outcome=outcome,
                payment_state=payment.state_word if payment else proposal.payment_state,
                told=told,
                tries=proposal.tries + 1,
                next_try_at=None,
                ended_at=self._clock.now(),
            )
            actor = proposal.decided_by or proposal.operator
            self._trail.leave(work, ended, actor, f"reconcile_{state.value}")
            await work.commit()
        self._wake(conversations)
        return ended

    async def _put_off(self, proposal: Proposal, trouble: str) -> Proposal:
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(proposal.tries, 10))
        later = self._clock.now() + pause
        try:
            async with self._work() as work:
                put_off = work.proposals.change(
                    proposal, outcome=trouble, tries=proposal.tries + 1, next_try_at=later
                )
                await work.commit()
        except Conflict:
            return await self._read(proposal.reference)  # another try was quicker
        return put_off

    async def _read(self, reference: str) -> Proposal:
        async with self._work() as work:
            return await _existing(work, reference)

    def _is_too_old(self, proposal: Proposal) -> bool:
        return self._clock.now() - (proposal.decided_at or proposal.created_at) > GIVE_UP_AFTER

    def _wake(self, conversations: list[int]) -> None:
        for conversation_id in conversations:
            self._announce(conversation_id)
        if conversations:
            self._notify()


async def _existing(work: Work, reference: str) -> Proposal:
    proposal = await work.proposals.get(reference)
    if proposal is None:
        raise NotFound(reference)
    return proposal
