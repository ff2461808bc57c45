"""CPU time by what it was spent on: functions are watched at the borders between rooms.

What a watched function spends in another watched one counts for the other. A coroutine counts only while it
runs, not while it waits, so messages that are answered at the same time are kept apart.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import threading
import time
import types
from collections import Counter
from collections.abc import Callable, Coroutine, Generator, Mapping
from typing import Any


class Meter:
    """Watches functions in one thread; what it found is in `nanoseconds` and `calls`, by kind."""

    def __init__(self) -> None:
        self.nanoseconds: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self._thread = threading.get_ident()
        self._clock = time.pthread_getcpuclockid(self._thread)
        self._doing: list[str] = []
        self._since = 0
        self._began: dict[str, int] = {}

    def watch(self, places: Mapping[str, str]) -> None:
        """Watches `module:function` or `module:Class.method`, each with its kind; raises AttributeError."""
        for place, kind in places.items():
            module, _, path = place.partition(":")
            owner: Any = importlib.import_module(module)
            *classes, name = path.split(".")
            for part in classes:
                owner = getattr(owner, part)
            setattr(owner, name, self._watched(inspect.getattr_static(owner, name), kind))

    def start(self) -> None:
        """Forgets what it found so far."""
        self.nanoseconds.clear()
        self.calls.clear()
        self._began = self._clocks()

    def stop(self) -> dict[str, int]:
        """Nanoseconds since `start`: of the watched thread, and of the whole process."""
        return {name: now - self._began[name] for name, now in self._clocks().items()}

    def _clocks(self) -> dict[str, int]:
        return {"thread": time.clock_gettime_ns(self._clock), "process": time.process_time_ns()}

    def _watched(self, function: Any, kind: str) -> Any:
        if isinstance(function, (staticmethod, classmethod)):
            return type(function)(self._watched(function.__func__, kind))
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def waits(*given: Any, **named: Any) -> Any:
                self.calls[kind] += 1
                return await self._steps(kind, function(*given, **named))

            return waits

        @functools.wraps(function)
        def runs(*given: Any, **named: Any) -> Any:
            if threading.get_ident() != self._thread:
                return function(*given, **named)
            self.calls[kind] += 1
            self._enter(kind)
            try:
                return function(*given, **named)
            finally:
                self._leave()

        return runs

    @types.coroutine
    def _steps(self, kind: str, coroutine: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
        resume: Callable[..., Any] = coroutine.send
        given: Any = None
        while True:
            self._enter(kind)
            try:
                wanted = resume(given)
            except StopIteration as end:
                return end.value
            finally:
                self._leave()
            try:
                resume, given = coroutine.send, (yield wanted)
            except BaseException as error:
                resume, given = coroutine.throw, error

    def _enter(self, kind: str) -> None:
        now = time.thread_time_ns()
        if self._doing:
            self.nanoseconds[self._doing[-1]] += now - self._since
        self._doing.append(kind)
        self._since = now

    def _leave(self) -> None:
        now = time.thread_time_ns()
        self.nanoseconds[self._doing.pop()] += now - self._since
        self._since = now
