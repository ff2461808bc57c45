"""What really happened at the bureau, read from the bureau alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Optional

import httpx

from bot.clock import SHANGHAI

SETTLED = ("reconciled", "refunded", "closed", "payment_failed")


@dataclass(frozen=True)
class Stand:
    """How a payment stood from `at` on; `due` is the bureau's own promise."""

    at: datetime
    state: str
    reason: str
    due: Optional[datetime]

    @property
    def key(self) -> tuple[str, str]:
        """What makes a change."""
        return self.state, self.reason


class Truth:
    """Every payment's history and every request's end, asked of the bureau after each tick."""

    def __init__(self, bureau: httpx.AsyncClient) -> None:
        self._bureau = bureau
        self._cursor: Optional[str] = None
        self.stands: dict[str, list[Stand]] = {}
        self.ended: dict[str, datetime] = {}

    async def begin(self, serials: list[str], at: datetime) -> None:
        """How everything stands at the start."""
        for serial in serials:
            self.stands[serial] = [await self._stand(serial, at)]
        await self.look(at)

    async def look(self, at: datetime, requests: tuple[str, ...] = ()) -> None:
        """What changed since."""
        while True:
            page = (await self._bureau.get("/v1/events", params=self._after())).json()
            self._cursor = page["cursor"]
            for serial in dict.fromkeys(event["serial_number"] for event in page["events"]):
                if serial in self.stands:
                    self._add(serial, await self._stand(serial, at))
            if not page["events"]:
                break
        for request in requests:
            if request not in self.ended:
                status = (await self._bureau.get(f"/v1/reconciliation-requests/{request}")).json()["status"]
                if status in ("resolved", "rejected"):
                    self.ended[request] = at

    def at(self, serial: str, moment: datetime) -> Stand:
        """How a payment stood at a moment."""
        return [stand for stand in self.stands[serial] if stand.at <= moment][-1]

    def moved_between(self, serial: str, after: datetime, until: datetime) -> bool:
        """Whether the payment changed within this time."""
        return any(after < stand.at <= until for stand in self.stands[serial][1:])

    def _after(self) -> dict[str, Any]:
        return {"limit": 500, **({"after": self._cursor} if self._cursor else {})}

    def _add(self, serial: str, stand: Stand) -> None:
        if stand.key != self.stands[serial][-1].key or stand.due != self.stands[serial][-1].due:
            self.stands[serial].append(stand)

    async def _stand(self, serial: str, at: datetime) -> Stand:
        payment = (await self._bureau.get(f"/v1/payments/{serial}")).json()
        due = payment["expected_by"]
        return Stand(
            at,
            payment["state"],
            payment["reason"] or "",
            datetime.fromisoformat(due).astimezone(SHANGHAI) if due else None,
        )
