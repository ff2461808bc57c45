"""The data that teaches and the data that judges: enough of it, no contradictions, nothing in both."""

from __future__ import annotations

from collections import Counter

import pytest

from bot.dialogue.examples import OUT_OF_SCOPE, Example, evaluation_examples, training_examples
from bot.dialogue.likeness import alike

FEWEST = 40


@pytest.fixture(scope="module")
def training() -> list[Example]:
    return training_examples()


@pytest.fixture(scope="module")
def evaluation() -> list[Example]:
    return evaluation_examples()


def test_every_intent_has_enough_examples(training: list[Example]) -> None:
    counts = Counter(example.intent for example in training)
    assert {name: count for name, count in counts.items() if count < FEWEST} == {}
    assert counts[OUT_OF_SCOPE] >= 500


def test_every_judged_intent_is_taught_and_every_taught_one_judged(
    training: list[Example], evaluation: list[Example]
) -> None:
    assert {e.intent for e in training} == {e.intent for e in evaluation}


def test_no_message_teaches_two_intents(training: list[Example]) -> None:
    texts = [e.text for e in training]
    contradictions = [
        f"{training[a].intent}: {texts[a]} = {training[b].intent}: {texts[b]}"
        for a, b, _ in alike(texts, texts)
        if a < b and training[a].intent != training[b].intent
    ]
    assert contradictions == []


def test_no_message_is_taught_twice(training: list[Example]) -> None:
    counts = Counter((example.intent, example.text) for example in training)
    assert [pair for pair, count in counts.items() if count > 1] == []


def test_nothing_is_judged_that_was_taught(training: list[Example], evaluation: list[Example]) -> None:
    found = alike([e.text for e in training], [e.text for e in evaluation])
    leaks = [
        f"{training[a].source}: {training[a].text} ~ {evaluation[b].source}: {evaluation[b].text}"
        for a, b, _ in found
    ]
    assert leaks == [], "delete these lines from the training side"
