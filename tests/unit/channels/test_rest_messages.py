"""What counts as a button's payload, and whose message id is whose."""

from __future__ import annotations

import pytest

from bot.channels.rest import kind_of, scoped_message_id
from bot.messages import MessageKind


@pytest.mark.parametrize("text", ["/greet", '/query_status{"choice": "details"}', "/a_b {}"])
def test_a_payload_is_a_button(text: str) -> None:
    assert kind_of(text) is MessageKind.BUTTON


@pytest.mark.parametrize("text", ["", "你好", "/", "/ greet", "1/2", "/你好", "/home/user", "/greet me"])
def test_anything_else_is_text(text: str) -> None:
    assert kind_of(text) is MessageKind.TEXT


def test_the_same_id_of_two_senders_is_two_messages() -> None:
    assert scoped_message_id("a", "1") != scoped_message_id("b", "1")
    assert scoped_message_id("a", "1") == scoped_message_id("a", "1")
    assert len(scoped_message_id("a" * 128, "x" * 120)) <= 160
