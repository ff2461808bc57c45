"""A form that is sent twice (a double click, a reload) does its work once, whichever process gets it."""

from __future__ import annotations

from bot.clock import Clock
from bot.console.reception import Visit
from bot.storage.unit_of_work import UnitOfWork


class Once:
    """Marks forms by the key that their page gave them and by what they ask for; one without a key is
    obeyed each time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def obey(self, work: UnitOfWork, visit: Visit, what: str) -> None:
        """Stages that the form is obeyed, before what it asks for; `commit` raises Conflict when it was."""
        if visit.key:
            work.forms.obey(visit.account.id, _mark(visit, what), self._clock.now())

    async def was_obeyed(self, work: UnitOfWork, visit: Visit, what: str) -> bool:
        """True when the same form was obeyed before."""
        return bool(visit.key) and await work.forms.was_obeyed(visit.account.id, _mark(visit, what))


def _mark(visit: Visit, what: str) -> str:
    return f"{visit.key}.{what}"
