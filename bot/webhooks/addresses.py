"""Where a webhook may lead: not into our own network, unless the operators say so.

A name is looked up before each attempt and the connection goes to the address that was checked, so that a
name cannot lead elsewhere a moment later.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from typing import Awaitable, Callable, Iterable, Union
from urllib.parse import SplitResult, urlsplit

from bot.errors import InvalidInput

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
Resolve = Callable[[str, int], Awaitable[list[str]]]

URL_MAX_CHARS = 500
TRANSLATED = tuple(ipaddress.ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"))
"""IPv6 that stands for IPv4, which may be a private one."""


@dataclass(frozen=True)
class Destination:
    """A checked address for one attempt: where to connect, and what to ask for there."""

    url: str
    host: str
    address: str


def networks_of(written: str) -> tuple[Network, ...]:
    """Reads `10.1.0.0/16, 127.0.0.1`; raises ValueError with what is accepted."""
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in written.split(",") if part.strip())
    except ValueError as error:
        raise ValueError(f"{error}: write networks like 10.1.0.0/16, 192.168.7.5") from error


async def resolved(host: str, port: int) -> list[str]:
    """The addresses of a host, in the order to be tried; raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class Addresses:
    """Decides on URLs; `private` are networks of our own that webhooks may lead into."""

    def __init__(self, private: Iterable[Network] = (), resolve: Resolve = resolved) -> None:
        self._private = tuple(private)
        self._resolve = resolve

    async def check(self, url: str) -> Destination:
        """Where this URL leads now.

        Raises InvalidInput("bad_url" | "url_needs_https" | "url_unknown_host" | "url_private").
        """
        parts = _parts(url)
        assert parts.hostname is not None
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            found = await self._resolve(parts.hostname, port)
        except (OSError, UnicodeError):
            raise InvalidInput("url_unknown_host") from None
        if not found:
            raise InvalidInput("url_unknown_host")
        addresses = [ipaddress.ip_address(one.split("%")[0]) for one in found]
        # All of them: which one the connection would take is not ours to choose.
        if not all(self._may_reach(address) for address in addresses):
            raise InvalidInput("url_private")
        if parts.scheme == "http" and not all(self._is_ours(address) for address in addresses):
            raise InvalidInput("url_needs_https")
        return Destination(url, parts.hostname, str(addresses[0]))

    def _may_reach(self, address: Address) -> bool:
        return self._is_ours(address) or _is_public(address)

    def _is_ours(self, address: Address) -> bool:
        plain = getattr(address, "ipv4_mapped", None) or address
        return any(plain in network for network in self._private)


def _is_public(address: Address) -> bool:
    plain = getattr(address, "ipv4_mapped", None) or address
    if any(plain in network for network in TRANSLATED):
        return False
    return bool(plain.is_global) and not (plain.is_multicast or plain.is_reserved or plain.is_unspecified)


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("https", "http") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, brackets that do not close
        raise InvalidInput("bad_url") from None
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    if not usable or not plain or len(url) > URL_MAX_CHARS or parts.username or parts.fragment:
        raise InvalidInput("bad_url")
    return parts
