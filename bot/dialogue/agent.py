"""Rasa's Agent with our graph runner under it."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path
from typing import Any, Optional, Union

from rasa.core.agent import Agent
from rasa.core.processor import MessageProcessor
from rasa.engine import loader
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.storage import ModelMetadata
from rasa.exceptions import ModelNotFound
from rasa.utils.common import TempDirectoryPath, get_temp_dir_name

from bot.dialogue.graph_runner import SequentialGraphRunner


class HelpdeskProcessor(MessageProcessor):  # type: ignore[misc]
    """The way of a message through Rasa, as Rasa goes it."""

    @staticmethod
    def _load_model(model_path: Union[str, Path]) -> tuple[str, ModelMetadata, GraphRunner]:
        """As Rasa does, with another runner; takes a model file, never a folder."""
        with TempDirectoryPath(get_temp_dir_name()) as folder:
            try:
                metadata, runner = loader.load_predict_graph_runner(
                    Path(folder), Path(model_path), LocalModelStorage, SequentialGraphRunner
                )
            except tarfile.ReadError as error:
                raise ModelNotFound(f"Model {model_path} can not be loaded.") from error
        return os.path.basename(model_path), metadata, runner

    def _check_for_unseen_features(self, parse_data: dict[str, Any]) -> None:
        """Nothing: the classifier and the extractor name only what `rasa data validate` found in the domain.

        Rasa's own makes an empty domain for every message, to compare with ours.
        """


class HelpdeskAgent(Agent):  # type: ignore[misc]
    """An agent whose processor is ours."""

    def load_model(self, model_path: Union[str, Path], fingerprint: Optional[str] = None) -> None:
        """Loads a model file; raises ModelNotFound and what Rasa raises for a broken one."""
        self.processor = HelpdeskProcessor(
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
