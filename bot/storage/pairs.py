"""What a text can be found by: pairs of Chinese characters, fours of letters and digits.

Neither SQLite's nor PostgreSQL's own search finds a Chinese word of two characters, and neither finds the
last digits of a number. Pieces that overlap find both, and are the same in both databases: 对账完成 has the
pieces 对账, 账完, 完成 and 成. A longer word is found where all its pieces are, which need
not be side by side; that is rare enough not to matter.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

RUN = re.compile(r"[a-z0-9]+|[^\W\d_a-z]+")
"""Letters and digits of ASCII, or letters of any other script; what is between them separates."""

MARK = re.compile(r"‹\w*›")
"""Stands where something was hidden; see bot.privacy."""

ASCII_PIECE, OTHER_PIECE = 4, 2
WANTED_MOST = 24


@dataclass(frozen=True)
class Wanted:
    """A piece that is looked for; an `is_start` one is shorter than the pieces kept, which start with it."""

    text: str
    is_start: bool = False


def pieces(text: str) -> set[str]:
    """Every piece to keep of a text."""
    found: set[str] = set()
    for run in _runs(MARK.sub(" ", text)):
        found.update(run[start : start + _length(run)] for start in range(len(run)))
    return found


def wanted(words: str) -> list[Wanted]:
    """The pieces that a text must have all of to be found by these words; none when they say nothing."""
    found: dict[Wanted, None] = {}
    for run in _runs(words):
        length = _length(run)
        if len(run) < length:
            found[Wanted(run, is_start=True)] = None
        for start in range(len(run) - length + 1):
            found[Wanted(run[start : start + length])] = None
    return list(found)[:WANTED_MOST]


def _runs(text: str) -> list[str]:
    return RUN.findall(unicodedata.normalize("NFKC", text).casefold())


def _length(run: str) -> int:
    return ASCII_PIECE if run.isascii() else OTHER_PIECE
