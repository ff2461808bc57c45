"""How much money a payment is about, by the record: for weighing cases, never for residents."""

from __future__ import annotations

from typing import Optional

from bot.errors import Bug, ResidentError
from bot.payments.service import PaymentLookup
from bot.reconciliation.lookup import StaffLookup


class RecordedAmounts:
    """Asks with the residents' key which payment a number means, and with the staff's what it is about."""

    def __init__(self, payments: PaymentLookup, staff: StaffLookup) -> None:
        self._payments = payments
        self._staff = staff

    async def of(self, number: str) -> Optional[int]:
        """What was paid under any number of a payment, or is due where nothing was, in fen.

        None when there is no such payment or it cannot be told. Raises RetryLater.
        """
        try:
            found = await self._payments.get_payment(number)
            details = (await self._staff.payment(found.serial_number)).details
        except (ResidentError, Bug):
            return None
        if details is None:
            return None
        return details.amount_due if details.amount_paid is None else details.amount_paid
