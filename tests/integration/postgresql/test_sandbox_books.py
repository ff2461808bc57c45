"""A bureau's own books on PostgreSQL: the same as on SQLite, one writer, a server that restarts."""

from __future__ import annotations

import asyncio
import io

import pytest

from bot.sandbox.clock import SandboxClock
from bot.sandbox.intake import Intake
from bot.sandbox.kept import KeptBureau, read_report
from bot.sandbox.model import State
from bot.sandbox.problems import Away
from bot.sandbox.store.opening import CannotOpen
from tests.fakes.postgresql_server import PostgresqlServer
from tests.unit.sandbox.office import BOOKING, MONDAY
from tests.unit.sandbox.test_sandbox_kept import FILES, opened, take_all, told, verdicts

pytestmark = pytest.mark.postgresql


async def test_everything_is_there_after_another_start(bare_database_url: str) -> None:
    first = await opened(bare_database_url)
    await take_all(first)
    async with first.working():
        request, _ = first.request_reconciliation("HZ000002", "C-1", "key-00000001", "asked")
    before, cursor = told(first.ledger), first.ledger.last_cursor
    with pytest.raises(CannotOpen, match="another process"):
        await KeptBureau(bare_database_url).check()
    assert (await read_report(bare_database_url, MONDAY.date())).total == 8500
    await first.close()
    second = await opened(bare_database_url)
    assert told(second.ledger) == before
    assert [e.cursor for e in await second.events_after(0, 500)] == list(range(1, cursor + 1))
    async with second.working():
        assert second.request_reconciliation("HZ000002", "C-1", "key-00000001", "asked") == (request, False)
    await second.close()


async def test_a_server_that_restarts_loses_and_doubles_nothing(
    bare_database_url: str, server: PostgresqlServer
) -> None:
    bureau = await opened(bare_database_url)
    await Intake(bureau).take(io.BytesIO(FILES["notices.csv"]), "notices.csv", "test")
    await asyncio.to_thread(server.restart)
    with pytest.raises(Away):
        await take_all(bureau)
    await take_all(bureau)
    assert bureau.payment("HZ000001").state is State.RECONCILED
    before = verdicts(bureau.ledger)
    await bureau.close()
    again = KeptBureau(bare_database_url, SandboxClock(source=lambda: BOOKING))
    await again.open()
    assert verdicts(again.ledger) == before and len(again.ledger.arrivals) == len(FILES)
    await again.close()
