"""The values inside a bill's rows: money, times, numbers."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

from bot.sandbox.bills.errors import Unreadable
from bot.sandbox.clock import SHANGHAI

NOTICE_NUMBER = re.compile(r"(?<!\d)\d{20}(?!\d)")


def fen(yuan: str) -> int:
    """元 as written, in fen; Unreadable when it is no amount of at most two decimals."""
    return scaled(yuan, 2)


@lru_cache(maxsize=4096)
def scaled(text: str, places: int) -> int:
    """A decimal as an integer of its `places`-th decimal place, so that sums are exact."""
    digits = text[1:] if text[:1] == "-" else text
    whole, _, part = digits.partition(".")
    if len(part) > places or not (whole + part).isdigit() or not digits.isascii() or not whole:
        raise Unreadable(f"“{text[:40]}”不是金额 / is not an amount")
    value = int(whole + part.ljust(places, "0"))
    return -value if text[:1] == "-" else value


def moment(text: str) -> datetime:
    """`YYYY-MM-DD HH:MM:SS` in Shanghai."""
    try:
        if len(text) != 19:
            raise ValueError
        return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    except ValueError:
        raise Unreadable(f"“{text[:40]}”不是时间 / is not a time") from None


def notice_in(text: str) -> str:
    """The 20-digit payment notice number in a postscript; empty when there is none, or more than one."""
    found = set(NOTICE_NUMBER.findall(text))
    return found.pop() if len(found) == 1 else ""
