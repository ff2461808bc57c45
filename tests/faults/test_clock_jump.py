"""The machine's clock jumps a day: nothing is lost, nothing is said twice, nobody is shut out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import Unavailable
from bot.messages import Line
from bot.notifications.relay import OutboxRelay
from bot.storage.database import migrate, open_database
from tests.fakes.house import FakeHouse, message


class Telephone:
    """Takes lines, or is out of order."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.broken = False

    async def send(self, user_id: str, line: Line) -> None:
        if self.broken:
            raise Unavailable("out of order")
        self.taken.append(line.text)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[FakeHouse]:
    """A house on a database of its own."""
    engine = open_database(f"sqlite+aiosqlite:///{tmp_path}/helpdesk.sqlite")
    await migrate(engine)
    opened = FakeHouse(engine)
    yield opened
    await opened.aclose()


@pytest.fixture
def telephone() -> Telephone:
    """The channel."""
    return Telephone()


async def send_all(house: FakeHouse, telephone: Telephone) -> None:
    """Sends what is due, as a fresh process does."""
    await OutboxRelay(house.work, {"telegram": telephone}, house.clock).drain(5)


@pytest.mark.parametrize("days", [-1, 1])
async def test_what_was_accepted_before_the_jump_is_answered_once_after_a_restart(
    house: FakeHouse, telephone: Telephone, days: int
) -> None:
    await house.desk.accept(message("先"))
    house.clock.move(days=days)
    assert await house.new_desk().recover() == 1
    assert await house.new_desk().recover() == 0
    await send_all(house, telephone)
    await send_all(house, telephone)
    assert telephone.taken == ["re: 先"]


@pytest.mark.parametrize("days", [-1, 1])
async def test_what_was_to_be_sent_before_the_jump_is_sent_once_and_in_order(
    house: FakeHouse, telephone: Telephone, days: int
) -> None:
    await house.desk.handle(message("先"))
    house.clock.move(days=days)
    await house.desk.handle(message("后"))
    await send_all(house, telephone)
    assert telephone.taken == ["re: 先", "re: 后"]


async def test_a_line_that_was_put_off_does_not_wait_for_the_clock_to_come_back(
    house: FakeHouse, telephone: Telephone
) -> None:
    await house.desk.handle(message("先"))
    telephone.broken = True
    await send_all(house, telephone)
    telephone.broken = False
    house.clock.move(days=-1)
    await send_all(house, telephone)
    assert telephone.taken == ["re: 先"]


async def test_a_jump_of_a_day_is_no_day_of_trying(house: FakeHouse, telephone: Telephone) -> None:
    await house.desk.handle(message("先"))
    house.clock.move(days=1)
    telephone.broken = True
    await send_all(house, telephone)
    telephone.broken = False
    house.clock.move(minutes=1)
    await send_all(house, telephone)
    assert telephone.taken == ["re: 先"]


async def test_yesterdays_messages_are_no_flood(house: FakeHouse) -> None:
    for number in range(25):
        await house.desk.handle(message(f"{number}"))
        house.clock.move(seconds=30)
    house.clock.move(days=-1)
    for number in range(25, 40):
        await house.desk.handle(message(f"{number}"))
        house.clock.move(seconds=30)
    assert (await house.said())[-1] == "re: 39"


async def test_the_leftovers_of_the_future_are_answered_by_the_rounds_too(house: FakeHouse) -> None:
    await house.desk.accept(message("先"))
    house.clock.move(days=-1)
    assert await house.desk.recover(older_than=timedelta(seconds=30)) == 1
