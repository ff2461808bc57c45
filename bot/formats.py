"""Amounts, days and moments as residents say them; the patterns live in `nlu_data/domain/formats.yml`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Iterable

from bot.clock import SHANGHAI
from bot.phrasebook import Phrases

DAYS_BY_NAME = {
    -1: "utter_moment_yesterday",
    0: "utter_moment_today",
    1: "utter_moment_tomorrow",
    2: "utter_moment_after_tomorrow",
}
PARTS_OF_THE_DAY = (
    (1, "utter_clock_midnight"),
    (6, "utter_clock_night"),
    (12, "utter_clock_morning"),
    (13, "utter_clock_noon"),
    (18, "utter_clock_afternoon"),
    (24, "utter_clock_evening"),
)
"""The hour before which each part ends."""
WEEKDAYS = (
    "utter_weekday_monday",
    "utter_weekday_tuesday",
    "utter_weekday_wednesday",
    "utter_weekday_thursday",
    "utter_weekday_friday",
    "utter_weekday_saturday",
    "utter_weekday_sunday",
)


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
    """A moment in Shanghai, as it is said: 明天上午10点; a day that is not near by its date and weekday."""
    return _on_its_day(value, clock(value, phrases, language), now, phrases, language)


def named_day(value: datetime, now: datetime, phrases: Phrases, language: str) -> str:
    """The day of a moment in Shanghai, without its time: 明天."""
    return _on_its_day(value, "", now, phrases, language)


def _on_its_day(value: datetime, time: str, now: datetime, phrases: Phrases, language: str) -> str:
    local, today = value.astimezone(SHANGHAI), now.astimezone(SHANGHAI).date()
    name = DAYS_BY_NAME.get((local.date() - today).days, "utter_moment")
    return phrases.say(
        name,
        language,
        time=time,
        weekday=phrases.say(WEEKDAYS[local.weekday()], language).text,
        **_day_parts(local.date()),
    ).text


def listed(words: Iterable[str], phrases: Phrases, language: str) -> str:
    """Words in a row."""
    comma = phrases.say("utter_list_comma", language).text or ","
    return (comma if language == "zh" else comma + " ").join(words)


def clock(value: datetime, phrases: Phrases, language: str) -> str:
    """The time of day in Shanghai, without the day: 上午10点."""
    local = value.astimezone(SHANGHAI)
    name = next(name for before, name in PARTS_OF_THE_DAY if local.hour < before)
    minutes = ""
    if local.minute:
        half = "utter_clock_half" if local.minute == 30 else "utter_clock_minutes"
        minutes = phrases.say(half, language, minute=f"{local.minute:02d}").text
    return phrases.say(name, language, hour=local.hour % 12 or 12, minutes=minutes).text


def _day_parts(value: date) -> dict[str, object]:
    return {"month": value.month, "day": value.day, "month_name": value.strftime("%B")}
