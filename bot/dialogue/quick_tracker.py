"""Rasa's tracker, copied and looked back at without being told its whole story again.

Rasa copies a tracker for every action by applying all its events to a new one, and does the same twice for
every decision, to see each state that the conversation was in. Rules look back a few states at most, and what
a copy comes to is known: it is where this one stands.
"""

from __future__ import annotations

import copy
import dataclasses
from collections import deque
from typing import Any, Optional

from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    DefinePrevUserUtteredFeaturization,
    Event,
    FollowupAction,
    LoopInterrupted,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

STATES = 4
"""How many of the last states are looked at: more than any rule has."""

ORDINARY = frozenset(
    {
        ActionExecuted,
        ActionExecutionRejected,
        ActiveLoop,
        BotUttered,
        DefinePrevUserUtteredFeaturization,
        FollowupAction,
        LoopInterrupted,
        SessionStarted,
        SlotSet,
        UserUttered,
    }
)
"""Events that take nothing back."""


@dataclasses.dataclass
class _Told:
    """How far the events of a tracker were told, and what it looked like before each action."""

    source: deque[Event]
    length: int
    applied: list[Event]
    tracker: DialogueStateTracker
    states: deque[State]

    def is_up_to(self, events: deque[Event]) -> bool:
        """True when nothing was added or taken away since."""
        return self.source is events and self.length == len(events)

    def begins(self, applied: list[Event]) -> bool:
        """True when these applied events go on from there: none of them was taken back."""
        return bool(self.applied) and applied[: len(self.applied)] == self.applied


class QuickTracker(DialogueStateTracker):  # type: ignore[misc]
    """Behaves as DialogueStateTracker does; of past states it gives the last ones only."""

    _told: Optional[_Told] = None

    def copy(self) -> DialogueStateTracker:
        """A tracker with the same events that goes its own way from here."""
        if not self._only_ordinary:
            return super().copy()
        other = object.__new__(QuickTracker)
        other.__dict__.update(self.__dict__)
        other._told = None
        other.events = self.events.copy()
        other.slots = {name: copy.copy(slot) for name, slot in self.slots.items()}
        if self.active_loop is not None:
            other.active_loop = dataclasses.replace(self.active_loop)
        # What comes back from an action is stamped where it is kept.
        other.model_id = other.assistant_id = None
        other.followup_action = _followup(self.events)
        return other

    def past_states(
        self,
        domain: Domain,
        omit_unset_slots: bool = False,
        ignore_rule_only_turns: bool = False,
        rule_only_data: Optional[dict[str, Any]] = None,
    ) -> list[State]:
        """The last states before an action, and the one now; new ones each time, for they get changed."""
        if omit_unset_slots or ignore_rule_only_turns or not self._only_ordinary:
            return list(super().past_states(domain, omit_unset_slots, ignore_rule_only_turns, rule_only_data))
        told = self._told
        if told is None or not told.is_up_to(self.events):
            told = self._told = self._tell(domain)
        now = domain.get_active_state(told.tracker)
        return [{kind: dict(part) for kind, part in state.items()} for state in (*told.states, now)]

    def applied_events(self) -> list[Event]:
        """The events that count."""
        if self._told is not None and self._told.is_up_to(self.events):
            return list(self._told.applied)
        return self._counting() if self._only_ordinary else list(super().applied_events())

    def _counting(self) -> list[Event]:
        """As Rasa finds them: a session's start takes everything back, a form what led to its last turn."""
        forms = {event.name for event in self.events if type(event) is ActiveLoop and event.name}
        applied: list[Event] = []
        for event in self.events:
            kind = type(event)
            if kind is SessionStarted:
                applied = []
            elif (
                kind is ActionExecuted
                and event.action_name in forms
                and not self._first_loop_execution_or_unhappy_path(event.action_name, applied)
            ):
                self._undo_till_previous_loop_execution(event.action_name, applied)
            else:
                applied.append(event)
        return applied

    @property
    def _only_ordinary(self) -> bool:
        return ORDINARY.issuperset(map(type, self.events))

    def _tell(self, domain: Domain) -> _Told:
        """Goes on from where it was told to the last time, or begins again."""
        applied = self.applied_events()
        told = self._told
        if told is None or told.source is not self.events or not told.begins(applied):
            told = _Told(self.events, 0, [], self.init_copy(), deque(maxlen=STATES))
        fresh = applied[len(told.applied) :]
        left = sum(isinstance(event, ActionExecuted) for event in fresh) - STATES
        for event in fresh:
            if type(event) is ActionExecuted:
                left -= 1
                if left < 0:
                    told.states.append(domain.get_active_state(told.tracker))
            event.apply_to(told.tracker)
        told.length, told.applied = len(self.events), applied
        return told


def _followup(events: deque[Event]) -> Optional[str]:
    """The action that the events ask for next."""
    for event in reversed(events):
        if isinstance(event, FollowupAction):
            return str(event.action_name)
        if isinstance(event, (ActionExecuted, UserUttered)):
            return None
        if isinstance(event, SessionStarted):
            break
    return str(ACTION_LISTEN_NAME)
