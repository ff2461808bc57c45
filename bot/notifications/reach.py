"""A contact who cannot be written to any more: what waits for them is given up until they write again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.storage.unit_of_work import UnitOfWork

BLOCKED = "the contact blocked us"


def lose(work: UnitOfWork, conversation_id: int) -> None:
    """Stages that the contact is out of reach, and the end of every line on its way to them."""
    work.conversations.set_reachable(conversation_id, False)
    work.outbox.bury(conversation_id, BLOCKED)
