"""A second thing asked in the same message, so that it can be offered after the first is answered."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

Ranking = Sequence[tuple[str, float]]

LEAST_CONFIDENCE = 0.6
SHORTEST = 4
MOST_READ = 3
"""Reading a sentence costs as much as reading a short message."""

ASKED = re.compile(
    r"[?？]|吗|呢|怎么|哪|多久|多少|几|什么|啥|能不能|可不可以|要不要|帮我|帮忙|想问|请问|申请|查一下|"
    r"how|what|where|when|can i|could|please|should",
    re.IGNORECASE,
)
"""Marks of a request; without one a sentence is part of the story."""

_BREAK = re.compile(
    r"[。！？!?；;\n]+|(?=还有[，,一]|另外|顺便|顺带|再问|再帮|还想|而且我想)"
    r"|\b(?:also|and also|besides|another thing)\b",
    re.IGNORECASE,
)
_KEPT = re.compile(r"[?？]")


def second_request(text: str, first: str, rank: Callable[[str], Ranking]) -> str | None:
    """The intent of another request in the text than `first`, or None; `rank` reads one sentence."""
    asked = [sentence for sentence in _sentences(text) if ASKED.search(sentence)][-MOST_READ:]
    if len(asked) < 2:
        return None
    likely = [rank(sentence)[0] for sentence in asked]
    others = [name for name, chance in likely if chance >= LEAST_CONFIDENCE and name != first]
    # The message has two requests only when one of its sentences is the first request itself.
    return others[-1] if others and len(likely) > len(others) else None


def _sentences(text: str) -> list[str]:
    pieces: list[str] = []
    start = 0
    for found in _BREAK.finditer(text):
        pieces.append(text[start : found.start()] + ("？" if _KEPT.search(found[0]) else ""))
        start = found.end()
    pieces.append(text[start:])
    return [piece.strip() for piece in pieces if len(piece.strip()) >= SHORTEST]
