"""A place in the line as residents hear it; the words live in `nlu_data/domain/tickets.yml`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from bot import formats
from bot.phrasebook import Phrases
from bot.tickets.hours import STEP
from bot.tickets.model import Ticket
from bot.tickets.waiting_line import Expected, Place

LONGEST_SPAN = timedelta(hours=2)
"""Longer waits are told by the clock, not in minutes."""


def place_words(ticket: Ticket, place: Place, now: datetime, phrases: Phrases, language: str) -> str:
    """How many are ahead and until when; empty for a ticket that was answered."""
    if ticket.first_replied_at is not None:
        return ""
    told = _Told(now, phrases, language)
    return told.together([told.off_work(place), told.ahead(ticket, place), told.wait(ticket, place)])


def wait_words(ticket: Ticket, place: Place, now: datetime, phrases: Phrases, language: str) -> str:
    """How many are ahead, if any, and until when; for who was told already that the desk is closed."""
    told = _Told(now, phrases, language)
    ahead = told.ahead(ticket, place) if place.ahead or ticket.assignee else ""
    return told.together([ahead, told.wait(ticket, place)])


class _Told:
    """The sentences, in one language, at one moment."""

    def __init__(self, now: datetime, phrases: Phrases, language: str) -> None:
        self._now = now
        self._phrases = phrases
        self._language = language

    def together(self, sentences: Iterable[str]) -> str:
        return ("" if self._language == "zh" else " ").join(one for one in sentences if one)

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
        """When somebody comes; what was promised and not kept is owned up to first."""
        late = ticket.due_at < self._now
        sentences = [self._say("utter_wait_late")] if late else []
        if place.expected is not None:
            sentences.append(self._expected(place.expected, ticket))
        elif not late:
            sentences.append(self._say("utter_wait_promise", when=self._moment(ticket.due_at)))
        return self.together(sentences)

    def _expected(self, expected: Expected, ticket: Ticket) -> str:
        in_one_go = expected.latest - self._now <= expected.longest + STEP
        if not in_one_go or expected.longest > LONGEST_SPAN:
            return self._between(expected.earliest, expected.latest)
        span = self._span(int(expected.shortest.seconds / 60), int(expected.longest.seconds / 60))
        if self._now <= ticket.due_at and expected.latest <= ticket.due_at:
            return self._say("utter_wait_span_promise", span=span, when=self._moment(ticket.due_at))
        return self._say("utter_wait_span", span=span)

    def _between(self, earliest: datetime, latest: datetime) -> str:
        if earliest.date() != latest.date():
            return self._say(
                "utter_wait_between_days", earliest=self._moment(earliest), latest=self._moment(latest)
            )
        first, last = (formats.clock(one, self._phrases, self._language) for one in (earliest, latest))
        day = formats.named_day(earliest, self._now, self._phrases, self._language)
        return self._say("utter_wait_between", day=day, earliest=first, latest=last)

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
