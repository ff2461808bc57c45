"""What went wrong or changed at large: a channel's fault, our own maintenance, a new rule."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from bot.sandbox.books.notice import Notice
from bot.sandbox.model import Channel


class Incident(NamedTuple):
    """A time in which records may be wrong; nothing paid in it is booked until it is made good.

    `channel` None means our own system was down.
    """

    incident_id: str
    channel: Channel | None
    starts_at: datetime
    ends_at: datetime
    made_good_at: datetime | None = None
    """When the missing records are delivered; None while nobody can say."""

    def touches(self, channel: Channel, paid_at: datetime, now: datetime) -> bool:
        """Whether a payment of then is held back now."""
        if self.channel not in (None, channel) or not self.starts_at <= paid_at < self.ends_at:
            return False
        return self.made_good_at is None or now < self.made_good_at


class Policy(NamedTuple):
    """A rule that changed what some residents owe for an item; payments under it are assessed again."""

    policy_id: str
    item: str
    group: str
    effective_at: datetime
    decided_at: datetime | None = None

    def touches(self, notice: Notice, paid_at: datetime, now: datetime) -> bool:
        """Whether a notice from before the rule was paid after it, and nobody has decided yet."""
        if (notice.item, notice.group) != (self.item, self.group):
            return False
        if not notice.issued_at < self.effective_at <= paid_at:
            return False
        return self.decided_at is None or now < self.decided_at
