"""Keeps a tracker short: what a conversation came to, then its last messages.

Rasa walks every event of a session several times a message, so a long conversation becomes a slow one. Its
rules look back one message at most (RulePolicy's ALLOWED_NUMBER_OF_USER_INPUTS), and everything older
matters only through slots and the active form. So older events are replaced by the few that lead there.
"""

from __future__ import annotations

from collections import deque
from typing import Iterable, Sequence

from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    Event,
    LoopInterrupted,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker

MESSAGES = 3
"""How many of the resident's messages stay as they were: one more than any rule or form looks back."""
MESSAGES_MOST = 6
"""With so many it is left alone: to look for the shortest way costs as much as to walk a few more."""


def shorten(tracker: DialogueStateTracker, slots: Iterable[Slot]) -> None:
    """Replaces all but the last messages of the tracker; its state stays as it is."""
    events = list(tracker.events)
    places = [place for place, event in enumerate(events) if isinstance(event, UserUttered)]
    if len(places) <= MESSAGES_MOST:
        return
    cut = places[-MESSAGES]
    tracker.events = deque([*_shortest_way_to(events[:cut], slots), *events[cut:]])


def _shortest_way_to(events: Sequence[Event], slots: Iterable[Slot]) -> list[Event]:
    """The events that bring a new tracker where these bring it, as seen between two messages."""
    tracker = DialogueStateTracker.from_events("", list(events), slots)
    fresh = {slot.name: slot.initial_value for slot in tracker.slots.values()}
    at = events[-1].timestamp
    way: list[Event] = [
        ActionExecuted(ACTION_SESSION_START_NAME, timestamp=at),
        SessionStarted(timestamp=at),
        *(
            SlotSet(name, slot.value, timestamp=at)
            for name, slot in tracker.slots.items()
            if slot.value != fresh[name]
        ),
    ]
    loop = tracker.active_loop
    if loop is not None and loop.name:
        way.append(ActiveLoop(loop.name, timestamp=at))
        if loop.rejected:
            way.append(ActionExecutionRejected(loop.name, timestamp=at))
    way.append(ActionExecuted(ACTION_LISTEN_NAME, timestamp=at))
    if loop is not None and loop.is_interrupted:
        way.append(LoopInterrupted(True, timestamp=at))
    return way
