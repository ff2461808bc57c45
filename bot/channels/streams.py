"""Steps of an event stream, which ends whenever its reader leaves."""

from __future__ import annotations

import asyncio
from typing import Any, Coroutine, TypeVar

Result = TypeVar("Result")


async def to_its_end(step: Coroutine[Any, Any, Result]) -> Result:
    """The step, finished even when the reader leaves: no connection is left half used."""
    task = asyncio.create_task(step)
    await asyncio.wait({task})
    return task.result()
