"""What unit tests share: a house on an empty SQLite database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.house import house
from tests.fakes.sqlite_file import database_url, migrated_sqlite

__all__ = ["database_url", "house", "migrated_sqlite"]


@pytest.fixture
def bare_database_url(tmp_path: Path) -> str:
    """A database without a schema."""
    return f"sqlite+aiosqlite:///{tmp_path / 'bare.sqlite'}"
