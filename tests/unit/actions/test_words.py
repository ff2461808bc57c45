"""The residents' words and the code that says them belong together, in both languages."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from rasa_sdk.executor import ActionExecutor

from bot.channels.telegram.commands import PAYLOADS
from bot.payments.model import Channel, MismatchedField, Reason, RequestStatus, State
from bot.settings import ROOT
from bot.tickets.model import HandoffReason, TicketStatus

DOMAIN_FILES = sorted((ROOT / "nlu_data" / "domain").glob("*.yml"))
SOURCES = [path for room in ("actions", "bot") for path in sorted((ROOT / room).rglob("*.py"))]
CHANNEL_BUTTONS = frozenset({"/private_chat"})
"""Turned by a channel into something of its own; the desk never sees them."""
LONGEST_ANSWER = 125
"""In Chinese characters."""


def read(path: Path) -> dict[str, Any]:
    """One file of the domain."""
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


DOMAIN = read(ROOT / "nlu_data" / "domain" / "domain.yml")
RESPONSES: dict[str, list[dict[str, Any]]] = {
    name: variants for path in DOMAIN_FILES for name, variants in (read(path).get("responses") or {}).items()
}
QUESTIONS = [intent for intent in DOMAIN["intents"] if intent.startswith("faq_")]
KNOWN_CHANNELS = [channel.value for channel in Channel if channel is not Channel.UNRECOGNISED]

FAMILIES = {
    "utter_": QUESTIONS,
    "utter_label_": DOMAIN["intents"],
    "utter_state_": [state.value for state in State],
    "utter_unreconciled_": [reason.value for reason in Reason],
    "utter_because_": [reason.value for reason in Reason],
    "utter_field_": [field.value for field in MismatchedField],
    "utter_who_": [channel.value for channel in Channel],
    "utter_bill_": [channel.value for channel in Channel],
    "utter_record_": [channel.value for channel in Channel],
    "utter_cut_": [channel.value for channel in Channel],
    "utter_back_": [channel.value for channel in Channel],
    "utter_channel_": KNOWN_CHANNELS,
    "utter_where_serial_": KNOWN_CHANNELS,
    "utter_request_status_": [status.value for status in RequestStatus],
    "utter_handoff_": [reason.value for reason in HandoffReason],
    "utter_ticket_status_": [status.value for status in TicketStatus],
    "utter_command_": list(PAYLOADS),
}
"""Names that are put together in code: their beginning, and every end."""


def strings_in_code(sources: Sequence[Path] = SOURCES) -> Iterator[str]:
    """Every string of the code; of one that is put together, its beginning."""
    for path in sources:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def names_in_code() -> set[str]:
    """Every response that code can say."""
    said = {text for text in strings_in_code() if re.fullmatch(r"utter_[a-z0-9_]*", text)}
    beginnings = {text for text in said if text.endswith("_")}
    assert beginnings <= set(FAMILIES), "a name is put together in a new way: add its family here"
    return {name for name in said if name not in beginnings} | {
        f"{beginning}{end}" for beginning in beginnings for end in FAMILIES[beginning]
    }


def variants(name: str) -> dict[str, dict[str, Any]]:
    """A response's variants by language."""
    return {
        next(
            (str(c["value"]) for c in variant.get("condition", ()) if c["name"] == "language"), "zh"
        ): variant
        for variant in RESPONSES[name]
    }


def payloads_in_domain() -> list[tuple[str, str]]:
    """Every button's response and payload."""
    return [
        (name, button["payload"])
        for name, several in RESPONSES.items()
        for variant in several
        for button in variant.get("buttons", ())
    ]


def is_known(payload: str) -> bool:
    """Whether the dialogue can do what a button asks for."""
    intent, values = re.fullmatch(r"/([a-z_]+)(\{.*\})?", payload).groups()  # type: ignore[union-attr]
    return intent in DOMAIN["intents"] and set(json.loads(values or "{}")) <= set(DOMAIN["entities"])


def test_everything_that_code_says_is_in_the_domain() -> None:
    assert names_in_code() - set(RESPONSES) == set()


def test_everything_in_the_domain_is_said_by_code() -> None:
    assert set(RESPONSES) - names_in_code() == set()


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_a_response_says_the_same_in_both_languages(name: str) -> None:
    said = variants(name)
    assert set(said) == {"zh", "en"}
    zh, en = said["zh"], said["en"]
    assert zh["text"] and en["text"]
    day_of_month = {"{month}", "{month_name}"}  # a month is a number in one language, a name in the other
    placeholders = [set(re.findall(r"\{\w+\}", one["text"])) - day_of_month for one in (zh, en)]
    assert placeholders[0] == placeholders[1]
    payloads = [[button["payload"] for button in one.get("buttons", ())] for one in (zh, en)]
    assert payloads[0] == payloads[1]


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_is_short_enough_to_be_read_on_a_phone(question: str) -> None:
    text = variants(f"utter_{question}")["zh"]["text"]
    assert len(re.findall(r"[\u4e00-\u9fff]", text)) <= LONGEST_ANSWER


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_leads_on(question: str) -> None:
    assert variants(f"utter_{question}")["zh"]["buttons"]


def test_english_words_hold_chinese_only_as_what_is_printed_on_a_screen() -> None:
    for name in RESPONSES:
        text = re.sub(r"\([^)]*\)|切换语言 / ?|/ 切换语言", "", variants(name)["en"]["text"])
        assert not re.search(r"[\u4e00-\u9fff]", text), name


def test_every_button_of_the_domain_can_be_pressed() -> None:
    pressed = [(name, payload) for name, payload in payloads_in_domain() if payload not in CHANNEL_BUTTONS]
    assert [(name, payload) for name, payload in pressed if not is_known(payload)] == []


def test_every_button_made_in_code_can_be_pressed() -> None:
    actions = [path for path in SOURCES if path.is_relative_to(ROOT / "actions")]
    payloads = {
        text for text in strings_in_code(actions) if re.fullmatch(r"/[a-z]+_[a-z_]+(\{\".*\"\})?", text)
    }
    assert payloads
    assert {payload for payload in payloads if not is_known(payload)} == set()


def test_button_titles_fit_on_a_button() -> None:
    for name, several in RESPONSES.items():
        for variant in several:
            for button in variant.get("buttons", ()):
                assert len(button["title"]) <= 20, name


def test_every_action_of_the_domain_is_in_code_and_the_other_way_round() -> None:
    executor = ActionExecutor()
    executor.register_package("actions")
    assert set(executor.actions) == set(DOMAIN["actions"])


def test_every_slot_that_code_names_is_in_the_domain() -> None:
    named = {
        argument.value
        for path in sorted((ROOT / "actions").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in ("SlotSet", "get_slot")
        for argument in node.args[:1]
        if isinstance(argument, ast.Constant)
    }
    assert named - {"requested_slot"} <= set(DOMAIN["slots"])
