"""Writes that one COMMIT ends: each stands or falls by itself, and all of them with the transaction."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import datetime

import pytest
import sqlalchemy as sa

from bot.errors import Bug, Conflict, Unavailable
from bot.storage import sqlite, sqlite_writer, tables
from bot.storage.access import Write
from bot.storage.sqlite_access import TOGETHER_MOST, SqliteAccess
from tests.unit.storage.conftest import SlowDisk

NAMES = sa.select(tables.bookmarks.c.name).order_by(tables.bookmarks.c.name)


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each COMMIT."""
    made: list[str] = []
    commit = sqlite_writer._commit

    def counted(driver: sqlite3.Connection) -> float:
        made.append("COMMIT")
        return commit(driver)

    monkeypatch.setattr(sqlite_writer, "_commit", counted)
    return made


def bookmark(*names: str) -> Write:
    """A write of several rows, whose names have to be new."""

    def write(connection: sa.engine.Connection) -> None:
        for name in names:
            connection.execute(tables.bookmarks.insert().values(name=name, value="1"))

    return write


async def written(access: SqliteAccess, *writes: Write) -> list[object]:
    """What came of writes that were staged at the same time."""
    return list(await asyncio.gather(*(access.write(write) for write in writes), return_exceptions=True))


async def names(access: SqliteAccess) -> list[str]:
    return [row.name for row in await access.read_briefly(NAMES)]


async def test_those_who_write_at_once_share_a_commit(access: SqliteAccess, commits: list[str]) -> None:
    assert await written(access, bookmark("a"), bookmark("b"), bookmark("c")) == [None] * 3
    assert (await names(access), len(commits)) == (["a", "b", "c"], 1)


async def test_one_that_fails_takes_nobody_with_it(access: SqliteAccess, commits: list[str]) -> None:
    ended = await written(access, bookmark("a"), bookmark("b", "a"), bookmark("c"))
    assert [type(one) for one in ended] == [type(None), Conflict, type(None)]
    assert (await names(access), len(commits)) == (["a", "c"], 1)


async def test_a_defect_is_told_to_the_one_who_made_it(access: SqliteAccess) -> None:
    def defect(connection: sa.engine.Connection) -> None:
        bookmark("half")(connection)
        connection.execute(sa.text("SELECT nothing FROM nowhere"))

    ended = await written(access, bookmark("a"), defect, bookmark("c"))
    assert [type(one) for one in ended] == [type(None), Bug, type(None)]
    assert await names(access) == ["a", "c"]


async def test_a_value_that_does_not_fit_is_told_to_the_one_who_brought_it(access: SqliteAccess) -> None:
    def naive(connection: sa.engine.Connection) -> None:  # the first statement of all that SQLAlchemy runs
        row = {"what": "x", "who": "y", "times": 1, "until": datetime(2026, 11, 29)}
        connection.execute(tables.lately.insert().values(**row))

    ended = await written(access, naive, bookmark("b"))
    assert [type(one) for one in ended] == [sa.exc.StatementError, type(None)]
    assert await names(access) == ["b"]


async def test_whatever_a_write_raises_nobody_waits_for_ever(access: SqliteAccess) -> None:
    def stops(connection: sa.engine.Connection) -> None:
        next(iter(()))

    ended = await asyncio.wait_for(written(access, bookmark("a"), stops, bookmark("c")), 5)
    assert [type(one) for one in ended] == [type(None), Bug, type(None)]
    assert await names(access) == ["a", "c"]


async def test_what_sqlite_gives_up_altogether_failed_for_all(access: SqliteAccess) -> None:
    def gives_up(connection: sa.engine.Connection) -> None:
        sqlite_writer.driver_of(connection).execute("ROLLBACK")  # as SQLite does by itself on a full disk
        raise sa.exc.OperationalError("", None, sqlite3.OperationalError("database or disk is full"))

    ended = await written(access, bookmark("a"), gives_up, bookmark("c"))
    assert [type(one) for one in ended] == [Unavailable] * 3
    assert await names(access) == []
    await access.write(bookmark("later"))
    assert await names(access) == ["later"]


async def test_a_commit_that_fails_failed_for_all(
    access: SqliteAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_driver: sqlite3.Connection) -> float:
        with sqlite_writer.as_sqlalchemy_says("COMMIT"):
            raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(sqlite_writer, "_commit", full)
        ended = await written(access, bookmark("a"), bookmark("b"))
    assert [type(one) for one in ended] == [Unavailable] * 2
    await access.write(bookmark("later"))
    assert await names(access) == ["later"]


async def test_who_is_cancelled_while_another_process_writes_is_left_out(
    access: SqliteAccess, stranger: sqlite3.Connection
) -> None:
    stranger.execute("BEGIN IMMEDIATE")
    first, second, third = (asyncio.create_task(access.write(bookmark(name))) for name in ("a", "b", "c"))
    await asyncio.sleep(0.01)
    second.cancel()
    await asyncio.wait({second}, timeout=5)
    stranger.execute("COMMIT")
    ended = await asyncio.gather(first, second, third, return_exceptions=True)
    assert [type(one) for one in ended] == [type(None), asyncio.CancelledError, type(None)]
    assert await names(access) == ["a", "c"]


async def test_a_writer_that_was_ended_leaves_the_next_ones_alone(access: SqliteAccess) -> None:
    first = asyncio.create_task(access.write(bookmark("a")))
    await asyncio.sleep(0)  # it is staged, and nothing more
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await asyncio.wait_for(access.write(bookmark("b")), 5)
    assert await names(access) == ["b"]


async def test_who_came_later_waits_on_when_another_process_writes_for_too_long(
    access: SqliteAccess, stranger: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "LOCK_WAIT_SECONDS", 0.3)
    stranger.execute("BEGIN IMMEDIATE")
    first = asyncio.create_task(access.write(bookmark("a")))
    await asyncio.sleep(0.15)
    second = asyncio.create_task(access.write(bookmark("b")))
    with pytest.raises(Unavailable):
        await first
    stranger.execute("COMMIT")
    await asyncio.wait_for(second, 5)
    assert await names(access) == ["b"]


async def test_who_is_cancelled_twice_waits_for_the_end_all_the_same(
    access: SqliteAccess, slow_disk: SlowDisk
) -> None:
    await access.write(bookmark("a"))
    second = asyncio.create_task(access.write(bookmark("b")))
    await slow_disk.waits()
    for _ in range(2):
        second.cancel()
        await asyncio.wait({second}, timeout=0.01)
    assert not second.done()
    slow_disk.go_on()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(second, 5)
    assert await names(access) == ["a", "b"]


async def test_another_process_waits_for_so_many_at_most(access: SqliteAccess, commits: list[str]) -> None:
    many = [bookmark(f"{number:03}") for number in range(TOGETHER_MOST + 1)]
    assert set(await written(access, *many)) == {None}
    assert (len(await names(access)), len(commits)) == (TOGETHER_MOST + 1, 2)
