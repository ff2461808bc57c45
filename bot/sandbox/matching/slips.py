"""Slips of the hand: a number keyed with one digit wrong, missing or doubled, or two swapped."""

from __future__ import annotations

from collections.abc import Container, Iterator

DIGITS = "0123456789"
YUAN_FOR_FEN = (10, 100)


def meant(number: str, known: Container[str]) -> set[str]:
    """The known numbers that a single slip turns into this one."""
    return {variant for variant in _variants(number) if variant in known}


def _variants(number: str) -> Iterator[str]:
    for place in range(len(number)):
        before, rest = number[:place], number[place + 1 :]
        yield before + rest
        yield from (before + digit + rest for digit in DIGITS if digit != number[place])
        if rest and rest[0] != number[place]:
            yield before + rest[0] + number[place] + rest[1:]
    for place in range(len(number) + 1):
        yield from (number[:place] + digit + number[place:] for digit in DIGITS)


def amount_slip(keyed: int, true: int) -> bool:
    """Whether an amount in fen was keyed with its point or a pair of digits in the wrong place."""
    if keyed == true:
        return False
    if any(keyed == true * times or keyed * times == true for times in YUAN_FOR_FEN):
        return True
    return len(str(keyed)) == len(str(true)) and str(true) in _swapped(str(keyed))


def _swapped(digits: str) -> set[str]:
    return {
        digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
        for place in range(len(digits) - 1)
    }
