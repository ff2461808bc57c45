"""Files beside a SQLite database, whose locks keep processes apart; the kernel ends them with the process."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from sqlalchemy.ext.asyncio import AsyncEngine


def beside(engine: AsyncEngine, ending: str) -> Optional[Path]:
    """`<database>.<ending>` for a SQLite file, whatever name it was opened by; None for any other database.

    Never the file itself: SQLite's own locks on it end when anybody in the process closes it.
    """
    database = engine.url.database
    if engine.dialect.name != "sqlite" or database in (None, "", ":memory:"):
        return None
    file = Path(str(database)).resolve()
    return file.with_name(f"{file.name}.{ending}")
