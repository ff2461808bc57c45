"""What the console shows of a resident: little, until an agent says what more is needed for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.errors import InvalidInput
from bot.messages import Conversation
from bot.notifications.addresses import AddressKind, NoticeAddress
from bot.notifications.model import Watch
from bot.reading import clean
from bot.requests.model import SentRequest
from bot.seal import Seal
from bot.storage.unit_of_work import UnitOfWork
from bot.tickets.model import Ticket, TicketNote

PURPOSES = ("call_back", "identify", "resend", "other")
OWN_WORDS_MIN, OWN_WORDS_MAX = 4, 60
SHOWN = 10


@dataclass(frozen=True)
class ResidentCard:
    """A contact as every agent sees it; `user_id` is masked."""

    channel: str
    user_id: str
    language: str
    since: datetime
    is_reachable: bool
    addresses: list[NoticeAddress]
    """Where else they want to be told; shown masked, and opened only by `reveal`."""
    watches: list[Watch]
    requests: list[SentRequest]


@dataclass(frozen=True)
class Revealed:
    """What a purpose opened, for one view of the page."""

    user_id: str
    addresses: list[tuple[NoticeAddress, str]]


async def card_of(work: UnitOfWork, conversation: Conversation) -> ResidentCard:
    """The card of a conversation's resident."""
    watches = await work.watches.of_conversation(conversation.id)
    return ResidentCard(
        channel=conversation.contact.channel,
        user_id=masked(conversation.contact.user_id),
        language=conversation.language,
        since=conversation.created_at,
        is_reachable=conversation.reachable,
        addresses=await _addresses(work, conversation),
        watches=[watch for watch in watches if watch.active][:SHOWN],
        requests=await work.requests.of_conversation(conversation.id, SHOWN),
    )


def masked(user_id: str) -> str:
    """A channel's id of a resident with its middle left out."""
    ends = 2 if len(user_id) > 6 else 0
    return f"{user_id[:ends]}••••{user_id[len(user_id) - ends :]}"


async def reveal(
    work: UnitOfWork, ticket: Ticket, conversation: Conversation, agent: str, purpose: str, own_words: str,
    now: datetime, seal: Seal,
) -> Revealed:  # fmt: skip
    """Opens what is hidden and stages who wanted it and what for: in the audit and in the ticket's log.

    Raises InvalidInput("purpose_missing") without a purpose, or when "other" is not explained.
    """
    own_words = clean(own_words)[:OWN_WORDS_MAX]
    if purpose not in PURPOSES or (purpose == "other" and len(own_words) < OWN_WORDS_MIN):
        raise InvalidInput("purpose_missing")
    work.agents.record(agent, "resident_revealed", f"{ticket.number} {purpose} {own_words}".strip(), now)
    work.tickets.note(TicketNote(ticket.number, now, agent, "revealed", own_words, {"purpose": purpose}))
    addresses = await _addresses(work, conversation)
    return Revealed(
        user_id=conversation.contact.user_id,
        addresses=[(address, seal.open(address.sealed)) for address in addresses],
    )


async def _addresses(work: UnitOfWork, conversation: Conversation) -> list[NoticeAddress]:
    found = [await work.addresses.find(conversation.id, kind) for kind in AddressKind]
    return [address for address in found if address]
