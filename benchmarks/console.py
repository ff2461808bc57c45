"""How long each page of the console takes on a full database: `python -m benchmarks.console`.

Fills a new SQLite file, and a PostgreSQL server of its own where the binaries are, with tickets, their talks,
logs, tags and words; then asks for every page as an agent's browser would, and prints p50 and p95 in
milliseconds. Exits with 1 when a p95 is over the limit.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import random
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable

from benchmarks.full_console import Office, ticket_number
from bot.clock import SystemClock
from bot.console.model import Role
from bot.logs import configure_logs
from bot.phrasebook import Phrasebook
from bot.storage.tables import agents
from tests.doubles.agent_browser import PASSWORD, Agent
from tests.doubles.web_house import WebHouse, open_web_house
from tests.fakes.postgresql_server import PostgresqlServer, binaries

ME = "agent05"
LIMIT_MS = 150
MARKS = ("<!-- bench-console -->", "<!-- /bench-console -->")
Times = dict[str, tuple[float, float]]
Address = Callable[[random.Random], str]


def pages(tickets: int) -> dict[str, Address]:
    """What is asked for, by name; an address may differ each time."""
    tabs = ("mine", "unassigned", "live", "waiting", "snoozed", "overdue", "resolved", "all")
    found: dict[str, Address] = {f"inbox, {tab}": _fixed(f"/console?tab={tab}") for tab in tabs}
    found |= {
        "inbox, all, page 40": _fixed("/console?tab=all&page=40"),
        "inbox, one channel": _fixed("/console?channel=rest"),
        "inbox, one tag": _fixed("/console?tag=催办"),
        "inbox, the part that refreshes": _fixed("/console/rows"),
        "inbox, nothing new": _fixed("/console/unread"),
    }
    for kind, words in (
        ("in most tickets", "人工"),
        ("a long common word", "居住证工本费"),
        ("a name", "王伟"),
        ("one character", "王"),
        ("two words", "徐家汇派出所 扣了两次"),
        ("five digits", "12345"),
        ("that nobody said", "麒麟"),
    ):
        found[f"search, {kind}: {words}"] = _fixed(f"/console?tab=all&q={words}")
    found["search, a ticket number"] = lambda chance: f"/console?q={_some(chance, tickets)}"
    return found | {
        "ticket": lambda chance: f"/console/tickets/{_some(chance, tickets)}",
        "ticket, what is new": lambda chance: f"/console/tickets/{_some(chance, tickets)}/live",
        "audit": _fixed("/console/audit"),
        "audit, one agent": _fixed(f"/console/audit?actor={ME}"),
        "audit, one action": _fixed("/console/audit?action=ticket_viewed"),
        "audit, one ticket": lambda chance: f"/console/audit?subject={_some(chance, tickets)}",
        "audit, a year ago": _fixed("/console/audit?from=2025-10-01&to=2025-10-02"),
        "alerts": _fixed("/console/alerts"),
        "accounts": _fixed("/console/accounts"),
        "account": _fixed(f"/console/accounts/{ME}"),
        "undelivered": _fixed("/console/deliveries"),
        "canned answers": _fixed("/console/answers"),
        "a canned answer": _fixed("/console/answers/1"),
        "statistics, 30 days": _fixed("/console/dashboard?days=30"),
        "manual reconciliations": _fixed("/console/reconciliations?list=all"),
        "API tokens": _fixed("/console/tokens"),
        "webhooks": _fixed("/console/webhooks"),
    }


def main() -> int:
    """Fills, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--lines", type=int, default=10, help="lines of talk a ticket")
    parser.add_argument("--live", type=float, default=0.03, help="the part of the tickets that is not ended")
    parser.add_argument("--write", type=Path, help="a page to write the table into, between its marks")
    parser.add_argument("--times", type=int, default=40, help="how often each page is asked for")
    arguments = parser.parse_args()
    configure_logs("console", "error")
    measured = {"SQLite": asyncio.run(_on_sqlite(arguments))}
    if (folder := binaries()) is not None:
        measured["PostgreSQL"] = _on_postgresql(PostgresqlServer(folder), arguments)
    day, load = SystemClock().now().date(), os.getloadavg()[2]
    lines = [f"Measured {day}; the machine's load over the last quarter of an hour was {load:.1f}.", ""]
    lines += _table(measured)
    _say("\n".join(lines))
    if arguments.write:
        _write(arguments.write, lines)
    slow = [
        f"{name} ({database})"
        for database, times in measured.items()
        for name, (_, p95) in times.items()
        if p95 > LIMIT_MS
    ]
    if slow:
        _say(f"over {LIMIT_MS} ms: {'; '.join(slow)}")
    return 1 if slow else 0


