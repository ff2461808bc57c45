"""The command line: `python -m bot run|chat|train|evaluate|agents|nlu|statistics|database|sandbox`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import gc
import logging
import os
import sys
import tempfile
from typing import Callable, Iterator, Sequence

# Warnings of pinned libraries about their own future are noise to an operator.
os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
os.environ.setdefault("TQDM_DISABLE", "1")
# A message's few multiplications are over before a second thread has begun, which then turns in circles.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
if not sys.warnoptions:
    # Rasa sets filters of its own while it is imported; a silent logger holds against them.
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").addHandler(logging.NullHandler())
    logging.getLogger("py.warnings").propagate = False

from bot.dialogue import rasa_light, tensorflow_free
from bot.errors import HelpdeskError
from bot.logs import configure_logs
from bot.settings import Settings, SettingsError, load_settings

Command = Callable[[Settings, argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status (2 for unusable settings or arguments)."""
    arguments = _parser().parse_args(argv)
    try:
        settings = load_settings()
    except SettingsError as error:
        print(f"Cannot start, these settings cannot be used:\n{error}", file=sys.stderr)
        return 2
    configure_logs(settings.log_format, settings.log_level)
    tensorflow_free.install()
    command: Command = arguments.command
    try:
        return command(settings, arguments)
    except HelpdeskError as error:
        print(f"{arguments.name}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot", description=__doc__)
    commands = parser.add_subparsers(dest="name", required=True)

    def add(name: str, command: Command, words: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=words, description=words)
        sub.set_defaults(command=command)
        return sub

    add("run", _run, "start the bot, its pages, and the sandbox unless RECONCILIATION_API_URL is set")
    chat = add("chat", _chat, "talk to the bot in this terminal")
    chat.add_argument("--language", choices=("zh", "en"), default="zh")
    train = add("train", _train, "train the model if its data changed")
    train.add_argument("--force", action="store_true", help="train even if nothing changed")
    evaluate = add("evaluate", _evaluate, "measure understanding on the evaluation sets")
    evaluate.add_argument("--report", default="reports/nlu", help="folder of the report with plots")
    evaluate.add_argument("--errors", action="store_true", help="list what was misunderstood (dev half only)")
    agents = add("agents", _agents, "manage the console's accounts")
    actions = agents.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="list accounts")
    new = actions.add_parser("add", help="add an account; prints a one-time password")
    new.add_argument("account", help="login name")
    new.add_argument("--role", choices=("agent", "supervisor", "admin"), default="agent")
    new.add_argument("--display-name", default="", help="the name that residents see")
    for action, words in (
        ("reset", "give an account a new one-time password; ends its sessions"),
        ("disable", "take an account out of use; its live tickets wait for somebody else"),
        ("enable", "put an account into use again"),
        ("role", "give an account another role"),
    ):
        actions.add_parser(action, help=words).add_argument("account", help="login name")
    actions.choices["role"].add_argument("role", choices=("agent", "supervisor", "admin"))
    nlu = add("nlu", _nlu, "look at what was not understood, and teach it")
    lessons = nlu.add_subparsers(dest="action", required=True)
    review = lessons.add_parser("review", help="list misunderstood messages, similar ones together")
    review.add_argument("--limit", type=int, default=100)
    label = lessons.add_parser("label", help="say what a message meant; the next training learns it")
    label.add_argument("id", type=int)
    label.add_argument("intent")
    figures = add("statistics", _statistics, "print what happened on some days")
    figures.add_argument("--from", dest="first", default="", help="first day, as in 2026-11-01")
    figures.add_argument("--to", dest="last", default="", help="last day; today when left out")
    figures.add_argument("--format", choices=("table", "csv"), default="table")
    figures.add_argument("--table", default="summary", help="which table as csv: days, reasons, agents …")
    figures.add_argument("--language", choices=("zh", "en"), default="zh")
    database = add("database", _database, "bring the schema up to date, or check it")
    database.add_argument("action", choices=("upgrade", "check"))
    return parser


def _run(settings: Settings, _arguments: argparse.Namespace) -> int:
    gc.disable()  # until all is loaded: looking through half a million new objects was a fifth of the start
    rasa_light.install()
    with _shared_metrics(settings.workers):
        from bot.runner import run

        return run(settings)


@contextlib.contextmanager
def _shared_metrics(workers: int) -> Iterator[None]:
    """A folder that several workers count in; Prometheus' library looks for it when it is imported."""
    if workers == 1:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="helpdesk-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        yield


def _chat(settings: Settings, arguments: argparse.Namespace) -> int:
    from bot.runner import chat

    return chat(settings, arguments.language)


def _train(settings: Settings, arguments: argparse.Namespace) -> int:
    from bot.dialogue.training import model_path, train

    path = model_path(settings.models_dir)
    if path.is_file() and not arguments.force:
        print(f"train: {path.name} is up to date")
        return 0
    say = functools.partial(print, file=sys.stdout, flush=True)
    say("train: the data changed, training takes about a minute ...")
    say(f"train: {train(settings.models_dir, arguments.force, say).name} is ready")
    return 0


def _evaluate(settings: Settings, arguments: argparse.Namespace) -> int:
    from bot.dialogue.evaluation import main as evaluate
    from bot.dialogue.training import train

    options = ["--model", str(train(settings.models_dir)), "--report", arguments.report]
    return int(evaluate([*options, "--errors"] if arguments.errors else options) or 0)


def _agents(settings: Settings, arguments: argparse.Namespace) -> int:
    from bot.console import commands

    return asyncio.run(commands.agents(settings, arguments))


def _nlu(settings: Settings, arguments: argparse.Namespace) -> int:
    from bot.dialogue import lessons

    return asyncio.run(lessons.command(settings, arguments))


def _statistics(settings: Settings, arguments: argparse.Namespace) -> int:
    from bot.statistics import commands

    return asyncio.run(commands.statistics(settings, arguments))


def _database(settings: Settings, arguments: argparse.Namespace) -> int:
    from bot.storage import database

    return asyncio.run(database.command(settings.database_url, arguments.action))


if __name__ == "__main__":
    sys.exit(main())
