"""What a ticket's page shows beside the conversation, read in one go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Optional

from bot.console.canned import CannedAnswer, fill
from bot.console.model import Account, Permission
from bot.console.office import Office
from bot.console.pages import Pages, new_form_key
from bot.console.reception import FORM_KEY, Visit
from bot.console.resident_card import card_of
from bot.console.snoozing import presets
from bot.console.ticket_log import told
from bot.errors import NotFound
from bot.messages import Conversation, ConversationStatus
from bot.payments.wording import tail
from bot.storage.unit_of_work import UnitOfWork
from bot.tickets.casework import NOTE_MAX_CHARS, REPLY_MAX_CHARS
from bot.tickets.deadlines import awaits_answer
from bot.tickets.model import Cause, Priority, Ticket

OTHERS = 20


@dataclass(frozen=True)
class Promise:
    """One deadline of a live ticket: `kind` names it in words."""

    kind: str
    at: datetime
    is_late: bool


class TicketView:
    """Values for the templates of one ticket."""

    def __init__(self, office: Office, pages: Pages) -> None:
        self._office = office
        self._pages = pages

    async def of(self, work: UnitOfWork, visit: Visit, ticket: Ticket) -> dict[str, Any]:
        """Everything that the page's parts show; nothing that is hidden."""
        now = self._office.clock.now()
        conversation = await work.conversations.get(ticket.conversation_id)
        assert conversation is not None
        accounts = await work.agents.all()
        names = {account.name: account.display_name for account in accounts}
        others = [
            other
            for other in await work.tickets.of_conversation(ticket.conversation_id, OTHERS + 1)
            if other.number != ticket.number
        ]
        log = await work.tickets.log(ticket.number)
        words = self._pages.words(visit.request)
        return {
            "csrf": visit.csrf,
            "key": form_key(visit),
            "me": visit.account,
            "ticket": ticket,
            "conversation": conversation,
            "names": names,
            "promises": _promises(ticket, now),
            "may_act": may_act(visit.account, ticket),
            "may_hand_back": _may_hand_back(ticket, conversation),
            "others": others,
            "doubles": [other for other in others if other.status.is_live],
            "related": await _related(work, ticket),
            "tags": (await work.tickets.tags_of([ticket.number])).get(ticket.number, []),
            "all_tags": await work.tickets.all_tags(),
            "colleagues": [a for a in accounts if a.disabled_at is None and a.name != ticket.assignee],
            "snoozes": presets(now),
            "priorities": list(Priority),
            "causes": list(Cause),
            "suggested_cause": suggested_cause(ticket.checked.get("reason")),
            "resident": await card_of(work, conversation),
            "history": told(words, log, names),
            "reply_max": REPLY_MAX_CHARS,
            "note_max": NOTE_MAX_CHARS,
            "most_upload": self._office.sending.most,
        }

    async def present(self, work: UnitOfWork, visit: Visit, ticket: Ticket) -> list[dict[str, Any]]:
        """The other agents who look at this resident's tickets now; one entry for each of them."""
        here = await work.presence.with_resident(ticket.conversation_id, self._office.clock.now())
        others = [one for one in here if one.agent != visit.account.name]
        if not others:
            return []
        names = {account.name: account.display_name for account in await work.agents.all()}
        found: dict[str, dict[str, Any]] = {}
        for one in others:
            entry = found.setdefault(
                one.agent,
                {"name": names.get(one.agent, one.agent), "is_typing": False, "at": one.ticket_number},
            )
            entry["is_typing"] = entry["is_typing"] or one.is_typing
            if one.ticket_number == ticket.number:
                entry["at"] = ticket.number
        return list(found.values())


async def existing(work: UnitOfWork, number: str) -> Ticket:
    """The ticket; raises NotFound."""
    ticket = await work.tickets.get(number)
    if ticket is None:
        raise NotFound(number)
    return ticket


def form_key(visit: Visit) -> str:
    """What marks one page's forms; parts loaded later keep the page's own."""
    given = visit.request.query_params.get("key", "")
    return given if FORM_KEY.fullmatch(given) else new_form_key()


def may_act(account: Account, ticket: Ticket) -> bool:
    """True when an account has a ticket, or nobody has it, or the account oversees."""
    return ticket.assignee in (None, account.name) or account.may(Permission.OVERSEE)


def suggested_cause(reason: Optional[str]) -> Optional[Cause]:
    """The cause that a payment's reason speaks for."""
    return Cause(reason) if reason in {cause.value for cause in Cause} else None


def seen_of(ticket: Ticket) -> dict[str, str]:
    """What a form says that its agent saw of the ticket."""
    return {"seen_assignee": ticket.assignee or "", "seen_state": "live" if ticket.status.is_live else "done"}


def filled(
    answer: CannedAnswer, ticket: Ticket, conversation: Conversation, values: dict[str, str]
) -> dict[str, str]:
    """A canned answer as the picker offers it, in the resident's language."""
    text = answer.text(conversation.language)
    known = {"ticket": ticket.number, "serial_tail": tail(ticket.serial_number or ""), **values}
    return {"shortcut": answer.shortcut, "title": answer.title, "text": fill(text, known)}


def _promises(ticket: Ticket, now: datetime) -> list[Promise]:
    if not ticket.status.is_live:
        return []
    promises = []
    if awaits_answer(ticket):
        promises.append(Promise("answer", ticket.due_at, ticket.due_at < now))
    if ticket.reply_by is not None:
        promises.append(Promise("reply", ticket.reply_by, ticket.reply_by < now))
    if ticket.resolve_by is not None:
        promises.append(Promise("resolution", ticket.resolve_by, ticket.resolve_by < now))
    return promises


def _may_hand_back(ticket: Ticket, conversation: Conversation) -> bool:
    """True while this ticket keeps the bot from serving, or its resident waits."""
    waits = conversation.status is ConversationStatus.WAITING_FOR_AGENT
    return ticket.serving or (waits and ticket.status.is_live)


async def _related(work: UnitOfWork, ticket: Ticket) -> list[Ticket]:
    if not ticket.serial_number:
        return []
    return await work.tickets.about(ticket.serial_number, but_not=ticket.conversation_id)
