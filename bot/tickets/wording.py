"""A place in the line as residents hear it; the words live in `nlu_data/domain/tickets.yml`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot import formats
from bot.phrasebook import Phrases
from bot.tickets.model import Ticket
from bot.tickets.waiting_line import STEP, Expected, Place

LONGEST_SPAN = timedelta(hours=2)
"""Longer waits are told by the clock, not in minutes."""


def place_words(ticket: Ticket, place: Place, now: datetime, phrases: Phrases, language: str) -> str:
    """How many are ahead and until when; empty for a ticket that was answered."""
    if ticket.first_replied_at is not None:
        return ""
    told = _Told(now, phrases, language)
    sentences = [told.off_work(place), told.ahead(ticket, place), told.wait(ticket, place)]
    space = "" if language == "zh" else " "
    return space.join(one for one in sentences if one)


def wait_words(ticket: Ticket, place: Place, now: datetime, phrases: Phrases, language: str) -> str:
    """How many are ahead, if any, and until when; for who was told already that the desk is closed."""
    told = _Told(now, phrases, language)
    ahead = told.ahead(ticket, place) if place.ahead or ticket.assignee else ""
    space = "" if language == "zh" else " "
    return space.join(one for one in (ahead, told.wait(ticket, place)) if one)


class _Told:
    """The sentences, in one language, at one moment."""

    def __init__(self, now: datetime, phrases: Phrases, language: str) -> None:
        self._now = now
        self._phrases = phrases
        self._language = language

    def off_work(self, place: Place) -> str:
        if place.opens_at is None:
            return ""
        return self._say("utter_line_closed", opens=self._moment(place.opens_at))

    def ahead(self, ticket: Ticket, place: Place) -> str:
        if ticket.assignee:
            return self._say("utter_line_taken")
        return (
            self._say("utter_line_ahead", ahead=place.ahead) if place.ahead else self._say("utter_line_first")
        )

    def wait(self, ticket: Ticket, place: Place) -> str:
        if place.expected is not None:
            return self._expected(place.expected, ticket)
        if ticket.due_at < self._now:
            return self._say("utter_wait_late")
        return self._say("utter_wait_promise", when=self._moment(ticket.due_at))

    def _expected(self, expected: Expected, ticket: Ticket) -> str:
        in_one_go = expected.latest - self._now <= expected.longest + STEP
        if not in_one_go or expected.longest > LONGEST_SPAN:
            earliest, latest = self._moment(expected.earliest), self._moment(expected.latest)
            return self._say("utter_wait_between", earliest=earliest, latest=latest)
        span = self._span(int(expected.shortest.seconds / 60), int(expected.longest.seconds / 60))
        if self._now <= ticket.due_at and expected.latest <= ticket.due_at:
            return self._say("utter_wait_span_promise", span=span, when=self._moment(ticket.due_at))
        return self._say("utter_wait_span", span=span)

    def _span(self, low: int, high: int) -> str:
        if high <= STEP.seconds // 60:
            return self._say("utter_span_few")
        if low == 0:
            return self._say("utter_span_within", high=high)
        return self._say("utter_span_minutes" if low < high else "utter_span_about", low=low, high=high)

    def _moment(self, moment: datetime) -> str:
        return formats.moment(moment, self._now, self._phrases, self._language)

    def _say(self, name: str, **values: Any) -> str:
        return self._phrases.say(name, self._language, **values).text
