"""What another system may do with a ticket; each action reads its own fields and refuses others."""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Iterable, Mapping

from bot.channels.problems import Problem
from bot.console.model import Account, Permission
from bot.storage.unit_of_work import UnitOfWork
from bot.tickets.casework import Casework
from bot.tickets.model import Cause, Ticket

Act = Callable[[UnitOfWork, Ticket, str, dict[str, Any]], Awaitable[object]]
TAGS_MOST = 20


class Actions:
    """Every action stages its changes in the unit of work that it is given."""

    def __init__(self, casework: Casework) -> None:
        self._casework = casework
        self._acts: Mapping[str, Act] = {
            "reply": self._reply,
            "note": self._note,
            "assign": self._assign,
            "tags": self._tags,
            "resolve": self._resolve,
            "reopen": self._reopen,
            "hand_back": self._hand_back,
        }

    @property
    def names(self) -> frozenset[str]:
        """Every action there is."""
        return frozenset(self._acts)

    async def do(
        self, work: UnitOfWork, ticket: Ticket, action: str, actor: str, body: dict[str, Any]
    ) -> None:
        """Does it; raises Problem(400) for a body it does not accept, and what Casework raises."""
        await self._acts[action](work, ticket, actor, body)

    async def _reply(self, work: UnitOfWork, ticket: Ticket, actor: str, body: dict[str, Any]) -> None:
        _only(body, ("text", "agent"))
        agent = await _agent(work, _text(body, "agent"))
        await self._casework.reply(work, ticket.number, agent.name, agent.display_name, _text(body, "text"))

    async def _note(self, work: UnitOfWork, ticket: Ticket, actor: str, body: dict[str, Any]) -> None:
        _only(body, ("text",))
        await self._casework.note(work, ticket.number, actor, _text(body, "text"))

    async def _assign(self, work: UnitOfWork, ticket: Ticket, actor: str, body: dict[str, Any]) -> None:
        _only(body, ("to", "note"))
        if "to" not in body:
            raise Problem(400, "invalid_to", "to must be a login name, or null for nobody.")
        to = None if body["to"] is None else (await _agent(work, _text(body, "to"))).name
        note = _text(body, "note") if "note" in body else ""
        await self._casework.assign(work, ticket.number, actor, to, note)

    async def _tags(self, work: UnitOfWork, ticket: Ticket, actor: str, body: dict[str, Any]) -> None:
        _only(body, ("add", "remove"))
        for tag in _texts(body, "add"):
            await self._casework.tag(work, ticket.number, actor, tag)
        for tag in _texts(body, "remove"):
            await self._casework.untag(work, ticket.number, actor, tag)

    async def _resolve(self, work: UnitOfWork, ticket: Ticket, actor: str, body: dict[str, Any]) -> None:
        _only(body, ("cause", "note"))
        cause = _text(body, "cause")
        if cause not in {one.value for one in Cause}:
            raise Problem(400, "invalid_cause", "cause is not one of the documented words.")
        note = _text(body, "note") if "note" in body else ""
        await self._casework.resolve(work, ticket.number, actor, note, Cause(cause))

    async def _reopen(self, work: UnitOfWork, ticket: Ticket, actor: str, body: dict[str, Any]) -> None:
        _only(body, ())
        await self._casework.reopen(work, ticket.number, actor)

    async def _hand_back(self, work: UnitOfWork, ticket: Ticket, actor: str, body: dict[str, Any]) -> None:
        _only(body, ())
        await self._casework.hand_back(work, ticket.number, actor)


async def _agent(work: UnitOfWork, name: str) -> Account:
    account = await work.agents.by_name(name)
    if account is None or account.disabled_at is not None or not account.may(Permission.SERVE):
        raise Problem(422, "unknown_agent", "There is no such agent.")
    return account


def _only(body: Mapping[str, Any], known: Iterable[str]) -> None:
    unknown = sorted(set(body) - set(known))
    if unknown:
        raise Problem(400, "unknown_field", f"Not known here: {', '.join(unknown)[:200]}.")


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise Problem(400, f"invalid_{name}", f"{name} must be a string.")
    # JSON can carry half surrogates, which no encoding can.
    return value.encode("utf-8", "replace").decode("utf-8")


def _texts(body: Mapping[str, Any], name: str) -> list[str]:
    values = body.get(name, [])
    if not isinstance(values, list) or len(values) > TAGS_MOST or not all(isinstance(v, str) for v in values):
        raise Problem(400, f"invalid_{name}", f"{name} must be a list of at most {TAGS_MOST} strings.")
    return [_text({name: value}, name) for value in values]
