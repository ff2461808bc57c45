"""What every step of a manual reconciliation leaves behind: in the ticket's log and in the audit log."""

from __future__ import annotations

from bot.clock import Clock
from bot.payments.wording import tail
from bot.phrasebook import Phrases
from bot.reconciliation.model import Proposal
from bot.reconciliation.repository import Work
from bot.tickets.journal import Journal


class Trail:
    """Stages its entries in the caller's unit of work."""

    def __init__(self, clock: Clock, phrases: Phrases) -> None:
        self._clock = clock
        self._journal = Journal(clock, phrases)

    def leave(self, work: Work, proposal: Proposal, actor: str, action: str, note: str = "") -> None:
        """`actor` did this with the proposal."""
        data = {
            "proposal": proposal.reference,
            "amount_fen": str(proposal.amount),
            "line": proposal.statement_line_id,
            **({"outcome": proposal.outcome} if proposal.outcome else {}),
        }
        self._journal.log(work, proposal.ticket_number, actor, action, note, data)
        subject = f"{proposal.reference} {proposal.ticket_number} …{tail(proposal.serial_number)}"
        work.agents.record(actor, action, subject, self._clock.now())
