"""A flood: more messages a minute than anybody reads answers to.

Below the limit everything is answered, what belongs together as one (bot/folding.py); it holds up nobody
else, because each conversation waits for itself only. Above the limit words are kept for the transcript and
not answered: one line a minute says so and names the ways out. What must not drown is answered still, up to
twice the limit: a serial number, a pressed button (a person is one press away), the last four that were
asked for.
"""

from __future__ import annotations

from datetime import timedelta

from bot.messages import Accepted
from bot.payments.serial_numbers import find_numbers, usable_for_lookup
from bot.reading import Reading
from bot.turn import Turn

WINDOW = timedelta(minutes=1)
MOST_THAT_MATTERS = 2


class FloodLimit:
    """So many messages a minute are answered in one conversation."""

    def __init__(self, messages_per_minute: int) -> None:
        self._limit = messages_per_minute

    async def leaves_out(self, turn: Turn, accepted: Accepted, matters: bool = False) -> bool:
        """True when a message is not answered because too many came with it."""
        count = accepted.lately
        if count is None:
            since = accepted.received_at - WINDOW
            count = await turn.work.incoming.count_between(accepted.conversation_id, since, accepted.id)
        return count > self._limit * (MOST_THAT_MATTERS if matters else 1)

    def is_time_to_ask(self, turn: Turn, accepted: Accepted) -> bool:
        """True once a minute; the resident is then asked to slow down."""
        asked = turn.conversation.flooded_at
        # Either way: the clock may have been put back since.
        if asked is not None and abs(accepted.received_at - asked) < WINDOW:
            return False
        turn.change_conversation(flooded_at=accepted.received_at)
        return True


def matters(reading: Reading) -> bool:
    """True for what a flood must not drown."""
    text = reading.for_dialogue
    pressed = text.startswith("/")
    return pressed or bool(reading.id_last4) or any(usable_for_lookup(one) for one in find_numbers(text))
