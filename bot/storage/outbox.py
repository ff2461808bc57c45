"""Lines on their way to a pushed channel."""

from __future__ import annotations

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

    async def heads(self, now: datetime, limit: int = 50) -> list[Delivery]:
        """The oldest pending delivery of each conversation, where it is due: order is kept that way."""
        first = (
            sa.select(sa.func.min(table.c.id))
            .where(table.c.state == DeliveryState.PENDING.value)
            .group_by(table.c.conversation_id)
        )
        statement = self._joined().where(table.c.id.in_(first), _due(now)).order_by(table.c.id).limit(limit)
        return [_delivery(row) for row in await self._work.fetch(statement)]

    async def dead(self, limit: int = 100) -> list[Delivery]:
        """Deliveries that were given up, newest first."""
        statement = (
            self._joined()
            .where(table.c.state == DeliveryState.DEAD.value)
            .order_by(table.c.id.desc())
            .limit(limit)
        )
        return [_delivery(row) for row in await self._work.fetch(statement)]

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
        """Stages another attempt at `until`, within an hour."""
        self._set(delivery.id, attempts=delivery.attempts + 1, next_attempt_at=until, last_error=error[:200])

    def send_again(self, delivery_id: int, now: datetime) -> None:
        """Stages a dead delivery's return to the queue."""
        self._set(delivery_id, state=DeliveryState.PENDING.value, attempts=0, next_attempt_at=now)

    def _set(self, delivery_id: int, **values: object) -> None:
        self._work.stage_statement(table.update().where(table.c.id == delivery_id).values(**values))

    def _joined(self) -> sa.sql.Select:
        columns = [column.label(f"out_{column.name}") for column in table.c]
        return sa.select(messages, *columns).join(messages, messages.c.id == table.c.message_id)


def _due(now: datetime) -> Any:
    """A new line is due, and one whose pause is over, or longer than any: the clock was put back since."""
    return sa.or_(
        table.c.attempts == 0, table.c.next_attempt_at <= now, table.c.next_attempt_at > now + LONGEST_PAUSE
    )


def _delivery(row: Row) -> Delivery:
    return Delivery(
        id=row.out_id,
        channel=row.out_channel,
        user_id=row.out_user_id,
        line=line(row),
        state=DeliveryState(row.out_state),
        attempts=row.out_attempts,
        created_at=row.out_created_at,
        last_error=row.out_last_error,
    )
