"""What we replace of Rasa is what it was when the replacement was written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.dialogue import tensorflow_free

tensorflow_free.install()

from rasa.core.actions.action import RemoteAction  # noqa: E402
from rasa.shared.core.domain import Domain  # noqa: E402
from rasa.shared.core.events import ActionExecuted, Event, SlotSet, UserUttered  # noqa: E402
from rasa.shared.core.slots import AnySlot  # noqa: E402
from rasa.shared.core.trackers import DialogueStateTracker  # noqa: E402

from bot.dialogue import overrides  # noqa: E402
from bot.dialogue.event_classes import event_classes  # noqa: E402
from bot.dialogue.overrides import OVERRIDES, Override, fingerprint  # noqa: E402


@pytest.fixture
def rasa_as_it_is() -> Iterator[None]:
    overrides.put_back()
    yield
    overrides.replace()


@pytest.mark.parametrize("one", OVERRIDES, ids=lambda one: f"{one.owner.__name__}.{one.name}")
def test_rasa_has_not_changed_underneath(one: Override) -> None:
    assert fingerprint(one.original) == one.fingerprint, (
        f"Rasa's {one.owner.__name__}.{one.name} is not the one that bot/dialogue/overrides.py replaces: "
        "read it again, adapt the replacement, then its fingerprint"
    )


def tracker() -> DialogueStateTracker:
    slot = AnySlot("serial_number", mappings=[{"type": "custom"}])
    told: list[Event] = [
        ActionExecuted("action_listen"),
        UserUttered("查 42", {"name": "query_status"}, [{"entity": "serial_number", "value": "42"}]),
        SlotSet("serial_number", "42"),
    ]
    made = DialogueStateTracker.from_events("wang", told, [slot])
    made.change_loop_to("serial_form")
    return made


def called(replaced: bool) -> dict[str, object]:
    (overrides.replace if replaced else overrides.put_back)()
    call = RemoteAction("action_look_up", None)._action_call_format(tracker(), Domain.empty())
    call.pop("domain", None)
    call["tracker"]["events"] = [{**event, "timestamp": 0} for event in call["tracker"]["events"]]
    call["tracker"]["latest_event_time"] = 0
    return call


def test_an_action_is_called_with_what_rasa_calls_it_with(rasa_as_it_is: None) -> None:
    assert called(replaced=True) == called(replaced=False)


def test_an_event_is_found_by_its_name(rasa_as_it_is: None) -> None:
    names = [*event_classes(), "topic"]
    rasas = [Event.resolve_by_type(name) for name in names]
    overrides.replace()
    assert [Event.resolve_by_type(name) for name in names] == rasas
    assert Event.resolve_by_type("nothing", SlotSet) is SlotSet
    with pytest.raises(ValueError, match="nothing"):
        Event.resolve_by_type("nothing")


def test_trackers_share_no_slot(rasa_as_it_is: None) -> None:
    overrides.replace()
    one = tracker()
    other = one.copy()
    other.update(SlotSet("serial_number", "43"))
    assert (one.get_slot("serial_number"), other.get_slot("serial_number")) == ("42", "43")
