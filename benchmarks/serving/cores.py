"""Which cores the measured processes may use."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def on_one_core(processes: Iterable[int]) -> Iterator[None]:
    """These processes, this one, and whatever they start in the meantime share one core."""
    pids, before = [0, *processes], os.sched_getaffinity(0)
    _allow(pids, {min(before)})
    try:
        yield
    finally:
        _allow(pids, before)


def _allow(pids: Iterable[int], cores: set[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.sched_setaffinity(pid, cores)
