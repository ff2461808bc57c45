"""Toneless pinyin: tell it from English, cut it into syllables, and write hanzi in it."""

from __future__ import annotations

import re
from functools import lru_cache

from pypinyin import lazy_pinyin
from pypinyin.constants import PINYIN_DICT

from bot.dialogue.nlu.normalise import HANZI

_LETTERS = re.compile(r"[a-z']+")
_LONGEST_SYLLABLE = 6
ENGLISH_LOOKALIKES = frozenset(
    "a ai an ban bang bin can chain change chi dance dang den die do e fan fang fen gang get gun hang he hen her "
    "hi him ho in i is long lie lie man me men mine my name nine nan no on one our pan panda pay pin pie rang ran "
    "rule run sang sent she shine shout so song sun sure tan tang ten tie to tong wage wan wang way we were wine "
    "woman women you bug bill bank banned china tell time cancel online alone line fine dan "
    "hey hello ok okay refund status paid check".split()
)


@lru_cache(maxsize=1)
def syllables() -> frozenset[str]:
    """Every toneless Mandarin syllable, `v` and `u` both standing for ü."""
    readings = {r for rs in PINYIN_DICT.values() for r in rs.split(",")}
    from pypinyin.contrib.tone_convert import to_normal

    plain = {to_normal(reading) for reading in readings}
    plain = {s.replace("ü", "v") for s in plain} | {s.replace("ü", "u") for s in plain}
    odd = {"m", "n", "ng", "hm", "hng", "ê", "o", "yo", "lo", "eng", "ei", "dia", "kei", "nou", "rua", "cei"}
    return frozenset(s for s in plain if s.isascii() and s.isalpha()) - odd | {"o"}


@lru_cache(maxsize=8192)
def cut(word: str) -> tuple[str, ...]:
    """The fewest syllables that spell `word`, or nothing when it is not pinyin."""
    best: list[tuple[str, ...] | None] = [()] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - _LONGEST_SYLLABLE), end):
            before = best[start]
            if before is None or word[start:end] not in syllables():
                continue
            current = best[end]
            if current is None or len(before) + 1 <= len(current):
                best[end] = (*before, word[start:end])
    return best[-1] or ()


def is_pinyin(text: str) -> bool:
    """Whether Latin letters in `text` are mostly Mandarin syllables rather than another language."""
    if HANZI.search(text):
        return False
    words = [w for w in _LETTERS.findall(text.lower()) if len(w) > 1 or w in "ae"]
    if not words:
        return False
    spelled = [w for w in words if cut(w.replace("'", "")) and w not in ENGLISH_LOOKALIKES]
    ambiguous = [w for w in words if w in ENGLISH_LOOKALIKES and cut(w)]
    foreign = sum(len(w) for w in words) - sum(len(w) for w in spelled + ambiguous)
    return bool(spelled) and sum(map(len, spelled)) + 0.5 * sum(map(len, ambiguous)) > 2 * foreign


def syllable_text(text: str) -> str:
    """Pinyin as written, cut into syllables joined by single spaces; other signs kept."""

    def spaced(match: re.Match[str]) -> str:
        word = match[0].replace("'", "")
        return " " + " ".join(cut(word) or (word,)) + " "

    return " ".join(_LETTERS.sub(spaced, text.lower()).split())


def transliterate(text: str) -> str:
    """Hanzi in `text` as toneless syllables joined by single spaces; other signs kept."""
    return " ".join(" ".join(lazy_pinyin(text, v_to_u=False)).split())
