"""Training messages again as people really type: small words around them, a slip of the keyboard.

The variation of a message depends on nothing but the message, so that its sentence vector can be kept.
"""

from __future__ import annotations

import random
from collections import defaultdict
from functools import lru_cache

from pypinyin import lazy_pinyin

from bot.dialogue.nlu.normalise import HANZI

_SLIP_RATE = 0.08
_OPENINGS = (
    "你好,", "您好,", "你好我想问一下,", "请问,", "请问一下,", "麻烦问一下,", "不好意思,", "那个,", "嗯,",
    "是这样的,", "请教一下,", "想问下,", "我想咨询一下,", "哎,", "客服你好,", "就是说,", "早上好,", "下午好,",
    "在吗,", "",
)  # fmt: skip
_ENDINGS = (
    "", ",谢谢", ",谢谢啊", ",麻烦了", ",急", ",谢谢您", "啊", "呀", "呢", "吧", "哦", ",在吗", ",求回复",
    ",多谢", "。。", "!!", ",麻烦尽快", "哈",
)  # fmt: skip
_ENGLISH_OPENINGS = ("hi, ", "hello, ", "excuse me, ", "hi there ", "please, ", "sorry, ", "")
_ENGLISH_ENDINGS = (" thanks", " please", " thank you", "", "", " asap")
_COMMON_ROWS = range(0xB0, 0xD8)


def vary(text: str) -> str:
    """`text` with an opening, an ending and a few characters replaced by others of the same sound."""
    chance = random.Random(text)  # noqa: S311
    if not HANZI.search(text):
        return chance.choice(_ENGLISH_OPENINGS) + text + chance.choice(_ENGLISH_ENDINGS)
    slipped = "".join(_slip(char, chance) for char in text)
    return chance.choice(_OPENINGS) + slipped + chance.choice(_ENDINGS)


def _slip(char: str, chance: random.Random) -> str:
    if not HANZI.match(char) or chance.random() >= _SLIP_RATE:
        return char
    return chance.choice(_characters_by_sound().get(lazy_pinyin(char)[0]) or [char])


@lru_cache(maxsize=1)
def _characters_by_sound() -> dict[str, list[str]]:
    """The 3755 most common characters (GB 2312, level one) by toneless sound."""
    by_sound: dict[str, list[str]] = defaultdict(list)
    for row in _COMMON_ROWS:
        for cell in range(0xA1, 0xFF):
            char = bytes((row, cell)).decode("gb2312", errors="ignore")
            if char:
                by_sound[lazy_pinyin(char)[0]].append(char)
    return by_sound
