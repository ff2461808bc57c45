"""Webhooks as stored, and the queue of what is to be sent to them.

Events are collected while a unit of work is put together, and written at the end of its transaction: then the
case stands as it will stand, and an event is stored exactly when what it tells of is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Iterable, Optional

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from bot.messages import Author
from bot.storage.live_tickets import LiveTickets
from bot.storage.prepared import Prepared
from bot.storage.repository import Repository
from bot.storage.tables import conversations, messages, tickets
from bot.storage.tables import ticket_tags as tags
from bot.storage.tables import webhook_deliveries as queue
from bot.storage.tables import webhook_events as chosen
from bot.storage.tables import webhooks as table
from bot.storage.tickets import ticket_of
from bot.tickets.model import Ticket, TicketNote
from bot.webhooks.model import EVENT_OF_ACTION, Delivery, DeliveryState, Event, Webhook
from bot.webhooks.payload import Happened, body_of
from bot.webhooks.signing import new_event_id

LONGEST_PAUSE = timedelta(hours=1)
"""No attempt is put off for longer."""
HELD = timedelta(seconds=60)
"""How long a process may be at one attempt before another one takes it over."""

PENDING = DeliveryState.PENDING.value
SPOKEN = {Event.REPLIED: Author.AGENT.value, Event.RESIDENT_WROTE: Author.RESIDENT.value}
"""Events whose words are the last line of somebody."""


class Webhooks(Repository):
    """Receivers, and deliveries to them."""

    def __init__(self, work: Any) -> None:
        super().__init__(work)
        self._notes: list[tuple[Event, TicketNote]] = []
        self._written_in: dict[int, datetime] = {}

    def announce(self, note: TicketNote) -> None:
        """Tells of an entry of a ticket's log with this unit of work, if that is for others to know."""
        event = EVENT_OF_ACTION.get(note.action)
        if event is not None:
            self._notes.append((event, note))

    def resident_wrote(self, conversation_id: int, at: datetime) -> None:
        """Tells that a resident wrote; it concerns the tickets that were live before."""
        self._written_in[conversation_id] = at

    def write(self, connection: Connection, live: LiveTickets) -> None:
        """Writes a delivery for each event and receiver; part of the commit."""
        notes, self._notes = self._notes, []
        written_in, self._written_in = self._written_in, {}
        opened = {note.ticket_number for event, note in notes if event is Event.OPENED}
        for conversation_id, at in written_in.items():
            for number in live.of(conversation_id):
                if number not in opened:
                    notes.append((Event.RESIDENT_WROTE, TicketNote(number, at, Author.RESIDENT.value, "")))
        receivers = _receivers(connection) if notes else []
        for event, note in notes:
            if event in {one for _, _, one in receivers}:
                happened = _happened(connection, event, note)
                connection.execute(queue.insert(), _deliveries(receivers, happened))

    async def all(self) -> list[Webhook]:
        """Every receiver, by name."""
        return await self._fetch(sa.true())

    async def get(self, webhook_id: int) -> Optional[Webhook]:
        """The receiver with this id, or None."""
        found = await self._fetch(table.c.id == webhook_id)
        return found[0] if found else None

    def add(
        self, name: str, url: str, events: Iterable[Event], with_texts: bool, sealed_secret: bytes,
        by: str, now: datetime,
    ) -> None:  # fmt: skip
        """Stages a new receiver, which is told from now on."""

        def write(connection: Connection) -> None:
            made: Any = connection.execute(
                table.insert().values(
                    name=name,
                    url=url,
                    with_texts=with_texts,
                    active=True,
                    sealed_secret=sealed_secret,
                    created_by=by,
                    created_at=now,
                )
            )
            _choose(connection, made.inserted_primary_key[0], events)

        self._work.stage(write)

    def update(self, webhook: Webhook, **values: Any) -> None:
        """Stages changes to a receiver; `commit` raises Conflict when it was deleted meanwhile."""
        events = values.pop("events", None)
        if values:
            self._work.stage_change(
                table.update().where(table.c.id == webhook.id).values(**values), f"webhook {webhook.id}"
            )
        if events is not None:

            def write(connection: Connection) -> None:
                connection.execute(chosen.delete().where(chosen.c.webhook_id == webhook.id))
                _choose(connection, webhook.id, events)

            self._work.stage(write)

    def delete(self, webhook_id: int) -> None:
        """Stages the end of a receiver and of everything that waits for it."""
        # First: whoever tells of an event now has stored it before what is stored is deleted.
        self._work.stage_statement(sa.select(table.c.id).where(table.c.id == webhook_id).with_for_update())
        self._work.stage_statement(queue.delete().where(queue.c.webhook_id == webhook_id))
        self._work.stage_statement(chosen.delete().where(chosen.c.webhook_id == webhook_id))
        self._work.stage_statement(table.delete().where(table.c.id == webhook_id))

    def enqueue(self, webhook_id: int, event: Event, body: str, now: datetime) -> None:
        """Stages a delivery about no ticket."""
        self._work.stage_statement(queue.insert().values(_delivery(webhook_id, event, "", body, now)))

    async def deliveries(self, webhook_id: int, limit: int, before: int = 0) -> list[Delivery]:
        """A receiver's deliveries, newest first, before an id when one is given."""
        statement = sa.select(queue).where(queue.c.webhook_id == webhook_id)
        if before:
            statement = statement.where(queue.c.id < before)
        rows = await self._work.fetch(statement.order_by(queue.c.id.desc()).limit(limit))
        return [_as_delivery(row) for row in rows]

    async def delivery(self, delivery_id: int) -> Optional[Delivery]:
        """One delivery, or None."""
        rows = await self._work.fetch(sa.select(queue).where(queue.c.id == delivery_id))
        return _as_delivery(rows[0]) if rows else None

    async def counts(self) -> dict[int, dict[DeliveryState, int]]:
        """How many deliveries of each receiver wait, or were given up."""
        unsent = (PENDING, DeliveryState.GIVEN_UP.value)
        statement = sa.select(queue.c.webhook_id, queue.c.state, sa.func.count())
        statement = statement.where(queue.c.state.in_(unsent)).group_by(queue.c.webhook_id, queue.c.state)
        found: dict[int, dict[DeliveryState, int]] = {}
        for webhook_id, state, count in await self._work.fetch(statement):
            found.setdefault(webhook_id, {})[DeliveryState(state)] = count
        return found

    def send_again(self, delivery_id: int, now: datetime) -> None:
        """Stages another round of attempts for a delivery that has ended, under the same event id."""
        ended = sa.and_(queue.c.id == delivery_id, queue.c.state != PENDING)
        self._work.stage_change(
            queue.update()
            .where(ended)
            .values(state=PENDING, attempts=0, next_attempt_at=now, created_at=now, ended_at=None),
            f"webhook delivery {delivery_id}",
        )

    def send_all_again(self, webhook_id: int, now: datetime) -> None:
        """Stages the same for everything of a receiver that was given up."""
        given_up = sa.and_(queue.c.webhook_id == webhook_id, queue.c.state == DeliveryState.GIVEN_UP.value)
        self._work.stage_statement(
            queue.update()
            .where(given_up)
            .values(state=PENDING, attempts=0, next_attempt_at=now, created_at=now, ended_at=None)
        )

    async def due(self, now: datetime, limit: int, busy: Iterable[int] = ()) -> list[Delivery]:
        """The oldest pending delivery of each receiver and ticket, where it is due and nobody is at it.

        Of receivers that are `busy` only tests: they are what somebody waits for.
        """
        first = (
            sa.select(sa.func.min(queue.c.id))
            .where(queue.c.state == PENDING)
            .group_by(queue.c.webhook_id, queue.c.ticket_number)
        )
        may_take = sa.or_(queue.c.webhook_id.notin_(list(busy)), queue.c.event == Event.PING.value)
        statement = (
            sa.select(queue)
            .join(table, table.c.id == queue.c.webhook_id)
            .where(queue.c.id.in_(first), table.c.active, _is_due(now), _is_free(now), may_take)
            .order_by(queue.c.id)
            .limit(limit)
        )
        return [_as_delivery(row) for row in await self._work.fetch(statement)]

    def hold(self, delivery: Delivery, holder: str, now: datetime) -> None:
        """Stages that one process is at it; `commit` raises Conflict when another is, or it has ended."""
        still = sa.and_(
            queue.c.id == delivery.id,
            queue.c.state == PENDING,
            queue.c.attempts == delivery.attempts,
            _is_free(now),
        )
        self._work.stage_change(
            queue.update().where(still).values(held_by=holder, held_until=now + HELD),
            f"webhook delivery {delivery.id}",
        )

    def let_go(self, holder: str) -> None:
        """Stages that a process is at nothing any more."""
        self._work.stage_statement(
            queue.update()
            .where(queue.c.state == PENDING, queue.c.held_by == holder)
            .values(held_by=None, held_until=None)
        )

    def end(self, delivery_id: int, holder: str, state: DeliveryState, now: datetime, **seen: Any) -> None:
        """Stages that a delivery was sent or given up, and what was seen last."""
        self._record(delivery_id, holder, state=state.value, ended_at=now, **seen)

    def postpone(self, delivery_id: int, holder: str, until: datetime, **seen: Any) -> None:
        """Stages the next attempt, within an hour, and what was seen last."""
        self._record(delivery_id, holder, next_attempt_at=until, **seen)

    def give_up_older(self, webhook_id: int, before: datetime, error: str, now: datetime) -> None:
        """Stages the end of everything that has waited for a receiver since before a moment."""
        old = sa.and_(queue.c.webhook_id == webhook_id, queue.c.state == PENDING, queue.c.created_at < before)
        state = DeliveryState.GIVEN_UP.value
        self._work.stage_statement(queue.update().where(old).values(state=state, error=error, ended_at=now))

    def forget_before(self, moment: datetime) -> None:
        """Stages the end of deliveries that ended before a moment."""
        self._work.stage_statement(queue.delete().where(queue.c.ended_at < moment))

    def forget(self, numbers: Any) -> None:
        """Stages the end of every delivery about these tickets; what was not sent is not sent."""
        self._work.stage_statement(queue.delete().where(queue.c.ticket_number.in_(numbers)))

    def _record(self, delivery_id: int, holder: str, **values: Any) -> None:
        # Another process may have taken it over: what it sees counts then.
        ours = sa.and_(queue.c.id == delivery_id, queue.c.state == PENDING, queue.c.held_by == holder)
        self._work.stage_statement(
            queue.update()
            .where(ours)
            .values(held_by=None, held_until=None, attempts=queue.c.attempts + 1, **values)
        )

    async def _fetch(self, condition: Any) -> list[Webhook]:
        rows = await self._work.fetch(sa.select(table).where(condition).order_by(table.c.name, table.c.id))
        events: dict[int, list[Event]] = {}
        for webhook_id, event in await self._work.fetch(sa.select(chosen.c.webhook_id, chosen.c.event)):
            events.setdefault(webhook_id, []).append(Event(event))
        return [
            Webhook(**{**dict(row._mapping), "events": tuple(sorted(events.get(row.id, ()), key=_place))})
            for row in rows
        ]


