"""What integration tests share: an empty SQLite database; PostgreSQL's tests have one of their own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """A database without a schema."""
    return f"sqlite+aiosqlite:///{tmp_path / 'shared.sqlite'}"
