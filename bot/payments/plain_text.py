"""Resident text with its disguises taken off, remembering where every character came from.

Full-width forms become ASCII, any script's decimal digit becomes 0-9, every dash becomes "-", every blank
becomes " " (line ends stay "\\n"), and zero-width characters vanish.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_DASHES = frozenset("‐‑‒–—―−﹘﹣－")
_INVISIBLE = frozenset({"Cf", "Mn", "Me"})


@dataclass(frozen=True)
class PlainText:
    """Undisguised `text`; `origins[i]` is the place of `text[i]` in the original."""

    text: str
    origins: tuple[int, ...]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` (not empty) stood in the original."""
        return self.origins[start], self.origins[end - 1] + 1


def plain(original: str) -> PlainText:
    """The undisguised form of `original`; never longer than it."""
    kept = [(bare, place) for place, char in enumerate(original) if (bare := _bare(char))]
    return PlainText("".join(bare for bare, _ in kept), tuple(place for _, place in kept))


def _bare(char: str) -> str:
    if char in "\r\n\u2028\u2029":
        return "\n"
    if " " <= char <= "~":
        return char
    if char in _DASHES:
        return "-"
    if "！" <= char <= "～":
        return chr(ord(char) - 0xFEE0)
    if char.isspace():
        return " "
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    return "" if category in _INVISIBLE else char
