"""Addresses of requests: readable by whoever was given one, and not to be made up."""

from __future__ import annotations

import pytest

from bot.requests.links import RequestLinks

LINKS = RequestLinks("a secret of sixteen", "https://help.example/")


def token(address: str) -> str:
    return address.rsplit("/", 1)[1]


def test_an_address_names_its_request() -> None:
    page = LINKS.page(7, "RR1")
    assert page.startswith("https://help.example/requests/")
    assert LINKS.of_page(token(page)) == (7, "RR1")
    assert LINKS.of_paper(token(LINKS.paper(7, "RR1"))) == (7, "RR1")


def test_whoever_has_the_page_cannot_open_the_receipt() -> None:
    assert LINKS.of_paper(token(LINKS.page(7, "RR1"))) is None
    assert LINKS.of_page(token(LINKS.paper(7, "RR1"))) is None


@pytest.mark.parametrize("made_up", ["", "x", "WzcsIlJSMSJd", "WzcsIlJSMSJd.AAAA", "....", "\u4f60"])
def test_what_was_made_up_names_nothing(made_up: str) -> None:
    assert LINKS.of_page(made_up) is None


def test_another_secret_s_addresses_name_nothing() -> None:
    other = RequestLinks("another secret 16", "https://help.example")
    assert LINKS.of_page(token(other.page(7, "RR1"))) is None
