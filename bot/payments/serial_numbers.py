"""Finds the numbers in what a resident typed or pasted, and says what each one is.

Digits may be full-width, spaced, hyphenated, broken over lines or threaded with invisible characters, inside
a whole SMS. Dates, times and amounts never become part of a number. Groups of digits are joined only when the
result has a shape that chance does not give; otherwise each stays on its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.payments.identity_number import is_identity_number
from bot.payments.number_kinds import (
    NumberKind,
    Problem,
    Shape,
    is_payment_date,
    shape_of_digits,
    shape_of_mixed,
    shape_of_ticket,
)
from bot.payments.plain_text import PlainText, plain

__all__ = ["FoundNumber", "NumberKind", "Problem", "find_numbers", "usable_for_lookup"]

_LOOKUP_KINDS = frozenset(
    {
        NumberKind.WECHAT_TRANSACTION,
        NumberKind.ALIPAY_TRANSACTION,
        NumberKind.UNIONPAY_QUERY,
        NumberKind.MERCHANT_ORDER,
        NumberKind.PAYMENT_NOTICE,
    }
)
_STRONG_KINDS = frozenset(
    {
        NumberKind.WECHAT_TRANSACTION,
        NumberKind.WECHAT_REFUND,
        NumberKind.ALIPAY_TRANSACTION,
        NumberKind.ID_CARD,
    }
)
_WEAK_KINDS_JOINED = frozenset({NumberKind.UNIONPAY_QUERY, NumberKind.PAYMENT_NOTICE, NumberKind.BANK_CARD})
_ID_CARD_GROUPS = frozenset(
    {(6, 8, 4), (3, 3, 4, 4, 4), (6, 4, 4, 4), (6, 4, 2, 2, 4), (6, 12), (14, 4), (10, 8)}
)
_BANK_CARD_GROUPS = frozenset({(6, 13), (6, 12), (6, 10)})
_PHONE_GROUPS = frozenset({(3, 4, 4), (3, 8), (7, 4), (3, 3, 5), (2, 11), (2, 3, 4, 4)})

_MAX_GROUPS = 32
_MIN_DIGITS = 6

_A = re.ASCII
_ANY_DIGIT = re.compile(r"\d")
"""In any script. Most messages have none."""

_BARRIERS = tuple(
    re.compile(pattern, _A | re.IGNORECASE)
    for pattern in (
        r"(?<![0-9])(?:19|20)[0-9]{2}([-/.])[0-9]{1,2}\1[0-9]{1,2}(?![0-9])",  # 2026-11-06
        r"(?<![0-9])[0-9]{2,4} ?年 ?[0-9]{1,2} ?月(?: ?[0-9]{1,2} ?[日号])?",  # 2026年11月6日
        r"(?<![0-9])[0-9]{1,2} ?月 ?[0-9]{1,2} ?[日号]",  # 11月6日
        r"(?<![0-9])[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?![0-9])",  # 09:31:07
        r"(?<![0-9.])[0-9]{1,9}\.[0-9]{1,2}(?![0-9])",  # 20.00
        r"(?<![0-9,])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])",  # 1,200
        r"[¥￥$] ?[0-9]{1,9}(?![0-9])",  # ¥20
        r"(?<![0-9])[0-9]{1,9} ?(?:元|块|圆|rmb|cny|yuan)",  # 20元
        r"(?<![0-9])[0-9]{0,7}\*+[0-9]{0,7}(?![0-9])",  # 138****5678, already masked
    )
)
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s\u4e00-\u9fff]+|(?<![\w.+-])[\w.+-]+@[\w.-]+", _A | re.IGNORECASE
)
_LANDLINE = re.compile(r"(?<![0-9A-Za-z-])0[0-9]{2,3}[- ][0-9]{7,8}(?![0-9A-Za-z-])", _A)
_TICKET = re.compile(
    r"(?<![0-9A-Za-z])GD[ -]{0,2}[0-9]{4,8}[ -]{0,2}[0-9]{4,8}(?![0-9A-Za-z])", _A | re.IGNORECASE
)
_MIXED = re.compile(r"(?<![0-9A-Za-z_-])[0-9A-Za-z_-]*[A-Za-z][0-9A-Za-z_-]*", _A)
_LABEL = re.compile(r"(?:no|sn|tel|phone|mobile|id|wx|zfb)[_-]*(?=[0-9])", _A | re.IGNORECASE)
_DIGITS = re.compile(r"(?<![0-9])[0-9]+(?:[Xx](?![A-Za-z]))?", _A)
_JOINT = re.compile(r"[ \n-]{1,4}", _A)


@dataclass(frozen=True)
class FoundNumber:
    """A number in a message: `value` is bare, `raw` is the original text from `start` to `end`.

    A mobile number's value is its 11 national digits; a ticket's is GD and 12 digits.
    """

    kind: NumberKind
    value: str
    start: int
    end: int
    raw: str
    problem: Problem | None = None
    expected_length: int | None = None

    @property
    def missing(self) -> int:
        """How many characters are missing; negative when there are too many, 0 when the length is right."""
        return 0 if self.expected_length is None else self.expected_length - len(self.value)


@dataclass(frozen=True)
class _Found:
    shape: Shape
    value: str
    start: int
    end: int


@dataclass(frozen=True)
class _Group:
    digits: str
    start: int
    end: int


@lru_cache(maxsize=8)  # the message at hand and what is made of it, and no more: it may name a person
def find_numbers(text: str) -> tuple[FoundNumber, ...]:
    """Every number in `text`, in order, with offsets into `text`; numbers never overlap."""
    if not _ANY_DIGIT.search(text):
        return ()
    undisguised = plain(text)
    taken = _Cover(undisguised.text)
    found: list[_Found] = []
    for search in (_tickets, _landlines, _mixed, _grouped):
        several = list(search(taken))
        taken.cover((one.start, one.end) for one in several)
        found.extend(several)
    return tuple(_told(one, undisguised, text) for one in sorted(found, key=lambda one: one.start))


def usable_for_lookup(found: FoundNumber) -> bool:
    """Whether a payment can be asked for by this number: a kind the bureau looks up by, and nothing wrong."""
    return found.kind in _LOOKUP_KINDS and found.problem is None


def _told(one: _Found, undisguised: PlainText, text: str) -> FoundNumber:
    start, end = undisguised.original_span(one.start, one.end)
    shape = one.shape
    value = one.value[2:] if shape.kind is NumberKind.PHONE and len(one.value) == 13 else one.value
    return FoundNumber(shape.kind, value, start, end, text[start:end], shape.problem, shape.expected_length)


class _Cover:
    """The text that is still free: dates, amounts and what was found are covered by a bar."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.addresses = [match.span() for match in _ADDRESS.finditer(text)]
        for barrier in _BARRIERS:
            self.cover(match.span() for match in barrier.finditer(text))

    def cover(self, spans: Iterable[tuple[int, int]]) -> None:
        chars = list(self.text)
        for start, end in spans:
            chars[start:end] = "|" * (end - start)
        self.text = "".join(chars)

    def in_address(self, place: int) -> bool:
        return any(start <= place < end for start, end in self.addresses)


