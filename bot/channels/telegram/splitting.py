"""Long text in parts that Telegram takes."""

from __future__ import annotations

import re

MAX_UNITS = 4096
"""What one message may hold, in UTF-16 units as Telegram counts them."""

PLACES = (
    re.compile(r"[。！？!?；;…\n]+[」』”’\"')）】]*|\.(?=\s)"),
    re.compile(r"[，、,：:\s]+"),
)
"""Where a text may be cut: after a sentence, else after a pause."""


def split(text: str, limit: int = MAX_UNITS) -> list[str]:
    """The text in parts of at most `limit` UTF-16 units, cut at sentence ends where there are any."""
    parts = []
    rest = text.strip()
    while rest:
        head = _fitting(rest, limit)
        end = len(rest) if len(head) == len(rest) else _cut(head)
        parts.append(rest[:end].strip())
        rest = rest[end:].strip()
    return parts


def _fitting(text: str, limit: int) -> str:
    return text.encode("utf-16-le", "replace")[: 2 * limit].decode("utf-16-le", "ignore")


def _cut(head: str) -> int:
    for place in PLACES:
        ends = [found.end() for found in place.finditer(head)]
        # A cut in the first quarter would leave a scrap.
        if ends and ends[-1] > len(head) // 4:
            return ends[-1]
    return len(head)
