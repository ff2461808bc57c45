"""Sealing of accepted messages, and where the key comes from."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from bot.errors import Bug
from bot.seal import Seal, secret_key


def test_what_was_sealed_is_opened_again() -> None:
    seal = Seal("a secret of sixteen")
    assert seal.open(seal.close("身份证110101 😀")) == "身份证110101 😀"


def test_a_sealed_text_shows_nothing_and_is_different_each_time() -> None:
    seal = Seal("a secret of sixteen")
    assert b"110101" not in seal.close("110101")
    assert seal.close("110101") != seal.close("110101")


def test_half_a_surrogate_pair_can_be_sealed() -> None:
    seal = Seal("a secret of sixteen")
    assert seal.open(seal.close("a\ud83db")) == "a?b"


def test_a_fingerprint_is_the_same_after_a_restart_and_another_for_anything_else() -> None:
    fingerprint = Seal("a secret of sixteen").fingerprint("rest", "wang", "1")
    assert Seal("a secret of sixteen").fingerprint("rest", "wang", "1") == fingerprint
    others = [("rest", "wang", "2"), ("rest", "li", "1"), ("web", "wang", "1"), ("rest", "wang1", "")]
    assert fingerprint not in {Seal("a secret of sixteen").fingerprint(*other) for other in others}
    assert Seal("another secret here").fingerprint("rest", "wang", "1") != fingerprint


@pytest.mark.parametrize(
    "sealed",
    [Seal("another secret here").close("x"), b"", b"nonsense"],
    ids=["other key", "empty", "no seal"],
)
def test_what_another_key_sealed_is_a_defect_with_a_name(sealed: bytes) -> None:
    with pytest.raises(Bug, match="SECRET_KEY"):
        Seal("a secret of sixteen").open(sealed)


def test_the_configured_key_is_used_and_no_file_written(tmp_path: Path) -> None:
    assert secret_key("configured by hand", tmp_path / "var") == "configured by hand"
    assert not (tmp_path / "var").exists()


def test_a_key_is_made_once_and_kept_for_its_owner_only(tmp_path: Path) -> None:
    key = secret_key("", tmp_path / "var")
    assert len(key) >= 32
    assert secret_key("", tmp_path / "var") == key
    assert (tmp_path / "var" / "secret.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret.key"]


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    keys: list[str] = []
    together = threading.Barrier(8)

    def start() -> None:
        together.wait()
        keys.append(secret_key("", tmp_path))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 1


def test_an_empty_key_file_is_never_taken_for_a_key(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("")
    with pytest.raises(Bug, match=r"secret\.key"):
        secret_key("", tmp_path)