def _tickets(free: _Cover) -> Iterator[_Found]:
    for match in _TICKET.finditer(free.text):
        compact = re.sub("[ -]", "", match.group()).upper()
        shape = shape_of_ticket(compact)
        if shape:
            yield _Found(shape, compact, *match.span())


def _landlines(free: _Cover) -> Iterator[_Found]:
    for match in _LANDLINE.finditer(free.text):
        yield _Found(Shape(NumberKind.PHONE), re.sub("[ -]", "", match.group()), *match.span())


def _mixed(free: _Cover) -> Iterator[_Found]:
    """Letters with digits: a merchant order, unless a labelled or unmistakable number is inside."""
    for match in _MIXED.finditer(free.text):
        if free.in_address(match.start()):
            continue
        start, token = match.start(), match.group().strip("_-")
        start += match.group().index(token) if token else 0
        if not token or _holds_a_plain_number(token):
            continue
        shape = shape_of_mixed(token)
        if shape:
            yield _Found(shape, token, start, start + len(token))


def _holds_a_plain_number(token: str) -> bool:
    label = _LABEL.match(token)
    if label and token[label.end() :].isdigit():
        return True
    return any(_is_strong(shape_of_digits(digits)) for digits in _long_digits(token))


def _long_digits(token: str) -> Iterator[str]:
    return (_without_stray_x(run) for run in _DIGITS.findall(token) if len(run) >= 15)


