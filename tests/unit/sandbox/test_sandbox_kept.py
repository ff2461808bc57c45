"""Books in a database: what was answered is there after any end, and nothing is there twice."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.sandbox.books.ledger import Ledger, Record
from bot.sandbox.clock import SandboxClock
from bot.sandbox.intake import Intake
from bot.sandbox.kept import KeptBureau, read_report
from bot.sandbox.model import Reason, RequestStatus, State
from bot.sandbox.problems import Away, Conflicting
from bot.sandbox.report import report_of
from bot.sandbox.store.opening import CannotOpen
from bot.sandbox.store.store import NotKept, Store
from tests.unit.sandbox.office import BOOKING, MONDAY, notice, order, word
from tests.unit.sandbox.papers import notices_file, own_line, receipts_file, records_file, wechat_file

ACCOUNT = "1900000109"
FILES = {
    "notices.csv": notices_file(*(notice(number) for number in range(1, 6))),
    "records.csv": records_file(
        (order(3, 3, account=ACCOUNT, payer_name="王晓明"), word(3)),
        (order(4, 4, account=ACCOUNT), word(4)),
        (order(5, 5, account=ACCOUNT), word(5)),
    ),
    "bill.csv": wechat_file(own_line(1), own_line(2, amount=2500), own_line(3), own_line(5)),
}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/books.db"


async def opened(url: str) -> KeptBureau:
    bureau = KeptBureau(url, SandboxClock(source=lambda: BOOKING))
    await bureau.open()
    await bureau.catch_up()
    return bureau


@pytest.fixture
async def bureau(url: str) -> AsyncIterator[KeptBureau]:
    bureau = await opened(url)
    yield bureau
    await bureau.close()


async def take_all(bureau: KeptBureau) -> None:
    for name, content in FILES.items():
        await Intake(bureau).take(io.BytesIO(content), name, "test")


def told(ledger: Ledger) -> dict[str, object]:
    """The books without the times at which they were written."""
    return {
        "payments": {p.merchant_order: replace(p, history=()) for p in ledger.payments},
        "steps": {p.merchant_order: [(s.state, s.note) for s in p.history] for p in ledger.payments},
        "lines": {line.line_id: line for line in ledger.lines},
        "notices": ledger.notices,
        "orders": ledger.orders,
        "words": ledger.words,
        "bills": ledger.bills,
        "arrivals": ledger.arrivals,
        "requests": ledger.requests,
        "loose": ledger.loose_lines(),
    }


async def test_everything_is_there_after_another_start(url: str) -> None:
    first = await opened(url)
    await take_all(first)
    async with first.working():
        first.request_reconciliation("HZ000002", "C-1", "key-00000001", "asked")
    before, cursor = told(first.ledger), first.ledger.last_cursor
    await first.close()
    second = await opened(url)
    assert told(second.ledger) == before
    assert second.ledger.last_cursor == cursor > 0
    assert [e.cursor for e in await second.events_after(0, 500)] == list(range(1, cursor + 1))
    await second.close()


async def test_events_go_on_where_they_were(url: str) -> None:
    first = await opened(url)
    await take_all(first)
    cursor = first.ledger.last_cursor
    await first.close()
    second = await opened(url)
    async with second.working():
        payment = second.payment("HZ000002")
        second.casework.take_up(payment, "人工核查", BOOKING)
    assert [e.cursor for e in await second.events_after(cursor, 10)] == [cursor + 1]
    assert [e.cursor for e in await second.events_after(cursor - 1, 10)] == [cursor, cursor + 1]
    await second.close()


async def test_a_key_answers_the_same_request_after_another_start(url: str) -> None:
    first = await opened(url)
    await take_all(first)
    async with first.working():
        request, new = first.request_reconciliation("HZ000002", "C-1", "key-00000001", "asked")
    await first.close()
    second = await opened(url)
    async with second.working():
        again = second.request_reconciliation("HZ000002", "C-1", "key-00000001", "asked")
        other, _ = second.request_reconciliation("HZ000003", "C-2", "key-00000002", "asked")
    assert new and again == (request, False)
    assert other.request_id != request.request_id
    with pytest.raises(Conflicting):
        async with second.working():
            second.request_reconciliation("HZ000003", "C-1", "key-00000001", "asked")
    await second.close()


async def test_no_fiscal_receipt_is_invented(bureau: KeptBureau) -> None:
    await take_all(bureau)
    booked = bureau.payment("HZ000001")
    assert booked.state is State.RECONCILED and booked.fiscal_receipt is None


async def test_an_issued_receipt_is_kept(bureau: KeptBureau, url: str) -> None:
    await take_all(bureau)
    rows = receipts_file("HZ000001,11010125,0488888987,589d80,2026-11-25 09:00:00")
    assert (await Intake(bureau).take(io.BytesIO(rows), "票据.csv", "王敏")).arrival.accepted
    kept = bureau.payment("HZ000001").fiscal_receipt
    await bureau.close()
    second = await opened(url)
    assert kept is not None and second.payment("HZ000001").fiscal_receipt == kept
    await second.close()


async def test_what_the_books_say_is_the_same_as_in_memory(bureau: KeptBureau) -> None:
    await take_all(bureau)
    states = {p.merchant_order: (p.state, p.reason) for p in bureau.ledger.payments}
    assert states == {
        "HZ000001": (State.RECONCILED, None),
        "HZ000002": (State.UNRECONCILED, Reason.AMOUNT_MISMATCH),
        "HZ000003": (State.UNRECONCILED, Reason.INFO_MISMATCH),
        "HZ000004": (State.UNRECONCILED, Reason.AWAITING_STATEMENT),
        "HZ000005": (State.RECONCILED, None),
    }


class Breaking(Store):
    """A database that is gone after so many writes; the last may be done all the same."""

    left = 0
    done_all_the_same = False

    async def keep(self, changes: Sequence[Record]) -> None:
        if Breaking.left == 0 and Breaking.done_all_the_same:
            await super().keep(changes)
        if Breaking.left == 0:
            raise NotKept("gone")
        Breaking.left -= 1
        await super().keep(changes)


@pytest.mark.parametrize("done_all_the_same", [False, True])
@pytest.mark.parametrize("writes", range(14))
async def test_a_database_that_goes_away_at_any_write_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int, done_all_the_same: bool
) -> None:
    monkeypatch.setattr("bot.sandbox.casework.STEP", 1)
    monkeypatch.setattr("bot.sandbox.kept.AT_ONCE", 0)
    plain = await opened(f"sqlite:///{tmp_path}/plain.db")
    await take_all(plain)
    monkeypatch.setattr("bot.sandbox.kept.Store", Breaking)
    Breaking.left, Breaking.done_all_the_same = 10**6, done_all_the_same
    broken = await opened(f"sqlite:///{tmp_path}/broken.db")
    Breaking.left = writes
    with pytest.raises(Away):
        await take_all(broken)
    Breaking.left = 10**6
    await take_all(broken)
    assert verdicts(broken.ledger) == verdicts(plain.ledger)
    await broken.close()
    again = await opened(f"sqlite:///{tmp_path}/broken.db")
    assert verdicts(again.ledger) == verdicts(plain.ledger)
    assert len(again.ledger.arrivals) == len(FILES)
    assert all(arrival.worked for arrival in again.ledger.arrivals.values())
    await again.close()
    await plain.close()


def verdicts(ledger: Ledger) -> set[tuple[object, ...]]:
    return {(p.merchant_order, p.state, p.reason, p.line_id, len(p.history)) for p in ledger.payments}


async def test_nothing_is_told_that_was_not_written(
    bureau: KeptBureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    await take_all(bureau)

    async def fails(self: Store, changes: Sequence[Record]) -> None:
        raise NotKept("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(Store, "keep", fails)
        with pytest.raises(Away):
            async with bureau.working():
                bureau.request_reconciliation("HZ000002", "C-1", "key-00000001", "asked")
    await bureau.ready()
    assert bureau.ledger.requests == ()
    async with bureau.working():
        _, new = bureau.request_reconciliation("HZ000002", "C-1", "key-00000001", "asked")
    assert new


async def test_one_database_has_one_writer_and_any_number_of_readers(bureau: KeptBureau, url: str) -> None:
    await take_all(bureau)
    with pytest.raises(CannotOpen, match="another process"):
        await KeptBureau(url).check()
    made = await read_report(url, MONDAY.date())
    assert made.total == 8500
    assert made.classes == (await report_of(bureau.casework, MONDAY.date(), BOOKING)).classes


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("mysql://here/books", "sqlite:///"),
        ("nonsense", "sqlite:///"),
        ("sqlite://", "needs a file"),
        ("postgresql://nobody@127.0.0.1:1/books", "cannot be opened"),
    ],
)
async def test_what_cannot_be_opened_is_said_plainly(address: str, words: str) -> None:
    with pytest.raises(CannotOpen, match=words):
        await KeptBureau(address).check()


async def test_a_database_of_another_version_is_left_alone(bureau: KeptBureau, url: str) -> None:
    await bureau.close()
    store = await Store.open(url)
    await store._connection.exec_driver_sql("UPDATE books_about SET value = '99'")
    await store._connection.commit()
    await store.close()
    with pytest.raises(CannotOpen, match="version 99"):
        await KeptBureau(url).check()


async def test_others_read_while_a_run_is_made(bureau: KeptBureau, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.sandbox.casework.STEP", 1)
    many = wechat_file(*(own_line(number) for number in range(1, 40)))
    taking = asyncio.create_task(Intake(bureau).take(io.BytesIO(many), "bill.csv", "test"))
    read = 0
    while not taking.done():
        await bureau.ready()
        read += bureau.turn.locked()
        await asyncio.sleep(0)
    assert (await taking).arrival.accepted and read > 3


async def test_a_request_is_taken_up_and_answered_by_a_person(bureau: KeptBureau) -> None:
    await take_all(bureau)
    async with bureau.working():
        request, _ = bureau.request_reconciliation("HZ000002", "C-1", "key-00000001", "asked")
    async with bureau.working():
        bureau.take_up_request(request.request_id)
    assert bureau.payment("HZ000002").state is State.UNDER_REVIEW
    async with bureau.working():
        bureau.answer_request(request.request_id, RequestStatus.REJECTED, "请到窗口办理")
    with pytest.raises(Conflicting):
        async with bureau.working():
            bureau.answer_request(request.request_id, RequestStatus.RESOLVED, "好了")


async def test_a_run_is_made_when_its_hour_has_come(url: str) -> None:
    now = [BOOKING.replace(hour=2)]
    bureau = KeptBureau(url, SandboxClock(source=lambda: now[0]))
    await bureau.open()
    await take_all(bureau)
    assert bureau.payment("HZ000001").state is State.UNRECONCILED
    now[0] = BOOKING.replace(hour=10)
    await bureau.ready()
    assert bureau.payment("HZ000001").state is State.RECONCILED
    await bureau.close()
