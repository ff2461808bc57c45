"""Why a bill is refused.

    BillError
    ├── NotReady      the platform has not written it yet: fetch it again later
    ├── Unreadable    not the format, the encoding or the size it should be
    ├── Incomplete    cut off, or its closing totals differ from its rows
    └── Contradicts   says something else about a row that is on the books already

Each message is for the person who dropped the file: Chinese first, then ` / ` and English.
"""

from __future__ import annotations


class BillError(Exception):
    """A bill that changed nothing on the books."""


class NotReady(BillError):
    """STATEMENT_CREATING, NO_STATEMENT_EXIST, BILL_NOT_EXIST: the platform's answer instead of a bill."""


class Unreadable(BillError):
    """Not a bill, or not in its encoding."""


class Incomplete(BillError):
    """The file ends early, or its totals differ from its rows."""


class Contradicts(BillError):
    """A row is on the books with other facts."""


BETWEEN = " / "


def at_line(number: int, error: BillError) -> BillError:
    """The same error, naming the line of the file."""
    zh, en = both(str(error))
    return type(error)(f"第 {number} 行:{zh}{BETWEEN}line {number}: {en}")


def both(message: str) -> tuple[str, str]:
    """A message in Chinese and in English."""
    zh, _, en = message.rpartition(BETWEEN)
    return zh or en, en
