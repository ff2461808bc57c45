"""`python -m bot.sandbox [serve|report|generate|match-day]`: its own reconciliation system."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from bot.sandbox.clock import SHANGHAI, clock_from
from bot.sandbox.keys import RESIDENT_KEY, STAFF_KEY, Keys

COMMANDS = ("serve", "report", "generate", "match-day")
DATABASE = "BOOKS_DATABASE_URL"
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
    serve.add_argument(
        "--database",
        default=os.environ.get(DATABASE),
        help=f"keep the books there and invent nothing: sqlite:///folder/books.db or postgresql://…"
        f" (or {DATABASE}); keys then come from the environment: BOOKS_RESIDENT_KEY, BOOKS_STAFF_KEY",
    )
    serve.add_argument("--bills", type=Path, help="a folder to take files from, with --database")
    serve.add_argument("--upload-mib", type=int, default=64, help="the largest file by upload")
    serve.add_argument("--begin", type=_moment, help="for rehearsals: the time at the start, in Shanghai")
    report = commands.add_parser("report", help="write one day's report as CSV, beside a running system too")
    report.add_argument("--database", default=os.environ.get(DATABASE))
    report.add_argument("--day", type=date.fromisoformat, required=True)
    report.add_argument("--to", type=Path, help="the file; standard output without it")
    for name, words in (
        ("generate", "write a day of payments as files, with the truth beside them"),
        ("match-day", "generate a day, match it, and measure it against the truth"),
    ):
        day = commands.add_parser(name, help=words)
        day.add_argument("--payments", type=int, default=10_000)
        day.add_argument("--seed", type=int, default=1)
        day.add_argument("--day", type=date.fromisoformat, default=TUESDAY)
        day.add_argument("--folder", type=Path, help="where the files are; made when missing")
        if name == "match-day":
            day.add_argument("--database", help="through the real door, with the books kept there")
            day.add_argument("--kills", type=int, default=0, help="how often the server is killed meanwhile")
    asked = list(argv)
    if not asked or (asked[0] not in COMMANDS and asked[0] not in ("-h", "--help")):
        asked.insert(0, "serve")
    return parser.parse_args(asked)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    asked = arguments(sys.argv[1:] if argv is None else argv)
    return {"serve": _serve, "report": _report, "generate": _generate, "match-day": _match_day}[
        asked.command
    ](asked)


def _serve(asked: argparse.Namespace) -> int:
    import uvicorn

    from bot.sandbox.app import create_app

    if asked.database:
        return _serve_kept(asked)
    if asked.bills or asked.begin:
        return _refuse("--bills and --begin need --database")
    app = create_app(resident_key=asked.resident_key, staff_key=asked.staff_key)
    uvicorn.run(app, host=asked.host, port=asked.port, ws="none", timeout_graceful_shutdown=1)
    return 0


def _serve_kept(asked: argparse.Namespace) -> int:
    import uvicorn

    from bot.sandbox.kept import KeptBureau
    from bot.sandbox.kept_app import create_kept_app
    from bot.sandbox.store.opening import CannotOpen

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        keys = Keys.of_environment(os.environ)
        bureau = KeptBureau(asked.database, clock_from(asked.begin))
        asyncio.run(bureau.check())
    except (ValueError, CannotOpen) as error:
        return _refuse(str(error))
    app = create_kept_app(bureau, keys, asked.bills, asked.upload_mib * 2**20)
    # No line for each request: their addresses hold names and last fours.
    uvicorn.run(
        app,
        host=asked.host,
        port=asked.port,
        ws="none",
        access_log=False,
        timeout_graceful_shutdown=5,
    )
    return 0


def _report(asked: argparse.Namespace) -> int:
    from bot.sandbox.kept import read_report
    from bot.sandbox.sheet import sheet
    from bot.sandbox.store.opening import CannotOpen

    if not asked.database:
        return _refuse("--database is needed")
    try:
        report = asyncio.run(read_report(asked.database, asked.day))
    except CannotOpen as error:
        return _refuse(str(error))
    if asked.to is None:
        sys.stdout.buffer.write(sheet(report))
    else:
        asked.to.write_bytes(sheet(report))
    return 0


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return 2


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def _generate(asked: argparse.Namespace) -> int:
    from bot.sandbox.generator.day import Day
    from bot.sandbox.generator.files import DayFiles

    if asked.folder is None:
        return _refuse("--folder is needed")
    rows = DayFiles(asked.folder).write(Day(asked.day, asked.seed), asked.payments)
    print(f"{asked.payments:,} payments, {rows:,} bill rows in {asked.folder}")
    return 0


def _match_day(asked: argparse.Namespace) -> int:
    from bot.sandbox.match_day import match_folder, table

    with tempfile.TemporaryDirectory() as made:
        folder = asked.folder or Path(made) / "day"
        if not folder.exists():
            _generate_apart(asked, folder)
        if asked.database:
            return _rehearse(asked, folder, Path(made))
        measured = match_folder(folder, asked.day)
    print(table(measured))
    return 0 if measured.good else 1


def _rehearse(asked: argparse.Namespace, folder: Path, work: Path) -> int:
    from bot.sandbox.rehearsal import rehearsal_table, rehearse

    rehearsed = rehearse(folder, asked.day, asked.database, work, asked.kills, asked.seed)
    print(rehearsal_table(rehearsed))
    return 0 if rehearsed.good else 1


def _generate_apart(asked: argparse.Namespace, folder: Path) -> None:
    """In a process of its own, so that its memory is not counted as the matching's."""
    day = ["--payments", str(asked.payments), "--seed", str(asked.seed), "--day", asked.day.isoformat()]
    command = [sys.executable, "-m", "bot.sandbox", "generate", *day, "--folder", str(folder)]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    raise SystemExit(main())
