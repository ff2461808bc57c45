"""Two processes on one SQLite file; `tests/integration/postgresql` has the same tests on one server."""

from __future__ import annotations

from tests.fakes.house import house, second
from tests.fakes.sqlite_file import database_url, migrated_sqlite

__all__ = ["database_url", "house", "migrated_sqlite", "second"]
