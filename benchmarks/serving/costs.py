"""What a side costs before it serves: training, and the room that its environment takes."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.serving.peers import ROOT, STOCK

Seconds = dict[str, float]
"""`clock`, and `processor` of all threads together."""


def set_up_stock(folder: Path, epochs: int) -> None:
    """Makes the stock peer, unless it is there; its first training can take more than an hour."""
    command = [str(STOCK / "setup.sh"), str(folder)]
    subprocess.run(command, env={**os.environ, "EPOCHS": str(epochs)}, check=True, stdout=subprocess.DEVNULL)


def stock_training(folder: Path, epochs: int) -> Seconds:
    """How long the stock peer's training took when it was set up."""
    clock, user, system = (folder / f"trained-{epochs}.seconds").read_text().split()[-3:]
    return {"clock": float(clock), "processor": float(user) + float(system)}


def our_training() -> Seconds:
    """How long ours takes from nothing: no model and no vectors of an earlier training."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "MODELS_DIR": folder,
            "NLU_VECTOR_CACHE": f"{folder}/vectors.npz",
            "RASA_CACHE_DIRECTORY": f"{folder}/cache",
        }
        before, began = _processor(), time.perf_counter()
        command = [sys.executable, "-m", "bot", "train", "--force"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
        return {"clock": time.perf_counter() - began, "processor": _processor() - before}


def our_environment(folder: Path) -> Path:
    """An environment of ours with nothing in it but what runs."""
    environment = {**os.environ, "VENV": str(folder)}
    subprocess.run(
        [str(ROOT / "deploy" / "setup.sh"), "runtime"], env=environment, check=True, stdout=subprocess.DEVNULL
    )
    return folder


def size(folder: Path) -> int:
    """Bytes of the files in a folder, as `du` counts them."""
    done = subprocess.run(["du", "-sb", str(folder)], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[0])


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
