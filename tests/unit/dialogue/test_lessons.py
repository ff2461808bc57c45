"""Learning from what was not understood: grouped, labelled, and taken into the training data once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

from bot.clock import SHANGHAI
from bot.dialogue.lessons import append_example, grouped, teach
from bot.errors import InvalidInput, NotFound
from bot.storage.database import migrate, open_database
from bot.storage.misunderstandings import Misunderstanding
from bot.storage.unit_of_work import UnitOfWorkFactory

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=SHANGHAI)
DATA = """version: "3.1"
nlu:
- intent: faq_refund
  examples: |
    - 能退款吗
    - 多久退
- intent: faq_how_long
  examples: |
    - 要等多久
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "money.yml").write_text(DATA, encoding="utf-8")
    return tmp_path


@pytest_asyncio.fixture
async def work(tmp_path: Path) -> AsyncIterator[UnitOfWorkFactory]:
    engine = open_database(f"sqlite+aiosqlite:///{tmp_path}/lessons.sqlite")
    await migrate(engine)
    yield UnitOfWorkFactory(engine)
    await engine.dispose()


def one(text: str, number: int = 1) -> Misunderstanding:
    return Misunderstanding(number, text, "faq_refund", "deny", 0.2, "below_threshold", NOW, None, None)


def examples(folder: Path, intent: str) -> list[str]:
    [block] = [
        block
        for block in yaml.safe_load((folder / "money.yml").read_text(encoding="utf-8"))["nlu"]
        if block["intent"] == intent
    ]
    return [line.removeprefix("- ") for line in block["examples"].splitlines()]


def test_messages_that_say_much_the_same_stand_together_the_largest_group_first() -> None:
    groups = grouped([one("今天天气好"), one("钱退到哪里去了", 2), one("钱退到哪里去", 3)])
    assert [[member.id for member in group.members] for group in groups] == [[2, 3], [1]]


def test_nothing_to_group_is_no_group() -> None:
    assert grouped([]) == []


def test_a_labelled_message_becomes_the_last_example_of_its_intent_only(data: Path) -> None:
    append_example("钱能\n退回来伐", "faq_refund", data)
    assert examples(data, "faq_refund") == ["能退款吗", "多久退", "钱能 退回来伐"]
    assert examples(data, "faq_how_long") == ["要等多久"]


def test_an_example_that_is_there_already_is_not_added_again(data: Path) -> None:
    append_example("多久退", "faq_refund", data)
    assert examples(data, "faq_refund") == ["能退款吗", "多久退"]


def test_an_unknown_intent_is_refused_and_changes_nothing(data: Path) -> None:
    with pytest.raises(InvalidInput, match="no examples"):
        append_example("多久退", "faq_weather", data)
    assert (data / "money.yml").read_text(encoding="utf-8") == DATA


async def test_teaching_labels_the_message_and_adds_it_once(work: UnitOfWorkFactory, data: Path) -> None:
    async with work() as unit:
        unit.misunderstandings.add("退得回来伐", "deny", "faq_refund", 0.2, "denied", NOW)
        await unit.commit()
    async with work() as unit:
        [waiting] = await unit.misunderstandings.unlabelled()
        await teach(unit, waiting.id, "faq_refund", "wangli", data)
    async with work() as unit:
        assert await unit.misunderstandings.unlabelled() == []
        with pytest.raises(InvalidInput, match="labelled faq_refund already"):
            await teach(unit, waiting.id, "faq_how_long", "wangli", data)
    assert examples(data, "faq_refund")[-1] == "退得回来伐"


async def test_teaching_a_message_that_is_not_there_is_refused(work: UnitOfWorkFactory, data: Path) -> None:
    async with work() as unit:
        with pytest.raises(NotFound):
            await teach(unit, 99, "faq_refund", "wangli", data)
