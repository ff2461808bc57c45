"""Our engine is faster than Rasa's and says the same: every reply and every event of 200 conversations."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.settings import ROOT
from tests.replay.scripts import CONVERSATIONS, scripts

pytestmark = [pytest.mark.replay, pytest.mark.timeout(900)]

SHARES = {"stock": 2, "ours": 1}
"""Processes a side: Rasa's own engine takes several times as long."""


@pytest.fixture(scope="session")
def told(model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What happened in each conversation, by engine; each engine in processes of its own."""
    folder = tmp_path_factory.mktemp("replay")
    running: dict[Path, subprocess.Popen[str]] = {}
    for engine, shares in SHARES.items():
        ends = [CONVERSATIONS * share // shares for share in range(shares + 1)]
        for first, end in pairwise(ends):
            path = folder / f"{engine}-{first:03d}.jsonl"
            command = [sys.executable, "-m", "tests.replay", engine, str(first), str(end), str(path)]
            running[path] = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        for path, process in running.items():
            _, errors = process.communicate()
            assert process.returncode == 0, f"{path.name}: {errors[-2000:]}"
    finally:
        for process in running.values():
            process.kill()
    return {engine: _read(folder, engine) for engine in SHARES}


def _read(folder: Path, engine: str) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in sorted(folder.glob(f"{engine}-*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def test_all_of_it_was_said(told: dict[str, list[dict[str, Any]]]) -> None:
    spoken = [sum(not isinstance(step, float) for step in script) for script in scripts()]
    for engine in SHARES:
        assert [len(one["heard"]) for one in told[engine]] == spoken
        assert all(replies for one in told[engine] for replies in one["heard"][:1])


def test_both_say_the_same(told: dict[str, list[dict[str, Any]]]) -> None:
    for stock, ours in zip(told["stock"], told["ours"], strict=True):
        for place, (one, other) in enumerate(zip(stock["heard"], ours["heard"], strict=True)):
            assert other == one, f"conversation {stock['number']}, message {place}"


def test_both_leave_the_same_events(told: dict[str, list[dict[str, Any]]]) -> None:
    for stock, ours in zip(told["stock"], told["ours"], strict=True):
        for place, (one, other) in enumerate(zip(stock["events"], ours["events"], strict=False)):
            assert other == one, f"conversation {stock['number']}, event {place}"
        assert len(ours["events"]) == len(stock["events"])
