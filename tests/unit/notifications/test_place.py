"""A process's place in the data folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.notifications import place as module
from bot.notifications.place import Place

SITS_DOWN = "import sys, time; from pathlib import Path; from bot.notifications.place import Place; "


def test_two_processes_have_two_places_and_two_names(tmp_path: Path) -> None:
    one, two = Place(tmp_path), Place(tmp_path)
    assert one.holder != two.holder
    assert one.slips != two.slips
    one.leave()
    two.leave()


def test_whoever_comes_after_has_the_place_and_the_name(tmp_path: Path) -> None:
    first = Place(tmp_path)
    holder, slips = first.holder, first.slips
    first.leave()
    second = Place(tmp_path)
    assert (second.holder, second.slips) == (holder, slips)
    second.leave()


def test_a_killed_process_leaves_its_place(tmp_path: Path) -> None:
    words = f"{SITS_DOWN} p = Place(Path(sys.argv[1])); print(p.holder, flush=True); time.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-c", words, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    holder = process.stdout.readline().strip()
    beside = Place(tmp_path)
    assert beside.holder != holder
    process.kill()
    process.communicate()
    after = Place(tmp_path)
    assert after.holder == holder
    beside.leave()
    after.leave()


def test_what_the_others_left_is_found(tmp_path: Path) -> None:
    one, two = Place(tmp_path), Place(tmp_path)
    one.slips.touch()
    two.slips.touch()
    assert one.others() == [two.slips]
    assert two.others() == [one.slips]
    one.leave()
    two.leave()


def test_a_copy_of_the_folder_on_another_machine_is_somebody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Place(tmp_path)
    holder = here.holder
    here.leave()
    monkeypatch.setattr(module.socket, "gethostname", lambda: "elsewhere")
    there = Place(tmp_path)
    assert there.holder != holder
    there.leave()


def test_the_name_fits_its_column(tmp_path: Path) -> None:
    place = Place(tmp_path)
    assert 16 <= len(place.holder) <= 32
    place.leave()
