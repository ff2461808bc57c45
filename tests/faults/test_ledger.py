"""The harness itself: it sees a lost answer, a silent one, a doubled one, and one in the wrong place."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.storage.database import migrate, open_database
from tests.doubles.bot_api import Sent
from tests.fakes.house import FakeHouse, message
from tests.faults.ledger import Books, hearing, settle
from tests.faults.residents import Resident
from tests.faults.script import Script, Step

CALL, ASK, AGAIN = (Step(text, re.compile(f"^re: .*{text}"), "step") for text in ("喂", "何时", "何时"))


class NoKills:
    """Nothing was killed."""

    moments: tuple[float, ...] = ()

    def came_between(self, earlier: float, later: float) -> bool:
        return False


class OneKill:
    """It was killed once."""

    def __init__(self, at: float) -> None:
        self._at = at

    def came_between(self, earlier: float, later: float) -> bool:
        return earlier < self._at <= later


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[FakeHouse]:
    """A house on a database of its own."""
    engine = open_database(f"sqlite+aiosqlite:///{tmp_path}/helpdesk.sqlite")
    await migrate(engine)
    opened = FakeHouse(engine)
    yield opened
    await opened.aclose()


def resident(*steps: Step) -> Resident:
    """One who said it all at once."""
    return Resident(7, Script((steps,)), said=list(steps))


def hears(one: Resident, *texts: str) -> int:
    for number, text in enumerate(texts):
        one.hear(Sent(number, 7, text, at=float(number)))
    return one.answered


def test_each_answer_answers_its_own_message() -> None:
    assert hears(resident(CALL, ASK), "re: 喂", "您看", "re: 何时") == 2


def test_one_answer_to_several_counts_only_when_the_books_say_that_they_were_folded() -> None:
    one = resident(CALL, ASK, AGAIN)
    assert hears(one, "re: 喂，何时") == 1, "as far as anybody knows it answers the first"
    one.learn({1: 0, 2: 0})
    assert one.answered == 3


def test_the_books_alone_are_no_answer() -> None:
    one = resident(CALL, ASK, AGAIN)
    one.learn({1: 0, 2: 0})
    assert one.answered == 0
    assert hears(one, "something else") == 0
    assert hears(one, "re: 喂，何时") == 3


def test_what_follows_the_folded_ones_still_needs_its_own() -> None:
    one = resident(CALL, ASK, Step("再见", re.compile("^bye"), "step"))
    one.learn({1: 0})
    assert hears(one, "re: 喂，何时") == 2
    assert hears(one, "bye") == 3


def test_the_end_of_a_burst_may_be_folded() -> None:
    one = resident(CALL, ASK, AGAIN)
    one.learn({2: 1})
    assert hears(one, "re: 喂", "re: 何时") == 3


def test_what_was_understood_too_early_is_understood_again() -> None:
    """Before the books said so, the last answer was taken for the folded one's."""
    one = resident(CALL, ASK, AGAIN, AGAIN)
    assert hears(one, "re: 喂", "re: 何时", "re: 何时") == 3
    one.learn({2: 1})
    assert one.answered == 4


def test_an_answer_before_its_turn_is_none() -> None:
    assert hears(resident(CALL, ASK), "re: 何时") == 0


async def test_the_books_know_what_was_folded_by_its_place(house: FakeHouse, tmp_path: Path) -> None:
    house.dialogue.story = {"喂", "何时"}
    await house.desk.handle(message("先", user="7"))
    for text in ("喂", "何时", "何时"):
        await house.desk.accept(message(text, user="7"))
    await house.desk.recover()
    books = Books(tmp_path / "helpdesk.sqlite")
    assert books.folded() == {7: {2: 1, 3: 1}}
    assert books.in_silence() == 0
    assert books.unanswered() == 0


async def test_an_answer_marked_and_not_given_is_seen(house: FakeHouse, tmp_path: Path) -> None:
    first = await house.desk.accept(message("喂", user="7"))
    folded = await house.desk.accept(message("何时", user="7"))
    async with house.work() as work:
        work.incoming.mark_answered(first.id, "喂", house.clock.now())
        work.incoming.mark_answered(folded.id, "何时", house.clock.now(), first.id)
        await work.commit()
    assert Books(tmp_path / "helpdesk.sqlite").in_silence() == 2


async def test_a_silent_answer_is_a_missing_one(house: FakeHouse, tmp_path: Path) -> None:
    accepted = await house.desk.accept(message("喂", user="7"))
    async with house.work() as work:
        work.incoming.mark_answered(accepted.id, "喂", house.clock.now())
        await work.commit()
    one = resident(CALL)
    hears(one, "re: 喂")
    kills: Any = NoKills()
    table = settle([one], Books(tmp_path / "helpdesk.sqlite"), 0, kills, 0, 1.0)
    assert table.missing == 1
    assert "missing" in table.violations


@pytest.mark.parametrize(
    ("heard", "missing", "strays", "lost", "doubled"),
    [
        (["一", "二"], 0, 0, 0, 0),
        (["一"], 1, 0, 0, 0),
        (["二", "一"], 1, 1, 0, 0),
        (["一", "一", "二"], 0, 0, 0, 1),
        (["一", "三", "二"], 0, 1, 0, 0),
    ],
)
def test_what_was_heard_is_held_against_what_was_owed(
    heard: list[str], missing: int, strays: int, lost: int, doubled: int
) -> None:
    one = resident(CALL)
    hears(one, *heard)
    found = hearing(one, ["一", "二"], NoKills())
    assert (found.missing, found.out_of_order, found.lost, found.otherwise) == (
        missing,
        strays,
        lost,
        doubled,
    )


@pytest.mark.parametrize(("killed_at", "lost", "doubled"), [(0.5, 1, 0), (1.5, 0, 1)])
def test_only_a_kill_in_between_excuses_a_line_said_twice(killed_at: float, lost: int, doubled: int) -> None:
    one = resident(CALL)
    hears(one, "一", "一", "二")
    found = hearing(one, ["一", "二"], OneKill(killed_at))
    assert (found.lost, found.otherwise) == (lost, doubled)


@pytest.mark.parametrize("killed_at", [0.5, 1.5])
def test_of_equal_lines_any_may_have_been_said_twice(killed_at: float) -> None:
    one = resident(CALL)
    hears(one, "一", "一", "一", "二")
    found = hearing(one, ["一", "一", "二"], OneKill(killed_at))
    assert (found.missing, found.lost, found.otherwise) == (0, 1, 0)
