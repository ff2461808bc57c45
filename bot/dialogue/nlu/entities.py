"""The facts in a message: numbers, sums, days and channels, each where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from bot.dialogue.nlu.amounts import find_amounts
from bot.dialogue.nlu.channels import find_channels
from bot.dialogue.nlu.dates import find_dates
from bot.payments.serial_numbers import FoundNumber, NumberKind, find_numbers

Entity = dict[str, Any]

_NAMES = {NumberKind.TICKET: "ticket_number", NumberKind.PHONE: "phone", NumberKind.ID_CARD: "id_card"}
_NO_ENTITY = frozenset({NumberKind.BANK_CARD})
ID_CARD_MARK = "‹id_card›"


def find_entities(text: str, today: date) -> list[Entity]:
    """The entities of `text` in order, never overlapping: numbers win over days, days over sums.

    An identity number is told only by where it stands: its value is a mark.
    """
    found: list[Entity] = []
    taken: list[tuple[int, int]] = []
    for entity in _candidates(text, today):
        span = (entity["start"], entity["end"])
        if all(span[1] <= start or end <= span[0] for start, end in taken):
            taken.append(span)
            if entity["entity"]:
                found.append(entity)
    return sorted(found, key=lambda entity: int(entity["start"]))


def _candidates(text: str, today: date) -> Iterator[Entity]:
    yield from map(_number, find_numbers(text))
    yield from _masked_cards(text)
    for day in find_dates(text, today):
        value = day.day.isoformat() if day.day else None
        yield _entity("date", value, day.start, day.end, problem=day.problem)
    for amount in find_amounts(text):
        yield _entity("amount", amount.fen, amount.start, amount.end, problem=amount.problem)
    for channel in find_channels(text):
        yield _entity("payment_channel", channel.channel.value, channel.start, channel.end)


def _number(number: FoundNumber) -> Entity:
    name = "" if number.kind in _NO_ENTITY else _NAMES.get(number.kind, "serial_number")
    value = ID_CARD_MARK if number.kind is NumberKind.ID_CARD else number.value
    return _entity(name, value, number.start, number.end, kind=number.kind, problem=number.problem)


def _masked_cards(text: str) -> Iterator[Entity]:
    start = text.find(ID_CARD_MARK)
    while start >= 0:
        yield _entity("id_card", ID_CARD_MARK, start, start + len(ID_CARD_MARK))
        start = text.find(ID_CARD_MARK, start + 1)


def _entity(name: str, value: object, start: int, end: int, **extra: Any) -> Entity:
    told = {key: getattr(word, "value", word) for key, word in extra.items() if word is not None}
    return {"entity": name, "value": value, "start": start, "end": end, **told}
