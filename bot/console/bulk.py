"""One thing done with many tickets at once: each by itself, so that one that cannot be leaves the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Awaitable, Callable, Mapping

from bot.console.model import Permission
from bot.console.office import Office
from bot.console.once import Once
from bot.console.reception import Visit
from bot.console.ticket_view import may_act
from bot.errors import Conflict, InvalidInput, NotFound
from bot.storage.unit_of_work import UnitOfWork
from bot.tickets.model import Cause, Ticket

MARK = "ticket."
"""How the form names what is marked: `ticket.GD…`."""

NOBODY = "-"
"""How the form says that tickets go back to those that nobody has: never by leaving a choice out."""
MOST_AT_ONCE = 25
ACTIONS = ("claim", "assign", "tag", "resolve")
NOT_COUNTED = frozenset(
    {"unknown_agent", "to_missing", "cause_missing", "bad_tag", "nothing_marked", "unknown_action"}
)
"""What is wrong with the form itself, and said instead of how many it was done with."""

Act = Callable[[UnitOfWork, Visit, Ticket], Awaitable[object]]


@dataclass(frozen=True)
class Outcome:
    """What came of it: done with so many, left out so many; or what is wrong with the form."""

    action: str = ""
    done: int = 0
    left: int = 0
    lost: str = ""
    """The ticket that an agent wanted to claim when another was quicker."""
    trouble: str = ""

    @classmethod
    def of(cls, values: Mapping[str, str]) -> "Outcome":
        """From the address that the list is shown under."""
        action = values.get("did", "")
        done, left = (_count(values.get(name, "")) for name in ("done", "left"))
        trouble = values.get("trouble", "")
        return cls(
            action if action in ACTIONS else "",
            done,
            left,
            values.get("lost", ""),
            trouble if trouble in NOT_COUNTED else "",
        )

    @property
    def values(self) -> dict[str, str]:
        """For an address."""
        named = {"did": self.action, "done": str(self.done), "left": str(self.left), "lost": self.lost}
        return {"trouble": self.trouble} if self.trouble else named


class Bulk:
    """Does what a form of the inbox asks."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._once = Once(office.clock)
        self._acts: Mapping[str, Act] = {
            "claim": self._claim,
            "assign": self._assign,
            "tag": self._tag,
            "resolve": self._resolve,
        }

    async def do(self, visit: Visit) -> Outcome:
        """Does the form's action with every ticket it marks, at most MOST_AT_ONCE."""
        action = visit.form.get("act", "")
        marked = [name[len(MARK) :] for name in visit.form if name.startswith(MARK)][:MOST_AT_ONCE]
        if action not in self._acts:
            return Outcome(trouble="unknown_action")
        if not marked:
            return Outcome(trouble="nothing_marked")
        left: list[str] = []
        for number in marked:
            try:
                if not await self._done(visit, number, action):
                    left.append(number)
            except InvalidInput as error:
                return Outcome(trouble=error.code)
        self._office.notify()
        lost = left[0] if action == "claim" and len(marked) == 1 and left else ""
        return Outcome(action, len(marked) - len(left), len(left), lost)

    async def _done(self, visit: Visit, number: str, action: str) -> bool:
        """False when this ticket is not the agent's to change, or somebody else was quicker."""
        try:
            async with self._office.work() as work:
                ticket = await work.tickets.get(number)
                if ticket is None or not (action in ("claim", "tag") or may_act(visit.account, ticket)):
                    return False
                self._once.obey(work, visit, number)
                await self._acts[action](work, visit, ticket)
                now = self._office.clock.now()
                work.agents.record(visit.account.name, f"ticket_{action}", number, now)
                await work.commit()
        except (Conflict, NotFound):
            return await self._did(visit, number)
        except InvalidInput as error:
            if error.code in NOT_COUNTED:
                raise
            return await self._did(visit, number)
        self._office.announcer.announce(ticket.conversation_id)
        return True

    async def _did(self, visit: Visit, number: str) -> bool:
        """True when the same form was here before, and did it."""
        async with self._office.work() as work:
            return await self._once.was_obeyed(work, visit, number)

    async def _claim(self, work: UnitOfWork, visit: Visit, ticket: Ticket) -> None:
        await self._office.casework.claim(work, ticket.number, visit.account.name)

    async def _assign(self, work: UnitOfWork, visit: Visit, ticket: Ticket) -> None:
        to = visit.form.get("to", "").strip()
        if not to:
            raise InvalidInput("to_missing")
        if to != NOBODY:
            colleague = await work.agents.by_name(to)
            if colleague is None or colleague.disabled_at or not colleague.may(Permission.SERVE):
                raise InvalidInput("unknown_agent")
        await self._office.casework.assign(
            work, ticket.number, visit.account.name, None if to == NOBODY else to
        )

    async def _tag(self, work: UnitOfWork, visit: Visit, ticket: Ticket) -> None:
        await self._office.casework.tag(
            work, ticket.number, visit.account.name, visit.form.get("tag_with", "")
        )

    async def _resolve(self, work: UnitOfWork, visit: Visit, ticket: Ticket) -> None:
        cause = visit.form.get("cause", "")
        if cause not in {one.value for one in Cause}:
            raise InvalidInput("cause_missing")
        if not ticket.status.is_live:
            raise InvalidInput("already_resolved")
        await self._office.casework.resolve(work, ticket.number, visit.account.name, cause=Cause(cause))


def _count(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 3 else 0
