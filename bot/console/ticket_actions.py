"""What the forms of a ticket's page do, each by its name in the address."""

from __future__ import annotations

from typing import Awaitable, Callable, Mapping

from bot.attachments.sending import Enclosure
from bot.console.canned import left_open
from bot.console.model import Permission
from bot.console.office import Office
from bot.console.reception import Visit
from bot.console.snoozing import chosen_moment
from bot.console.ticket_view import may_act
from bot.errors import Conflict, InvalidInput
from bot.messages import ConversationStatus
from bot.storage.unit_of_work import UnitOfWork
from bot.tickets.model import Cause, Priority, Ticket

Act = Callable[[UnitOfWork, Visit, Ticket], Awaitable[object]]

ANYBODYS = frozenset({"claim", "note", "tag", "untag", "reopen"})
"""What may be done with a ticket that another agent has; claiming it says why not."""

HARMLESS = frozenset({"note", "tag", "untag"})
"""What does not mind that the ticket changed since the page was seen."""


class TicketActions:
    """Every action stages its changes in the unit of work that it is given."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._casework = office.casework
        self._acts: Mapping[str, Act] = {
            "claim": self._claim,
            "assign": self._assign,
            "priority": self._priority,
            "reply": self._reply,
            "note": self._note,
            "tag": self._tag,
            "untag": self._untag,
            "snooze": self._snooze,
            "wake": self._wake,
            "merge": self._merge,
            "hand_back": self._hand_back,
            "resolve": self._resolve,
            "reopen": self._reopen,
        }

    @property
    def names(self) -> frozenset[str]:
        """Every action there is."""
        return frozenset(self._acts)

    async def do(self, work: UnitOfWork, visit: Visit, ticket: Ticket, action: str) -> None:
        """Does what a form asks.

        Raises InvalidInput with a code that has words, Conflict when the page showed something else.
        """
        if action not in HARMLESS:
            _refuse_unseen_change(visit, ticket)
        if action not in ANYBODYS and not may_act(visit.account, ticket):
            raise InvalidInput("not_yours")
        await self._acts[action](work, visit, ticket)

    async def _claim(self, work: UnitOfWork, visit: Visit, ticket: Ticket) -> None:
        await self._casework.claim(work, ticket.number, visit.account.name)

    async def _assign(self, work: UnitOfWork, visit: Visit, ticket: Ticket) -> None:
        to = visit.form.get("to", "").strip()
        if to:
            colleague = await work.agents.by_name(to)
            if colleague is None or colleague.disabled_at or not colleague.may(Permission.SERVE):
                raise InvalidInput("unknown_agent")
        note = visit.form.get("note", "")
        await self._casework.assign(work, ticket.number, visit.account.name, to or None, note)

    async def _priority(self, work: UnitOfWork, visit: Visit, ticket: Ticket) -> None:
        wanted = visit.form.get("priority", "")
        if wanted not in {priority.value for priority in Priority}:
            raise InvalidInput("bad_priority")
        await self._casework.set_priority(work, ticket.number, visit.account.name, Priority(wanted))

    async def _reply(self, work: UnitOfWork, visit: Visit, ticket: Ticket) -> None:
        me, text = visit.account, _text(visit)
        if left_open(text):
            raise InvalidInput("unfilled_variable")
        custom = None
        if visit.upload:
            custom = await self._office.sending.keep(work, ticket.conversation_id, me.name, visit.upload)
            enclosure = Enclosure.of(custom)
            assert enclosure is not None
            text = text.strip() or ("‹photo›" if enclosure.is_image else "‹document›")
        await self._casework.reply(work, ticket.number, me.name, me.display_name, text, custom)

    async def _note(self, work: UnitOfWork, visit: Visit, ticket: Ticket) -> None:
        await self._casework.note(work, ticket.number, visit.account.name, _text(visit))

    async def _tag(self, work: UnitOfWork, visit: Visit, ticket: Ticket) -> None:
        await self._casework.tag(work, ticket.number, visit.account.name, visit.form.get("tag", ""))

    async def _untag(self, work: UnitOfWork, visit: Visit, ticket: Ticket) -> None:
        await self._casework.untag(work, ticket.number, visit.account.name, visit.form.get("tag", ""))

    async def _snooze(self, work: UnitOfWork, visit: Visit, ticket: Ticket) -> None:
        form = visit.form
        until = chosen_moment(form.get("until", ""), form.get("own", ""), self._office.clock.now())
        await self._casework.snooze(work, ticket.number, visit.account.name, until)

    async def _wake(self, work: UnitOfWork, visit: Visit, ticket: Ticket) -> None:
        await self._casework.wake(work, ticket.number, visit.account.name)

    async def _merge(self, work: UnitOfWork, visit: Visit, ticket: Ticket) -> None:
        double = await work.tickets.get(visit.form.get("double", ""))
        if double is None:
            raise InvalidInput("double_missing")
        if not may_act(visit.account, double):
            raise InvalidInput("double_not_yours")
        await self._casework.merge(work, double.number, ticket.number, visit.account.name)

    async def _hand_back(self, work: UnitOfWork, visit: Visit, ticket: Ticket) -> None:
        conversation = await work.conversations.get(ticket.conversation_id)
        if conversation is None or conversation.status is ConversationStatus.WITH_BOT:
            raise Conflict("handed back already")
        await self._casework.hand_back(work, ticket.number, visit.account.name)

    async def _resolve(self, work: UnitOfWork, visit: Visit, ticket: Ticket) -> None:
        cause = _cause(visit.form.get("cause", ""))
        note = visit.form.get("note", "")
        await self._casework.resolve(work, ticket.number, visit.account.name, note, cause)

    async def _reopen(self, work: UnitOfWork, visit: Visit, ticket: Ticket) -> None:
        await self._casework.reopen(work, ticket.number, visit.account.name)


def _text(visit: Visit) -> str:
    return visit.form.get("text", "").replace("\r\n", "\n")


def _cause(value: str) -> Cause:
    if value not in {cause.value for cause in Cause}:
        raise InvalidInput("cause_missing")
    return Cause(value)


def _refuse_unseen_change(visit: Visit, ticket: Ticket) -> None:
    """Raises Conflict when another agent took or ended the case after this page was made."""
    taken = (ticket.assignee or "") not in (visit.form.get("seen_assignee", ""), visit.account.name)
    ended = ("live" if ticket.status.is_live else "done") != visit.form.get("seen_state", "")
    if taken or ended:
        raise Conflict(ticket.number)
