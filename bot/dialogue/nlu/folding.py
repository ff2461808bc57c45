"""Text in one script, width and case; no character moves, so that places stay those of the original."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from bot.dialogue.nlu.script import simplified


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
    converted = simplified(folded)
    return converted if len(converted) == 1 else folded
