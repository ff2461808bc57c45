"""How long to wait before the next attempt."""

from __future__ import annotations

import random
from collections.abc import Callable

Jitter = Callable[[], float]
"""A number from 0 to 1; replaced in tests."""


def backoff(attempt: int, longest: float, jitter: Jitter = random.random) -> float:
    """Seconds before attempt number `attempt` (from 0): doubling from one, spread over the upper half."""
    whole = min(longest, 2.0 ** min(attempt, 30))
    return whole * (0.5 + jitter() / 2)
