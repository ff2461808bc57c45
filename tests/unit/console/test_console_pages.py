"""Small things on console pages: spans, moments, facts, addresses."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from starlette.requests import Request
from starlette.responses import Response

import bot.console
from bot.channels.words import load_words
from bot.console.inbox import Query
from bot.console.pages import fact_words, full_moment, short_moment, span_words
from bot.console.reception import safe_next
from bot.console.session import Session, Sessions
from bot.tickets.inbox import Tab

HOST = (b"host", b"desk.example")
WORDS = load_words(Path(bot.console.__file__).parent / "words")


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=20), "不到 1 分钟"),
        (timedelta(minutes=-59), "59 分钟"),
        (timedelta(hours=47), "47 小时"),
        (timedelta(days=3), "3 天"),
    ],
)
def test_a_span_is_said_in_its_largest_unit(span: timedelta, words: str) -> None:
    assert span_words(WORDS["zh"], span) == words


def test_moments_are_shanghais() -> None:
    moment = datetime.fromisoformat("2026-11-23T23:30:05+00:00")
    assert full_moment(moment) == "2026-11-24 07:30:05 +08:00"
    assert short_moment(moment) == "11-24 07:30"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("amount_fen", "123456", "¥1,234.56"),
        ("amount_fen", "many", "many"),
        ("paid_at", "2026-11-20T01:30:00+00:00", "11-20 09:30"),
        ("paid_on", "2026-11-20", "2026-11-20"),
        ("paid_at", "2026-99-99T99:99:99+08:00", "2026-99-99T99:99:99+08:00"),
        ("state", "unreconciled", "未对账"),
        ("state", "new_word", "new_word"),
    ],
)
def test_checked_facts_are_said_for_people(name: str, value: str, said: str) -> None:
    assert fact_words(WORDS["zh"], name, value) == said


@pytest.mark.parametrize(
    "address",
    ["https://evil.example", "//evil.example", "/", "/consolex", "/console\\evil", "/console/\nx", ""],
)
def test_login_leads_nowhere_else(address: str) -> None:
    assert safe_next(address) == "/console"


def test_login_leads_back_to_a_page_of_the_console() -> None:
    assert safe_next("/console/tickets/GD1?before=3") == "/console/tickets/GD1?before=3"


def query(text: str) -> Query:
    return Query.of(dict(parse_qsl(text)))


@pytest.mark.parametrize(
    "text", ["tab=x&page=-1", "page=x", "page=٣", "page=99999999", "", "page=0", "channel=pigeon"]
)
def test_a_query_that_makes_no_sense_is_the_default(text: str) -> None:
    assert query(text) == Query(Tab.LIVE, "", "", "", 1)


def test_a_querys_address_leads_back_to_it() -> None:
    address = query("tab=all&q=GD%261&tag=VIP&channel=web&page=3").address(page=4)
    assert query(address.partition("?")[2]) == Query(Tab.ALL, "GD&1", "vip", "web", 4)


def test_a_session_cookie_is_read_back_and_a_changed_one_is_not() -> None:

    sessions, response = Sessions("secret"), Response()
    request = Request({"type": "http", "method": "GET", "path": "/", "scheme": "https", "headers": [HOST]})
    sessions.write(request, response, Session("nonce", 7, 2))
    cookie = response.headers["set-cookie"]
    value = cookie.split(";")[0]
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/console"} <= set(cookie.split("; "))
    assert sessions.read(with_cookie(value)) == Session("nonce", 7, 2)
    assert sessions.read(with_cookie(value[:-2])) is None
    assert Sessions("another").read(with_cookie(value)) is None


def test_a_forms_token_belongs_to_one_session() -> None:
    sessions = Sessions("secret")
    one, two = sessions.anonymous(), sessions.anonymous()
    assert sessions.is_ours(one, sessions.csrf(one))
    assert not sessions.is_ours(two, sessions.csrf(one))
    assert not sessions.is_ours(one, "")


def with_cookie(value: str) -> Request:
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"cookie", value.encode())]}
    return Request(scope)
