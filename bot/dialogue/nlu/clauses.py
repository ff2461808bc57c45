"""A long story cut into the pieces that can be understood by themselves."""

from __future__ import annotations

import re

LONG = 30
_SHORTEST = 5
_BREAK = re.compile(r"(?<=[。!?;\n])|(?<=[,，;])|(?<=[a-z]\. )|\s{2,}")


def is_long(text: str) -> bool:
    """Whether a message says enough to be read clause by clause."""
    return weight(text) > LONG


def weight(text: str) -> float:
    """Length in hanzi, a Latin letter counting a third."""
    return sum(1 / 3 if c.isascii() else 1 for c in text)


def split(text: str) -> list[str]:
    """The clauses in order, short ones joined to the one before."""
    clauses: list[str] = []
    for piece in _BREAK.split(text):
        if clauses and (weight(clauses[-1]) < _SHORTEST or weight(piece) < _SHORTEST):
            clauses[-1] += piece
        elif piece.strip():
            clauses.append(piece)
    return [clause.strip(" ,;") for clause in clauses if clause.strip(" ,;")]
