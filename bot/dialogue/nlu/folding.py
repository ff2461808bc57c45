"""Text in one script, width and case without moving a character, so that places stay those of the original."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import zhconv


def fold(text: str) -> str:
    """`text` simplified, half-width and lower case, of exactly the same length."""
    return "".join(map(_fold_char, text))


@lru_cache(maxsize=16384)
def _fold_char(char: str) -> str:
    folded = unicodedata.normalize("NFKC", char).lower()
    if len(folded) != 1:
        return char
    if char in "–—−":
        return "-"
    simplified = zhconv.convert(folded, "zh-hans")
    return simplified if len(simplified) == 1 else folded
