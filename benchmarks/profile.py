"""Where a message's time goes: `python -m benchmarks.profile [--messages 1600] [--write]`.

Runs the whole product in a process on a new SQLite file, the reconciliation system's sandbox and 32 residents
in others, and says what a message costs in CPU, by kind: first with Rasa's own engine in it, then with ours.
`--write` keeps the table in docs/performance.md.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import multiprocessing
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")

import aiohttp

from benchmarks.meter import Meter
from benchmarks.serving.conversations import script
from benchmarks.serving.peers import ROOT
from bot.sandbox.keys import RESIDENT_KEY, STAFF_KEY

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- profile -->", "<!-- /profile -->"
RESIDENTS = 32
WARM = 300

NORMALISE = "understanding: normalise, transliterate"
ENCODER = "understanding: sentence encoder"
NGRAMS = "understanding: n-grams"
CLASSIFIER = "understanding: classifier"
ENTITIES = "understanding: numbers, dates, amounts, channels"
GRAPH = "understanding: Rasa's graph and messages"
POLICIES = "deciding: rules"
SLOTS = "deciding: slots"
ENGINE = "deciding: Rasa's processor, forms and trackers"
ACTIONS = "actions"
READS = "storage: reads"
COMMIT = "storage: commit"
EVENTS = "storage: the tracker's events as JSON"
MASKING = "masking, sealing, folding"
DESK = "desk"
BUREAU = "asking the reconciliation system"
HTTP = "REST channel: routing, JSON, headers"
LOOP = "HTTP server and event loop"
THREADS = "storage: SQLite's own threads"

WATCHED = {
    "bot.dialogue.nlu.intent_classifier:read": NORMALISE,
    "bot.dialogue.nlu.reading:Reading.part": NORMALISE,
    "bot.dialogue.nlu.clauses:split": NORMALISE,
    "bot.dialogue.nlu.intent_model:encode": ENCODER,
    "bot.dialogue.nlu.features:WordFeatures.each": NGRAMS,
    "bot.dialogue.nlu.features:SoundFeatures.each": NGRAMS,
    "bot.dialogue.nlu.intent_classifier:HybridIntentClassifier.process": CLASSIFIER,
    "bot.dialogue.nlu.entity_extractor:PatternEntityExtractor.process": ENTITIES,
    "rasa.core.processor:MessageProcessor.parse_message": GRAPH,
    "rasa.core.processor:MessageProcessor._predict_next_with_tracker": POLICIES,
    "rasa.core.actions.action:ActionExtractSlots.run": SLOTS,
    "bot.dialogue.engine:RasaDialogue.respond": ENGINE,
    "rasa_sdk.executor:ActionExecutor.run": ACTIONS,
    "bot.storage.unit_of_work:UnitOfWork.fetch": READS,
    "bot.storage.unit_of_work:UnitOfWork.fetch_briefly": READS,
    "bot.storage.unit_of_work:UnitOfWork.commit": COMMIT,
    "bot.storage.sqlite_writer:SqliteWriter.write": COMMIT,
    "bot.dialogue.tracker_store:UnitOfWorkTrackerStore.save": EVENTS,
    "bot.clerk:read_message": MASKING,
    "bot.seal:Seal.close": MASKING,
    "bot.seal:Seal.open": MASKING,
    "bot.desk:Desk.handle": DESK,
    "bot.payments.client:ReconciliationClient._ask": BUREAU,
    "bot.channels.gate:Gate.__call__": HTTP,
}
"""What counts as what; a function that is renamed stops the profile until it is named here again."""

KINDS = (
    NORMALISE, ENCODER, NGRAMS, CLASSIFIER, ENTITIES, GRAPH, POLICIES, SLOTS, ENGINE, ACTIONS, BUREAU,
    READS, EVENTS, COMMIT, THREADS, MASKING, DESK, HTTP, LOOP,
)  # fmt: skip


ENGINES = ("stock", "ours")
HEADS = {"stock": "Rasa's engine", "ours": "ours"}


@dataclass(frozen=True)
class Measured:
    """Microseconds of CPU a message, by kind."""

    engine: str
    microseconds: dict[str, float]

    @property
    def total(self) -> float:
        """Microseconds of CPU a message."""
        return sum(self.microseconds.values())


def main() -> int:
    """Measures, prints, and writes when asked to; returns the exit status."""
    arguments = _arguments()
    if arguments.engine:
        print(json.dumps(asdict(_measure(arguments.engine, arguments.messages))))
        return 0
    measured = [_in_a_process(engine, arguments.messages) for engine in ENGINES]
    table = _table(measured)
    print(table)
    if arguments.write:
        _write(table, arguments.messages)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1600)
    parser.add_argument("--engine", choices=ENGINES, help="only this one, as JSON")
    parser.add_argument("--write", action="store_true", help="keep the table in docs/performance.md")
    return parser.parse_args()


def _in_a_process(engine: str, messages: int) -> Measured:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.profile"]
    command += ["--engine", engine, "--messages", str(messages)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def _measure(engine: str, messages: int) -> Measured:
    with tempfile.TemporaryDirectory() as folder, _sandbox() as sandbox:
        port = _free_port()
        os.environ.update(
            HTTP_PORT=str(port),
            DATA_DIR=folder,
            DATABASE_URL=f"sqlite:///{folder}/profile.sqlite",
            MODELS_DIR=os.environ.get("MODELS_DIR", str(ROOT / "models")),
            RECONCILIATION_API_URL=sandbox,
            RECONCILIATION_API_KEY=RESIDENT_KEY,
            RECONCILIATION_STAFF_API_KEY=STAFF_KEY,
            FLOOD_MESSAGES_PER_MINUTE="1000000",
            LOG_LEVEL="error",
            WORKERS="1",
        )
        meter = Meter()
        driving = _Driving(meter, f"http://127.0.0.1:{port}", messages)
        threading.Thread(target=driving.run, daemon=True).start()
        _serve(meter, engine)
    return _measured(engine, meter, driving)


def _serve(meter: Meter, engine: str) -> None:
    from bot.__main__ import main as command

    if engine == "stock":
        _engage_stock()
    meter.watch(WATCHED)
    with contextlib.redirect_stdout(sys.stderr):
        command(["run"])


def _engage_stock() -> None:
    from bot.dialogue import tensorflow_free

    tensorflow_free.install()
    from benchmarks.stock_engine import WholeTrackerStore, stock_dialogue
    from bot.dialogue.engine import RasaDialogue

    RasaDialogue.load = lambda model: stock_dialogue(model, WholeTrackerStore(None))  # type: ignore


class _Driving:
    """Waits for the product, lets residents talk to it, and ends it."""

    def __init__(self, meter: Meter, url: str, messages: int) -> None:
        self._meter = meter
        self._url = url
        self.messages = messages
        self.clocks: dict[str, int] = {}

    def run(self) -> None:
        """Runs in a thread of its own; sends this process SIGTERM at the end."""
        try:
            _wait_for(f"{self._url}/healthz")
            self._talk("warm", WARM)
            self._meter.start()
            self._talk("measured", self.messages)
            self.clocks = self._meter.stop()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    def _talk(self, name: str, messages: int) -> None:
        talking = multiprocessing.get_context("spawn").Process(target=talk, args=(self._url, name, messages))
        talking.start()
        talking.join()
        if talking.exitcode:
            raise RuntimeError("a message was not answered")


def talk(url: str, name: str, messages: int) -> None:
    """Sends so many messages, of `RESIDENTS` residents at once; raises when one is not answered."""
    asyncio.run(_talk(f"{url}/webhooks/rest/webhook", name, messages))


async def _talk(url: str, name: str, messages: int) -> None:
    numbers = itertools.count(1)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=RESIDENTS)) as session:

        async def one(resident: int) -> None:
            for text in script(resident, seed=len(name)):
                if next(numbers) > messages:
                    return
                body = {"sender": f"{name}-{resident}", "message": text}
                async with session.post(url, json=body) as response:
                    response.raise_for_status()
                    await response.json()

        await asyncio.gather(*map(one, range(RESIDENTS)))


@contextlib.contextmanager
def _sandbox() -> Iterator[str]:
    port = _free_port()
    command = [sys.executable, "-m", "bot.sandbox", "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{port}/v1/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str, seconds: float = 120.0) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError:
            return  # it listens
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _measured(engine: str, meter: Meter, driving: _Driving) -> Measured:
    thread, process = driving.clocks["thread"], driving.clocks["process"]
    spent = dict(meter.nanoseconds)
    spent[LOOP] = thread - sum(spent.values())
    spent[THREADS] = process - thread
    each = {kind: spent.get(kind, 0) / driving.messages / 1000 for kind in KINDS}
    return Measured(engine, each)


def _table(measured: Sequence[Measured]) -> str:
    rows = [["CPU time of a message, ms", *(HEADS[one.engine] for one in measured)]]
    rows.append(["---", *("---:" for _ in measured)])
    for kind in KINDS:
        rows.append([kind, *(f"{one.microseconds[kind] / 1000:.2f}" for one in measured)])
    rows.append(["**together**", *(f"**{one.total / 1000:.2f}**" for one in measured)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _write(table: str, messages: int) -> None:
    """Puts the table into the page between its marks; makes the page when there is none."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    section = "\n".join(
        [
            BEGIN,
            "## Where a message's time goes",
            "",
            f"{messages:,} messages of {RESIDENTS} residents at once through the REST channel, one process,",
            f"SQLite, Python {platform.python_version()}, commit {commit}:",
            "`python -m benchmarks.profile --write`. *Rasa's engine* is its own Agent, processor, dask",
            "runner and RulePolicy in our product, with the same understanding, actions and storage; its",
            "cost grows with the conversation, ours does not.",
            "",
            table,
            END,
        ]
    )
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else f"# Performance\n\n{BEGIN}\n{END}\n"
    before, _, rest = page.partition(BEGIN)
    PAGE.write_text(before + section + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
