"""The quick tracker is where Rasa's would be, whatever happened in the conversation."""

from __future__ import annotations

import json
import random
import tarfile
from pathlib import Path
from typing import Any

import pytest
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActionReverted,
    ActiveLoop,
    BotUttered,
    DefinePrevUserUtteredFeaturization,
    Event,
    FollowupAction,
    LoopInterrupted,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.dialogue.quick_tracker import STATES, QuickTracker

pytestmark = pytest.mark.filterwarnings("ignore:Slot auto-fill")

DOMAIN = {
    "intents": ["greet", "query_status"],
    "entities": ["serial_number"],
    "slots": {
        "serial_number": {"type": "text", "influence_conversation": True, "mappings": [{"type": "custom"}]},
        "wanted": {"type": "any", "mappings": [{"type": "custom"}]},
    },
    "forms": {"serial_form": {"required_slots": ["serial_number"]}},
    "actions": ["action_greet"],
}
ROUNDS, STEPS = 40, 60


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain.from_dict(DOMAIN)


def anything(chance: random.Random) -> Event:
    """What a conversation is made of, in any order: the form is entered, left, rejected and interrupted."""
    serial = [{"entity": "serial_number", "value": "42"}]
    return chance.choice(
        [
            lambda: ActionExecuted("action_listen"),
            lambda: ActionExecuted("action_greet"),
            lambda: ActionExecuted("serial_form"),
            lambda: UserUttered("你好", {"name": "greet"}),
            lambda: UserUttered("查 42", {"name": "query_status"}, serial),
            lambda: DefinePrevUserUtteredFeaturization(False),
            lambda: SlotSet("serial_number", chance.choice(["42", None])),
            lambda: SlotSet("wanted", chance.choice(["state", None])),
            lambda: ActiveLoop(chance.choice(["serial_form", None])),
            lambda: ActionExecutionRejected("serial_form"),
            lambda: LoopInterrupted(chance.choice([True, False])),
            lambda: FollowupAction("action_greet"),
            lambda: BotUttered("您好"),
            lambda: SessionStarted(),
        ]
    )()


def seen(tracker: DialogueStateTracker, domain: Domain) -> list[State]:
    """Past states as the policy sees them: a message's text is left out where its intent is known."""
    states = tracker.past_states(domain)
    for state in states:
        if state.get("user", {}).get("intent"):
            state["user"] = {name: value for name, value in state["user"].items() if name != "text"}
    return list(states)


def stands(tracker: DialogueStateTracker) -> dict[str, Any]:
    kept = ("latest_action", "latest_message", "latest_bot_utterance", "followup_action", "_paused")
    loop = tracker.active_loop and (
        tracker.active_loop.name,
        tracker.active_loop.is_interrupted,
        tracker.active_loop.rejected,
    )
    return {
        **{name: getattr(tracker, name) for name in kept},
        "events": list(tracker.events),
        "slots": {slot.name: (slot.value, slot.has_been_set) for slot in tracker.slots.values()},
        "loop": loop,
    }


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_it_stands_where_rasas_tracker_stands(domain: Domain, seed: int) -> None:
    chance = random.Random(seed)
    quick, rasas = QuickTracker("wang", domain.slots), DialogueStateTracker("wang", domain.slots)
    often = chance.choice([0.5, 0.05])
    for _ in range(STEPS):
        event = anything(chance)
        quick.update(event)
        rasas.update(event)
        if chance.random() < often:
            assert seen(quick, domain) == seen(rasas, domain)[-STATES - 1 :]
        assert quick.applied_events() == rasas.applied_events()
        assert stands(quick.copy()) == stands(rasas.copy())


def test_a_copy_goes_its_own_way(domain: Domain) -> None:
    quick = QuickTracker("wang", domain.slots)
    quick.update(ActiveLoop("serial_form"))
    before = stands(quick)
    other = quick.copy()
    for event in (ActionExecuted("action_listen"), SlotSet("serial_number", "42"), LoopInterrupted(True)):
        other.update(event)
    assert stands(quick) == before


def test_what_takes_events_back_is_left_to_rasa(domain: Domain) -> None:
    quick, rasas = QuickTracker("wang", domain.slots), DialogueStateTracker("wang", domain.slots)
    for tracker in (quick, rasas):
        for event in (ActionExecuted("action_listen"), SlotSet("serial_number", "42"), ActionReverted()):
            tracker.update(event)
    assert stands(quick.copy()) == stands(rasas.copy())
    assert quick.past_states(domain) == rasas.past_states(domain)


def test_no_rule_looks_further_back_than_states_are_kept(model: Path, tmp_path: Path) -> None:
    with tarfile.open(model) as archive:
        archive.extractall(tmp_path, filter="data")
    lookup = json.loads(next(tmp_path.rglob("rule_policy.json")).read_text(encoding="utf-8"))["lookup"]
    rules = [*lookup["rules"], *lookup["rules_for_loop_unhappy_path"]]
    assert max(len(json.loads(rule)) for rule in rules) < STATES
