"""Addresses of files that agents sent."""

from __future__ import annotations

from datetime import datetime, timezone

import time_machine

from bot.attachments.links import KEPT_SECONDS, FileLinks
from bot.messages import Author, Line

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=timezone.utc)
SENT = {"file": {"sha256": "ab" * 32, "media_type": "image/png", "size": 3}}


def line(custom: dict[str, object]) -> Line:
    return Line(1, 7, Author.AGENT, "王敏", "请看", (), custom, None, NOW)


def token(links: FileLinks) -> str:
    path = links.of(line(SENT))
    assert path is not None
    assert path.startswith("/files/")
    return path.removeprefix("/files/")


def test_an_address_names_its_file_and_only_the_house_can_make_one() -> None:
    links = FileLinks("a secret of ours")
    assert links.read(token(links)) == (7, "ab" * 32)
    assert FileLinks("another secret").read(token(links)) is None
    for made_up in ("", "x", "WzcsImFiIl0.x.y", token(links) + "x"):
        assert links.read(made_up) is None


def test_an_address_serves_for_thirty_days() -> None:
    links = FileLinks("a secret of ours")
    with time_machine.travel(NOW, tick=False) as clock:
        made = token(links)
        clock.shift(KEPT_SECONDS)
        assert links.read(made) is not None
        clock.shift(1)
        assert links.read(made) is None


def test_a_line_without_a_file_has_no_address() -> None:
    assert FileLinks("a secret of ours").of(line({"attachment": 3})) is None