RECEIVERS = Prepared(
    sa.select(table.c.id, table.c.with_texts, chosen.c.event)
    .join(chosen, chosen.c.webhook_id == table.c.id)
    .where(table.c.active)
    # Who deletes one waits for this commit: an agent's change must not fail of that.
    .with_for_update(read=True, key_share=True, of=table)
)
Receiver = tuple[int, bool, Event]
"""A webhook, whether it gets texts, and one event that it chose."""


def _receivers(connection: Connection) -> list[Receiver]:
    return [(row[0], row[1], Event(row[2])) for row in RECEIVERS.run(connection, {}).rows]


def _happened(connection: Connection, event: Event, note: TicketNote) -> Happened:
    ticket, language, own_tags = _ticket(connection, note.ticket_number)
    text = note.note
    if event in SPOKEN:
        text = _last_line(connection, ticket.conversation_id, SPOKEN[event])
    elif event in (Event.OPENED, Event.REOPENED):
        text = ""  # a reason's name, which the ticket has too
    return Happened(event, note.at, note.actor, ticket, language, own_tags, note.data, text)


def _ticket(connection: Connection, number: str) -> tuple[Ticket, str, list[str]]:
    """A ticket as it will stand, its resident's language, and its tags."""
    found = connection.execute(sa.select(tickets).where(tickets.c.number == number))
    ticket = ticket_of(found.one())
    own = conversations.c.id == ticket.conversation_id
    language = connection.execute(sa.select(conversations.c.language).where(own))
    theirs = sa.select(tags.c.tag).where(tags.c.ticket_number == number).order_by(tags.c.tag)
    return ticket, str(language.scalar_one()), [row[0] for row in (connection.execute(theirs)).all()]


