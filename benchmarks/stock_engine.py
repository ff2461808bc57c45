"""Rasa's own engine on our trained model, without anything that bot/dialogue makes quicker.

Its Agent, MessageProcessor, dask runner and RulePolicy as they are installed. Understanding, rules and
actions are ours, and actions run in this process: a server of their own is not compared. Where our engine is
loaded beside it, `bot.dialogue.overrides.put_back` has to be called before a message.
"""

from __future__ import annotations

import dataclasses
import logging
import os
from pathlib import Path
from typing import Any, Optional

from rasa.core.agent import Agent
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.policies.rule_policy import RulePolicy
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import InMemoryTrackerStore, TrackerStore
from rasa.engine import loader
from rasa.engine.graph import GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.common import TempDirectoryPath, get_temp_dir_name

from bot.dialogue.action_endpoint import LocalActionEndpoint
from bot.dialogue.engine import RasaDialogue
from bot.dialogue.rule_policy import IndexedRulePolicy
from bot.dialogue.tracker_store import UnitOfWorkTrackerStore
from bot.turn import current_turn


class StockRunner(DaskGraphRunner):
    """Rasa's runner; the model names our policy, which is replaced by the one that it extends."""

    @classmethod
    def create(cls, graph_schema: GraphSchema, *given: Any, **named: Any) -> "StockRunner":
        """The runner of a loaded model."""
        nodes = {
            name: dataclasses.replace(node, uses=RulePolicy) if node.uses is IndexedRulePolicy else node
            for name, node in graph_schema.nodes.items()
        }
        return super().create(GraphSchema(nodes), *given, **named)


class StockProcessor(MessageProcessor):
    """Rasa's processor on that runner."""

    @staticmethod
    def _load_model(model_path: Any) -> Any:
        with TempDirectoryPath(get_temp_dir_name()) as folder:
            metadata, runner = loader.load_predict_graph_runner(
                Path(folder), Path(model_path), LocalModelStorage, StockRunner
            )
        return os.path.basename(model_path), metadata, runner


class StockAgent(Agent):
    """Rasa's agent with that processor."""

    def load_model(self, model_path: Any, fingerprint: Optional[str] = None) -> None:
        """Loads a model file."""
        self.processor = StockProcessor(
            model_path=model_path,
            tracker_store=self.tracker_store,
            lock_store=self.lock_store,
            action_endpoint=self.action_endpoint,
            generator=self.nlg,
        )
        self.domain = self.processor.domain
        self._set_fingerprint(fingerprint)
        self.tracker_store.domain = self.domain
        self.nlg.responses = self.domain.responses


class WholeTrackerStore(UnitOfWorkTrackerStore):
    """Reads every event of the session for each message, the way Rasa's own stores do."""

    async def retrieve(self, sender_id: str) -> Optional[DialogueStateTracker]:
        """The conversation's tracker as stored, once a turn, or None."""
        turn = current_turn.get()
        assert turn is not None
        if turn.tracker is None:
            stored = await turn.work.tracker_events.latest_session(turn.conversation.id)
            if stored:
                turn.tracker = DialogueStateTracker.from_dict(sender_id, stored, self.domain.slots)
                turn.stored_events = len(stored)
        return turn.tracker


class StockActionEndpoint(LocalActionEndpoint):
    """Actions in this process, called as Rasa calls its action server: with the domain."""

    def __init__(self) -> None:
        super().__init__()
        self.kwargs = {}


def stock_dialogue(model: Path, store: Optional[TrackerStore] = None) -> RasaDialogue:
    """The desk's dialogue on Rasa's own engine; its trackers are in memory where no store is given."""
    logging.getLogger("rasa").setLevel(logging.WARNING)
    agent = StockAgent(
        tracker_store=store or InMemoryTrackerStore(Domain.empty()),
        lock_store=InMemoryLockStore(),
        action_endpoint=StockActionEndpoint(),
    )
    agent.load_model(model)
    return RasaDialogue(agent)
