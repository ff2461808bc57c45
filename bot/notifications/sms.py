"""Sends notices by text message, through the HTTP gateway that SMS_GATEWAY_URL names.

`POST {"to": "+8613812345678", "text": "…", "id": "line-7"}` with `Authorization: Bearer <SMS_GATEWAY_KEY>`;
any 2xx means taken. The same `id` again is the same message.
"""

from __future__ import annotations

import httpx

from bot.errors import AccessRefused, RateLimited, Slow, Unavailable
from bot.messages import Line
from bot.notifications.relay import Undeliverable
from bot.seal import Seal
from bot.storage.unit_of_work import UnitOfWorkFactory

SECONDS = 10.0


class SmsSender:
    """Open until `aclose()`."""

    def __init__(self, work: UnitOfWorkFactory, seal: Seal, url: str, key: str) -> None:
        self._work = work
        self._seal = seal
        self._url = url
        self._http = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {key}"}, timeout=SECONDS, trust_env=False
        )

    async def aclose(self) -> None:
        """Closes connections."""
        await self._http.aclose()

    async def send(self, user_id: str, line: Line) -> None:
        """Returns once the gateway took it; raises RetryLater or Undeliverable."""
        async with self._work() as work:
            address = await work.addresses.by_reference(user_id)
        if address is None:
            raise Undeliverable("erased or changed")
        body = {"to": f"+86{self._seal.open(address.sealed)}", "text": line.text, "id": f"line-{line.id}"}
        try:
            answer = await self._http.post(self._url, json=body)
        except httpx.TimeoutException:
            raise Slow("no answer in time") from None
        except httpx.HTTPError as error:
            raise Unavailable(type(error).__name__) from None
        _check(answer)


def _check(answer: httpx.Response) -> None:
    status = answer.status_code
    if 200 <= status < 300:
        return
    if status == 429:
        wait = answer.headers.get("Retry-After", "")
        raise RateLimited(float(wait) if wait.isdigit() else None)
    if status in (401, 403):
        raise AccessRefused(str(status))
    if 400 <= status < 500:
        raise Undeliverable(f"refused by the gateway: {status}")
    raise Unavailable(str(status))
