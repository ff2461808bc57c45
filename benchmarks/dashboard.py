"""How long the dashboard takes on a full database: `python -m benchmarks.dashboard [--url postgresql://…]`.

Fills an empty database with cases, messages and their log over half a year, then measures the first count of
everything (what the background does once), and a view of 90 days beside the 90 before.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Awaitable, Callable, Iterator

from bot.clock import SystemClock
from bot.settings import load_settings
from bot.statistics.model import Days
from bot.statistics.service import StatisticsService
from bot.storage import tables
from bot.storage.database import Database, migrate, open_database
from bot.storage.unit_of_work import UnitOfWorkFactory
from bot.tickets.hours import WorkingHours

SPAN = timedelta(days=180)
AT_ONCE = 5000
REASONS = ("customer_request", "misunderstood", "overdue", "complaint", "not_found", "mismatch")
PRIORITIES = ("low", "normal", "normal", "high", "urgent")
CAUSES = ("awaiting_statement", "callback_lost", "info_mismatch", "question_answered", "other")
INTENTS = ("query_status", "faq_how_long", "faq_why_unreconciled", "provide_serial", "thanks", None)
CHANNELS = ("web", "telegram", "wechat")

Row = dict[str, Any]


def main() -> None:
    """Fills, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="", help="an empty database; a SQLite file of its own when left out")
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--messages", type=int, default=1_000_000)
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        url = arguments.url or f"sqlite+aiosqlite:///{Path(folder) / 'full.sqlite'}"
        asyncio.run(
            measure(load_settings(database_url=url).database_url, arguments.tickets, arguments.messages)
        )


async def measure(url: str, tickets: int, messages: int) -> None:
    """Prints seconds a step."""
    engine = open_database(url)
    await migrate(engine)
    await said("fill", lambda: fill(engine, tickets, messages))
    clock = SystemClock()
    settings = load_settings()
    hours = WorkingHours(settings.work_from, settings.work_until)
    service = StatisticsService(UnitOfWorkFactory(engine), clock, hours, timedelta(hours=1))
    await said("first count of every day", service.keep_up)
    for count in (1, 7, 30, 90):
        days = Days.until(service.today(), count)
        await service.figures(days)
        times = [await timed(lambda days=days: service.figures(days)) for _ in range(5)]
        sys.stdout.write(f"view of {count:>3} days       {sorted(times)[2]:8.3f} s (middle of 5)\n")
    await engine.dispose()


async def said(what: str, step: Callable[[], Awaitable[Any]]) -> None:
    sys.stdout.write(f"{what:<26}{await timed(step):8.3f} s\n")
    sys.stdout.flush()


async def timed(step: Callable[[], Awaitable[Any]]) -> float:
    started = time.perf_counter()
    await step()
    return time.perf_counter() - started


async def fill(engine: Database, tickets: int, messages: int) -> None:
    """The same data each time, apart from today's date."""
    dice = random.Random(5)  # noqa: S311
    now = SystemClock().now()
    contacts = tickets + messages // 20
    await insert(engine, tables.conversations, conversations(contacts, now, dice))
    await insert(engine, tables.incoming, incoming(messages, contacts, now, dice))
    cases = list(tickets_of(tickets, now, dice))
    await insert(engine, tables.tickets, iter(cases))
    await insert(engine, tables.ticket_notes, notes(cases))
    await insert(engine, tables.ratings, ratings(cases, dice))
    await insert(engine, tables.misunderstandings, misunderstandings(messages // 50, now, dice))
    async with engine.execution_options(writes=True).begin() as connection:
        await connection.exec_driver_sql("ANALYZE")


async def insert(engine: Database, table: Any, rows: Iterator[Row]) -> None:
    """In pieces, so that half a year fits into memory."""
    piece: list[Row] = []
    async with engine.execution_options(writes=True).begin() as connection:
        for row in rows:
            piece.append(row)
            if len(piece) == AT_ONCE:
                await connection.execute(table.insert(), piece)
                piece = []
        if piece:
            await connection.execute(table.insert(), piece)


def conversations(count: int, now: datetime, dice: random.Random) -> Iterator[Row]:
    for number in range(1, count + 1):
        yield {
            "id": number, "channel": dice.choice(CHANNELS), "user_id": f"contact-{number}", "offered": [],
            "status": "with_bot", "language": "en" if dice.random() < 0.05 else "zh",
            "created_at": now - SPAN, "last_message_at": now,
        }  # fmt: skip


def incoming(count: int, contacts: int, now: datetime, dice: random.Random) -> Iterator[Row]:
    number = 0
    while number < count:
        contact, at = dice.randrange(1, contacts + 1), now - SPAN * dice.random()
        for _ in range(min(count - number, dice.choice((1, 2, 3, 4, 5, 8)))):
            number += 1
            yield {
                "conversation_id": contact, "channel": CHANNELS[contact % 3], "message_id": f"m{number}",
                "kind": "text", "text": "我交了钱，怎么还显示未缴费？", "received_at": at, "answered_at": at,
                "intent": dice.choice(INTENTS), "confidence": 0.9,
            }  # fmt: skip
            at = min(now, at + timedelta(seconds=dice.expovariate(1 / 60)))


def tickets_of(count: int, now: datetime, dice: random.Random) -> Iterator[Row]:
    for number in range(1, count + 1):
        opened = now - SPAN * dice.random()
        answered = opened + timedelta(hours=dice.expovariate(1 / 2))
        resolved = answered + timedelta(hours=dice.expovariate(1 / 30))
        done = resolved < now and dice.random() < 0.97
        yield {
            "number": f"GD{number:012d}", "conversation_id": number, "reason": dice.choice(REASONS),
            "status": "resolved" if done else "waiting" if answered < now else "new",
            "priority": dice.choice(PRIORITIES), "serial_number": None, "checked": {},
            "created_at": opened, "updated_at": resolved if done else opened,
            "due_at": opened + timedelta(hours=2), "resolve_by": opened + timedelta(days=2),
            "first_replied_at": answered if answered < now else None, "version": 3,
            "assignee": f"agent{number % 20}", "resolved_at": resolved if done else None,
            "cause": dice.choice(CAUSES) if done else None,
        }  # fmt: skip


def notes(cases: list[Row]) -> Iterator[Row]:
    for case in cases:
        steps = [
            ("opened", "bot", case["created_at"]),
            ("replied", case["assignee"], case["first_replied_at"]),
        ]
        steps += [("resolved", case["assignee"], case["resolved_at"])]
        for action, actor, at in steps:
            if at is not None:
                yield {
                    "ticket_number": case["number"], "at": at, "actor": actor, "action": action,
                    "note": "", "data": {},
                }  # fmt: skip


def ratings(cases: list[Row], dice: random.Random) -> Iterator[Row]:
    for case in cases:
        if case["resolved_at"]:
            score = dice.choice((5, 5, 4, 3, 1, None, None))
            yield {
                "ticket_number": case["number"], "asked_at": case["resolved_at"], "score": score,
                "words": "很快，谢谢" if score == 5 else "",
                "rated_at": case["resolved_at"] if score else None,
            }  # fmt: skip


def misunderstandings(count: int, now: datetime, dice: random.Random) -> Iterator[Row]:
    for _ in range(count):
        yield {
            "conversation_id": None, "text": f"听不懂的话 {dice.randrange(count // 3 + 1)}",
            "guess": "query_status", "runner_up": "faq_how_long", "confidence": 0.3,
            "cause": "below_threshold",
            "at": now - SPAN * dice.random(),
        }  # fmt: skip


if __name__ == "__main__":
    main()
