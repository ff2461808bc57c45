"""The catalogues say the same things in both languages, and everything that pages ask for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.requests import Request

import bot.channels
import bot.console
from bot.channels.words import Words, chosen_language, load_words
from bot.console.model import Role
from bot.messages import Author, ConversationStatus
from bot.tickets.model import HandoffReason, Priority, TicketStatus

CHANNELS = Path(bot.channels.__file__).parent
CONSOLE = Path(bot.console.__file__).parent
ASKED = re.compile(r"""words\(\s*["']([a-z_.]+\w)["'] *[,)]""")


@pytest.mark.parametrize("folder", [CHANNELS / "words", CONSOLE / "words"])
def test_both_languages_have_the_same_names(folder: Path) -> None:
    words = load_words(folder)
    assert words["zh"].names == words["en"].names


@pytest.mark.parametrize("folder", [CHANNELS / "words", CONSOLE / "words"])
def test_both_languages_have_the_same_placeholders(folder: Path) -> None:
    words = load_words(folder)
    for name in words["zh"].names:
        placeholders = [re.findall(r"\{\w+\}", words[language](name)) for language in ("zh", "en")]
        assert placeholders[0] == placeholders[1], name


def test_the_chat_finds_its_words() -> None:
    files = [CHANNELS / "pages/chat.html", CHANNELS / "pages/static/chat.js", CHANNELS / "terminal.py"]
    asked = {name for file in files for name in ASKED.findall(file.read_text(encoding="utf-8"))}
    asked |= {f"author.{author.value}" for author in Author}
    assert asked <= load_words(CHANNELS / "words")["zh"].names


def test_the_console_finds_its_words() -> None:
    files = [*(CONSOLE / "templates").glob("*.html"), *CONSOLE.glob("*.py")]
    asked = {name for file in files for name in ASKED.findall(file.read_text(encoding="utf-8"))}
    families = {
        "status": TicketStatus,
        "reason": HandoffReason,
        "priority": Priority,
        "role": Role,
        "author": Author,
        "conversation": ConversationStatus,
    }
    asked |= {f"{family}.{value.value}" for family, values in families.items() for value in values}
    assert asked <= load_words(CONSOLE / "words")["zh"].names


def test_missing_words_are_an_error_and_unknown_values_are_shown_as_they_are() -> None:
    words = Words("zh", {"a": {"b": "c {name}"}})
    assert words("a.b", name="d") == "c d"
    assert words.of("a", "x") == "x"
    with pytest.raises(KeyError):
        words("a.x")


@pytest.mark.parametrize(
    ("query", "cookie", "accept", "language"),
    [
        ("", "", "", "zh"),
        ("", "", "en-GB,en", "en"),
        ("", "", "fr", "zh"),
        ("", "zh", "en", "zh"),
        ("lang=en", "zh", "zh", "en"),
        ("lang=xx", "", "", "zh"),
    ],
)
def test_a_choice_goes_before_the_browser(query: str, cookie: str, accept: str, language: str) -> None:
    headers = [(b"accept-language", accept.encode()), (b"cookie", f"language={cookie}".encode())]
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": query.encode(), "headers": headers}
    assert chosen_language(Request(scope), "language") == language
