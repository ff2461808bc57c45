"""Chinese identity numbers, decided by structure (GB 11643).

The check digit only tells a typo from a clean number: a mistyped identity number is still one, and is kept
out of logs and look-ups just the same.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from stdnum import numdb
from stdnum.cn import ric

PROVINCES = frozenset(
    str(code)
    for codes in ((11, 16), (21, 24), (31, 38), (41, 47), (50, 55), (61, 66), (71, 72), (81, 84))
    for code in range(*codes)
)
_RESIDENCE_PERMITS = frozenset({"810000", "820000", "830000"})
_EARLIEST_BIRTH = 1900
_MERCHANT_ORDERS_SINCE = 2016


def is_calendar_date(digits: str, *, since: int = _EARLIEST_BIRTH, until: int = 2099) -> bool:
    """Whether YYYYMMDD is a day between the years `since` and `until`."""
    try:
        return since <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).year <= until
    except ValueError:
        return False


def has_region(digits: str) -> bool:
    """Whether the number starts with a province's two digits."""
    return digits[:2] in PROVINCES


@lru_cache(maxsize=4096)
def is_known_region(six: str) -> bool:
    """Whether six digits are a county's code, present or abolished."""
    if six in _RESIDENCE_PERMITS:
        return True
    if six.endswith("0000"):  # a whole province
        return False
    return any("county" in props for _part, props in numdb.get("cn/loc").info(six))


def check_digit_agrees(number: str) -> bool:
    """Whether the eighteenth character is the right one (GB 11643)."""
    return str(ric.calc_check_digit(number)) == number[-1].upper()


def is_identity_number(number: str) -> bool:
    """Whether 18 or 15 characters are built like an identity number; a wrong check digit does not matter.

    An 18-digit merchant order may carry a region and a recent date too, so for dates since 2016 a known
    county or a right check digit is asked for. A foreigner's permit (9 + province) needs a right check digit.
    """
    if len(number) == 15:
        return number.isdigit() and is_known_region(number[:6]) and is_calendar_date("19" + number[6:12])
    if len(number) != 18 or not number[:17].isdigit() or not is_calendar_date(number[6:14]):
        return False
    if number[0] == "9":
        return number[1:3] in PROVINCES and check_digit_agrees(number)
    if not has_region(number):
        return False
    return (
        int(number[6:10]) < _MERCHANT_ORDERS_SINCE
        or is_known_region(number[:6])
        or check_digit_agrees(number)
    )


def is_identity_number_of_wrong_length(number: str) -> bool:
    """Whether 17 or 19 digits are an identity number that lost or gained one digit."""
    return (
        len(number) in (17, 19)
        and number[:17].isdigit()
        and is_known_region(number[:6])
        and is_calendar_date(number[6:14], until=_MERCHANT_ORDERS_SINCE)
    )
