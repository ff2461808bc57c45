"""Lines on their way to a pushed channel."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from bot.notifications.model import Delivery, DeliveryState
from bot.storage.lines import line
from bot.storage.repository import Repository
from bot.storage.tables import messages
from bot.storage.tables import outbox as table

LONGEST_PAUSE = timedelta(hours=1)
"""No attempt is put off for longer."""


class Outbox(Repository):
    """Deliveries: pending until sent, or dead after they were given up."""

    async def heads(self, now: datetime, limit: int = 50, but_not: Collection[int] = ()) -> list[Delivery]:
        """The oldest pending delivery of each conversation, where it is due: order is kept that way."""
        statement = (
            self._joined().where(table.c.id.in_(due_heads(now, but_not))).order_by(table.c.id).limit(limit)
        )
        return [delivery_of(row) for row in await self._work.fetch(statement)]

    async def parts_sent(self, line_id: int) -> int:
        """How many parts of a line that is too long for one message the platform took."""
        rows = await self._work.fetch(sa.select(table.c.parts_sent).where(table.c.message_id == line_id))
        return int(rows[0].parts_sent) if rows else 0

    def note_parts(self, line_id: int, parts: int) -> None:
        """Stages how many parts the platform took."""
        self._work.stage_statement(
            table.update().where(table.c.message_id == line_id).values(parts_sent=parts)
        )

    async def dead(self, limit: int = 100, before: int = 0) -> list[Delivery]:
        """Deliveries that were given up, newest first; older than the one with the id `before`, if any."""
        statement = self._joined().where(DEAD).order_by(table.c.id.desc()).limit(limit)
        if before:
            statement = statement.where(table.c.id < before)
        return [delivery_of(row) for row in await self._work.fetch(statement)]

    async def count_dead(self, conversation_ids: Collection[int]) -> dict[int, int]:
        """How many deliveries of each conversation were given up; those without any are left out."""
        statement = (
            sa.select(table.c.conversation_id, sa.func.count().label("given_up"))
            .where(DEAD, table.c.conversation_id.in_(conversation_ids))
            .group_by(table.c.conversation_id)
        )
        return {row.conversation_id: row.given_up for row in await self._work.fetch(statement)}

    def mark_sent(self, delivery_id: int, now: datetime) -> None:
        """Stages that the platform took it."""
        self._set(delivery_id, state=DeliveryState.SENT.value, sent_at=now)

    def mark_dead(self, delivery_id: int, error: str) -> None:
        """Stages that no further attempt will be made."""
        self._set(delivery_id, state=DeliveryState.DEAD.value, last_error=error[:200])

    def bury(self, conversation_id: int, reason: str) -> None:
        """Stages the end of everything that waits for a contact who cannot be reached."""
        self._work.stage_statement(
            table.update()
            .where(table.c.conversation_id == conversation_id, table.c.state == DeliveryState.PENDING.value)
            .values(state=DeliveryState.DEAD.value, last_error=reason[:200])
        )

    def postpone(self, delivery: Delivery, until: datetime, error: str) -> None:
        """Stages another attempt at `until`, within an hour, by whoever comes first."""
        self._set(
            delivery.id,
            attempts=delivery.attempts + 1,
            next_attempt_at=until,
            last_error=error[:200],
            held_by=None,
            held_until=None,
        )

    def send_again(self, delivery_id: int, now: datetime) -> None:
        """Stages a dead delivery's return to the queue, from its first part on; `commit` raises Conflict when
        it is not dead any more."""
        self._work.stage_change(_again(table.c.id == delivery_id, now), f"delivery {delivery_id}")

    def send_all_again(self, conversation_id: int, now: datetime) -> None:
        """Stages the return of everything that was given up for a contact, in the order it was said."""
        self._work.stage_statement(_again(table.c.conversation_id == conversation_id, now))

    def _set(self, delivery_id: int, **values: object) -> None:
        self._work.stage_statement(table.update().where(table.c.id == delivery_id).values(**values))

    def _joined(self) -> sa.sql.Select:
        columns = [column.label(f"out_{column.name}") for column in table.c]
        return sa.select(messages, *columns).join(messages, messages.c.id == table.c.message_id)


DEAD = table.c.state == DeliveryState.DEAD.value


def _again(which: Any, now: datetime) -> sa.sql.Update:
    return (
        table.update()
        .where(DEAD, which)
        .values(
            state=DeliveryState.PENDING.value,
            attempts=0,
            queued_at=now,
            next_attempt_at=now,
            parts_sent=0,
            held_by=None,
            held_until=None,
        )
    )


def due_heads(now: datetime, but_not: Collection[int] = ()) -> sa.sql.Select:
    """The ids of the oldest pending delivery of each conversation, where it is due."""
    first = (
        sa.select(sa.func.min(table.c.id))
        .where(table.c.state == DeliveryState.PENDING.value)
        .group_by(table.c.conversation_id)
    )
    return sa.select(table.c.id).where(table.c.id.in_(first), table.c.id.not_in(but_not), _due(now))


def _due(now: datetime) -> Any:
    """A new line is due, and one whose pause is over, or longer than any: the clock was put back since."""
    return sa.or_(
        table.c.attempts == 0, table.c.next_attempt_at <= now, table.c.next_attempt_at > now + LONGEST_PAUSE
    )


def delivery_of(row: Row) -> Delivery:
    """The stored row, beside its line's columns, as a delivery."""
    return Delivery(
        id=row.out_id,
        channel=row.out_channel,
        user_id=row.out_user_id,
        line=line(row),
        state=DeliveryState(row.out_state),
        attempts=row.out_attempts,
        created_at=row.out_created_at,
        last_error=row.out_last_error,
        queued_at=row.out_queued_at,
    )
