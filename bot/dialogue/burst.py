"""Which messages of a burst are one matter: a story in pieces, or one request said in several ways.

Pieces are read badly by themselves ("20块" sounds like a question about an amount), so only what clearly asks
for something keeps two messages apart; and the whole must still be read as what was asked.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from bot.dialogue.nlu.second_request import ASKED
from bot.folding import joined

Parse = Callable[[str], Awaitable[Mapping[str, Any]]]

QUESTION = "faq_"
LOOK_UP = "query_status"
SAME_AS = {"provide_serial": LOOK_UP}
ANSWERS = frozenset({"affirm", "deny"})
"""What answers a question of ours; nobody can tell which, once it is part of a story."""

DONE_AT_A_WORD = frozenset(
    {
        "check_receipt",
        "complain",
        "my_data",
        "request_human",
        "request_reconciliation",
        "switch_language",
        "ticket_status",
        "unwatch_payment",
        "watch_payment",
    }
)
"""Requests that need no mark of a question to be meant."""

NUMBERS = frozenset({"serial_number", "ticket_number"})
SURE = 0.8
SURE_ENOUGH = 0.6

VAGUE = re.compile(
    r"怎么回事|咋回事|怎么办|咋办|怎么了|咋了|什么情况|啥情况|什么意思|为什么|为啥|"
    r"what(?:'s| is)? (?:going on|wrong|happening)|why|help",
    re.IGNORECASE,
)
"""Asks about whatever the story tells."""

_FILLING = re.compile(r"[\s\W这那到底究竟是呢啊呀吧了]+")
_BARE = re.compile(r"[\d\s.,，。:：\-/xX]{1,10}")
"""A short number by itself answers something."""


@dataclass(frozen=True)
class Piece:
    """What one message was read as."""

    text: str
    intent: str
    sureness: float
    numbers: frozenset[str]

    @property
    def answers(self) -> bool:
        """True for a yes, a no or a short number."""
        return _BARE.fullmatch(self.text) is not None or (self.intent in ANSWERS and self.sureness >= SURE)

    @property
    def asks_for(self) -> Optional[str]:
        """The intent that it clearly asks for by itself, or None."""
        if self.intent in DONE_AT_A_WORD:
            return self.intent if self.sureness >= SURE else None
        if self.intent == LOOK_UP and self.numbers:
            return LOOK_UP
        asks = ASKED.search(self.text) and _FILLING.sub("", VAGUE.sub("", self.text))
        known = self.intent == LOOK_UP or self.intent.startswith(QUESTION)
        return self.intent if asks and known and self.sureness >= SURE_ENOUGH else None


async def one_matter(texts: Sequence[str], parse: Parse) -> int:
    """How many of the texts, from the first on, are one matter; at least one."""
    pieces = [await _piece(texts[0], parse)]
    for text in texts[1:]:
        pieces.append(await _piece(text, parse))
        if not _agree(pieces):
            pieces.pop()
            break
    if len(pieces) > 1 and not await _is_understood(pieces, parse):
        return 1
    return len(pieces)


def _agree(pieces: Sequence[Piece]) -> bool:
    numbers = frozenset().union(*(piece.numbers for piece in pieces))
    return (
        not any(piece.answers for piece in pieces)
        and len(numbers) < 2
        and len({piece.asks_for for piece in pieces} - {None}) < 2
    )


async def _is_understood(pieces: Sequence[Piece], parse: Parse) -> bool:
    """True when the whole is read as what one of the pieces asks for, or none asks for anything."""
    asked = next((piece.asks_for for piece in pieces if piece.asks_for), None)
    if asked is None:
        return True
    whole = await _piece(joined([piece.text for piece in pieces]), parse)
    another_reading = whole.intent.startswith(QUESTION) and whole.intent in {one.intent for one in pieces}
    return whole.intent == asked or (asked.startswith(QUESTION) and another_reading)


async def _piece(text: str, parse: Parse) -> Piece:
    await asyncio.sleep(0)  # others have their turn between two readings
    parsed = await parse(text)
    intent = str(parsed["intent"]["name"])
    numbers = (str(one["value"]) for one in parsed["entities"] if one["entity"] in NUMBERS)
    return Piece(
        text=text,
        intent=SAME_AS.get(intent, intent),
        sureness=float(parsed["intent"]["confidence"]),
        numbers=frozenset(numbers),
    )
