"""Rasa's tracker store on our unit of work: events commit with everything else the message changed."""

from __future__ import annotations

from typing import Any, Iterable, Optional

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker

from bot import standalone
from bot.dialogue.event_classes import event_classes
from bot.dialogue.quick_tracker import QuickTracker
from bot.dialogue.session_window import shorten
from bot.privacy import mask_identity
from bot.turn import Turn, current_turn

LONG_SESSION = 150
"""From so many stored events on, a session is stored once more in short, so that it is read quickly."""


class UnitOfWorkTrackerStore(TrackerStore):
    """Reads the latest session's events; stages new ones in the turn's unit of work.

    A conversation's tracker stays in memory between its messages. Each save raises the conversation's
    `dialogue_version`, so a tracker that another process, or an erasure, left behind is read again.

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
                return await self._read(turn, sender_id)
        if turn.tracker is None:
            tracker = self._take(turn) or await self._read(turn, sender_id)
            if tracker is not None:
                shorten(tracker, self.domain.slots)
                turn.stored_events = len(tracker.events)
                self._hold(turn, tracker)
        return turn.tracker

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
            return
        if turn.tracker is None:
            self._hold(turn, tracker)
        self._stage(turn, tracker)

    async def keys(self) -> Iterable[str]:
        """Nothing: conversations are listed by the console, not by Rasa."""
        return []

    def _take(self, turn: Turn) -> Optional[DialogueStateTracker]:
        """The tracker kept in memory, if it is the newest. A turn that fails does not give it back."""
        version, tracker = turn.work.memory.pop(turn.conversation.id, (-1, None))
        return tracker if version == turn.conversation.dialogue_version else None

    def _hold(self, turn: Turn, tracker: DialogueStateTracker) -> None:
        turn.tracker = tracker
        turn.work.after_commit(lambda: self._keep(turn, tracker))

    def _keep(self, turn: Turn, tracker: DialogueStateTracker) -> None:
        version = turn.conversation.dialogue_version + turn.saves
        turn.work.memory[turn.conversation.id] = (version, tracker)

    async def _read(self, turn: Turn, sender_id: str) -> Optional[DialogueStateTracker]:
        stored = await turn.work.tracker_events.latest_session(turn.conversation.id)
        if not stored:
            return None
        tracker = self._tracker(sender_id, stored)
        if len(stored) >= LONG_SESSION:
            shorten(tracker, self.domain.slots)
            short = [_masked(event.as_dict()) for event in tracker.events]
            if len(short) < len(stored):
                turn.work.tracker_events.sum_up(turn.conversation.id, short)
        return tracker

    def _tracker(self, sender_id: str, events: list[dict[str, Any]]) -> DialogueStateTracker:
        return QuickTracker.from_events(sender_id, _events(events), self.domain.slots)

    def init_tracker(self, sender_id: str) -> DialogueStateTracker:
        """A tracker without events."""
        return QuickTracker(sender_id, self.domain.slots)

    def _stage(self, turn: Turn, tracker: DialogueStateTracker) -> None:
        fresh = [_masked(event.as_dict()) for event in list(tracker.events)[turn.stored_events :]]
        if fresh:
            turn.work.tracker_events.add(turn.conversation.id, fresh)
            turn.staged_events += fresh
            turn.saves += 1
        turn.stored_events += len(fresh)


def _events(stored: list[dict[str, Any]]) -> list[Event]:
    """Rasa's events; `Event.from_parameters` would walk all of Rasa's event classes for each one."""
    classes = event_classes()
    found = (classes[event["event"]]._from_parameters(event) for event in stored)
    return [event for event in found if event is not None]


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
