"""A SQLite file with the schema, made once a run and copied for each test."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from bot.storage.database import migrate, open_database


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the schema and nothing in it, made once."""
    path = tmp_path_factory.mktemp("schema") / "empty.sqlite"

    async def make() -> None:
        engine = open_database(f"sqlite+aiosqlite:///{path}")
        await migrate(engine)
        await engine.dispose()

    asyncio.run(make())
    return path


@pytest.fixture
def database_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """An empty database of the test's own."""
    copy = tmp_path / "helpdesk.sqlite"
    shutil.copy(migrated_sqlite, copy)
    return f"sqlite+aiosqlite:///{copy}"
