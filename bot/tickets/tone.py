"""How a message sounds: angry, worried, old, about to complain. The words are data, in `tone.yml`."""

from __future__ import annotations

import re
import unicodedata
from enum import Enum
from functools import cache
from pathlib import Path

import yaml

WORDS = Path(__file__).with_suffix(".yml")
AGE = re.compile(
    r"(?<!\d)(?:[789]\d|10\d)\s*(?:多?岁|years? old|-year-old)"
    r"|[七八九]十(?:[一二三四五六七八九多几来])?(?:多|几)?岁"
    r"|(?:快|都|已经?)[八九]十(?:多|几)?了"
    r"|今年(?:都|快|已经|有)?[七八九]十[一二三四五六七八九多几]{0,2}(?=$|[了\s,，.。!！])"
    r"|\bi(?:'|’| a)m (?:already |nearly |almost )?(?:[789]\d|10\d)"
    r"(?=$|[.,;!]| and\b| but\b| now\b| so\b)"
)
"""Seventy and older; eighty may be what was paid, so years must be named."""


class Tone(str, Enum):
    """What a resident's words tell of how soon they need somebody."""

    ANGRY = "angry"
    WORRIED = "worried"
    ELDERLY = "elderly"
    COMPLAINT = "complaint"


def tones_of(text: str) -> frozenset[Tone]:
    """Every tone that a text shows."""
    plain = _harmless().sub("·", unicodedata.normalize("NFKC", text).casefold())
    found = {tone for tone in Tone if _patterns()[tone].search(plain)}
    return frozenset(found | ({Tone.ELDERLY} if AGE.search(plain) else set()))


@cache
def _words() -> dict[str, list[str]]:
    words: dict[str, list[str]] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return words


@cache
def _harmless() -> re.Pattern[str]:
    return re.compile("|".join(map(_written, _words()["harmless"])))


@cache
def _patterns() -> dict[Tone, re.Pattern[str]]:
    words = _words()
    denied = "".join(f"(?<!{re.escape(word)})" for word in words["denied_by"])
    return {tone: re.compile(denied + f"(?:{'|'.join(map(_written, words[tone.value]))})") for tone in Tone}


def _written(word: str) -> str:
    """Letters and digits stand by themselves, whatever Chinese is around them."""
    return rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])" if word.isascii() else re.escape(word)
