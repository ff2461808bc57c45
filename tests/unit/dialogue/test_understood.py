"""What an agent later reads of a message: its intent, what was done, what a look-up found."""

from __future__ import annotations

from typing import Any

from bot.dialogue.understood import understood_of
from bot.messages import Understood

USER = {
    "event": "user",
    "parse_data": {"intent": {"name": "query_status", "confidence": 0.91234}},
}
LISTEN = {"event": "action", "name": "action_listen"}


def action(name: str) -> dict[str, Any]:
    return {"event": "action", "name": name}


def test_the_last_message_counts_with_what_came_after_it() -> None:
    events = [
        action("action_session_start"),
        {"event": "user", "parse_data": {"intent": {"name": "greet", "confidence": 1.0}}},
        action("action_greet"),
        LISTEN,
        USER,
        action("action_start_look_up"),
        action("action_look_up"),
        action("utter_status"),
        action("action_ask_payment_channel"),
        action("action_look_up"),
        {
            "event": "slot",
            "name": "looked_up",
            "value": {"serial_number": "42", "state": "unreconciled", "reason": "day_cut", "paid_at": "x"},
        },
        LISTEN,
    ]
    assert understood_of(events) == Understood(
        "query_status",
        0.912,
        ("action_start_look_up", "action_look_up"),
        {"state": "unreconciled", "reason": "day_cut"},
    )


def test_what_an_earlier_message_found_is_not_this_ones() -> None:
    earlier = {"event": "slot", "name": "looked_up", "value": {"state": "reconciled"}}
    forgotten = {"event": "slot", "name": "looked_up", "value": None}
    assert understood_of([USER, earlier, USER, forgotten, LISTEN]) == Understood("query_status", 0.912)


def test_without_a_message_nothing_was_understood() -> None:
    assert understood_of([action("action_session_start")]) is None
    assert understood_of([]) is None


def test_a_message_without_an_intent_is_said_to_have_none() -> None:
    assert understood_of([{"event": "user"}]) == Understood("", 0.0)
