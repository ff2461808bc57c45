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
    {
        "a", "advance", "age", "ai", "alone", "an", "are", "balance", "ban", "bang", "bank", "banned",
        "base", "bike", "bill", "bin", "bite", "bug", "came", "can", "canada", "cancel", "case", "chain",
        "chance", "change", "check", "cheque", "chi", "china", "chinese", "dan", "dance", "dang", "data",
        "database", "date", "den", "die", "do", "due", "e", "fade", "fake", "fan", "fang", "fen", "finance",
        "fine", "future", "game", "gang", "gate", "gene", "get", "guide", "gun", "hang", "hate", "he",
        "hello", "hen", "hence", "her", "here", "hey", "hi", "him", "ho", "human", "i", "in", "is", "june",
        "lame", "lane", "language", "late", "lie", "like", "line", "long", "machine", "made", "make",
        "male", "man", "manage", "mate", "me", "mean", "men", "menu", "mile", "mine", "mini", "minute",
        "mobile", "more", "my", "name", "nan", "nine", "no", "ok", "okay", "on", "one", "online", "open",
        "our", "outage", "page", "paid", "pan", "panda", "pay", "pen", "pie", "pile", "pin", "pine",
        "police", "ran", "rang", "refund", "residence", "rude", "rule", "run", "same", "sang", "sea",
        "sense", "sent", "shame", "share", "she", "shine", "shout", "side", "since", "site", "so", "song",
        "status", "sun", "sure", "take", "taken", "tale", "tan", "tang", "tea", "tell", "ten", "tie",
        "tile", "time", "to", "tong", "tune", "wage", "wan", "wang", "way", "we", "were", "wine", "woman",
        "women", "you",
    }
)  # fmt: skip


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
