"""The intent model as a component of a Rasa pipeline."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from cachetools import LRUCache
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME, INTENT_MESSAGE_PREFIX
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.dialogue.nlu import kept_encoder
from bot.dialogue.nlu.intent_model import OUT_OF_SCOPE, IntentModel
from bot.dialogue.nlu.reading import Reading, read
from bot.dialogue.nlu.second_request import Ranking, second_request
from bot.dialogue.nlu.sentence_encoder import VectorCache, learn

_RANKED = 10
KEPT_RANKINGS = 4096
"""Much of what residents type was typed before, letter by letter ("你好", "转人工", "多久能到账") or but for
its marks and the digits of a number."""
SECOND_REQUEST = "second_request"
NEVER_SECOND = frozenset(
    {OUT_OF_SCOPE, "affirm", "deny", "greet", "goodbye", "thanks", "provide_serial", "switch_language"}
)
"""What would not be offered as something that was also asked."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class HybridIntentClassifier(GraphComponent, IntentClassifier):  # type: ignore[misc]
    """Names the intent of each message, or `nlu_fallback` where it is not sure enough."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`threshold` overrides the one found in training; `cache` is where training vectors are kept."""
        return {"threshold": None, "cache": ".rasa/sentence_vectors.npz"}

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: IntentModel | None = None,
    ) -> None:
        """A classifier that is trained next, or that answers from `model`."""
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model = model
        self._readings: LRUCache[str, Reading] = LRUCache(KEPT_RANKINGS)
        self._rankings: LRUCache[Reading, Ranking] = LRUCache(KEPT_RANKINGS)

    def _rank(self, text: str) -> Ranking:
        """The likeliest intents of a text."""
        reading = self._read(text)
        ranking = self._rankings.get(reading)
        if ranking is None:
            ranking = self._rankings[reading] = tuple(self._trained.ranking(reading)[:_RANKED])
        return ranking

    def _read(self, text: str) -> Reading:
        reading = self._readings.get(text)
        if reading is None:
            reading = self._readings[text] = read(text)
        return reading

    @property
    def _trained(self) -> IntentModel:
        assert self._model is not None, "not trained"
        return self._model

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> HybridIntentClassifier:
        """An untrained classifier."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> HybridIntentClassifier:
        """The classifier that was trained, with its encoder ready."""
        with model_storage.read_from(resource) as folder:
            model = IntentModel.load(Path(folder))
        learn(model.tokens)
        for text in ("热", "re shen"):  # both readers, before processes are forked that share them
            model.rank(text)
        return cls(config, model_storage, resource, model)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from every example that has a text and an intent."""
        examples = [m for m in training_data.intent_examples if m.get(TEXT) and m.get(INTENT)]
        cache = VectorCache(Path(os.environ.get("NLU_VECTOR_CACHE", self._config["cache"])))
        texts, intents = [str(m.get(TEXT)) for m in examples], [str(m.get(INTENT)) for m in examples]
        self._model = IntentModel.fit(texts, intents, cache.encode)
        with self._model_storage.write_to(self._resource) as folder:
            self._model.save(Path(folder))
        kept_encoder.keep()
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent and ranking, except where the message already is a command."""
        for message in messages:
            text = str(message.get(TEXT) or "")
            if self._model is not None and text and not text.startswith(INTENT_MESSAGE_PREFIX):
                self._classify(message, text)
        return messages

    def _classify(self, message: Message, text: str) -> None:
        ranking = [{"name": name, "confidence": chance} for name, chance in self._rank(text)]
        threshold = self._config["threshold"] or self._trained.threshold
        top = ranking[0]
        if top["name"] != OUT_OF_SCOPE and float(str(top["confidence"])) < threshold:
            top = {"name": DEFAULT_NLU_FALLBACK_INTENT_NAME, "confidence": 1 - float(str(top["confidence"]))}
        message.set(INTENT, top, add_to_output=True)
        message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        second = second_request(text, str(top["name"]), self._rank)
        if second and second not in NEVER_SECOND:
            message.set(SECOND_REQUEST, second, add_to_output=True)
