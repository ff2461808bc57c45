"""The pipeline's components as Rasa calls them."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from bot.clock import SHANGHAI
from bot.dialogue.nlu.entity_extractor import PatternEntityExtractor
from bot.dialogue.nlu.intent_classifier import HybridIntentClassifier
from bot.dialogue.nlu.normalise import NUMBER
from bot.dialogue.nlu.reading import Reading

from rasa.shared.nlu.training_data.message import Message  # isort: skip


class FixedClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 23, 9, tzinfo=SHANGHAI)


class FixedModel:
    threshold = 0.4

    def __init__(self, *ranking: tuple[str, float]) -> None:
        self._ranking = list(ranking)
        self.read: list[Reading] = []

    def ranking(self, reading: Reading) -> list[tuple[str, float]]:
        self.read.append(reading)
        return self._ranking


def classified(model: FixedModel, text: str = "查") -> Message:
    config = HybridIntentClassifier.get_default_config()
    classifier = HybridIntentClassifier(config, None, None, model)  # type: ignore[arg-type]
    (message,) = classifier.process([Message.build(text)])
    return message


def test_entities_are_added_with_their_extractor() -> None:
    (message,) = PatternEntityExtractor(FixedClock()).process([Message.build("昨天付了20元")])
    assert [(e["entity"], e["value"], e["extractor"]) for e in message.get("entities")] == [
        ("date", "2026-11-22", "PatternEntityExtractor"),
        ("amount", 2000, "PatternEntityExtractor"),
    ]


@pytest.mark.parametrize("text", ['/affirm{"amount": "20元"}', "/restart"])
def test_commands_are_left_alone(text: str) -> None:
    (message,) = PatternEntityExtractor(FixedClock()).process([Message.build(text)])
    assert message.get("entities") is None
    assert classified(FixedModel(("greet", np.float32(0.9))), text).get("intent") is None


def test_a_sure_guess_is_the_intent() -> None:
    message = classified(FixedModel(("query_status", 0.5), (("out_of_scope"), 0.3)))
    assert message.get("intent") == {"name": "query_status", "confidence": 0.5}


def test_an_unsure_guess_is_a_fallback_whose_ranking_keeps_the_guesses() -> None:
    message = classified(FixedModel(("query_status", 0.3), ("greet", 0.2)))
    assert message.get("intent")["name"] == "nlu_fallback"
    assert [guess["name"] for guess in message.get("intent_ranking")] == ["query_status", "greet"]


def test_out_of_scope_stays_out_of_scope() -> None:
    assert (
        classified(FixedModel(("out_of_scope", 0.3), ("greet", 0.2))).get("intent")["name"] == "out_of_scope"
    )


def test_what_was_understood_once_is_known() -> None:
    model = FixedModel(("query_status", 0.5), ("greet", 0.2))
    config = HybridIntentClassifier.get_default_config()
    classifier = HybridIntentClassifier(config, None, None, model)  # type: ignore[arg-type]
    said = ("查一下20261106123456", "查一下20261106123457", "查一下", "查一下20261106123456")
    messages = classifier.process([Message.build(text) for text in said])
    assert [reading.words for reading in model.read] == [f"查一下{NUMBER}", "查一下"]
    assert all(message.get("intent")["name"] == "query_status" for message in messages)
