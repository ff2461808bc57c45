"""What a message means because of where the resident stands: in line for a person, after a resolved ticket,
after a score was asked for.

Set phrases are taken by their words, and only where the ticket is really there; all else goes its usual way.
"""

from __future__ import annotations

import dataclasses
import json
import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Optional

from bot.dialogue.set_phrases import asks_place, leaves, says_unsolved, stays
from bot.messages import Button, ConversationStatus, Reply, Understood
from bot.payments.serial_numbers import NumberKind, find_numbers, usable_for_lookup
from bot.tickets.model import HandoffReason, Ticket
from bot.tickets.satisfaction import LOW
from bot.tickets.tone import Tone, tones_of
from bot.tickets.wording import place_words
from bot.turn import Turn

Parse = Callable[[str], Awaitable[Mapping[str, Any]]]
Awaiting = Callable[[Turn], Awaitable[Optional[str]]]
"""The slot that a form asks for, or None."""

LEAVE = '/ticket_status{"choice": "leave_line"}'
PLACE = '/ticket_status{"choice": "place"}'
STAY = '"choice": "stay"'
NO_WORDS = '"choice": "no_words"'
RATE = re.compile(r'"choice": "rate_([1-5])"')

LONGEST = 60
"""Characters of a message taken by its words; of a longer one only what says that nothing is solved."""

SCORE = re.compile(r"(?:打|给|评)?(?:个)?([1-5一二两三四五])(?:分|星|颗星|points?|stars?)?")
DIGITS = {"一": "1", "二": "2", "两": "2", "三": "3", "四": "4", "五": "5"}
QUESTION = re.compile(
    r"[?？]|吗|怎么|怎样|为什么|多久|几时|哪里|\b(?:how|why|when|where|what|which|who)\b", re.IGNORECASE
)
YES_NO = frozenset({"affirm", "deny"})
TALK = frozenset({"complain", "goodbye", "greet", "nlu_fallback", "out_of_scope", "thanks"})
"""Intents of a sentence that only comments."""
SURE = 0.8
MAY_BE_ABOUT_IT = frozenset(
    {
        "check_receipt",
        "faq_unresolved",
        "faq_why_unreconciled",
        "nlu_fallback",
        "provide_serial",
        "query_status",
    }
)
"""Intents of a message that may mean a ticket resolved lately; the others are courtesies or a new matter."""

REMIND_EVERY = timedelta(minutes=15)
TOLD_ALREADY = frozenset({"ticket_status", "request_human", "complain"})


class Standing:
    """Reads messages in the light of the resident's tickets; staged in the turn, like everything else."""

    def __init__(self, parse: Parse, awaiting: Awaiting) -> None:
        self._parse = parse
        self._awaiting = awaiting

    async def meant(self, turn: Turn, text: str) -> str:
        """The button's payload that the words stand for here, or the words themselves."""
        if text.startswith("/"):
            return text
        if len(text) > LONGEST or find_numbers(text):
            return await self._unsolved(turn, text)
        tickets, conversation = turn.services.tickets, turn.conversation
        if (score := _score(text, conversation.offered)) and await self._awaiting(turn) is None:
            return score
        if leaves(text) and await tickets.may_leave(turn.work, conversation):
            return LEAVE
        if stays(text) and (button := _offered(STAY, conversation.offered)):
            return button.payload
        if _offered(NO_WORDS, conversation.offered) and (said := await self._yes_or_no(text)):
            return conversation.offered[0 if said == "affirm" else -1].payload
        if asks_place(text) and await tickets.may_leave(turn.work, conversation):
            return PLACE
        return await self._unsolved(turn, text)

    async def _unsolved(self, turn: Turn, text: str) -> str:
        """The way back to a ticket that was resolved lately, when that is what the words say."""
        if not says_unsolved(text):
            return text
        resolved = await turn.services.tickets.lately_resolved(turn.work, turn.conversation)
        if resolved is None or _names_another(text, resolved) or await self._awaiting(turn) is not None:
            return text
        return unresolved(resolved, _payment_in(text))

    async def offering(self, turn: Turn, text: str, replies: list[Reply]) -> list[Reply]:
        """The replies with one more button, the way back to a ticket resolved lately, once a resolution.

        Not beside courtesies and new matters: those say nothing about whether it was solved.
        """
        understood, conversation = turn.understood, turn.conversation
        if text.startswith("/") or not replies or conversation.status is not ConversationStatus.WITH_BOT:
            return replies
        if understood is None or understood.intent not in MAY_BE_ABOUT_IT:
            return replies
        resolved = await turn.services.tickets.lately_resolved(turn.work, conversation)
        if resolved is None or _names_another(text, resolved):
            return replies
        if not await turn.services.tickets.offers_to_reopen(turn.work, resolved):
            return replies
        title = turn.services.phrases.say("utter_button_reopen", conversation.language).text
        return _with_button(replies, Button(title, unresolved(resolved)))

    async def comment(self, turn: Turn, text: str) -> list[Reply]:
        """The thanks for a word beside a score; nothing when the message is something else."""
        button = _offered(NO_WORDS, turn.conversation.offered)
        if button is None or text.startswith("/") or not await self._is_comment(text):
            return []
        number = _ticket_number(button)
        satisfaction, conversation = turn.services.satisfaction, turn.conversation
        if not await satisfaction.add_words(turn.work, conversation, number, text):
            return []
        rating = await turn.work.ratings.of(number)
        low = rating is not None and rating.score is not None and rating.score <= LOW
        name = "utter_rated_words_low" if low else "utter_rated_words"
        return [turn.services.phrases.say(name, conversation.language)]

    async def reminder(self, turn: Turn, understood: Optional[Understood]) -> list[Reply]:
        """The place in line, said beside another answer at most once in `REMIND_EVERY`, in working hours."""
        conversation = turn.conversation
        if conversation.status is not ConversationStatus.WAITING_FOR_AGENT:
            return []
        if understood is None or understood.intent in TOLD_ALREADY:
            return []
        waiting = await turn.services.tickets.in_line(turn.work, conversation)
        if not waiting or not _is_time(waiting[0].created_at, conversation.last_message_at, turn.now):
            return []
        place = await turn.services.tickets.place_of(turn.work, waiting[0])
        if place.opens_at is not None or await self._awaiting(turn) is not None:
            return []
        phrases, language = turn.services.phrases, conversation.language
        words = place_words(waiting[0], place, turn.now, phrases, language)
        return [phrases.say("utter_place_reminder", language, place=words)]

    async def _is_comment(self, text: str) -> bool:
        if QUESTION.search(text) or says_unsolved(text):
            return False
        if find_numbers(text) or Tone.COMPLAINT in tones_of(text):
            return False
        intent, sure = await self._understood(text)
        return not sure or intent in TALK or intent.startswith("faq_")

    async def _yes_or_no(self, text: str) -> Optional[str]:
        """The intent of a clear yes or no, or None."""
        intent, sure = await self._understood(text)
        return intent if sure and intent in YES_NO else None

    async def _understood(self, text: str) -> tuple[str, bool]:
        """The intent of a text, and whether that is sure."""
        intent = (await self._parse(text))["intent"]
        return str(intent["name"]), float(intent["confidence"]) >= SURE


