"""The error tree: what to do about a failure is decided by its branch, never by its message.

    HelpdeskError
    ├── ResidentError        tell the resident (or the caller): the request cannot be done as asked
    │   ├── InvalidInput         a value has the wrong shape; `code` names the plain explanation
    │   ├── NotFound             no such thing, or not theirs: both sound the same
    │   ├── TooManyTries         limited; `retry_after` seconds
    │   └── Conflict             somebody else changed or took it first
    ├── RetryLater           a dependency failed; the same call may succeed later
    │   ├── Unavailable          down, refused, or answering 5xx
    │   ├── Slow                 no answer within the time limit
    │   ├── UnderMaintenance     announced window; `until` when known
    │   ├── RateLimited          asked to slow down; `retry_after` seconds
    │   └── AccessRefused        our own key is missing or wrong: the operators must act
    └── Bug                  a contract is broken; a person has to look
        └── MalformedAnswer      a dependency answered what its contract forbids

Adapters translate foreign errors into this tree at the edge.
"""

from __future__ import annotations

from datetime import datetime


class HelpdeskError(Exception):
    """Any failure this product knows how to name."""


class ResidentError(HelpdeskError):
    """The request cannot be done as asked; say so plainly."""


class InvalidInput(ResidentError):
    """A value has the wrong shape; `code` names the words that explain it."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code


class NotFound(ResidentError):
    """No such thing, or not theirs."""


class TooManyTries(ResidentError):
    """A limit was reached; try again after `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"limited for {retry_after:.0f} s")
        self.retry_after = retry_after


class Conflict(ResidentError):
    """Somebody else changed or took it first."""


class RetryLater(HelpdeskError):
    """A dependency failed; the same call may succeed later."""


class Unavailable(RetryLater):
    """The dependency is down, refused the connection, or answered 5xx."""


class Slow(RetryLater):
    """The dependency did not answer within the time limit."""


class UnderMaintenance(RetryLater):
    """The dependency announced a maintenance window ending at `until` (+08:00), when known."""

    def __init__(self, until: datetime | None = None) -> None:
        super().__init__("under maintenance")
        self.until = until


class RateLimited(RetryLater):
    """The dependency asked to slow down for `retry_after` seconds."""

    def __init__(self, retry_after: float | None = None) -> None:
        super().__init__("rate limited")
        self.retry_after = retry_after


class AccessRefused(RetryLater):
    """Our own key is missing, wrong, or lacks the scope: the operators must act."""


class Bug(HelpdeskError):
    """A contract is broken; a person has to look."""


class MalformedAnswer(Bug):
    """A dependency answered what its contract forbids."""
