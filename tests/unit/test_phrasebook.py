"""Named responses, said outside a dialogue."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bot.messages import Button, Reply
from bot.phrasebook import DOMAIN, Phrasebook

ENGLISH = [{"type": "slot", "name": "language", "value": "en"}]
BOOK = Phrasebook(
    {
        "utter_hello": [
            {"text": "您好，{name}。 "},
            {"text": "又一种说法"},
            {"condition": ENGLISH, "text": "Hello, {name}."},
        ],
        "utter_offer": [
            {"text": "要吗？", "buttons": [{"title": "要 {n}", "payload": '/yes{"choice": "{n}"}'}]},
        ],
    }
)


def test_the_variant_of_the_language_is_said() -> None:
    assert BOOK.say("utter_hello", "zh", name="李") == Reply("您好，李。")
    assert BOOK.say("utter_hello", "en", name="Li") == Reply("Hello, Li.")


def test_a_language_without_a_variant_gets_chinese() -> None:
    assert BOOK.say("utter_hello", "de", name="李").text == "您好，李。"
    assert BOOK.say("utter_offer", "en").text == "要吗？"


def test_a_name_that_the_domain_does_not_have_is_a_defect() -> None:
    with pytest.raises(KeyError):
        BOOK.say("utter_nothing", "zh")


def test_buttons_are_filled_and_their_json_stays_whole() -> None:
    assert BOOK.say("utter_offer", "zh", n=3).buttons == (Button("要 3", '/yes{"choice": "3"}'),)


def test_a_placeholder_without_a_value_stays() -> None:
    assert BOOK.say("utter_hello", "zh").text == "您好，{name}。"


def test_braces_in_a_value_are_just_text() -> None:
    assert BOOK.say("utter_hello", "zh", name="{language}", language="x").text == "您好，{language}。"


def test_a_placeholder_may_have_any_name() -> None:
    assert BOOK.say("utter_hello", "zh", name="李", author="x", self="y").text == "您好，李。"


def test_a_name_in_two_files_is_refused(tmp_path: Path) -> None:
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text("responses:\n  utter_x:\n  - text: x\n")
    with pytest.raises(ValueError, match=r"b\.yml repeats utter_x"):
        Phrasebook.load(tmp_path)


def test_a_file_without_responses_is_fine(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("intents: []\n")
    (tmp_path / "b.yml").write_text("")
    Phrasebook.load(tmp_path)


WORDS = Phrasebook.load()
SAID_BY_CODE = sorted(
    {
        name
        for folder in ("bot", "actions")
        for path in (DOMAIN.parent.parent / folder).rglob("*.py")
        for name in re.findall(r'"(utter_[a-z0-9_]+)"', path.read_text(encoding="utf-8"))
    }
)


@pytest.mark.parametrize("name", SAID_BY_CODE)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_phrase_that_the_code_says_is_there_in_both_languages(name: str, language: str) -> None:
    said = WORDS.say(name, language).text
    assert said
    # A Chinese term may follow in brackets, as it stands on the receipt.
    assert language == "zh" or CHINESE.search(re.sub(r"\([^)]*\)", "", said)) is None


CHINESE = re.compile(r"[\u4e00-\u9fff]")
VALUES: dict[str, dict[str, Any]] = {
    "utter_agent_joined": {"name": "李"},
    "utter_handed_back": {},
    "utter_ticket_resolved": {"number": "GD1"},
    "utter_served_after_hours": {"opens": "明天上午9点"},
    "utter_back_with_bot": {"numbers": "GD1"},
    "utter_ticket_resolved_served": {"number": "GD1"},
    "utter_ticket_reopened": {"number": "GD1"},
    "utter_ticket_merged": {"number": "GD1", "into": "GD2"},
    "utter_ticket_delayed": {"number": "GD1", "when": "今天上午11点"},
    "utter_rate_service": {"number": "GD1"},
    "utter_rated_words": {},
    "utter_rated_words_low": {},
    "utter_place_reminder": {"place": "前面还有 1 位。"},
    "utter_watch_changed": {"tail": "1234", "serial": "W1234", "what": "已对账"},
    "utter_watch_expired": {"tail": "1234", "serial": "W1234", "days": 30, "what": "还在等账单。"},
    "utter_internal_error": {},
    "utter_flood": {},
}


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_services_say_leaves_no_placeholder_open(name: str, language: str) -> None:
    said = WORDS.say(name, language, **VALUES[name])
    everything = said.text + "".join(button.title + button.payload for button in said.buttons)
    assert re.search(r"\{\w+\}", everything) is None
