"""Sums of money in a message, as an integer number of fen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from bot.dialogue.nlu.folding import fold
from bot.dialogue.nlu.numerals import (
    ARABIC_NUMBER,
    ENGLISH_NUMBER,
    HANZI_NUMBER,
    PINYIN_NUMBER,
    read_number,
)


class AmountProblem(str, Enum):
    """Why a sum cannot have been paid."""

    NEGATIVE = "negative"
    ZERO = "zero"
    TOO_PRECISE = "too_precise"
    TOO_LARGE = "too_large"


@dataclass(frozen=True)
class FoundAmount:
    """`fen` stood in the message from `start` to `end`; `problem` says why it cannot have been paid."""

    fen: int
    start: int
    end: int
    problem: AmountProblem | None = None


_LARGEST_FEN = 100_000_000_00
_MINUS = r"(?P<minus>(?<![\d\w])-\s?|负)?"
_MARK = r"(?:¥|￥|rmb|cny|人民币)\s?"
_NUMBER = rf"(?:{ARABIC_NUMBER})\s?万?|{HANZI_NUMBER}"
_YUAN = r"(?:元整?|块钱|块洋钿|块|圆|人民币|rmb(?![a-z])|cny(?![a-z]))(?!月|旦|儿|去|来|宝|场)"
_ROUND_HANZI = "(?:[二两三四五六七八九]?[十百][一二三四五六七八九]?)"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_MINUS}{_MARK}(?P<yuan>-?(?:{ARABIC_NUMBER}))(?:\s?元整?)?(?![\d])",
        rf"{_MINUS}(?<![\da-z.])(?<!\d,)(?P<yuan>{_NUMBER})\s?{_YUAN}"
        rf"(?:(?P<jiao>[\d零一二两三四五六七八九])(?:角|毛|(?![\d个次张笔天号月年分.位])))?(?:(?P<fen>[\d零一二两三四五六七八九])分(?!钟))?",
        r"(?<![\da-z.])(?<!\d,)(?P<jiao>\d{1,2}|[一二两三四五六七八九])\s?(?:角(?!场|度|落|色)|毛钱|毛(?!病))(?:(?P<fen>[\d一二两三四五六七八九])分)?",
        rf"{_MINUS}(?<![\da-z.])(?<!\d,)(?P<yuan>{ARABIC_NUMBER}|{ENGLISH_NUMBER})\s?(?:yuan|kuai|renminbi|bucks)(?![a-z])",
        rf"(?<![a-z])(?P<yuan>{PINYIN_NUMBER})\s?(?:yuan|kuai)(?![a-z])",
        rf"(?:(?<=[付交缴扣转花收]了)|(?<=[付交缴扣转花收]了我))(?P<yuan>\d{{2,6}}(?:\.\d\d?)?|{_ROUND_HANZI})"
        r"(?![\d次天个笔遍回号月年分小多几来:/.-])",
    )
)
_BARE_NUMBER = rf"(?P<yuan>{ARABIC_NUMBER}|{HANZI_NUMBER}|{ENGLISH_NUMBER})"
_BARE = re.compile(rf"\s*(?P<minus>-|负)?\s*{_BARE_NUMBER}\s*[。.!]?\s*")


def find_amounts(text: str) -> list[FoundAmount]:
    """Every sum with a currency in `text`, in order, never overlapping."""
    folded, found = fold(text), list[FoundAmount]()
    for pattern in _PATTERNS:
        for match in pattern.finditer(folded):
            amount = _amount(match)
            if amount and not _is_togetherness(match) and not any(_overlap(amount, other) for other in found):
                found.append(amount)
    return sorted(found, key=lambda amount: amount.start)


def read_amount(text: str) -> FoundAmount | None:
    """The sum that answers "how much": with a currency, or a message that is nothing but a number."""
    found = find_amounts(text)
    if found:
        return found[0]
    match = _BARE.fullmatch(fold(text))
    return _amount(match) if match else None


def _amount(match: re.Match[str]) -> FoundAmount | None:
    parts = match.groupdict()
    yuan = _yuan(parts.get("yuan") or "0")
    jiao, cents = (read_number(parts.get(part) or "0") for part in ("jiao", "fen"))
    if yuan is None or jiao is None or cents is None:
        return None
    exact = yuan * 100 + jiao * 10 + cents
    sign = -1 if parts.get("minus") or (parts.get("yuan") or "").startswith("-") else 1
    fen = sign * int(exact)
    start = match.start() + len(match[0]) - len(match[0].lstrip())
    end = match.end() - (len(match[0]) - len(match[0].rstrip()))
    return FoundAmount(fen, start, end, _problem(fen, exact))


def _yuan(written: str) -> Decimal | None:
    written = written.strip().lstrip("-")
    if written.endswith("万") and written[0].isdigit():
        number = read_number(written[:-1])
        return None if number is None else number * 10000
    return read_number(written)


def _problem(fen: int, exact: Decimal) -> AmountProblem | None:
    if exact != int(exact):
        return AmountProblem.TOO_PRECISE
    if fen == 0:
        return AmountProblem.ZERO
    if fen < 0:
        return AmountProblem.NEGATIVE
    return AmountProblem.TOO_LARGE if fen > _LARGEST_FEN else None


def _is_togetherness(match: re.Match[str]) -> bool:
    """Whether 一块 means "together" rather than one yuan."""
    following = match.string[match.end() : match.end() + 1]
    return match[0] == "一块" and bool(re.match(r"[\u4e00-\u9fff]", following))


def _overlap(one: FoundAmount, other: FoundAmount) -> bool:
    return one.start < other.end and other.start < one.end
