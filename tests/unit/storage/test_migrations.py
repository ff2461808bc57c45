"""The schema's revisions, on an empty database and back. Runs on PostgreSQL too."""

from __future__ import annotations

import asyncio

import sqlalchemy as sa

from bot.storage import database, migrations, tables
from bot.storage.database import command, migrate, open_database, ping


async def tables_of(url: str) -> set[str]:
    engine = open_database(url)
    async with engine.connect() as connection:
        names = await connection.run_sync(lambda sync: set(sa.inspect(sync).get_table_names()))
    await engine.dispose()
    # SQLite's search over ticket_words is several tables, and a test of its own.
    kept = {name for name in names if not name.startswith("ticket_index")}
    return kept - {"alembic_version", "sqlite_sequence"}


OURS = {table.name for table in tables.metadata.sorted_tables}


async def test_an_empty_database_gets_every_table_and_a_second_time_changes_nothing(
    bare_database_url: str,
) -> None:
    assert await command(bare_database_url, "upgrade") == 0
    assert await tables_of(bare_database_url) == OURS
    assert await command(bare_database_url, "upgrade") == 0


async def test_tables_in_code_and_revisions_agree(bare_database_url: str) -> None:
    assert await command(bare_database_url, "check") == 0


async def test_a_table_that_no_revision_knows_is_noticed(bare_database_url: str) -> None:
    extra = sa.Table("extra", tables.metadata, sa.Column("id", sa.Integer, primary_key=True))
    try:
        assert await command(bare_database_url, "check") == 1
    finally:
        tables.metadata.remove(extra)


async def test_the_schema_goes_down_to_nothing_and_up_again(bare_database_url: str) -> None:
    engine = open_database(bare_database_url)
    await migrate(engine)
    async with engine.execution_options(writes=True).begin() as connection:
        await connection.run_sync(migrations.downgrade)
    assert await tables_of(bare_database_url) == set()
    await migrate(engine)
    await engine.dispose()
    assert await tables_of(bare_database_url) == OURS


async def test_processes_that_start_at_once_migrate_once(bare_database_url: str) -> None:
    engines = [open_database(bare_database_url) for _ in range(3)]
    await asyncio.gather(*(migrate(engine) for engine in engines))
    for engine in engines:
        await ping(engine)
        await engine.dispose()
    assert await tables_of(bare_database_url) == OURS


def test_the_lock_of_migrations_is_no_conversations() -> None:
    assert database.ONE_MIGRATION < 1
