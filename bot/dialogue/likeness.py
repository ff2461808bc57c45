"""Which messages are all but the same."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from bot.dialogue.nlu.normalise import clean

TOO_ALIKE = 0.85
_SHORT = 6
_MARKS = re.compile(r"[^\w]+")


def bare(text: str) -> str:
    """The message in one script, without marks or blanks."""
    return _MARKS.sub("", clean(text)) or text.strip()


def likeness(one: str, other: str) -> float:
    """Jaccard likeness of the 3-grams of two bare messages; short ones are alike only when equal."""
    if one == other:
        return 1.0
    if min(len(one), len(other)) < _SHORT:
        return 0.0
    grams, others = _grams(one), _grams(other)
    return len(grams & others) / len(grams | others)


def alike(texts: Sequence[str], others: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    """(place in `texts`, place in `others`, likeness) of every pair that is too alike."""
    bares, other_bares = [bare(text) for text in texts], [bare(text) for text in others]
    holders = _holders(other_bares)
    for place, text in enumerate(bares):
        for other in _candidates(text, holders, other_bares):
            score = likeness(text, other_bares[other])
            if score >= TOO_ALIKE:
                yield place, other, score


def unlike(texts: Sequence[str], others: Sequence[str]) -> list[int]:
    """The places in `texts` of those that are like none of `others`."""
    seen = {place for place, _, _ in alike(texts, others)}
    return [place for place in range(len(texts)) if place not in seen]


def _holders(bares: Sequence[str]) -> dict[str, list[int]]:
    holders: dict[str, list[int]] = defaultdict(list)
    for place, text in enumerate(bares):
        for gram in _grams(text):
            holders[gram].append(place)
    return holders


def _candidates(text: str, holders: dict[str, list[int]], bares: Sequence[str]) -> list[int]:
    shared: dict[int, int] = defaultdict(int)
    for gram in _grams(text):
        for place in holders.get(gram, ()):
            shared[place] += 1
    least = TOO_ALIKE * len(_grams(text))
    return sorted(place for place, count in shared.items() if count >= least or bares[place] == text)


def _grams(text: str) -> set[str]:
    return {text[i : i + 3] for i in range(len(text) - 2)} or {text}
