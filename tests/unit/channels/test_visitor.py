"""Web visitors: who they are cannot be guessed, made up, or used by another site."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.responses import Response

from bot.channels.problems import Problem
from bot.channels.visitor import Visitors, refuse_other_origins


def request(scheme: str = "http", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/", "scheme": scheme, "headers": raw}
    return Request({**scope, "query_string": b"", "server": ("test", 80)})


def cookie_of(visitors: Visitors, scheme: str = "http") -> str:
    response = Response()
    visitors.remember(request(scheme), response, visitors.new())
    return response.headers["set-cookie"]


def test_a_visitor_is_recognised_by_the_cookie() -> None:
    visitors = Visitors("secret")
    cookie = cookie_of(visitors).split(";")[0]
    contact = visitors.recognise(request(cookie=cookie))
    assert contact is not None
    assert contact.channel == "web"
    assert len(contact.user_id) == 32


@pytest.mark.parametrize("cookie", ["visitor=abc", "visitor=abc.def", "visitor=", "other=1"])
def test_a_made_up_cookie_is_nobody(cookie: str) -> None:
    visitors = Visitors("secret")
    assert visitors.recognise(request(cookie=cookie)) is None
    with pytest.raises(Problem):
        visitors.require(request(cookie=cookie))


def test_a_cookie_of_another_key_is_nobody() -> None:
    cookie = cookie_of(Visitors("another")).split(";")[0]
    assert Visitors("secret").recognise(request(cookie=cookie)) is None


def test_the_cookie_is_out_of_reach_of_scripts_and_secure_over_https() -> None:
    plain, secure = cookie_of(Visitors("secret")), cookie_of(Visitors("secret"), "https")
    assert "HttpOnly" in plain
    assert "SameSite=lax" in plain
    assert "Secure" not in plain
    assert "Secure" in secure


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example", "host": "desk.example"},
        {"origin": "null", "host": "desk.example"},
        {"origin": "https://desk.example.evil", "host": "desk.example"},
        {"sec_fetch_site": "cross-site", "host": "desk.example"},
        {"sec_fetch_site": "same-site", "host": "desk.example"},
    ],
)
def test_other_sites_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Problem) as caught:
        refuse_other_origins(request(**headers))
    assert caught.value.status == 403


@pytest.mark.parametrize("headers", [{}, {"origin": "https://desk.example", "sec_fetch_site": "same-origin"}])
def test_the_page_itself_and_programs_may_post(headers: dict[str, str]) -> None:
    refuse_other_origins(request(host="desk.example", **headers))
