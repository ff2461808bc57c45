"""Until when a ticket may be put aside: a few usual moments, or one of the agent's own."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from bot.clock import SHANGHAI
from bot.errors import InvalidInput
from bot.payments.calendar import is_working_day

MORNING = time(9)


def presets(now: datetime) -> dict[str, datetime]:
    """The usual moments by name: in an hour, tomorrow at 9:00, at 9:00 of the next working day (+08:00)."""
    today = now.astimezone(SHANGHAI).date()
    tomorrow = today + timedelta(days=1)
    working = tomorrow
    while not is_working_day(working)[0]:
        working += timedelta(days=1)
    moments = {
        "hour": now + timedelta(hours=1),
        "tomorrow": datetime.combine(tomorrow, MORNING, SHANGHAI),
        "working_day": datetime.combine(working, MORNING, SHANGHAI),
    }
    if moments["working_day"] == moments["tomorrow"]:
        del moments["tomorrow"]
    return moments


def chosen_moment(choice: str, own: str, now: datetime) -> datetime:
    """The moment that a form names, `own` as YYYY-MM-DDTHH:MM in Shanghai.

    Raises InvalidInput("bad_moment").
    """
    if choice in (known := presets(now)):
        return known[choice]
    try:
        return datetime.strptime(own.strip(), "%Y-%m-%dT%H:%M").replace(tzinfo=SHANGHAI)
    except ValueError:
        raise InvalidInput("bad_moment") from None
