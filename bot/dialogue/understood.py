"""What one message was taken for and what was done about it, read off the events that it left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from bot.messages import Understood

LOOKED_UP = "looked_up"
FOUND = ("state", "reason", "system")
"""What is kept of a look-up; its details are for the payer only."""

INNER = ("action_listen", "action_session_start", "action_extract_slots", "action_offer_resume")
ASKING = ("utter_", "validate_", "action_ask_")
"""How actions begin that only speak: what they said is the next line."""


def understood_of(events: Sequence[Mapping[str, Any]]) -> Optional[Understood]:
    """What the last message among Rasa's events was understood as; None without a message."""
    places = [place for place, event in enumerate(events) if event.get("event") == "user"]
    if not places:
        return None
    message, after = events[places[-1]], events[places[-1] + 1 :]
    intent = (message.get("parse_data") or {}).get("intent") or {}
    return Understood(
        intent=str(intent.get("name") or ""),
        confidence=round(float(intent.get("confidence") or 0.0), 3),
        did=tuple(dict.fromkeys(name for event in after if (name := _action(event)))),
        found=_found(after),
    )


def _action(event: Mapping[str, Any]) -> Optional[str]:
    if event.get("event") != "action":
        return None
    name = str(event.get("name"))
    return None if name in INNER or name.startswith(ASKING) else name


def _found(events: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    for event in reversed(events):
        if event.get("event") == "slot" and event.get("name") == LOOKED_UP and event.get("value"):
            return {name: str(event["value"][name]) for name in FOUND if event["value"].get(name)}
    return {}
