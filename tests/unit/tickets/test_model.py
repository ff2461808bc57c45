"""What a ticket is."""

from __future__ import annotations

from bot.tickets.model import HandoffReason, TicketStatus
from bot.tickets.priority import REASONS


def test_a_ticket_is_live_until_it_is_resolved() -> None:
    live = {status for status in TicketStatus if status.is_live}
    assert live == {TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.WAITING}


def test_every_reason_has_a_weight() -> None:
    assert set(REASONS) == set(HandoffReason)
