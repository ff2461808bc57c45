"""Long stories in pieces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.nlu.clauses import is_long, split


def test_a_story_is_cut_at_its_marks_and_short_pieces_stay_with_their_neighbour() -> None:
    story = "我上个月在微信交了钱,到现在都没对账,急。我想问问是不是要去派出所?"
    assert split(story) == ["我上个月在微信交了钱", "到现在都没对账,急。", "我想问问是不是要去派出所?"]


def test_only_long_messages_are_read_in_pieces() -> None:
    assert not is_long("怎么还没到账")
    assert is_long("我上个月在微信交了钱,到现在都没对账,急。我想问问是不是要去派出所?")


@given(st.text(alphabet="我付钱,。?! ab", max_size=80))
def test_no_letter_is_lost(text: str) -> None:
    kept = "".join(split(text))
    assert [c for c in text if c.isalnum()] == [c for c in kept if c.isalnum()]
