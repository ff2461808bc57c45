"""Waiting for a person: the place in line, leaving it, and what was thought of the help."""

from __future__ import annotations

from collections.abc import Iterable

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.base import OFFER, HelpdeskAction, Speaker, back_to_form, choice_of, entities_of
from actions.forms import stop_form
from bot import formats
from bot.tickets.model import Ticket
from bot.tickets.satisfaction import LOW
from bot.tickets.wording import place_words
from bot.turn import Turn

PLACE, LEAVE, LEAVE_NOW, STAY = "place", "leave_line", "leave_now", "stay"
RATE = "rate_"
NO_WORDS = frozenset({"no_words", "rating_done"})


class LeaveLine(HelpdeskAction):
    """Ends what the resident no longer waits for; the bot serves again."""

    def name(self) -> str:
        return "action_leave_line"

    async def act(self, speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
        left = await turn.services.tickets.leave(turn.work, turn.conversation)
        if left:
            speaker.say("utter_left_line", numbers=_numbers(left, speaker, turn))
        else:
            speaker.say("utter_not_in_line")
        return back_to_form(speaker, tracker)


async def say_place(speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
    """Says how many are ahead and how long it takes, for each ticket that waits for an answer."""
    waiting = await turn.services.tickets.in_line(turn.work, turn.conversation)
    for ticket in waiting:
        ticket = await turn.services.tickets.heard(turn.work, ticket, turn.words)
        speaker.say("utter_place", number=ticket.number, place=await place_of(ticket, speaker, turn))
    if not waiting:
        in_hand = await turn.services.tickets.may_leave(turn.work, turn.conversation)
        for ticket in in_hand:
            speaker.say("utter_ticket_in_hand", number=ticket.number)
        if not in_hand:
            speaker.say("utter_not_in_line")
    return back_to_form(speaker, tracker)


def stay(speaker: Speaker, tracker: Tracker) -> list[EventType]:
    """Stays in the line after all."""
    speaker.say("utter_line_kept")
    return back_to_form(speaker, tracker)


async def ask_to_leave(speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
    """Asks once more before the line is left; who said so twice means it."""
    if tracker.get_slot(OFFER) == LEAVE:
        return [FollowupAction("action_leave_line")]
    leaving = await turn.services.tickets.may_leave(turn.work, turn.conversation)
    if not leaving:
        speaker.say("utter_not_in_line")
        return back_to_form(speaker, tracker)
    speaker.say("utter_confirm_leave", numbers=_numbers(leaving, speaker, turn))
    # A form would ask its own question at once, and a yes would answer that.
    return [*stop_form(), SlotSet(OFFER, LEAVE)]


async def rate(speaker: Speaker, tracker: Tracker, turn: Turn) -> list[EventType]:
    """Keeps a score and invites a word; a low one is offered a person."""
    number = str(entities_of(tracker, "ticket_number")[0]["value"])
    score = int(str(choice_of(tracker)).removeprefix(RATE))
    if not await turn.services.satisfaction.rate(turn.work, turn.conversation, number, score):
        speaker.say("utter_rating_over")
    else:
        speaker.say("utter_rated_low" if score <= LOW else "utter_rated", number=number)
    return back_to_form(speaker, tracker)


async def place_of(ticket: Ticket, speaker: Speaker, turn: Turn) -> str:
    """A ticket's place in the line, in words."""
    place = await turn.services.tickets.place_of(turn.work, ticket)
    return place_words(ticket, place, turn.now, turn.services.phrases, speaker.language)


def _numbers(tickets: Iterable[Ticket], speaker: Speaker, turn: Turn) -> str:
    return formats.listed((one.number for one in tickets), turn.services.phrases, speaker.language)
