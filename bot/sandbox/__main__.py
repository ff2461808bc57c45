"""`python -m bot.sandbox [serve|generate|match-day]`: its own reconciliation system."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from bot.sandbox.keys import RESIDENT_KEY, STAFF_KEY

COMMANDS = ("serve", "generate", "match-day")
TUESDAY = date(2026, 11, 24)


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """What the command line asks for; without a command it asks to serve."""
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve the contract, the page and the admin calls")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8090)
    serve.add_argument("--resident-key", default=RESIDENT_KEY)
    serve.add_argument("--staff-key", default=STAFF_KEY)
    for name, words in (
        ("generate", "write a day of payments as files, with the truth beside them"),
        ("match-day", "generate a day, match it, and measure it against the truth"),
    ):
        day = commands.add_parser(name, help=words)
        day.add_argument("--payments", type=int, default=10_000)
        day.add_argument("--seed", type=int, default=1)
        day.add_argument("--day", type=date.fromisoformat, default=TUESDAY)
        day.add_argument("--folder", type=Path, help="where the files are; made when missing")
    asked = list(argv)
    if not asked or (asked[0] not in COMMANDS and asked[0] not in ("-h", "--help")):
        asked.insert(0, "serve")
    return parser.parse_args(asked)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    asked = arguments(sys.argv[1:] if argv is None else argv)
    return {"serve": _serve, "generate": _generate, "match-day": _match_day}[asked.command](asked)


def _serve(asked: argparse.Namespace) -> int:
    import uvicorn

    from bot.sandbox.app import create_app

    app = create_app(resident_key=asked.resident_key, staff_key=asked.staff_key)
    uvicorn.run(app, host=asked.host, port=asked.port, ws="none", timeout_graceful_shutdown=1)
    return 0


def _generate(asked: argparse.Namespace) -> int:
    from bot.sandbox.generator.day import Day
    from bot.sandbox.generator.files import DayFiles

    if asked.folder is None:
        print("generate: --folder is needed", file=sys.stderr)
        return 2
    rows = DayFiles(asked.folder).write(Day(asked.day, asked.seed), asked.payments)
    print(f"{asked.payments:,} payments, {rows:,} bill rows in {asked.folder}")
    return 0


def _match_day(asked: argparse.Namespace) -> int:
    from bot.sandbox.match_day import match_folder, table

    with tempfile.TemporaryDirectory() as made:
        folder = asked.folder or Path(made) / "day"
        if not folder.exists():
            _generate_apart(asked, folder)
        measured = match_folder(folder, asked.day)
    print(table(measured))
    return 0 if measured.good else 1


def _generate_apart(asked: argparse.Namespace, folder: Path) -> None:
    """In a process of its own, so that its memory is not counted as the matching's."""
    day = ["--payments", str(asked.payments), "--seed", str(asked.seed), "--day", asked.day.isoformat()]
    command = [sys.executable, "-m", "bot.sandbox", "generate", *day, "--folder", str(folder)]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    raise SystemExit(main())
