"""Rasa's event classes by name; Rasa walks all of them for each event that it reads."""

from __future__ import annotations

from functools import lru_cache
from typing import Optional

from rasa.shared.core.events import Event
from rasa.shared.utils.common import all_subclasses


@lru_cache(maxsize=1)
def event_classes() -> dict[str, type[Event]]:
    """Rasa's event classes by the names of their types."""
    classes: dict[str, type[Event]] = {}
    for one in all_subclasses(Event):
        classes.setdefault(one.type_name, one)
    return classes


def event_class(type_name: str, default: Optional[type[Event]] = None) -> Optional[type[Event]]:
    """What `Event.resolve_by_type` gives; raises ValueError for an unknown name without a default."""
    found = event_classes().get(type_name)
    if found is None and type_name != "topic":  # Rasa's oldest trackers have events of that name
        found = default
        if default is None:
            raise ValueError(f"Unknown event name '{type_name}'.")
    return found
