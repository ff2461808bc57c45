"""The payment order (商户订单) and what its channel said about it (通知)."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import NamedTuple

from bot.sandbox.model import Channel


class Order(NamedTuple):
    """One try to pay a notice, as it was opened; what the payer or the counter filled in may be wrong.

    `serial` is the channel's own number where the order had one from the start; a number, name, item or last
    four that nobody filled in is empty.
    """

    merchant_order: str
    notice_number: str
    channel: Channel
    account: str
    opened_at: datetime
    serial: str = ""
    payer_name: str = ""
    payer_last4: str = ""
    payer_account: str = ""
    item: str = ""
    found: bool = False
    """Nobody told of it: it was made up from its bill line, and gives way to the true one."""


class Outcome(str, Enum):
    """What the channel says of an order."""

    PAID = "paid"
    FAILED = "failed"


class Heard(str, Enum):
    """How the channel's word reached the bureau."""

    CALLBACK = "callback"
    """The channel told of its own accord; a counter's own record and a transfer's advice count as told."""
    QUERY = "query"
    """Nobody told: the bureau had to ask (掉单)."""


class Word(NamedTuple):
    """The channel's word on one order; `amount` in fen, `at` when the money moved."""

    merchant_order: str
    serial: str
    outcome: Outcome
    amount: int
    at: datetime
    heard_at: datetime
    heard: Heard = Heard.CALLBACK
