"""Rasa's own engine behind our desk: its Agent, processor, dask runner, RulePolicy and tracker store.

Only in a process of its own: where our engine was loaded, some of Rasa's functions are ours.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Optional

from rasa.core.agent import Agent
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection

from bot.dialogue.engine import RasaDialogue
from bot.dialogue.rule_policy import IndexedRulePolicy
from bot.turn import current_turn


class ActionServer(EndpointConfig):  # type: ignore[misc]
    """What an action server does with a call, as JSON both ways, but in the turn that is going on."""

    def __init__(self) -> None:
        super().__init__(url="http://actions/webhook")
        self._executor = ActionExecutor()
        self._executor.register_package("actions")

    async def request(self, *_: Any, json: Optional[dict[str, Any]] = None, **__: Any) -> Any:  # noqa: A002
        """The action's events and responses; a rejected form is answered by the 400 that Rasa expects."""
        try:
            return _through_json(await self._executor.run(_through_json(json)))
        except ActionExecutionRejection as error:
            said = {"error": error.message, "action_name": error.action_name}
            raise ClientResponseError(400, error.message, _dumped(said)) from error


class Store(InMemoryTrackerStore):  # type: ignore[misc]
    """Rasa's tracker store; tells the turn what was done in it, as ours does, and forgets no session."""

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain, None)
        self.said: list[dict[str, Any]] = []
        """Every event of the one conversation that is going on."""

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Saves the tracker, which holds the latest session or more."""
        events = [event.as_dict() for event in tracker.events]
        fresh = events[events.index(self.said[-1]) + 1 :] if self.said else events
        turn = current_turn.get()
        assert turn is not None
        turn.staged_events += fresh
        self.said += fresh
        await super().save(tracker)

    def forget(self) -> None:
        """The conversation is over."""
        self.said.clear()
        self.store.clear()


class StockEngine:
    """The desk's dialogue on Rasa's engine, and what it keeps."""

    def __init__(self, model: Path) -> None:
        _become_rule_policy()
        self.store = Store(Domain.empty())
        agent = Agent.load(
            model,
            tracker_store=self.store,
            lock_store=InMemoryLockStore(),
            action_endpoint=ActionServer(),
        )
        self.dialogue = RasaDialogue(agent)


def _become_rule_policy() -> None:
    """Takes away what our policy does otherwise than the one it extends; the model names it by its class."""
    for name in [name for name in vars(IndexedRulePolicy) if not name.startswith("__")]:
        delattr(IndexedRulePolicy, name)


def _through_json(value: Any) -> Any:
    return json.loads(_dumped(value))


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
