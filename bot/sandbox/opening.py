"""A sandbox that opens now: its past is played through the system, so that every state follows from data."""

from __future__ import annotations

from datetime import timedelta

from bot.sandbox.books.ledger import Ledger
from bot.sandbox.bureau import Bureau
from bot.sandbox.clock import SandboxClock
from bot.sandbox.seed import seeded_world

BEFORE = timedelta(days=1)


def open_bureau(clock: SandboxClock) -> Bureau:
    """A bureau with its seeded past; its events start now.

    Cursors go on rising over restarts, so that a caller's stored cursor never hides new events.
    """
    bureau = Bureau(clock, Ledger())
    start_over(bureau, first_cursor=int(clock.now().timestamp()) * 1000)
    return bureau


def start_over(bureau: Bureau, first_cursor: int | None = None) -> None:
    """Fresh books with the seeded past, up to the bureau's present; event cursors go on rising."""
    cursor = bureau.ledger.last_cursor if first_cursor is None else first_cursor
    world = seeded_world(bureau.clock.now())
    begins = world.next_at
    assert begins is not None
    bureau.open_books(Ledger(cursor), world, begins - BEFORE)
    bureau.settle()
    bureau.ledger.begin_events()
