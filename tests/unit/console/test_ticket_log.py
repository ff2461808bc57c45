"""Everything that can be in a ticket's log has plain words, in both languages."""

from __future__ import annotations

import ast
import re
import string
from datetime import datetime
from pathlib import Path

import pytest
import yaml

import bot
from bot.channels.words import load_words
from bot.clock import SHANGHAI
from bot.console.canned import VARIABLES
from bot.console.resident_card import PURPOSES
from bot.console.ticket_log import told
from bot.console.ticket_page import SCRIPT_WORDS
from bot.dialogue.understood import ASKING, INNER
from bot.reconciliation.model import ProposalState
from bot.tickets.deadlines import Promise
from bot.tickets.model import Cause, TicketNote
from bot.tickets.service import COMES

ROOM = Path(bot.__file__).parent
WORDS = load_words(ROOM / "console" / "words")
NAMES = {"li": "李强", "wang": "王敏"}
AT = datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)


def logged_actions() -> set[str]:
    """Every action that some code writes into a ticket's log."""
    found = set()
    for path in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in ("log", "_log", "leave", "TicketNote"):
                found |= _words(node.args[2:5])
            if (
                isinstance(node, ast.Assign)
                and "tickets" in path.parts
                and _name(node.targets[0]) == "action"
            ):
                found |= _words([node.value])
    return found | COMES | {f"reconcile_{state.value}" for state in ProposalState}


def _name(node: ast.expr) -> str:
    return str(getattr(node, "attr", "") or getattr(node, "id", ""))


def _words(nodes: list[ast.expr]) -> set[str]:
    whole = [
        one for node in nodes for one in ([node.body, node.orelse] if isinstance(node, ast.IfExp) else [node])
    ]
    values = [str(one.value) for one in whole if isinstance(one, ast.Constant)]
    return {value for value in values if re.fullmatch(r"[a-z_]+", value)}


def test_the_search_for_actions_finds_them() -> None:
    assert {"claimed", "assigned", "overdue", "revealed", "opened", "reconcile_proposed"} <= logged_actions()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_action_in_a_log_has_words(language: str) -> None:
    words = WORDS[language]
    known = set(words.within("history")) | set(words.within("done"))
    assert logged_actions() - known == set()


def sentence(action: str, note: str = "", language: str = "zh", **data: str) -> str:
    entry = TicketNote("GD1", AT, "li", action, note, data)
    return told(WORDS[language], [entry], NAMES)[0].sentence


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("action", sorted(logged_actions()))
def test_every_sentence_is_whole(action: str, language: str) -> None:
    data = {"to": "wang", "from": "li", "until": AT.isoformat(), "cause": "other", "into": "GD2"}
    booking = {"proposal": "DZ261123-7K2MQX", "line": "SL-0106", "recorded_fen": "4000"}
    said = sentence(action, "answer", language, score="4", purpose="other", **data, **booking)
    assert said
    assert "—" not in said
    assert not set("{}") & set(said)


def test_a_sentence_names_people_moments_and_causes() -> None:
    assert sentence("assigned", to="wang", **{"from": "li"}) == "李强把工单从“李强”转给 王敏"
    assert sentence("assigned", to="wang", **{"from": ""}) == "李强把工单从“待领取”转给 王敏"
    assert sentence("prioritised", to="urgent", **{"from": "low"}) == "李强把优先级从“低”改为“紧急”"
    assert sentence("snoozed", until="2026-11-24T01:00:00+00:00") == "李强搁置到 11-24 09:00"
    assert sentence("resolved", cause="day_cut") == "李强办结，原因：跨日切"
    assert sentence("resolved") == "李强办结，原因：—"
    assert sentence("tagged", "银行") == "李强加标签“银行”"
    assert sentence("overdue", "answer") == "超过首次回复时限"
    assert sentence("appraised", recorded_fen="150000") == "李强查到缴费记录，金额 ¥1,500.00"
    assert sentence("brand_new") == "李强：brand_new"


def test_an_agents_own_words_stand_beside_the_sentence() -> None:
    entries = [
        TicketNote("GD1", AT, "li", "resolved", "已核实", {"cause": "other"}),
        TicketNote("GD1", AT, "bot", "opened", "complaint"),
        TicketNote("GD1", AT, "li", "tagged", "银行"),
        TicketNote("GD1", AT, "li", "resolved", "{cause}"),
    ]
    assert [one.words for one in told(WORDS["zh"], entries, NAMES)] == ["已核实", "投诉", "", "{cause}"]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_fill_in_the_same() -> None:
    for family in ("history", "case", "canned", "trouble"):
        chinese, english = WORDS["zh"].within(family), WORDS["en"].within(family)
        for name, text in chinese.items():
            assert placeholders(text) == placeholders(english[name]), f"{family}.{name}"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_whatever_the_page_may_name_has_words(language: str) -> None:
    words = WORDS[language]
    domain = yaml.safe_load((ROOM.parent / "nlu_data/domain/domain.yml").read_text(encoding="utf-8"))
    actions = [*domain["actions"], *domain["forms"]]
    done = {name for name in actions if name not in INNER and not name.startswith(ASKING)}
    assert done - set(words.within("did")) == set()
    assert set(domain["intents"]) - set(words.within("statistics.intent")) == set()
    assert {cause.value for cause in Cause} - set(words.within("cause")) == set()
    assert {promise.value for promise in Promise} - set(words.within("case")) == set()
    assert set(PURPOSES) - set(words.within("purpose")) == set()
    assert set(VARIABLES) - set(words.within("canned.variable")) == set()
    assert set(SCRIPT_WORDS) - set(words.within("case")) == set()
