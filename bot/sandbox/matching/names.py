"""How alike two payers' names are."""

from __future__ import annotations

from functools import lru_cache

from pypinyin import lazy_pinyin

SAME, FITS, SOUNDS_ALIKE, ONE_APART = 1.0, 0.8, 0.6, 0.5
STARS = "*＊"


def likeness(first: str, second: str) -> float:
    """1 the same; 0.8 the other with stars; 0.6 it sounds the same; 0.5 one character apart; else 0."""
    if first == second:
        return SAME
    if any(star in first + second for star in STARS):
        return FITS if _fits(first, second) else 0.0
    if len(first) != len(second) or len(first) < 2:
        return 0.0
    apart = sum(a != b for a, b in zip(first, second, strict=True))
    if apart and _sound(first) == _sound(second):
        return SOUNDS_ALIKE
    return ONE_APART if apart == 1 else 0.0


def _fits(first: str, second: str) -> bool:
    """Whether stars alone tell the two apart."""
    return len(first) == len(second) and all(
        a == b or a in STARS or b in STARS for a, b in zip(first, second, strict=True)
    )


@lru_cache(maxsize=4096)
def _sound(name: str) -> tuple[str, ...]:
    return tuple(lazy_pinyin(name))