def _last_line(connection: Connection, conversation_id: int, author: str) -> str:
    theirs = sa.and_(messages.c.conversation_id == conversation_id, messages.c.author == author)
    statement = sa.select(messages.c.text).where(theirs).order_by(messages.c.id.desc()).limit(1)
    row = (connection.execute(statement)).first()
    return str(row[0]) if row else ""


def _choose(connection: Connection, webhook_id: int, events: Iterable[Event]) -> None:
    rows = [{"webhook_id": webhook_id, "event": event.value} for event in dict.fromkeys(events)]
    if rows:
        connection.execute(chosen.insert(), rows)


def _deliveries(receivers: Iterable[Receiver], happened: Happened) -> list[dict[str, Any]]:
    bodies = {with_text: body_of(happened, with_text) for with_text in (False, True)}
    event, number = happened.event, happened.ticket.number
    return [
        _delivery(webhook_id, event, number, bodies[with_texts], happened.at)
        for webhook_id, with_texts, one in receivers
        if one is event
    ]


def _delivery(webhook_id: int, event: Event, number: str, body: str, now: datetime) -> dict[str, Any]:
    return {
        "webhook_id": webhook_id,
        "event_id": new_event_id(),
        "event": event.value,
        "ticket_number": number,
        "body": body,
        "state": PENDING,
        "attempts": 0,
        "next_attempt_at": now,
        "answer": "",
        "error": "",
        "created_at": now,
    }


def _is_due(now: datetime) -> Any:
    """New, or its pause is over, or longer than any: the clock was put back since."""
    late = queue.c.next_attempt_at > now + LONGEST_PAUSE
    return sa.or_(queue.c.attempts == 0, queue.c.next_attempt_at <= now, late)


def _is_free(now: datetime) -> Any:
    """Nobody is at it, or was for too long, or seems to be for too long to come."""
    over = sa.or_(queue.c.held_until < now, queue.c.held_until > now + 2 * HELD)
    return sa.or_(queue.c.held_by.is_(None), over)


def _place(event: Event) -> int:
    return list(Event).index(event)


def _as_delivery(row: Row) -> Delivery:
    values = {name: value for name, value in dict(row._mapping).items() if not name.startswith("held_")}
    return Delivery(**{**values, "event": Event(row.event), "state": DeliveryState(row.state)})
