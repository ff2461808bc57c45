"""One spelling for what was written in many: width, script, case, dialect, slips, emoji, numbers."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from pypinyin import lazy_pinyin

from bot.dialogue.nlu.script import simplified
from bot.dialogue.nlu.vocabulary import DOMAIN_TERMS, EMOJI_MEANING, REAL_HOMOPHONES, SHANGHAINESE, SLIPS
from bot.payments.serial_numbers import NumberKind, find_numbers

HANZI = re.compile(r"[\u3400-\u9fff\U00020000-\U0002ffff]")
SERIAL, TICKET, AMOUNT, PHONE, NUMBER = "\ue000", "\ue001", "\ue002", "\ue003", "\ue004"
PLACEHOLDER_WORDS = {SERIAL: "流水号", TICKET: "工单号", AMOUNT: "20元", PHONE: "手机号", NUMBER: "3"}

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Mn"}
_TONED = re.compile("[\u00e0-\u024f]")
_SPACE = re.compile(r"\s+")
_BETWEEN_HANZI = re.compile(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])")
_REPEATED_MARK = re.compile(r"([!?。,.~…、;:])\1+")
_STRETCHED = re.compile(r"(.)\1{3,}")
_DONE_AND_GONE = re.compile(r"([付缴交扣划收转退打错忘没])脱")
_DONE = re.compile(r"([付缴交扣划收转退等错])仔")
_SIGNS = {
    NumberKind.TICKET: TICKET,
    NumberKind.PHONE: PHONE,
    NumberKind.ID_CARD: PHONE,
    NumberKind.BANK_CARD: PHONE,
}
_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"‹(?:id|bank)_card›|\d{2,3}\*{3,}\d{3,4}"), PHONE),
    (re.compile(r"[¥$]\s?\d[\d,.]*|\d[\d,.]*\s?(?:元|块钱|块|rmb|yuan|cny|毛|角)"), AMOUNT),
    (re.compile(r"\d+(?:[.,:/]\d+)*"), NUMBER),
)


def clean(text: str) -> str:
    """Same words, one script: NFKC, simplified, lower case, nothing invisible, no stray spaces."""
    folded = _TONED.sub(_toneless, unicodedata.normalize("NFKC", text).lower())
    visible = "".join(" " if c in "\n\r\t" else c for c in folded if _is_visible(c))
    return _squeeze(simplified(visible))


def normalise(text: str) -> str:
    """The message as it is compared: clean, without emoji, in Mandarin words, numbers as placeholders."""
    return reword(clean(text))


def reword(plain: str) -> str:
    """What `normalise` makes of a message that is clean already."""
    return to_mandarin(correct_slips(mask_numbers(_read_emoji(plain))))


def correct_slips(text: str) -> str:
    """Homophones and look-alikes of the domain's words become those words."""
    return _correct_homophones(_pattern(_SLIP_WORDS).sub(lambda m: SLIPS[m[0]], text))


def to_mandarin(text: str) -> str:
    """Shanghainese words become Mandarin ones."""
    text = _DONE.sub(r"\1了", _DONE_AND_GONE.sub(r"\1掉", text))
    return _pattern(_DIALECT_WORDS).sub(lambda m: SHANGHAINESE[m[0]], text)


def mask_numbers(text: str) -> str:
    """Every number becomes one sign for its kind, so that nobody learns digits."""
    for found in reversed(find_numbers(text)):
        text = text[: found.start] + _SIGNS.get(found.kind, SERIAL) + text[found.end :]
    for pattern, sign in _MASKS:
        text = pattern.sub(sign, text)
    return text


def spell_out(text: str) -> str:
    """The signs of `mask_numbers` as words that a sentence encoder knows."""
    return "".join(PLACEHOLDER_WORDS.get(c, c) for c in text)


_SLIP_WORDS = tuple(SLIPS)
_DIALECT_WORDS = tuple(SHANGHAINESE)


@lru_cache(maxsize=4)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile("|".join(_whole_word(word) for word in longest_first))


def _whole_word(word: str) -> str:
    escaped = re.escape(word)
    return rf"(?<![a-z0-9]){escaped}(?![a-z0-9])" if word.isascii() else escaped


def _toneless(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFD", match[0])[0]


def _is_visible(char: str) -> bool:
    return char in "\n\r\t" or unicodedata.category(char) not in _INVISIBLE


def _squeeze(text: str) -> str:
    text = _REPEATED_MARK.sub(r"\1", _SPACE.sub(" ", text))
    text = re.sub(r"([^\d\W])\1{3,}", r"\1\1", text)
    return _BETWEEN_HANZI.sub("", text).strip()


def _read_emoji(text: str) -> str:
    without = "".join(c for c in text if not _is_emoji(c)).strip()
    if any(c.isalnum() for c in without):
        return _squeeze(without)
    meanings = [EMOJI_MEANING[c] for c in text if c in EMOJI_MEANING]
    return meanings[0] if meanings else without


def _is_emoji(char: str) -> bool:
    return unicodedata.category(char) in {"So", "Sk"} and char not in "℃№㎡"


@lru_cache(maxsize=1)
def _terms_by_sound() -> dict[tuple[str, ...], str]:
    return {tuple(lazy_pinyin(term)): term for term in DOMAIN_TERMS}


@lru_cache(maxsize=1)
def _beginnings() -> frozenset[tuple[str, ...]]:
    return frozenset(sounds[:2] for sounds in _terms_by_sound())


def _correct_homophones(text: str) -> str:
    if len(HANZI.findall(text)) < 2:
        return text
    sounds = [syllable for c in text for syllable in _sound(c)]
    terms, beginnings = _terms_by_sound(), _beginnings()
    likely = [place for place, pair in enumerate(zip(sounds, sounds[1:], strict=False)) if pair in beginnings]
    corrected = list(text)
    for size in (4, 3, 2) if likely else ():
        for start in likely:
            term = terms.get(tuple(sounds[start : start + size]))
            if term is not None and text[start : start + size] not in REAL_HOMOPHONES:
                corrected[start : start + size] = term
    return "".join(corrected)


@lru_cache(maxsize=8192)
def _sound(char: str) -> tuple[str]:
    return (lazy_pinyin(char)[0],) if HANZI.match(char) else (char,)
