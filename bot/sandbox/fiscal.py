"""Fiscal electronic receipts (财政电子票据), invented but always the same for the same payment."""

from __future__ import annotations

import hashlib
from datetime import datetime

from bot.sandbox.model import FiscalReceipt

RECEIPT_CODE = "31010126"


def fiscal_receipt(serial_number: str, issued_at: datetime) -> FiscalReceipt:
    """The receipt of this payment."""
    digest = hashlib.sha256(serial_number.encode()).hexdigest()
    return FiscalReceipt(RECEIPT_CODE, f"{int(digest[:10], 16) % 10**10:010d}", digest[-6:], issued_at)
