"""Opening a database."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.errors import Bug, Unavailable
from bot.storage.database import migrate, open_database, ping
from bot.storage.leadership import FileLeadership, Leadership, SharedLeadership, leadership_for
from bot.storage.outbox_queue import FileOutboxQueue, OutboxQueue, SharedOutboxQueue, queue_for
from bot.storage.turnstile import FileTurnstile, SharedTurnstile, Turnstile, turnstile_for
from bot.storage.unit_of_work import UnitOfWorkFactory


async def test_the_folder_of_a_sqlite_file_is_made(tmp_path: Path) -> None:
    engine = open_database(f"sqlite+aiosqlite:///{tmp_path}/new/folder/x.sqlite")
    await ping(engine)
    await engine.dispose()
    assert (tmp_path / "new" / "folder" / "x.sqlite").exists()


async def test_who_open_a_new_file_at_once_all_get_it(tmp_path: Path) -> None:
    for number in range(40):  # one time in twelve it went wrong
        engines = [open_database(f"sqlite+aiosqlite:///{tmp_path}/{number}.sqlite") for _ in range(6)]
        await asyncio.gather(*(ping(engine) for engine in engines))
        await asyncio.gather(*(engine.dispose() for engine in engines))


async def test_sqlite_is_safe_against_power_cuts_and_checks_references(database_url: str) -> None:
    engine = open_database(database_url)
    async with engine.connect() as connection:
        values = [
            (await connection.execute(sa.text(f"PRAGMA {name}"))).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        ]
    await engine.dispose()
    assert values == ["wal", 2, 1, 2]


async def test_a_database_in_memory_keeps_what_it_was_given() -> None:
    engine = open_database("sqlite+aiosqlite://")
    await migrate(engine)
    async with engine.connect() as connection:
        assert (await connection.execute(sa.text("SELECT count(*) FROM tickets"))).scalar() == 0
    await engine.dispose()


async def test_a_database_that_does_not_answer_is_unavailable() -> None:
    engine = open_database("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable):
        await ping(engine)
    await engine.dispose()


async def test_values_are_never_shown_in_errors(database_url: str) -> None:
    engine = open_database(database_url)
    with pytest.raises(sa.exc.DBAPIError) as raised:
        async with engine.connect() as connection:
            await connection.execute(sa.text("INSERT INTO nothing VALUES (:text)"), {"text": "我的话"})
    await engine.dispose()
    assert "我的话" not in str(raised.value)


PER_DATABASE = {
    "postgresql+asyncpg://nobody@127.0.0.1:1/none": (SharedTurnstile, SharedLeadership, SharedOutboxQueue),
    "sqlite+aiosqlite:///{folder}/some.sqlite": (FileTurnstile, FileLeadership, FileOutboxQueue),
    "sqlite+aiosqlite://": (Turnstile, Leadership, OutboxQueue),
    "sqlite+aiosqlite:///:memory:": (Turnstile, Leadership, OutboxQueue),
}


@pytest.mark.parametrize("url", PER_DATABASE)
async def test_what_keeps_processes_apart_is_the_databases_own(url: str, tmp_path: Path) -> None:
    engine = open_database(url.format(folder=tmp_path))
    apart = (
        turnstile_for(engine),
        leadership_for(engine),
        queue_for(engine, UnitOfWorkFactory(engine), "one"),
    )
    assert tuple(type(one) for one in apart) == PER_DATABASE[url]


def test_a_process_ends_even_with_a_connection_open(database_url: str) -> None:
    program = (
        "import asyncio\n"
        "from bot.storage.database import open_database, ping\n"
        f"asyncio.run(ping(open_database({database_url!r})))\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, timeout=30)


async def test_a_connection_that_cannot_be_used_leaves_nothing_open(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").write_text("not a database" * 100)
    engine = open_database(f"sqlite+aiosqlite:///{tmp_path}/x.sqlite")
    for _ in range(5):
        with pytest.raises(Bug, match="file is not a database"):
            await migrate(engine)
    await engine.dispose()
    open_files = [str(one.resolve()) for one in Path("/proc/self/fd").iterdir()]
    assert not [one for one in open_files if one.startswith(str(tmp_path))]
