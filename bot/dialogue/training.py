"""Training: once for each change of the data, the configuration or the components."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import tempfile
import threading
import time
from pathlib import Path
from typing import Callable, Iterator

from bot.dialogue import tensorflow_free
from bot.errors import Bug
from bot.settings import ROOT

DOMAIN = ROOT / "nlu_data" / "domain"
DATA = [ROOT / "nlu_data" / name for name in ("nlu", "rules", "stories")]
CODE = ROOT / "bot" / "dialogue" / "nlu"
CONFIG = ROOT / "config.yml"
PREFIX = "helpdesk-py" + "".join(platform.python_version_tuple()[:2])
"""Each Python version trains its own: the libraries that learn are not promised to read each other."""

FINGERPRINT_CHARS = 16
PROGRESS_SECONDS = 10.0

Say = Callable[[str], None]


def fingerprint() -> str:
    """What the model depends on, as a short hash: contents, not times."""
    digest = hashlib.sha256()
    for path in _inputs():
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:FINGERPRINT_CHARS]


def model_path(models_dir: Path) -> Path:
    """Where the model for today's data is, or would be."""
    return _absolute(models_dir) / f"{PREFIX}-{fingerprint()}.tar.gz"


def train(models_dir: Path, force: bool = False, say: Say = lambda _: None) -> Path:
    """Trains unless the model for this data is there; returns its path. Raises Bug when training fails.

    `say` hears how far it is. What Rasa prints goes to `train.log` beside the model.
    """
    path = model_path(models_dir)
    if path.is_file() and not force:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(path.parent):
        if force or not path.is_file():
            _train(path, say)
    _forget_older(path)
    return path


def _train(path: Path, say: Say) -> None:
    log = path.parent / "train.log"
    with (
        tempfile.TemporaryDirectory(dir=path.parent, prefix=".training-") as folder,
        log.open("w", encoding="utf-8") as output,
        _progress(say),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
    ):
        made = Path(folder) / path.name
        if _train_with_rasa(made) != 0 or not made.is_file():
            raise Bug(f"training failed; {log} says why")
        made.replace(path)  # whoever looks meanwhile finds a whole model or none


@contextlib.contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Waits while another process trains into this folder: two at once would do the same work twice."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _train_with_rasa(path: Path) -> int:
    tensorflow_free.install()
    os.environ.setdefault("RASA_CACHE_DIRECTORY", str(ROOT / ".rasa" / "cache"))
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    from rasa.model_training import train as rasa_train

    result = rasa_train(
        domain=str(DOMAIN),
        config=str(CONFIG),
        training_files=[str(folder) for folder in DATA],
        output=str(path.parent),
        fixed_model_name=path.name,
        # Rasa's cache knows a component by its class alone, and would replay what an older helper learned.
        force_training=True,
    )
    return int(result.code)


@contextlib.contextmanager
def _progress(say: Say) -> Iterator[None]:
    """Says every few seconds that it is still going on, and how long it took."""
    began, ended = time.monotonic(), threading.Event()

    def report() -> None:
        while not ended.wait(PROGRESS_SECONDS):
            say(f"train: {time.monotonic() - began:.0f} s ...")

    reporter = threading.Thread(target=report, daemon=True)
    reporter.start()
    try:
        yield
    finally:
        ended.set()
        reporter.join()
    say(f"train: took {time.monotonic() - began:.0f} s")


def _inputs() -> Iterator[Path]:
    yield CONFIG
    for folder, pattern in [(DOMAIN, "*.yml"), (CODE, "*.py"), *((folder, "*.yml") for folder in DATA)]:
        yield from sorted(folder.rglob(pattern))


def _forget_older(newest: Path) -> None:
    for path in newest.parent.glob(f"{PREFIX}-*.tar.gz"):
        if path != newest:
            path.unlink()


def _absolute(folder: Path) -> Path:
    return folder if folder.is_absolute() else ROOT / folder
