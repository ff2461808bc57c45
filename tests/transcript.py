"""Writes docs/transcript.md: one resident's way from the first question to a resolved ticket.

Run by `make transcript`. It starts the product, talks over the REST channel and then over Telegram (a Bot API
double), and writes down what was said. Nothing is edited by hand; random numbers and times are as they fell.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.doubles.bot_api import TOKEN, BotApi
from tests.doubles.whole_product import ROOT, Agent, WholeProduct

TARGET = ROOT / "docs" / "transcript.md"
CHAT = 4711

FAQ = "钱已经扣了，为什么还显示没缴"
RECEIPT = ["帮我核对凭证", "微信", "4200 0026 1120 2611 2000 0000 0101", "20", "11月20号", "不对，金额是40块"]
STATES = ["2026111222001400000000000302", "4200002611202611120000000303", "2026111722001400000000000207"]
OWNERSHIP = ['/query_status{"choice": "details"}', "1111", "018X"]
OUTAGE_NUMBER = "2026112022001400000000000103"
REPLY = "您好，我看过了：这笔付款通知没有到，账单里已经有了，今天就能补上。您不用再付。"

Talk = Callable[[str], list[str]]


def main() -> None:
    """Writes the file."""
    parts = [__doc__ or "", ""]
    with tempfile.TemporaryDirectory() as folder, BotApi() as api:
        product = WholeProduct(
            Path(folder),
            TELEGRAM_BOT_TOKEN=TOKEN,
            TELEGRAM_API_BASE_URL=api.url,
            WORK_FROM="08:30",
            WORK_UNTIL="17:30",
        )
        with product:
            agent = Agent(product)
            agent.set_up(product.setup_link)
            parts += _walk("REST channel", _over_rest(product), product, agent, lambda: _rest_pushes(product))
            telegram = _Telegram(api)
            parts += _walk("Telegram", telegram.say, product, agent, telegram.more)
    TARGET.write_text("# Transcript\n\n" + "\n".join(parts).strip() + "\n", encoding="utf-8")


def _walk(
    title: str, talk: Talk, product: WholeProduct, agent: Agent, pushes: Callable[[], list[str]]
) -> list[str]:
    page = [f"## {title}", ""]

    def say(heading: str, *messages: str) -> list[str]:
        page.extend([f"### {heading}", ""])
        heard: list[str] = []
        for message in messages:
            heard = talk(message)
            page.extend([f"**Resident:** `{message}`", "", *heard, ""])
        return heard

    say("A question", FAQ)
    say("The receipt, with a correction", *RECEIPT)
    say("Three states", *STATES)
    say("Details only for the payer", *OWNERSHIP)
    product.sandbox("POST", "/faults", {"outage": "unavailable"})
    heard = say("The reconciliation system is down", OUTAGE_NUMBER)
    product.sandbox("DELETE", "/faults")
    number = _ticket_number(heard)
    say("The ticket", "我的工单")
    page.extend(["### The agent answers from the console", ""])
    agent.act(number, "claim")
    agent.act(number, "reply", text=REPLY)
    page.extend([*pushes(), ""])
    say("The bot is silent now", "谢谢侬")
    page.extend(["### The agent resolves it", ""])
    agent.act(number, "resolve", note="补单", cause="callback_lost")
    page.extend([*pushes(), ""])
    say("The bot is back", "我的工单")
    return page


def _over_rest(product: WholeProduct) -> Talk:
    def say(message: str) -> list[str]:
        replies = product.says("transcript", message)
        return [_line("Bot", r["text"], [b["title"] for b in r.get("buttons", [])]) for r in replies]

    return say


_seen = {"cursor": 0}


def _rest_pushes(product: WholeProduct) -> list[str]:
    address = f"{product.url}/conversations/transcript/messages"
    lines: list[dict[str, Any]] = []
    while True:
        page = httpx.get(address, params={"after": _seen["cursor"]}).json()
        if not page["messages"]:
            break
        lines += page["messages"]
        _seen["cursor"] = page["cursor"]
    last_said = max(i for i, line in enumerate(lines) if line["author"] in ("resident", "bot"))
    return [_line(line["author"].title(), line["text"], []) for line in lines[last_said + 1 :]]


class _Telegram:
    """The same resident on Telegram."""

    def __init__(self, api: BotApi) -> None:
        self._api = api
        self._read = 0

    def say(self, message: str) -> list[str]:
        self._api.say(CHAT, message) if not message.startswith("/") else self._press(message)
        return self.more()

    def more(self) -> list[str]:
        """What arrived since, once it is quiet."""
        quiet_since, known = time.monotonic(), self._count()
        while time.monotonic() - quiet_since < 2.5:
            time.sleep(0.05)
            if self._count() != known:
                quiet_since, known = time.monotonic(), self._count()
        sent = self._api.replies(CHAT)[self._read :]
        self._read += len(sent)
        return [_line("Bot", one.text, one.titles) for one in sent]

    def _count(self) -> int:
        return len(self._api.replies(CHAT))

    def _press(self, payload: str) -> None:
        # On Telegram a payload is behind a button: press the one that leads to the details.
        last = next(s for s in reversed(self._api.replies(CHAT)) if any("明细" in t for t in s.titles))
        place = next(i for i, title in enumerate(last.titles) if "明细" in title)
        self._api.press(CHAT, last.message_id, *_row_and_column(last, place))


def _row_and_column(sent: Any, place: int) -> tuple[int, int]:
    for row, buttons in enumerate(sent.keyboard):
        if place < len(buttons):
            return row, place
        place -= len(buttons)
    raise AssertionError("no such button")


def _ticket_number(heard: list[str]) -> str:
    found = re.search(r"GD\d{12}", "\n".join(heard))
    assert found, heard
    return found[0]


def _line(who: str, text: str, titles: list[str]) -> str:
    shown = text.replace("\n", "  \n> ")
    buttons = "  \n> " + " ".join(f"［{i}. {t}］" for i, t in enumerate(titles, 1)) if titles else ""
    return f"> **{who}:** {shown}{buttons}\n"


if __name__ == "__main__":
    main()
