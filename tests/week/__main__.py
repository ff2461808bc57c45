"""`make week`: everybody who waits at the bureau asks, watches and applies; a week passes and is judged."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot.dialogue import tensorflow_free
from bot.logs import configure_logs
from bot.settings import load_settings
from tests.conversations.seeded import SERIAL
from tests.week.judge import Sent, Verdict, Watch, judge
from tests.week.town import START, Town
from tests.week.truth import SETTLED, Truth

if TYPE_CHECKING:
    from bot.dialogue.engine import RasaDialogue

NUMBER = re.compile(r"申请号：(\w+)")
AMOUNT, NAME, UNEXPLAINED = SERIAL["0106"], SERIAL["0105"], SERIAL["0112"]
APPLIES = ("info_mismatch", "amount_mismatch", "duplicate_payment", "entry_error")
ROWS = (
    ("Promises", ("promises made", "promises kept", "promises still open", "promises broken",
                  "broken and apologised for", "broken just now")),
    ("Changes", ("changes expected", "changes told")),
    ("Reminders", ("reminders expected", "reminders sent")),
    ("Requests", ("requests sent", "results expected", "results told")),
    ("Phones", ("pushes sent",)),
    ("Wrong", ("promises not the bureau's", "broken and not apologised for", "pushes missing", "pushes late",
               "pushes twice", "changes told twice", "pushes unexpected", "pushes at night",
               "more than one reminder a day", "results missing or late", "results twice",
               "results unexpected")),
)  # fmt: skip


def main() -> int:
    """Runs the week; 1 when anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.week", description=__doc__)
    parser.add_argument("--days", type=int, default=9)
    parser.add_argument("--tick", type=int, default=10, help="minutes")
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        verdict = asyncio.run(_week(Path(folder), asked.days, asked.tick))
    _show(verdict, asked.days, time.monotonic() - began)
    return 1 if verdict.wrong else 0


async def _week(folder: Path, days: int, minutes: int) -> Verdict:
    async with Town(folder, _dialogue()) as town:
        truth = Truth(town.bureau)
        waiting = [one for one in await town.payments() if one["state"] not in SETTLED]
        await truth.begin([one["serial_number"] for one in waiting], START)
        watches: list[Watch] = []
        requests: list[tuple[str, str]] = []
        for place, payment in enumerate(waiting):
            user, serial = f"resident-{place:02d}", payment["serial_number"]
            await town.says(user, serial)
            await town.says(user, "到账了通知我")
            watches.append(Watch(user, serial, town.clock.now()))
            if payment["state"] == "unreconciled" and payment["reason"] in APPLIES:
                await town.says(user, "帮我申请对账")
                await town.says(user, "好的")
                requests.append((user, serial))
        sent = _sent(town, requests)
        ticks = [START]
        for _ in range(days * 24 * 60 // minutes):
            await _happens(town, ticks[-1], minutes)
            await town.tick(minutes)
            ticks.append(town.clock.now())
            await truth.look(town.clock.now(), tuple(one.request_id for one in sent))
        return judge(truth, ticks, watches, sent, town.phones.heard)


async def _happens(town: Town, at: datetime, minutes: int) -> None:
    """What no clock brings: changes by night, several at once and back again, and a restart."""
    for after, act in (
        (timedelta(days=1, hours=13), lambda: town.force(AMOUNT, "under_review", "amount_mismatch")),
        (timedelta(days=1, hours=17), lambda: town.force(AMOUNT, "refunding")),
        (timedelta(days=2, hours=5), lambda: town.force(UNEXPLAINED, "under_review", "unknown")),
        (timedelta(days=2, hours=14), lambda: town.force(NAME, "under_review", "info_mismatch")),
        (timedelta(days=2, hours=18), lambda: town.force(NAME, "unreconciled", "info_mismatch")),
        (timedelta(days=3, hours=2), town.restart),
    ):
        if at - START <= after < at - START + timedelta(minutes=minutes):
            await act()


def _sent(town: Town, requests: list[tuple[str, str]]) -> list[Sent]:
    sent = []
    for user, _ in requests:
        said = "\n".join(one.text for one in town.phones.heard if one.user == user)
        number = NUMBER.search(said)
        assert number, f"{user} was given no number: {said}"
        sent.append(Sent(user, number.group(1), None))
    return sent


def _dialogue() -> RasaDialogue:
    tensorflow_free.install()
    configure_logs("console", "error")
    from bot.dialogue.engine import RasaDialogue
    from bot.dialogue.training import train

    return RasaDialogue.load(train(load_settings().models_dir))


def _show(verdict: Verdict, days: int, seconds: float) -> None:
    print(f"A week of {days} days from {START:%A %Y-%m-%d %H:%M}, in {seconds:.0f} s")
    for title, names in ROWS:
        print(f"\n{title}")
        for name in names:
            print(f"  {name:32}{verdict.counts[name]:6}")
    for fault in verdict.wrong[:40]:
        print(f"  ! {fault}")


if __name__ == "__main__":
    sys.exit(main())
