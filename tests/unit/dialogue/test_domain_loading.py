"""The domain is read quickly, and is the one that Rasa reads."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from rasa.shared.core.domain import Domain

from bot.dialogue.domain_loading import read_domain

pytestmark = pytest.mark.filterwarnings("ignore:Slot auto-fill")

DUMPED = "components/domain_provider/domain.yml"


def test_the_models_domain_is_the_one_that_rasa_reads(model: Path, tmp_path: Path) -> None:
    with tarfile.open(model) as archive:
        archive.extract(DUMPED, tmp_path)
    slow = Domain.from_file(str(tmp_path / DUMPED))
    quick = read_domain((tmp_path / DUMPED).read_text(encoding="utf-8"))
    assert quick.as_dict() == slow.as_dict()
    assert quick.fingerprint() == slow.fingerprint()


def test_words_of_yaml_1_1_are_only_words() -> None:
    domain = read_domain(
        "slots: {answer: {type: text, initial_value: no, mappings: [{type: custom}]}}\n"
        "session_config: {session_expiration_time: 0}\n"
    )
    assert domain.slots[0].initial_value == "no"
