"""What we replace of Rasa where it offers no place to put something else; everything else is a subclass.

`OVERRIDES` names each function, why, and the fingerprint of its source as it was when the replacement was
written. A test compares them: when it fails, Rasa has changed underneath, and the replacement has to be read
again. All are in one process only, the one whose `replace` was called.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import rasa
from rasa.core.actions.action import RemoteAction
from rasa.graph_components.providers.domain_provider import DomainProvider
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker

from bot.dialogue.domain_loading import load_domain
from bot.dialogue.event_classes import event_class


@dataclass(frozen=True)
class Override:
    """A function of Rasa's, what stands in for it, and its source as it was then."""

    owner: type
    name: str
    replacement: Any
    fingerprint: str
    """Empty where Rasa has no such function."""
    original: Any = None

    def put(self, function: Any) -> None:
        """Makes the owner use this function."""
        if function is None:
            delattr(self.owner, self.name)
        else:
            setattr(self.owner, self.name, function)


def replace() -> None:
    """Puts the replacements in; a second call changes nothing."""
    for one in OVERRIDES:
        one.put(one.replacement)


def put_back() -> None:
    """Rasa as it is installed, for comparisons with it."""
    for one in OVERRIDES:
        if one.name in vars(one.owner):
            one.put(one.original)


def fingerprint(function: Any) -> str:
    """The source of a function as a short hash; empty for none."""
    if function is None:
        return ""
    source = inspect.getsource(getattr(function, "__func__", function))
    return hashlib.sha256(source.encode()).hexdigest()[:16]


class EventsAsDicts(Sequence[dict[str, Any]]):
    """A tracker's events as an action sees them, each written out when it is looked at."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events

    def __len__(self) -> int:
        return len(self._events)

    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, place: slice) -> "EventsAsDicts": ...

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return EventsAsDicts(self._events[place])
        return self._events[place].as_dict()


def _trust(_self: RemoteAction, _result: dict[str, Any]) -> bool:
    """Actions run in this process, and rasa_sdk's executor has looked at each event."""
    return True


def _call(self: RemoteAction, tracker: DialogueStateTracker, _domain: Domain) -> dict[str, Any]:
    """What an action is called with; never the domain, which ours do not read."""
    loop = tracker.active_loop
    events = tuple(tracker.events)
    return {
        "next_action": self._name,
        "sender_id": tracker.sender_id,
        "tracker": {
            "sender_id": tracker.sender_id,
            "slots": tracker.current_slot_values(),
            "latest_message": tracker._latest_message_data(),
            "latest_event_time": events[-1].timestamp if events else None,
            "followup_action": tracker.followup_action,
            "paused": tracker.is_paused(),
            "events": EventsAsDicts(events),
            "latest_input_channel": tracker.get_latest_input_channel(),
            "active_loop": dict(vars(loop)) if loop else {},
            "latest_action": tracker.latest_action,
            "latest_action_name": tracker.latest_action_name,
        },
        "version": rasa.__version__,
    }


def _copy(slot: Slot) -> Slot:
    other: Slot = object.__new__(type(slot))
    other.__dict__.update(slot.__dict__)
    return other


_LOAD_DOMAIN: Any = classmethod(load_domain)  # type: ignore[arg-type]


def _override(owner: type, name: str, replacement: Any, fingerprint: str) -> Override:
    return Override(owner, name, replacement, fingerprint, vars(owner).get(name))


OVERRIDES = (
    # Half of a restart was Rasa reading one file six times.
    _override(DomainProvider, "load", _LOAD_DOMAIN, "75a21f7228a83368"),
    # It validates the JSON schema itself on every call, and then the answer: 25-60 ms an action.
    _override(RemoteAction, "_validate_action_result", _trust, "f8cdb4be68123961"),
    # It writes out every event of the tracker for an action that mostly looks at none.
    _override(RemoteAction, "_action_call_format", _call, "428795b944f22edb"),
    # It walks all event classes for each event that an action returns.
    _override(Event, "resolve_by_type", staticmethod(event_class), "b5cf570fa7f286c7"),
    # Python's general way to copy takes ten times as long, for each of forty slots a tracker.
    _override(Slot, "__copy__", _copy, ""),
)
