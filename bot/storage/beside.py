"""Files beside a SQLite database, whose locks keep processes apart; the kernel ends them with the process."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from sqlalchemy.ext.asyncio import AsyncEngine


def file_of(engine: AsyncEngine) -> Optional[Path]:
    """The file of a SQLite database, whatever name it was opened by; None for any other database."""
    database = engine.url.database
    if engine.dialect.name != "sqlite" or database in (None, "", ":memory:"):
        return None
    return Path(str(database)).resolve()


def beside(engine: AsyncEngine, ending: str) -> Optional[Path]:
    """`<database>.<ending>` for a SQLite file; None for any other database.

    Never the file itself: SQLite's own locks on it end when anybody in the process closes it.
    """
    file = file_of(engine)
    return file.with_name(f"{file.name}.{ending}") if file else None
