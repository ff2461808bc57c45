"""The facts of a message as entities, in a Rasa pipeline."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.clock import Clock, SystemClock
from bot.dialogue.nlu.entities import find_entities


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class PatternEntityExtractor(GraphComponent, EntityExtractorMixin):  # type: ignore[misc]
    """Finds numbers, amounts, dates and channels by pattern; leaves commands alone."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> PatternEntityExtractor:
        """An extractor; there is nothing to configure."""
        return cls(SystemClock())

    def __init__(self, clock: Clock) -> None:
        """Days are resolved against `clock`."""
        self._clock = clock

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entities of each message to those it already has."""
        today = self._clock.now().date()
        for message in messages:
            text = str(message.get(TEXT) or "")
            if text and not text.startswith(INTENT_MESSAGE_PREFIX):
                found = [dict(entity, extractor=type(self).__name__) for entity in find_entities(text, today)]
                message.set(ENTITIES, [*message.get(ENTITIES, []), *found], add_to_output=True)
        return messages
