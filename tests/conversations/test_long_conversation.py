"""A tracker cut short decides as a whole one does, however long the conversation."""

from __future__ import annotations

import json
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.dialogue import tracker_store
from tests.conversations.office import Office
from tests.conversations.seeded import MISMATCHED, WAITING

if TYPE_CHECKING:
    from bot.dialogue.engine import RasaDialogue

SAID = (
    "你好", "我交了身份证的钱，怎么还显示未缴费", "多久能到账", WAITING, "谢谢",
    "流水号在哪里", "要不要再付一次", "退款多久到", "我想查一下缴费", MISMATCHED, "1234",
    "帮我看看我的凭证", "2024-01-05", "40元", "微信付的", "对", "不是", "算了", "1", "2",
    "今天天气怎么样", "听不懂", "转人工", "我要投诉", "我的工单", "对好了告诉我", "申请对账",
    "别再提醒了", "speak English", "说中文", "你们存了我什么", "没有", "还是没解决",
)  # fmt: skip
LENGTH = 24
RANDOM = re.compile(r"GD\d{12}|DZ\w+")
"""Numbers of tickets and requests."""
UNLIKE = ("timestamp", "message_id", "input_channel")


@asynccontextmanager
async def opened(dialogue: RasaDialogue, empty: Path, folder: Path) -> AsyncIterator[Office]:
    """A help desk on a database of its own."""
    folder.mkdir()
    office = Office(dialogue, empty, folder)
    try:
        yield office
    finally:
        await office.close()


def told(office: Office) -> list[dict[str, Any]]:
    """Every event stored, without what differs from one conversation to the next."""
    events = [
        json.loads(RANDOM.sub("", row["data"]))
        for row in office.rows("tracker_events")
        if row["type"] != "summary"
    ]
    return [{key: value for key, value in event.items() if key not in UNLIKE} for event in events]


@pytest.mark.parametrize("seed", range(6))
async def test_a_long_conversation_goes_as_if_nothing_were_left_out(
    dialogue: RasaDialogue, empty_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    script = [chance.choice(SAID) for _ in range(LENGTH)]
    async with opened(dialogue, empty_database, tmp_path / "short") as office:
        resident = office.resident("wang")
        short = [RANDOM.sub("", (await resident.says(line)).text) for line in script]
        short_events = told(office)
    monkeypatch.setattr(tracker_store, "shorten", lambda tracker, slots: None)
    monkeypatch.setattr(tracker_store, "LONG_SESSION", 10_000)
    async with opened(dialogue, empty_database, tmp_path / "whole") as office:
        resident = office.resident("wang")
        whole = [RANDOM.sub("", (await resident.says(line)).text) for line in script]
        whole_events = told(office)
    assert short == whole
    assert short_events == whole_events


async def test_rules_looked_up_are_the_rules_that_rasa_would_find(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rasa.core.policies.rule_policy import RulePolicy

    from bot.dialogue.rule_policy import IndexedRulePolicy

    indexed, looked_up = IndexedRulePolicy._get_possible_keys, []

    def both(policy: Any, lookup: dict[str, str], states: list[Any]) -> set[str]:
        found = indexed(policy, lookup, states)
        looked_up.append(found == RulePolicy._get_possible_keys(policy, lookup, states))
        return found

    monkeypatch.setattr(IndexedRulePolicy, "_get_possible_keys", both)
    resident = office.resident("wang")
    for line in SAID:
        await resident.says(line)
    assert len(looked_up) > len(SAID)
    assert all(looked_up)


async def test_a_long_session_is_read_from_its_summary(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracker_store, "LONG_SESSION", 20)
    resident = office.resident("wang")
    for line in ("你好", WAITING, "多久能到账", "谢谢", "要不要再付一次", "你好", "谢谢"):
        await resident.says(line)
    await office.restart()
    await resident.says("流水号在哪里")
    assert [row["type"] for row in office.rows("tracker_events")].count("summary") == 1
    await office.restart()
    assert WAITING[-6:] in (await resident.says("对好了告诉我")).text  # the number is still known


async def test_two_processes_take_turns_with_one_resident(office: Office) -> None:
    resident = office.resident("wang")
    await resident.says("你好")
    first = office.house, office.desk
    second = office.house, office.desk = office._open()
    await resident.says(WAITING)  # the second process hears the number
    office.house, office.desk = first
    assert WAITING[-6:] in (await resident.says("对好了告诉我")).text
    assert len([row for row in office.rows("tracker_events") if row["type"] == "session_started"]) == 1
    await second[0].aclose()


async def test_what_was_erased_is_not_remembered(office: Office) -> None:
    resident = office.resident("wang")
    await resident.says(WAITING)
    conversation = await office.desk.conversation_of(resident.contact)
    assert conversation is not None
    async with office.house.work() as work:
        work.personal_data.erase(conversation.id)
        await work.commit()
    assert WAITING[-6:] not in (await resident.says("对好了告诉我")).text
