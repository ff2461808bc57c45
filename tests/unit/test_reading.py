"""Reading a message: cleaned, masked, buttons and their typed equivalents."""

from __future__ import annotations

from typing import Any

import pytest

from bot.messages import Button, MessageKind
from bot.reading import REFUSALS, Reading, clean, read_message

SERIAL = "4200000925202101284997714292"
ID_CARD = "110101199003070038"
OFFERED = (
    Button("查我的缴费", f'/query_status{{"serial_number": "{SERIAL}"}}'),
    Button("Talk to a person", "/request_human"),
)


def read(text: str, **changes: Any) -> Reading:
    values: dict[str, Any] = {
        "kind": MessageKind.TEXT,
        "offered": OFFERED,
        "awaiting": None,
        "max_chars": 200,
        "knows": lambda payload: payload in ("/affirm", f"/greet{ID_CARD}"),
        **changes,
    }
    return read_message(text, **values)


@pytest.mark.parametrize("text", ["1", "１", "①", " 1。", "1!", "01", "查我的缴费", "查我的缴费！"])
def test_a_typed_equivalent_chooses_the_button(text: str) -> None:
    assert read(text) == Reading(OFFERED[0].payload, "查我的缴费")


@pytest.mark.parametrize("text", ["2", "talk to a PERSON", "Ｔalk to a person."])
def test_titles_are_compared_without_case_and_width(text: str) -> None:
    assert read(text).for_dialogue == "/request_human"


@pytest.mark.parametrize("text", ["0", "3", "-1", "100", "1块", "１２３", "²x"])
def test_what_names_no_offered_button_is_read_as_words(text: str) -> None:
    assert read(text) == Reading(text, text)


def test_without_buttons_a_digit_is_a_digit() -> None:
    assert read("1", offered=()) == Reading("1", "1")


@pytest.mark.parametrize("awaiting", ["amount_fen", "payer_id_last4"])
def test_a_digit_chooses_no_button_while_a_number_is_asked_for(awaiting: str) -> None:
    assert read("1", awaiting=awaiting).for_dialogue == "1"


def test_a_title_chooses_its_button_even_while_a_number_is_asked_for() -> None:
    assert read("查我的缴费", awaiting="amount_fen").for_dialogue == OFFERED[0].payload


def test_a_digit_chooses_a_button_while_a_date_is_asked_for() -> None:
    assert read("1", awaiting="paid_on").for_dialogue == OFFERED[0].payload


# Payloads


def test_a_pressed_button_is_kept_by_its_title() -> None:
    assert read(OFFERED[0].payload, kind=MessageKind.BUTTON) == Reading(OFFERED[0].payload, "查我的缴费")


def test_a_payload_that_is_known_but_no_longer_offered_still_works() -> None:
    assert read("/affirm", kind=MessageKind.BUTTON, offered=()) == Reading("/affirm", "/affirm")


@pytest.mark.parametrize("kind", [MessageKind.TEXT, MessageKind.BUTTON])
def test_an_unknown_payload_is_refused(kind: MessageKind) -> None:
    reading = read("/restart", kind=kind)
    assert (reading.for_dialogue, reading.refusal) == ("", "utter_unknown_button")


def test_a_button_that_is_no_payload_is_refused() -> None:
    assert read("随便", kind=MessageKind.BUTTON).refusal == "utter_unknown_button"


@pytest.mark.parametrize("payload", [f"/greet{ID_CARD}", f"/wrong {ID_CARD}"])
def test_identity_numbers_in_payloads_are_masked(payload: str) -> None:
    reading = read(payload, kind=MessageKind.BUTTON)
    assert ID_CARD not in reading.for_dialogue + reading.for_transcript


# Masks


def test_identity_numbers_cards_and_phones_are_masked_and_serial_numbers_stay() -> None:
    reading = read(f"{ID_CARD} 电话13812345678 流水{SERIAL}")
    assert reading.for_dialogue == f"‹id_card› 电话138****5678 流水{SERIAL}"
    assert reading.for_transcript == reading.for_dialogue


def test_a_whole_identity_number_proves_its_last_four() -> None:
    assert read("我的身份证是11010519491231002x").id_last4 == "002X"


# The last four


