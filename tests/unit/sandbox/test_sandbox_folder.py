"""The folder: only what lies still is taken, once, and each file ends in one of two places."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox.bureau import Bureau
from bot.sandbox.folder import DONE, REFUSED, Folder
from bot.sandbox.intake import Intake
from bot.sandbox.model import State
from tests.unit.sandbox.office import notice
from tests.unit.sandbox.papers import bureau, notices_file, own_line, wechat_file


@pytest.fixture
def office() -> Bureau:
    return bureau()


@pytest.fixture
def folder(tmp_path: Path, office: Bureau) -> Folder:
    made = Folder(tmp_path, Intake(office))
    made.prepare()
    return made


async def looked_at(folder: Folder) -> int:
    """Looks twice: what lies there is still by then."""
    await folder.look()
    return len(await folder.look())


async def test_a_file_is_taken_at_the_second_look_and_put_away(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "bill.csv").write_bytes(wechat_file(own_line()))
    assert await folder.look() == []
    assert len(await folder.look()) == 1
    assert [one.name for one in (tmp_path / DONE).iterdir()] == ["bill.csv"]
    assert not (tmp_path / "bill.csv").exists()


async def test_a_file_that_still_grows_is_left_alone(folder: Folder, tmp_path: Path) -> None:
    whole = wechat_file(own_line(1), own_line(2))
    path = tmp_path / "bill.csv"
    for part in range(1, 4):
        path.write_bytes(whole[: len(whole) * part // 3])
        assert await folder.look() == []
    assert len(await folder.look()) == 1


async def test_bills_come_after_what_they_are_matched_with(
    folder: Folder, office: Bureau, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_bytes(wechat_file(own_line()))
    (tmp_path / "z.csv").write_bytes(notices_file(notice()))
    await folder.look()
    assert [taken.arrival.name for taken in await folder.look()] == ["z.csv", "a.csv"]
    assert [payment.state for payment in office.ledger.payments] == [State.RECONCILED]


async def test_beside_a_refused_file_lies_why(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "bill.csv").write_bytes(wechat_file(own_line()).split("总".encode())[0])
    assert await looked_at(folder) == 1
    said = (tmp_path / REFUSED / "bill.csv.txt").read_text(encoding="utf-8-sig")
    assert "不完整" in said and "cut off" in said
    assert (tmp_path / REFUSED / "bill.csv").exists()


async def test_a_file_that_could_not_be_put_away_is_not_counted_twice(
    folder: Folder, office: Bureau, tmp_path: Path
) -> None:
    content = wechat_file(own_line())
    for _ in range(2):  # as after a crash between taking and moving
        (tmp_path / "bill.csv").write_bytes(content)
        assert await looked_at(folder) == 1
    assert len(office.ledger.lines) == 1
    assert len(list((tmp_path / DONE).iterdir())) == 2


async def test_unfinished_hidden_and_linked_files_are_no_bills(folder: Folder, tmp_path: Path) -> None:
    for name in (".bill.csv", "bill.csv.part", "~bill.csv"):
        (tmp_path / name).write_bytes(wechat_file(own_line()))
    (tmp_path / "link.csv").symlink_to(tmp_path / ".bill.csv")
    (tmp_path / "sub").mkdir()
    assert await looked_at(folder) == 0
