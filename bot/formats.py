"""Amounts, days and moments as residents read them; the patterns live in `nlu_data/domain/formats.yml`."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Iterable

from bot.clock import SHANGHAI
from bot.phrasebook import Phrases


def money(fen: int, phrases: Phrases, language: str) -> str:
    """An amount in fen as yuan, without needless zeros: 2000 → 20, 1950 → 19.50."""
    whole, rest = divmod(abs(fen), 100)
    sign = "-" if fen < 0 else ""
    yuan = f"{sign}{whole}.{rest:02d}" if rest else f"{sign}{whole}"
    return phrases.say("utter_money", language, yuan=yuan).text


def day(value: date, phrases: Phrases, language: str) -> str:
    """A day without its year."""
    return phrases.say("utter_day", language, **_day_parts(value)).text


def moment(value: datetime, now: datetime, phrases: Phrases, language: str) -> str:
    """A moment in Shanghai; today and tomorrow by name."""
    local, today = value.astimezone(SHANGHAI), now.astimezone(SHANGHAI).date()
    names = {today: "utter_moment_today", today + timedelta(days=1): "utter_moment_tomorrow"}
    name = names.get(local.date(), "utter_moment")
    return phrases.say(name, language, time=local.strftime("%H:%M"), **_day_parts(local.date())).text


def listed(words: Iterable[str], phrases: Phrases, language: str) -> str:
    """Words in a row."""
    comma = phrases.say("utter_list_comma", language).text or ","
    return (comma if language == "zh" else comma + " ").join(words)


def _day_parts(value: date) -> dict[str, object]:
    return {"month": value.month, "day": value.day, "month_name": value.strftime("%B")}
