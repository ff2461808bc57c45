"""Who may use the staff's pages and calls: the staff key, as a bearer key or as a browser's password."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.sandbox.keys import Keys
from bot.sandbox.problems import Forbidden, Unauthorized

Endpoint = Callable[[Request], Awaitable[Response]]
REALM = 'Basic realm="books", charset="UTF-8"'
NAME_MOST = 64


class Desk:
    """Lets staff in; `operator` is whom they say they are, for the record."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def call(self, endpoint: Endpoint) -> Endpoint:
        """For programs: a problem document unless the staff key is there."""

        async def answer(request: Request) -> Response:
            self._require(request)
            return await endpoint(request)

        return answer

    def page(self, endpoint: Endpoint) -> Endpoint:
        """For browsers: they are asked for the key."""

        async def answer(request: Request) -> Response:
            try:
                self._require(request)
            except Unauthorized:
                said = "请用工作人员密钥作为密码登录 / the password is the staff key"
                return PlainTextResponse(said, 401, {"WWW-Authenticate": REALM})
            return await endpoint(request)

        return answer

    def _require(self, request: Request) -> None:
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            self._keys.require(request, staff=True)
            return
        self._keys.require_key(_pair(sent)[1], staff=True)
        if request.method not in ("GET", "HEAD") and not _same_site(request):
            raise Forbidden("another site may not act for you")


def operator_of(request: Request, said: str = "") -> str:
    """Who does it: as the form says, or the browser's user name."""
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    name = said or (_pair(sent)[0] if scheme.lower() == "basic" else "")
    return "".join(character for character in name if character.isprintable()).strip()[:NAME_MOST] or "staff"


def _pair(sent: str) -> tuple[str, str]:
    try:
        name, _, key = base64.b64decode(sent, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return name, key


def _same_site(request: Request) -> bool:
    """Whether the form came from a page of ours: a browser sends the password along to any of them."""
    origin = request.headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc == request.headers.get("host")
    return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