async def _on_sqlite(arguments: argparse.Namespace) -> Times:
    with TemporaryDirectory() as folder:
        return await _measure("", Path(folder), arguments)


def _on_postgresql(server: PostgresqlServer, arguments: argparse.Namespace) -> Times:
    server.start()
    try:
        with TemporaryDirectory() as folder:
            return asyncio.run(_measure(server.url("postgres"), Path(folder), arguments))
    finally:
        server.stop()


async def _measure(url: str, folder: Path, arguments: argparse.Namespace) -> Times:
    clock: Any = SystemClock()
    house = await open_web_house(folder, clock, Phrasebook.load(), database_url=url)
    started = time.perf_counter()
    await Office(arguments.tickets, arguments.live, arguments.lines, clock.now()).fill(house.engine)
    _say(f"{house.engine.dialect.name}: filled in {time.perf_counter() - started:.0f} s")
    agent = await _logged_in(house)
    # Days that are over are counted in the background.
    await agent.get("/console/dashboard?days=90")
    times = {}
    for name, address in pages(arguments.tickets).items():
        times[name] = await _time(agent, address, arguments.times)
    await agent.web.aclose()
    await house.aclose()
    return times


async def _logged_in(house: WebHouse) -> Agent:
    async with house.work() as work:
        one_time = await house.accounts.reset(work, ME)
        await work.commit()
        account = await work.agents.by_name(ME)
        assert account is not None
        await house.accounts.change_password(work, account, one_time, PASSWORD)
        work.stage_statement(agents.update().where(agents.c.name == ME).values(role=Role.ADMIN.value))
        await work.commit()
    agent = Agent(house)
    await agent.log_in(ME)
    return agent


async def _time(agent: Agent, address: Address, times: int) -> tuple[float, float]:
    """p50 and p95 in ms; the first answer, for which everything is cold, counts too."""
    chance, took = random.Random(7), []
    for _ in range(times):
        asked = address(chance)
        started = time.perf_counter()
        answer = await agent.get(asked)
        took.append((time.perf_counter() - started) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"{asked} answered {answer.status_code}")
    took.sort()
    return took[len(took) // 2], took[math.ceil(len(took) * 0.95) - 1]


def _table(measured: dict[str, Times]) -> list[str]:
    rows = [
        "| page | " + " | ".join(f"{name} p50 | p95" for name in measured) + " |",
        "|---|" + "---:|---:|" * len(measured),
    ]
    for page in next(iter(measured.values())):
        times = " | ".join("{:.0f} | {:.0f}".format(*times[page]) for times in measured.values())
        rows.append(f"| {page} | {times} |")
    return rows


def _write(path: Path, lines: list[str]) -> None:
    """Puts the lines between the marks of a page of the documentation."""
    before, rest = path.read_text(encoding="utf-8").split(MARKS[0])
    _, after = rest.split(MARKS[1])
    path.write_text("\n".join([before + MARKS[0], *lines, MARKS[1] + after]), encoding="utf-8")


def _fixed(address: str) -> Address:
    return lambda _chance: address


def _some(chance: random.Random, tickets: int) -> str:
    return ticket_number(chance.randrange(tickets))


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
