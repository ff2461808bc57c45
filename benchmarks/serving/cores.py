"""Which cores the measured processes may use."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from benchmarks.serving.peers import Peer, Start


@contextmanager
def on_one_core(start: Start, others: Callable[[], Iterable[int]]) -> Iterator[Peer]:
    """A side that shares one core with this process, others, and whatever they start in the meantime."""
    pids, before = [0, *others()], os.sched_getaffinity(0)
    _allow(pids, {min(before)})
    try:
        with start() as peer:
            yield peer
    finally:
        _allow(pids, before)


def _allow(pids: Iterable[int], cores: set[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.sched_setaffinity(pid, cores)
