"""The payment notice (缴款通知): what the bureau asks whom to pay."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class Notice(NamedTuple):
    """One notice; `amount` in fen. `group` says which residents a policy may single out."""

    number: str
    item: str
    amount: int
    payer_name: str
    payer_last4: str
    issued_at: datetime
    expires_at: datetime | None = None
    group: str = ""
    receipt_by_hand: bool = False
    """The payer asked for a receipt in another name: a person issues it."""
