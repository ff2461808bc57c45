"""The profile counts each function's own time, and knows what it watches."""

from __future__ import annotations

import asyncio
import importlib
import time
from pathlib import Path

import pytest

from benchmarks import profile
from benchmarks.meter import Meter
from benchmarks.profile import BEGIN, END, KINDS, WATCHED
from bot.dialogue import tensorflow_free

HERE = __name__


def inner(steps: int) -> int:
    return sum(range(steps))


def outer(steps: int) -> int:
    return inner(steps) + sum(range(steps // 4))


async def waits(steps: int) -> int:
    done = outer(steps)
    await asyncio.sleep(0.05)
    return done


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> Meter:
    for name in ("inner", "outer", "waits"):
        monkeypatch.setitem(globals(), name, globals()[name])
    return Meter()


def test_time_in_another_watched_function_counts_for_that_one(meter: Meter) -> None:
    meter.watch({f"{HERE}:inner": "inner", f"{HERE}:outer": "outer"})
    meter.start()
    began = time.thread_time_ns()
    outer(400_000)
    spent = time.thread_time_ns() - began
    assert meter.calls == {"inner": 1, "outer": 1}
    assert meter.nanoseconds["inner"] > meter.nanoseconds["outer"] > 0
    assert sum(meter.nanoseconds.values()) <= spent


async def test_a_coroutine_counts_only_while_it_runs(meter: Meter) -> None:
    meter.watch({f"{HERE}:outer": "outer", f"{HERE}:waits": "waits"})
    meter.start()
    assert await asyncio.gather(*(waits(10_000) for _ in range(20))) == [outer(10_000)] * 20
    clocks = meter.stop()
    assert meter.calls["waits"] == 20
    assert sum(meter.nanoseconds.values()) <= clocks["thread"]
    assert meter.nanoseconds["outer"] > meter.nanoseconds["waits"]


async def test_what_a_watched_function_raises_is_raised(meter: Meter) -> None:
    meter.watch({f"{HERE}:outer": "outer", f"{HERE}:waits": "waits"})
    with pytest.raises(TypeError):
        await waits("x")  # type: ignore[arg-type]
    assert not meter._doing


def test_everything_that_is_watched_is_there() -> None:
    tensorflow_free.install()
    for place, kind in WATCHED.items():
        module, _, path = place.partition(":")
        found = importlib.import_module(module)
        for name in path.split("."):
            found = getattr(found, name)
        assert kind in KINDS


def test_the_table_is_put_between_its_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "performance.md"
    monkeypatch.setattr(profile, "PAGE", page)
    profile._write("| first |", 10)
    page.write_text(f"{page.read_text()}\nafter\n")
    profile._write("| second |", 10)
    text = page.read_text()
    assert "| second |" in text
    assert "| first |" not in text
    assert text.count(BEGIN) == text.count(END) == 1
    assert text.endswith("\nafter\n")
