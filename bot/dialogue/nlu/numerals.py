"""Numbers as residents write them: digits, hanzi, pinyin and English words."""

from __future__ import annotations

import re
from decimal import Decimal

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "两": 2, "俩": 2, "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5,
    "陆": 6, "柒": 7, "捌": 8, "玖": 9,
}  # fmt: skip
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_PINYIN = {
    "ling": "零", "yi": "一", "er": "二", "liang": "两", "san": "三", "si": "四", "wu": "五", "liu": "六",
    "qi": "七", "ba": "八", "jiu": "九", "shi": "十", "bai": "百", "qian": "千", "wan": "万",
}  # fmt: skip
_ENGLISH = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40,
    "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip

HANZI_NUMBER = "[零〇一二两俩三四五六七八九十百千万廿卅壹贰叁肆伍陆柒捌玖拾佰仟]+"
PINYIN_NUMBER = rf"(?:(?:{'|'.join(sorted(_PINYIN, key=len, reverse=True))})(?: ?))+?"
ENGLISH_NUMBER = (
    rf"(?:a hundred|one hundred|two hundred|(?:{'|'.join(sorted(_ENGLISH, key=len, reverse=True))})"
    r"(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?)"
)
ARABIC_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"


def read_number(text: str) -> Decimal | None:
    """The number that `text` (folded) spells, or None."""
    text = text.strip()
    if re.fullmatch(ARABIC_NUMBER, text):
        return Decimal(text.replace(",", ""))
    if re.fullmatch(HANZI_NUMBER, text):
        return _hanzi(text)
    spelled = _pinyin_as_hanzi(text)
    return _hanzi(spelled) if spelled else _english(text)


def _hanzi(text: str) -> Decimal | None:
    text = text.replace("廿", "二十").replace("卅", "三十")
    if not any(c in _UNITS or c == "万" for c in text):
        return Decimal("".join(str(_DIGITS[c]) for c in text))
    head, ten_thousands, tail = text.rpartition("万")
    if not ten_thousands:
        return _below_ten_thousand(text)
    high, low = _hanzi(head) if head else None, _tail_after(tail, 10000)
    return None if high is None or low is None else high * 10000 + low


def _tail_after(tail: str, unit: int) -> Decimal | None:
    if not tail:
        return Decimal(0)
    if len(tail) == 1 and tail in _DIGITS:
        return Decimal(_DIGITS[tail] * unit // 10)
    return _below_ten_thousand(tail)


def _below_ten_thousand(text: str) -> Decimal | None:
    total, digit, last_unit = 0, None, 10000
    after_zero = False
    for char in text:
        if char in _UNITS:
            unit = _UNITS[char]
            if unit >= last_unit or (digit is None and unit != 10):
                return None
            total += (1 if digit is None else digit) * unit
            digit, last_unit, after_zero = None, unit, False
        elif _DIGITS[char] == 0:
            after_zero = True
        elif digit is not None:
            return None
        else:
            digit = _DIGITS[char]
    if digit is None:
        return Decimal(total)
    short_for_tens = last_unit in (100, 1000) and not after_zero
    return Decimal(total + digit * (last_unit // 10 if short_for_tens else 1))


def _pinyin_as_hanzi(text: str) -> str | None:
    hanzi, rest = "", text.replace(" ", "")
    while rest:
        syllable = next((s for s in sorted(_PINYIN, key=len, reverse=True) if rest.startswith(s)), None)
        if syllable is None:
            return None
        hanzi, rest = hanzi + _PINYIN[syllable], rest[len(syllable) :]
    return hanzi or None


def _english(text: str) -> Decimal | None:
    words = re.split(r"[ -]+", text)
    if len(words) == 2 and words[1] == "hundred":
        return Decimal(100 * {"a": 1, **_ENGLISH}.get(words[0], 0)) or None
    if not words or any(word not in _ENGLISH for word in words):
        return None
    return Decimal(sum(_ENGLISH[word] for word in words))
