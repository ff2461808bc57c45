"""Measurements kept on disk as they are made, so that a run which was cut short goes on where it ended."""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Pieces:
    """The measurements of one commit; those of another are made again."""

    def __init__(self, folder: Path, commit: str) -> None:
        self._folder = folder
        self._commit = commit
        self._began = time.monotonic()
        self.failed: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    def of(self, name: str, measure: Callable[[], Any]) -> Any:
        """What was measured, now or before; None, and a word on standard error, when it cannot be."""
        path = self._folder / f"{name}.json"
        if path.is_file():
            kept = json.loads(path.read_text(encoding="utf-8"))
            if kept["commit"] == self._commit:
                self._say(f"{name}: kept")
                return kept["measured"]
        self._say(f"{name} ...")
        began = time.monotonic()
        try:
            measured = measure()
        except Exception:
            traceback.print_exc()
            self.failed.append(name)
            self._say(f"{name}: failed")
            return None
        content = {"commit": self._commit, "seconds": time.monotonic() - began, "measured": measured}
        path.write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")
        self._say(f"{name}: {_short(measured)}")
        # What was read back looks the same whether it was measured now or before.
        return json.loads(json.dumps(measured))

    def forget(self) -> None:
        """Everything is measured again."""
        for path in self._folder.glob("*.json"):
            path.unlink()

    def _say(self, words: str) -> None:
        sys.stdout.write(f"{time.monotonic() - self._began:6.0f} s  {words}\n")
        sys.stdout.flush()


def _short(measured: Any) -> str:
    words = json.dumps(measured, ensure_ascii=False)
    return words if len(words) <= 240 else f"{words[:240]} ..."
