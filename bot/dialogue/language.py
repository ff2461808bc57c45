"""In which language a message is written, so that the reply can follow it."""

from __future__ import annotations

import re
from typing import Optional

from bot.dialogue.nlu.normalise import HANZI
from bot.dialogue.nlu.pinyin import is_pinyin

WORDS = re.compile(r"[A-Za-z]{2,}")
MARKS = re.compile(r"‹\w+›|<[^>]*>")
CODE = re.compile(r"[{}<>;=]|--")
FEWEST_WORDS = 2


def language_of(text: str) -> Optional[str]:
    """`zh` for hanzi and pinyin, `en` for English; None when a number, a name or one word cannot tell."""
    text = MARKS.sub(" ", text)
    if HANZI.search(text):
        return "zh" if len(HANZI.findall(text)) >= FEWEST_WORDS else None
    if len(WORDS.findall(text)) < FEWEST_WORDS or CODE.search(text):
        return None
    return "zh" if is_pinyin(text) else "en"
