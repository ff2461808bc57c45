"""One run: the bureau, the Bot API double, the product, its residents and its killer."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bot.phrasebook import Phrasebook
from tests.doubles.bot_api import TOKEN, BotApi
from tests.doubles.whole_product import WholeProduct
from tests.faults.bureau import SeparateBureau
from tests.faults.kills import Kills
from tests.faults.ledger import Books, Table, settle
from tests.faults.residents import Crowd
from tests.faults.script import Playwright

LOOK_SECONDS = 0.01
READ_SECONDS = 0.3
"""How often the residents hear which of their messages were answered together."""
STOP_SECONDS = 12.0
FAST = "1000"
"""Messages a second that the double takes; Telegram takes 30, and one of each chat."""


@dataclass(frozen=True)
class Plan:
    """How much of it."""

    residents: int
    messages: int
    kills: int
    seed: int
    minutes: float
    at_once: int


@dataclass(frozen=True)
class Outcome:
    """The table, and what is worth knowing beside it."""

    table: Table
    median_start: float
    stop_seconds: float
    stop_status: int | None
    waiting: list[str]
    """Who waits in vain, for what, and what they heard last."""


def run(plan: Plan) -> Outcome:
    """Plays the plan to its end, or to the end of its time."""
    with tempfile.TemporaryDirectory() as folder, SeparateBureau() as bureau, BotApi() as api:
        product = WholeProduct(
            Path(folder),
            TELEGRAM_BOT_TOKEN=TOKEN,
            TELEGRAM_API_BASE_URL=api.url,
            TELEGRAM_MESSAGES_PER_SECOND=FAST,
            TELEGRAM_CHAT_MESSAGES_PER_SECOND=FAST,
            FLOOD_MESSAGES_PER_MINUTE="1000",
            LOG_LEVEL="warning",
            **bureau.settings,
        )
        with product:
            return _play(plan, product, api, bureau, Path(folder) / "helpdesk.sqlite")


def _play(plan: Plan, product: WholeProduct, api: BotApi, bureau: SeparateBureau, database: Path) -> Outcome:
    dice = Random(plan.seed)
    playwright = Playwright(Phrasebook.load(), dice)
    crowd = Crowd(api, [playwright.write(plan.messages) for _ in range(plan.residents)], plan.at_once)
    planned = sum(len(resident.script.steps) for resident in crowd.residents)
    kills = Kills(product, lambda: crowd.answered, planned, plan.kills, dice)
    began = time.monotonic()
    # Stopping and counting take their share of the minutes.
    deadline = began + plan.minutes * 60 - STOP_SECONDS
    kills.start()
    books = Books(database)
    looked = began
    while not crowd.is_done and time.monotonic() < deadline and kills.broken is None:
        crowd.step()
        if time.monotonic() - looked > READ_SECONDS:
            crowd.learn(books.folded())
            looked = time.monotonic()
        time.sleep(LOOK_SECONDS)
    kills.end()
    if kills.broken is not None:
        raise kills.broken
    stop_seconds = product.stop()
    crowd.listen()
    crowd.learn(books.folded())
    table = settle(
        crowd.residents,
        books,
        len(bureau.requests()),
        kills,
        len(kills.starts),
        time.monotonic() - began,
    )
    starts = sorted(kills.starts)
    return Outcome(
        table,
        starts[len(starts) // 2] if starts else 0.0,
        stop_seconds,
        product.status,
        crowd.waiting(books.fate),
    )
