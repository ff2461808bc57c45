"""SIGKILL at random moments, and a start at once after each."""

from __future__ import annotations

import threading
import time
from bisect import bisect
from collections.abc import Callable
from random import Random

from tests.doubles.whole_product import WholeProduct

LOOK_SECONDS = 0.005
LONGEST_DELAY = 0.25
WHILE_STARTING = 0.15
"""The share of kills that hit a process which is just starting."""


class Kills:
    """A thread that kills the product when so many messages are answered, and a random moment later."""

    def __init__(
        self, product: WholeProduct, answered: Callable[[], int], messages: int, count: int, dice: Random
    ) -> None:
        self.moments: list[float] = []
        self.starts: list[float] = []
        self.broken: Exception | None = None
        self._product = product
        self._answered = answered
        self._marks = sorted(dice.sample(range(max(1, messages // 50), int(messages * 0.97)), count))
        self._dice = dice
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def end(self) -> None:
        """No more kills; returns with the product running."""
        self._ended.set()
        self._thread.join()

    def came_between(self, earlier: float, later: float) -> bool:
        """True when the process was killed between two moments."""
        return bisect(self.moments, earlier) < bisect(self.moments, later)

    def _run(self) -> None:
        try:
            for mark in self._marks:
                while self._answered() < mark:
                    if self._ended.wait(LOOK_SECONDS):
                        return
                self._kill(self._dice.uniform(0, LONGEST_DELAY))
                while self._dice.random() < WHILE_STARTING and len(self.moments) < len(self._marks):
                    self._product.launch()
                    self._kill(self._dice.uniform(0.5, 4.0))
                self._restart()
                if len(self.moments) >= len(self._marks):
                    return
        except Exception as error:
            self.broken = error

    def _kill(self, after: float) -> None:
        self._ended.wait(after)
        self._product.kill()
        self.moments.append(time.monotonic())

    def _restart(self) -> None:
        began = time.monotonic()
        self._product.start()
        self.starts.append(time.monotonic() - began)
