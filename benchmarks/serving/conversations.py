"""What the simulated residents write: one script each, made of the evaluation sets' own words."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import yaml

from bot.sandbox.seed import ROWS, serial_number

SETS = Path(__file__).resolve().parents[2] / "tests" / "nlu" / "in_scope"
COMMON = (
    "你好",
    "谢谢",
    "多久能到账",
    "怎么还没到账",
    "要不要再付一次",
    "流水号在哪里",
    "查我的缴费",
    "好的",
)
SHARE_COMMON, SHARE_NUMBER = 0.25, 0.1
"""A quarter is what everybody types, a tenth is a number off a receipt; the rest nobody said before."""
LEFT_OUT = frozenset({"request_human", "complain", "goodbye"})
"""A person would take over, and the bot fall silent."""

OWN_WORDS = 64
"""So many residents share no phrase; the next ones say the same phrases in another order."""


def script(resident: int, seed: int = 0, fresh: bool = False) -> Iterator[str]:
    """The messages of one resident, without end, the same for the same numbers.

    `fresh`: only what nobody said before.
    """
    chance = random.Random(seed * 1_000_003 + resident)
    for phrase in itertools.cycle(_own(resident, seed)):
        yield phrase if fresh else _message(chance, phrase)


def block(size: int, seed: int = 0) -> list[str]:
    """A few phrases to be said over and over again."""
    return list(itertools.islice(script(OWN_WORDS - 1, seed, fresh=True), size))


def _own(resident: int, seed: int) -> list[str]:
    phrases = list(_phrases())
    random.Random(seed).shuffle(phrases)
    own = phrases[resident % OWN_WORDS :: OWN_WORDS]
    if resident >= OWN_WORDS:
        random.Random(resident).shuffle(own)
    return own


def _message(chance: random.Random, phrase: str) -> str:
    drawn = chance.random()
    if drawn < SHARE_COMMON:
        return chance.choice(COMMON)
    if drawn < SHARE_COMMON + SHARE_NUMBER:
        return chance.choice(_numbers())
    return phrase


@lru_cache(maxsize=1)
def _phrases() -> tuple[str, ...]:
    found: list[str] = []
    for path in sorted(SETS.glob("*.yml")):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        if data["intent"] not in LEFT_OUT:
            for lines in data["styles"].values():
                found += [line for line in lines if isinstance(line, str)]
    return tuple(found)


@lru_cache(maxsize=1)
def _numbers() -> tuple[str, ...]:
    return tuple(serial_number(row.channel, row.code, row.day) for row in ROWS)
