"""One attempt at a receiver: to the address that was checked, without redirects, within a time limit."""

from __future__ import annotations

import asyncio
import time
from typing import Mapping, Optional

import httpx

from bot.errors import InvalidInput
from bot.webhooks.addresses import Addresses, Destination
from bot.webhooks.model import Attempt

SECONDS = 10.0
"""What the whole exchange may take."""
ANSWER_MAX_BYTES = 2000
ANSWER_MAX_CHARS = 500
USER_AGENT = "household-fee-helpdesk-webhooks/1"


class WebhookSender:
    """Posts bodies; every trouble is part of what it returns."""

    def __init__(
        self, addresses: Addresses, seconds: float = SECONDS, client: Optional[httpx.AsyncClient] = None
    ) -> None:
        self._addresses = addresses
        self._seconds = seconds
        # Neither proxies nor netrc of the environment: they would lead around what was checked.
        # No connection is kept: one made for a name must not serve another name at the same address.
        self._client = client or httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            timeout=seconds,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def post(self, url: str, headers: Mapping[str, str], body: str) -> Attempt:
        """Sends once and says what came of it."""
        started = time.perf_counter()
        status, answer, error, retry_after = None, "", "", None
        try:
            response, answer = await asyncio.wait_for(self._exchange(url, headers, body), self._seconds)
            status, retry_after = response.status_code, _retry_after(response)
        except asyncio.TimeoutError:
            error = "timeout"
        except InvalidInput as refused:
            error = refused.code
        except httpx.TimeoutException:
            error = "timeout"
        except httpx.ConnectError as trouble:
            error = "certificate" if "CERTIFICATE" in str(trouble).upper() else "no_connection"
        except (httpx.HTTPError, OSError):
            error = "broken_off"
        milliseconds = round((time.perf_counter() - started) * 1000)
        return Attempt(status, answer, error, milliseconds, retry_after)

    async def aclose(self) -> None:
        """Closes connections."""
        await self._client.aclose()

    async def _exchange(self, url: str, headers: Mapping[str, str], body: str) -> tuple[httpx.Response, str]:
        destination = await self._addresses.check(url)
        request = self._client.build_request(
            "POST",
            _pinned(destination),
            content=body.encode(),
            headers={
                **headers,
                "host": _host(destination),
                "content-type": "application/json",
                "accept-encoding": "identity",
                "user-agent": USER_AGENT,
            },
            extensions={"sni_hostname": destination.host},
        )
        response = await self._client.send(request, stream=True)
        try:
            return response, await _start_of(response)
        finally:
            await response.aclose()


def _pinned(destination: Destination) -> httpx.URL:
    return httpx.URL(destination.url).copy_with(host=destination.address)


def _host(destination: Destination) -> str:
    url = httpx.URL(destination.url)
    return url.netloc.decode("ascii")


async def _start_of(response: httpx.Response) -> str:
    """The start of an answer, for whoever looks for the reason of a failure."""
    start = b""
    async for piece in response.aiter_raw():
        start += piece
        if len(start) >= ANSWER_MAX_BYTES:
            break
    text = start[:ANSWER_MAX_BYTES].decode("utf-8", "replace")
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in text)[:ANSWER_MAX_CHARS]


def _retry_after(response: httpx.Response) -> Optional[float]:
    """Seconds, where the receiver says so in seconds."""
    wish = response.headers.get("retry-after", "")
    return float(wish) if wish.isascii() and wish.isdigit() and len(wish) <= 6 else None
