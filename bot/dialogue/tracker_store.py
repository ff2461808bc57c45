"""Rasa's tracker store on our unit of work: events commit with everything else the message changed."""

from __future__ import annotations

from typing import Any, Iterable, Optional

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker

from bot import standalone
from bot.privacy import mask_identity
from bot.turn import Turn, current_turn


class UnitOfWorkTrackerStore(TrackerStore):
    """Reads the latest session's events; stages new ones in the turn's unit of work.

    Outside a turn (Rasa's own servers) each save commits by itself, to the database in DATABASE_URL,
    and texts are masked here because no desk has done it.
    """

    def __init__(
        self, domain: Optional[Domain], event_broker: Optional[EventBroker] = None, **kwargs: Any
    ) -> None:
        super().__init__(domain, event_broker, **kwargs)

    async def retrieve(self, sender_id: str) -> Optional[DialogueStateTracker]:
        """The conversation's tracker with the events of its latest session, or None."""
        turn = current_turn.get()
        if turn is None:
            async with standalone.turn(sender_id) as turn:
                return await self._load(turn, sender_id)
        return await self._load(turn, sender_id)

    async def retrieve_full_tracker(self, conversation_id: str) -> Optional[DialogueStateTracker]:
        """The conversation's tracker with every event, for exports."""
        async with standalone.turn(conversation_id) as turn:
            events = await turn.work.tracker_events.all(turn.conversation.id)
        return self._tracker(conversation_id, events) if events else None

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Stages the events that are not stored yet."""
        turn = current_turn.get()
        if turn is None:
            async with standalone.turn(tracker.sender_id) as turn:
                stored = await turn.work.tracker_events.latest_session(turn.conversation.id)
                turn.stored_events = len(stored)
                self._stage(turn, tracker)
        else:
            self._stage(turn, tracker)

    async def keys(self) -> Iterable[str]:
        """Nothing: conversations are listed by the console, not by Rasa."""
        return []

    async def _load(self, turn: Turn, sender_id: str) -> Optional[DialogueStateTracker]:
        stored = await turn.work.tracker_events.latest_session(turn.conversation.id)
        events = _latest_session([*stored, *turn.staged_events])
        turn.stored_events = len(events)
        return self._tracker(sender_id, events) if events else None

    def _tracker(self, sender_id: str, events: list[dict[str, Any]]) -> DialogueStateTracker:
        return DialogueStateTracker.from_dict(sender_id, events, self.domain.slots)

    def _stage(self, turn: Turn, tracker: DialogueStateTracker) -> None:
        fresh = [_masked(event.as_dict()) for event in list(tracker.events)[turn.stored_events :]]
        turn.work.tracker_events.add(turn.conversation.id, fresh)
        turn.staged_events += fresh
        turn.stored_events += len(fresh)


def _latest_session(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    starts = [place for place, event in enumerate(events) if event.get("event") == "session_started"]
    return events[starts[-1] :] if starts else events


def _masked(event: dict[str, Any]) -> dict[str, Any]:
    """The event without identity numbers; the parse of a message keeps only what the dialogue needs."""
    if event.get("event") != "user":
        return event
    parse = event.get("parse_data") or {}
    kept = {
        "intent": parse.get("intent"),
        "entities": [e for e in parse.get("entities", []) if e.get("entity") not in ("id_card", "phone")],
        "text": mask_identity(parse.get("text") or ""),
        "intent_ranking": (parse.get("intent_ranking") or [])[:3],
    }
    return {**event, "text": mask_identity(event.get("text") or ""), "parse_data": kept}