def _is_strong(shape: Shape | None) -> bool:
    return shape is not None and shape.kind in _STRONG_KINDS and shape.problem is None


def _grouped(free: _Cover) -> Iterator[_Found]:
    for run in _runs(free):
        place = 0
        while place < len(run):
            width, one = _best_at(run, place, free)
            if one:
                yield one
            place += width


def _runs(free: _Cover) -> list[list[_Group]]:
    """Groups of digits, gathered while nothing but blanks, line ends and hyphens lies between them."""
    runs: list[list[_Group]] = []
    for match in _DIGITS.finditer(free.text):
        group = _Group(match.group(), *match.span())
        if runs and _JOINT.fullmatch(free.text, runs[-1][-1].end, group.start):
            runs[-1].append(group)
        else:
            runs.append([group])
    return runs


def _best_at(run: Sequence[_Group], place: int, free: _Cover) -> tuple[int, _Found | None]:
    """The best reading that starts at a group: the surest, then the longest; (groups used, reading)."""
    best: tuple[int, int, _Found | None] = (0, 1, None)
    digits = ""
    for width in range(1, min(_MAX_GROUPS, len(run) - place) + 1):
        window = run[place : place + width]
        digits += window[-1].digits
        if len(digits) > 64 and width > 1:
            break
        follower = run[place + width] if place + width < len(run) else None
        number = _without_stray_x(digits)
        shape, sureness = _reading(number, window, follower, free)
        if shape and sureness >= max(best[0], 1):
            end = window[-1].end - (len(digits) - len(number))
            best = (sureness, width, _Found(shape, number.upper(), window[0].start, end))
    return best[1], best[2]


def _without_stray_x(digits: str) -> str:
    """An X belongs to an identity number and to nothing else."""
    return digits if is_identity_number(digits) else digits.rstrip("Xx")


def _reading(
    digits: str, window: Sequence[_Group], follower: _Group | None, free: _Cover
) -> tuple[Shape | None, int]:
    """What the joined digits are and how sure it is: 5 unmistakable … 1 alone, 0 not to be joined."""
    if len(digits) < _MIN_DIGITS or any(not group.digits.isdigit() for group in window[:-1]):
        return None, 0
    shape = shape_of_digits(digits)
    if shape is None:
        return None, 0
    if len(window) == 1:
        return shape, _sureness_alone(shape, window[0], free)
    return shape, _sureness_joined(shape, digits, window, follower)


def _sureness_alone(shape: Shape, group: _Group, free: _Cover) -> int:
    if shape.kind in _STRONG_KINDS:
        return 5 if shape.problem is None else 4
    return 0 if free.in_address(group.start) else 1


def _sureness_joined(shape: Shape, digits: str, window: Sequence[_Group], follower: _Group | None) -> int:
    sizes = tuple(len(group.digits) for group in window)
    uniform = len(set(sizes[:-1])) == 1 and sizes[-1] <= sizes[0]
    whole = uniform and _closes(sizes, follower)
    if shape.kind is NumberKind.ID_CARD and len(digits) == 15:
        return 5 if sizes == (6, 6, 3) else 0
    if shape.kind in _STRONG_KINDS:
        if shape.problem is None:
            return 5 if uniform or sizes in _ID_CARD_GROUPS or min(sizes) >= 3 else 0
        return 3 if _nearly(shape, digits, sizes, whole) else 0
    if shape.kind is NumberKind.PHONE:
        return 2 if sizes in _PHONE_GROUPS else 0
    if shape.kind is NumberKind.BANK_CARD and sizes in _BANK_CARD_GROUPS:
        return 2
    return 2 if shape.kind in _WEAK_KINDS_JOINED and whole and sizes[0] >= 3 else 0


def _nearly(shape: Shape, digits: str, sizes: tuple[int, ...], whole: bool) -> bool:
    """Whether joined groups are a mistyped number rather than neighbours by chance."""
    if shape.kind is NumberKind.ID_CARD:
        return sizes in _ID_CARD_GROUPS
    if whole:
        return True
    return shape.problem is Problem.WRONG_LENGTH and min(sizes) >= 4 and is_payment_date(digits[10:18])


def _closes(sizes: tuple[int, ...], follower: _Group | None) -> bool:
    """Whether evenly grouped digits end here, rather than go on in the next group."""
    return follower is None or len(follower.digits) > sizes[0] or sizes[-1] < sizes[0]
