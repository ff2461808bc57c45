"""Where it was measured: machine, versions, commit."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.serving.peers import ROOT
from tests.fakes.postgresql_server import binaries

if TYPE_CHECKING:
    from benchmarks.serving.bench import Plan

VERSIONS = (
    "import importlib.metadata as m, json, platform;"
    "print(json.dumps({'python': platform.python_version()} | "
    "{n: m.version(n) for n in ('rasa', 'rasa-sdk', 'tensorflow') if n in {d.metadata['Name'].lower() "
    "for d in m.distributions()}}))"
)


def commit() -> str:
    """The commit of this checkout; a plus behind it where files differ."""
    differs = _said(
        "git", "status", "--porcelain", "--untracked-files=no", "--", "bot", "actions", "nlu_data"
    )
    return _said("git", "rev-parse", "--short=12", "HEAD") + ("+" if differs else "")


def surroundings(plan: Plan) -> dict[str, Any]:
    """For the table's heading."""
    return {
        "commit": commit(),
        "date": _said("date", "-u", "+%Y-%m-%d %H:%M UTC"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "load_before": os.getloadavg()[0],
        "ours": _said(sys.executable, "-c", VERSIONS),
        "stock": _said(str(plan.python), "-c", VERSIONS),
        "stock_epochs": plan.epochs,
        "postgresql": _said(str(found / "postgres"), "--version") if (found := binaries()) else None,
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:  # what is not installed has nothing to say
        return ""
    return done.stdout.strip()
