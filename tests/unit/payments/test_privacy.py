from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.privacy import find_id_last4, mask_identity

from .examples import ALIPAY, ID_CARD, NOTICE, WECHAT

PIECES = st.sampled_from(
    [ID_CARD, "110105194912310021", "1101 0519 4912 3100 2X", WECHAT, ALIPAY, NOTICE, "4111 1111 1111 1111"]
    + [
        "13812345678",
        "138 1234 5678",
        "+86 13812345678",
        "2026-11-06",
        "20.00元",
        " ",
        "\n",
        "-",
        "，",
        "1234",
        "***",
    ]
)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"我的身份证{ID_CARD}，请查", "我的身份证‹id_card›，请查"),
        ("身份证 110105 19491231 002x", "身份证 ‹id_card›"),
        ("110105194912310021", "‹id_card›"),
        ("旧证110105491231002", "旧证‹id_card›"),
        ("卡号4111 1111 1111 1111", "卡号‹bank_card›"),
        ("电话13812345678", "电话138****5678"),
        ("+86 138-1234-5678", "+86 138****5678"),
        ("１３８１２３４５６７８", "138****5678"),
    ],
)
def test_identity_numbers_cards_and_phones_are_masked(text: str, masked: str) -> None:
    assert mask_identity(text) == masked


@pytest.mark.parametrize(
    "text", [WECHAT, ALIPAY, NOTICE, "SH20261106ABC0001", "2026-11-06 20.00元", "GD261123048272", ""]
)
def test_serial_numbers_amounts_and_tickets_stay(text: str) -> None:
    assert mask_identity(f"请查{text}") == f"请查{text}"


@given(st.lists(PIECES, max_size=12).map("".join))
@example("13812345678 1234 5678 9012 3456")
@example(f"{ID_CARD} {ID_CARD}")
def test_masking_twice_is_masking_once(text: str) -> None:
    once = mask_identity(text)
    assert mask_identity(once) == once


@given(st.text(max_size=100))
def test_masking_any_text_is_idempotent(text: str) -> None:
    assert mask_identity(mask_identity(text)) == mask_identity(text)


@given(
    st.sampled_from([" ", "\n", "，", "身份证", "。"]),
    st.sampled_from(["", WECHAT, "20.00元", "13812345678"]),
)
def test_a_well_formed_identity_number_never_survives(around: str, beside: str) -> None:
    assert ID_CARD not in mask_identity(f"{beside}{around}{ID_CARD}{around}{beside}")


def test_the_last_four_are_read_off_a_right_identity_number_only() -> None:
    assert find_id_last4("身份证１１０１０５１９４９１２３１００２ｘ") == "002X"
    assert find_id_last4("110105194912310021") is None
    assert find_id_last4("110105491231002") is None
    assert find_id_last4(WECHAT) is None
