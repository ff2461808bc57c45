"""What every repository stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.storage.unit_of_work import UnitOfWork


class Repository:
    """Reads and stages writes through the unit of work it belongs to."""

    def __init__(self, work: "UnitOfWork") -> None:
        self._work = work
