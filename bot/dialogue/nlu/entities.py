"""The facts in a message."""

from __future__ import annotations

from typing import Any


def find_entities(text: str) -> list[dict[str, Any]]:
    """Nothing yet."""
    return []
