"""A SQLite file that other processes write, too: who waits, for how long, and what is left of what failed."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.errors import Conflict, Unavailable
from bot.storage import sqlite, tables
from bot.storage.sqlite_access import SqliteAccess
from bot.storage.unit_of_work import UnitOfWorkFactory
from tests.fakes.house import FakeHouse
from tests.unit.storage.conftest import SlowDisk

BOOKMARKS = sa.select(sa.func.count()).select_from(tables.bookmarks)


def bookmark(connection: sa.engine.Connection, name: str = "here") -> None:
    connection.execute(tables.bookmarks.insert().values(name=name, value="1"))


async def bookmarks(access: SqliteAccess) -> int:
    return int((await access.read_briefly(BOOKMARKS))[0][0])


async def test_what_another_process_wrote_is_read(access: SqliteAccess, stranger: sqlite3.Connection) -> None:
    before = await bookmarks(access)
    stranger.execute("INSERT INTO bookmarks (name, value) VALUES ('theirs', '1')")
    assert await bookmarks(access) == before + 1


async def test_another_writer_is_waited_for_and_holds_nobody_else_up(
    access: SqliteAccess, stranger: sqlite3.Connection
) -> None:
    before = await bookmarks(access)
    stranger.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(access.write(bookmark))
    for _ in range(5):  # others are answered meanwhile
        await asyncio.sleep(0.01)
        assert await bookmarks(access) == before
    assert not writing.done()
    stranger.execute("COMMIT")
    await asyncio.wait_for(writing, 5)
    assert await bookmarks(access) == before + 1


async def test_who_writes_for_too_long_is_not_waited_for(
    access: SqliteAccess, stranger: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "LOCK_WAIT_SECONDS", 0.1)
    stranger.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable):
        await access.write(bookmark)
    stranger.execute("COMMIT")
    await access.write(bookmark)
    assert await bookmarks(access) == 1


async def test_of_a_transaction_that_fails_nothing_is_left(access: SqliteAccess) -> None:
    def twice(connection: sa.engine.Connection) -> None:
        bookmark(connection)
        bookmark(connection)

    with pytest.raises(Conflict):
        await access.write(twice)
    assert await bookmarks(access) == 0
    await access.write(bookmark)
    assert await bookmarks(access) == 1


async def test_where_the_disk_is_slow_others_go_on_while_it_is_waited_for(
    access: SqliteAccess, slow_disk: SlowDisk
) -> None:
    await access.write(bookmark)
    second = asyncio.create_task(access.write(lambda connection: bookmark(connection, "there")))
    await slow_disk.waits()
    assert await bookmarks(access) == 1
    slow_disk.go_on()
    await second
    assert await bookmarks(access) == 2


async def test_who_is_cancelled_during_a_commit_leaves_the_next_one_alone(
    access: SqliteAccess, slow_disk: SlowDisk
) -> None:
    await access.write(bookmark)
    first = asyncio.create_task(access.write(lambda connection: bookmark(connection, "first")))
    await slow_disk.waits()
    second = asyncio.create_task(access.write(lambda connection: bookmark(connection, "second")))
    first.cancel()
    slow_disk.go_on()
    with pytest.raises(asyncio.CancelledError):
        await first
    await asyncio.wait_for(second, 5)
    assert await bookmarks(access) == 3


async def test_a_folder_that_is_gone_is_passing_trouble(house: FakeHouse, tmp_path: Path) -> None:
    database = Path(str(house.engine.url.database))
    away = database.with_name("elsewhere.sqlite")
    fresh = SqliteAccess(house.engine)
    database.rename(away)
    database.mkdir()
    with pytest.raises(Unavailable):
        await fresh.write(bookmark)
    database.rmdir()
    away.rename(database)
    await fresh.write(bookmark)
    assert await bookmarks(fresh) == 1


async def test_a_house_that_was_closed_can_be_opened_again(house: FakeHouse) -> None:
    work = UnitOfWorkFactory(house.engine)
    async with work() as unit:
        unit.lately.forget(house.clock.now() + timedelta(days=1))
        await unit.commit()
    await house.engine.dispose()
    async with work() as unit:
        assert await unit.bookmarks.get("nothing") is None
        unit.lately.forget(house.clock.now())
        await unit.commit()
