"""Training: once for each change of the data, the configuration or the components."""

from __future__ import annotations

import hashlib
import os
import platform
from pathlib import Path
from typing import Iterator

from bot.dialogue import tensorflow_free
from bot.errors import Bug
from bot.settings import ROOT

DOMAIN = ROOT / "nlu_data" / "domain"
DATA = [ROOT / "nlu_data" / name for name in ("nlu", "rules", "stories")]
CODE = ROOT / "bot" / "dialogue" / "nlu"
CONFIG = ROOT / "config.yml"
FINGERPRINT_CHARS = 16


def fingerprint() -> str:
    """What the model depends on, as a short hash: contents, not times."""
    digest = hashlib.sha256(platform.python_version().encode())
    for path in _inputs():
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:FINGERPRINT_CHARS]


def model_path(models_dir: Path) -> Path:
    """Where the model for today's data is, or would be."""
    return _absolute(models_dir) / f"helpdesk-{fingerprint()}.tar.gz"


def train(models_dir: Path, force: bool = False) -> Path:
    """Trains unless the model for this data is there; returns its path. Raises Bug when training fails."""
    path = model_path(models_dir)
    if path.is_file() and not force:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
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
        force_training=force,
    )
    if result.code != 0 or not path.is_file():
        raise Bug("training failed; see the messages above")
    _forget_older(path)
    return path


def _inputs() -> Iterator[Path]:
    yield CONFIG
    for folder, pattern in [(DOMAIN, "*.yml"), (CODE, "*.py"), *((folder, "*.yml") for folder in DATA)]:
        yield from sorted(folder.rglob(pattern))


def _forget_older(newest: Path) -> None:
    for path in newest.parent.glob("helpdesk-*.tar.gz"):
        if path != newest:
            path.unlink()


def _absolute(folder: Path) -> Path:
    return folder if folder.is_absolute() else ROOT / folder
