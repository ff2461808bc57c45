"""What is said when the reconciliation system cannot be asked: each trouble by its own name."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.base import LOOKED_UP, Speaker
from actions.handoff import open_ticket
from actions.serial_number import SLOT as SERIAL
from bot import formats
from bot.errors import (
    AccessRefused,
    HelpdeskError,
    MalformedAnswer,
    NotFound,
    RateLimited,
    Slow,
    Unavailable,
    UnderMaintenance,
)
from bot.messages import Button
from bot.tickets.model import HandoffReason
from bot.turn import Turn

TROUBLE = (Unavailable, Slow, UnderMaintenance, RateLimited, AccessRefused, MalformedAnswer)

WORDS: dict[type[HelpdeskError], str] = {
    Unavailable: "utter_api_down",
    Slow: "utter_api_slow",
    RateLimited: "utter_api_busy",
    AccessRefused: "utter_api_refused",
    MalformedAnswer: "utter_api_malformed",
    NotFound: "utter_not_found",
}

LASTING = (Unavailable, AccessRefused, MalformedAnswer)
"""Troubles that a resident cannot simply wait out: a person is told at once."""


async def say_trouble(
    error: HelpdeskError, speaker: Speaker, tracker: Tracker, turn: Turn
) -> list[EventType]:
    """Says what is wrong; with a trouble that lasts, a ticket remembers the resident's question."""
    checked = {"system": type(error).__name__}
    if isinstance(error, UnderMaintenance):
        _say_maintenance(error, speaker, turn)
    elif isinstance(error, LASTING):
        speaker.say(WORDS[_kind(error)], buttons=_recheck_only(speaker))
        await open_ticket(speaker, tracker, turn, HandoffReason.OUTAGE, found=checked)
    else:
        speaker.say(WORDS[_kind(error)])
    return [SlotSet(LOOKED_UP, {SERIAL: tracker.get_slot(SERIAL), **checked})]


def _kind(error: HelpdeskError) -> type[HelpdeskError]:
    """The branch of the error tree that has words, for a narrower error too."""
    return next(kind for kind in WORDS if isinstance(error, kind))


def _say_maintenance(error: UnderMaintenance, speaker: Speaker, turn: Turn) -> None:
    if error.until is None:
        speaker.say("utter_api_maintenance_open")
        return
    until = formats.moment(error.until, turn.now, turn.services.phrases, speaker.language)
    speaker.say("utter_api_maintenance", until=until)


def _recheck_only(speaker: Speaker) -> list[Button]:
    return [speaker.button("utter_button_recheck", "/query_status")]