def _offered(choice: str, offered: Sequence[Button]) -> Optional[Button]:
    """The button that makes this choice, while it is offered."""
    return next((button for button in offered if choice in button.payload), None)


def _score(text: str, offered: Sequence[Button]) -> Optional[str]:
    """The payload of the score that the words mean, while scores are what is offered."""
    scores = {match[1]: one for one in offered if (match := RATE.search(one.payload))}
    if not scores:
        return None
    said = unicodedata.normalize("NFKC", text).strip(" .。,，!！~").casefold()
    for button in scores.values():
        if said == button.title.partition(" ")[2].casefold():
            return button.payload
    match = SCORE.fullmatch(said)
    return scores[DIGITS.get(match[1], match[1])].payload if match else None


def unresolved(ticket: Ticket, payment: Optional[str] = None) -> str:
    """Asks for a person again on this ticket, whatever payment was talked about since; `payment` is what the
    resident names where the ticket has none."""
    serial = ticket.serial_number or payment
    values = {"choice": HandoffReason.UNRESOLVED.value, "serial_number": serial}
    return "/request_human" + json.dumps({name: value for name, value in values.items() if value})


def _payment_in(text: str) -> Optional[str]:
    return next((one.value for one in find_numbers(text) if usable_for_lookup(one)), None)


def _names_another(text: str, ticket: Ticket) -> bool:
    """True when a text names a payment, or a ticket, that is not this one."""
    named = find_numbers(text)
    other_payment = ticket.serial_number is not None and any(
        usable_for_lookup(one) and one.value != ticket.serial_number for one in named
    )
    other_ticket = any(one.kind is NumberKind.TICKET and one.value != ticket.number for one in named)
    return other_payment or other_ticket


def _with_button(replies: list[Reply], button: Button) -> list[Reply]:
    """The button in the last row that there is: a typed digit means the row shown last, and no other."""
    rows = [place for place, reply in enumerate(replies) if reply.buttons]
    at = rows[-1] if rows else len(replies) - 1
    more = dataclasses.replace(replies[at], buttons=(*replies[at].buttons, button))
    return [*replies[:at], more, *replies[at + 1 :]]


def _ticket_number(button: Button) -> str:
    match = re.search(r'"ticket_number": "(\w+)"', button.payload)
    return match[1] if match else ""


def _is_time(since: datetime, last: datetime, now: datetime) -> bool:
    """True for the first message of each new stretch of waiting."""
    return (now - since) // REMIND_EVERY > max(timedelta(), last - since) // REMIND_EVERY