@pytest.mark.parametrize(
    ("text", "last4", "kept"),
    [
        ("018X", "018X", "‹id_last4›"),
        ("后四位是018x", "018X", "后四位是‹id_last4›"),
        ("０１８Ｘ", "018X", "‹id_last4›"),
        ("是1234。", "1234", "是‹id_last4›。"),
        ("1 2 3 4", "1234", "‹id_last4›"),
        ("0-1-8-x", "018X", "‹id_last4›"),
        ("尾号：1234，谢谢", "1234", "尾号:‹id_last4›,谢谢"),
        ("my last four: 018x", "018X", "my last four: ‹id_last4›"),
    ],
)
def test_the_last_four_are_found_when_asked_and_kept_nowhere(text: str, last4: str, kept: str) -> None:
    reading = read(text, awaiting="payer_id_last4")
    assert reading == Reading(kept, kept, id_last4=last4)


@pytest.mark.parametrize(
    "text", ["我2026年付的", "2026-11-20付的", "付了1234元", "12345", "x123", "12.3456", "查一下", SERIAL]
)
def test_other_numbers_are_not_taken_for_the_last_four(text: str) -> None:
    assert read(text, awaiting="payer_id_last4") == Reading(text, text)


def test_of_two_possible_last_fours_none_is_tried_and_none_kept() -> None:
    reading = read("不是1234，是018X", awaiting="payer_id_last4")
    assert reading.id_last4 is None
    assert "1234" not in reading.for_transcript
    assert "018" not in reading.for_transcript


def test_the_same_last_four_said_twice_are_one() -> None:
    assert read("018x，我说018X", awaiting="payer_id_last4").id_last4 == "018X"


def test_four_digits_are_just_digits_when_nobody_asked() -> None:
    assert read("后四位是018x") == Reading("后四位是018x", "后四位是018x")


def test_a_whole_number_counts_as_its_last_four_when_asked() -> None:
    reading = read("11010519491231002X", awaiting="payer_id_last4")
    assert reading == Reading("‹id_card›", "‹id_card›", id_last4="002X")


@pytest.mark.parametrize("text", ["/wrong 018X", "啊" * 190 + " 018X。" + "啊" * 10])
def test_a_refused_message_keeps_no_last_four_either(text: str) -> None:
    reading = read(text, awaiting="payer_id_last4")
    assert reading.refusal is not None
    assert "018X" not in reading.for_transcript


# What cannot be read


@pytest.mark.parametrize("kind", [kind for kind in MessageKind if kind in REFUSALS])
def test_every_kind_but_text_and_buttons_has_its_polite_line(kind: MessageKind) -> None:
    assert read("", kind=kind) == Reading("", f"‹{kind.value}›", refusal=REFUSALS[kind])


def test_only_text_and_buttons_are_read() -> None:
    assert set(MessageKind) - set(REFUSALS) == {MessageKind.TEXT, MessageKind.BUTTON}


@pytest.mark.parametrize("text", ["", "  ", "\n\t", "\x00\x01", "\u200b\u200d", "\ufeff", "\ufe0f", "\ud800"])
def test_what_nobody_can_see_is_empty(text: str) -> None:
    assert read(text) == Reading("", "‹empty›", refusal="utter_empty_message")


@pytest.mark.parametrize("text", ["😀", "👨‍👩‍👧", "？", "…", "¥", "<b>", "'; DROP TABLE tickets; --"])
def test_emoji_signs_and_markup_are_words(text: str) -> None:
    assert read(text) == Reading(text, text)


def test_a_text_at_the_limit_is_read_and_one_over_it_is_refused() -> None:
    assert read("长" * 200).refusal is None
    too_long = read("长" * 201)
    assert too_long == Reading("", "长" * 200 + "…", refusal="utter_too_long")


def test_an_identity_number_cut_by_the_limit_leaves_nothing_of_itself() -> None:
    text = "说" * 190 + ID_CARD
    assert read(text).for_transcript == "说" * 190 + "…"


def test_control_characters_and_half_surrogates_are_dropped() -> None:
    assert clean("a\x00b\x1b[31m\ud83dc\u0085d") == "ab[31mc d"


def test_line_breaks_become_spaces_unless_they_are_kept() -> None:
    assert clean("一\r\n二\u2028三") == "一  二 三"
    assert clean("一\n二\x07", keep="\n") == "一\n二"
