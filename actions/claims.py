"""What a resident says of a payment: channel, amount and day, read from one message and checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Optional

from rasa_sdk import Tracker

from actions.base import entities_of, text_of
from actions.serial_number import channel_of, numbers_in
from bot import formats
from bot.dialogue.nlu.amounts import FoundAmount, find_amounts, read_amount
from bot.dialogue.nlu.channels import find_channels
from bot.dialogue.nlu.dates import FoundDate, find_dates
from bot.payments.model import Channel
from bot.turn import Turn

CHANNEL, AMOUNT, DAY = CLAIMS = ("payment_channel", "amount_fen", "paid_on")
"""The slots of what only the resident can say; a serial number may be known from a look-up before."""

LARGEST_FEN = 10_000_000
OLDEST = timedelta(days=3 * 365)

TAKEN_BACK = re.compile(
    r"(?:(?<!是)不是|并非|\bnot\b)(?:(?!\bbut\b|应该|应当)[^，,。；;是])*[，,。；;]?", re.IGNORECASE
)
"""The part of 不是20块，是40块 that no longer holds."""

FILLERS = re.compile(
    r"不对|错了|写错|弄错|更正|应该|好像|大概|差不多|大约|左右|一共|总共|金额|付款|[我是了的吧呢啊付交缴共，,。！!：:]"
    r"|\b(?:no|wrong|sorry|actually|about|around|it was|it is|it's|i paid|paid|the amount)\b",
    re.IGNORECASE,
)
"""Words around a bare number that change nothing in it."""


@dataclass(frozen=True)
class Claim:
    """One value for a slot, or the named response that says why it cannot be taken."""

    slot: str
    value: Any = None
    refusal: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def claims_in(tracker: Tracker, turn: Turn, asked: Optional[str] = None) -> list[Claim]:
    """Every claim of the latest message; `asked` is the slot for which a bare value will do."""
    found = (_channel(tracker), _amount(tracker, asked), _day(tracker, turn, asked))
    return [claim for claim in found if claim is not None]


def written(slot: str, value: Any, turn: Turn) -> str:
    """A claim's value as residents read it."""
    phrases, language = turn.services.phrases, turn.conversation.language
    if slot == CHANNEL:
        return phrases.say(f"utter_channel_{value}", language).text
    if slot == AMOUNT:
        return formats.money(int(value), phrases, language)
    return formats.day(date.fromisoformat(value), phrases, language)


def _channel(tracker: Tracker) -> Optional[Claim]:
    named = list(_named_channels(tracker))
    if named:
        return Claim(CHANNEL, named[-1] if _takes_back(tracker) else named[0])
    told = channel_of(tracker)
    if told and tracker.get_slot(CHANNEL) is None:
        return Claim(CHANNEL, told)
    return None


def _named_channels(tracker: Tracker) -> Iterator[str]:
    known = {channel.value for channel in Channel}
    text = text_of(tracker)
    if text and entities_of(tracker, CHANNEL):
        yield from (found.channel.value for found in find_channels(_standing(text)))
    elif not text:
        yield from (e["value"] for e in entities_of(tracker, CHANNEL) if e["value"] in known)


def _amount(tracker: Tracker, asked: Optional[str]) -> Optional[Claim]:
    found = _stated_amount(tracker, asked)
    if found is None:
        return None
    if found.fen <= 0:
        return Claim(AMOUNT, refusal="utter_amount_not_positive")
    if found.fen > LARGEST_FEN:
        return Claim(AMOUNT, refusal="utter_amount_too_large")
    if found.problem is not None:
        return Claim(AMOUNT, refusal="utter_amount_unreadable")
    return Claim(AMOUNT, found.fen)


def _stated_amount(tracker: Tracker, asked: Optional[str]) -> Optional[FoundAmount]:
    text = _standing(text_of(tracker))
    if entities_of(tracker, "amount"):
        amounts = find_amounts(text)
        return amounts[-1 if _takes_back(tracker) else 0] if amounts else None
    if asked != AMOUNT or numbers_in(tracker):
        return None
    return read_amount(text) or read_amount(FILLERS.sub(" ", text))


def _day(tracker: Tracker, turn: Turn, asked: Optional[str]) -> Optional[Claim]:
    found = _stated_day(tracker, turn, asked)
    if found is None:
        return None
    today = turn.now.date()
    if found.day is None:
        return Claim(DAY, refusal="utter_date_invalid")
    said = {"date": written(DAY, found.day.isoformat(), turn)}
    if found.day > today:
        return Claim(DAY, refusal="utter_date_future", details=said)
    if found.day < today - OLDEST:
        return Claim(DAY, refusal="utter_date_too_old", details={"date": found.day.isoformat()})
    return Claim(DAY, found.day.isoformat())


def _stated_day(tracker: Tracker, turn: Turn, asked: Optional[str]) -> Optional[FoundDate]:
    text = _standing(text_of(tracker))
    if not (entities_of(tracker, "date") or asked == DAY):
        return None
    dates = find_dates(text, turn.now.date())
    return dates[-1 if _takes_back(tracker) else 0] if dates else None


def _standing(text: str) -> str:
    """The text without what it takes back, where anything is left."""
    return TAKEN_BACK.sub(" ", text) if TAKEN_BACK.sub("", text).strip(" ，,。") else text


def _takes_back(tracker: Tracker) -> bool:
    return TAKEN_BACK.search(text_of(tracker)) is not None
