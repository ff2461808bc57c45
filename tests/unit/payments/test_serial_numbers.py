from __future__ import annotations

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.payments.serial_numbers import FoundNumber, NumberKind, Problem, find_numbers, usable_for_lookup

from .examples import ALIPAY, ID_CARD, NOTICE, REFUND, WECHAT

SEPARATORS = st.sampled_from([" ", "-", "\n", "  ", "\u3000", "\u200b", "－", "\u00a0", " \r\n"])


def only(text: str) -> FoundNumber:
    (found,) = find_numbers(text)
    return found


def kinds(text: str) -> list[str]:
    return [found.kind.value for found in find_numbers(text)]


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (WECHAT, NumberKind.WECHAT_TRANSACTION),
        (REFUND, NumberKind.WECHAT_REFUND),
        (ALIPAY, NumberKind.ALIPAY_TRANSACTION),
        ("123456789012345678901", NumberKind.UNIONPAY_QUERY),
        (NOTICE, NumberKind.PAYMENT_NOTICE),
        ("048271", NumberKind.UNIONPAY_TRACE),
        ("261123048271", NumberKind.RETRIEVAL_REFERENCE),
        ("11010125", NumberKind.FISCAL_RECEIPT_CODE),
        ("0488888987", NumberKind.FISCAL_RECEIPT_NUMBER),
        ("SHHZ-20261106-000123", NumberKind.MERCHANT_ORDER),
        ("SH20261106ABC0001", NumberKind.MERCHANT_ORDER),
        ("2026110612345678901234", NumberKind.MERCHANT_ORDER),
        (ID_CARD, NumberKind.ID_CARD),
        ("110105491231002", NumberKind.ID_CARD),
        ("4111111111111111", NumberKind.BANK_CARD),
        ("13812345678", NumberKind.PHONE),
        ("021-63124567", NumberKind.PHONE),
        ("GD261123048272", NumberKind.TICKET),
    ],
)
def test_each_number_is_known_by_its_shape(number: str, kind: NumberKind) -> None:
    found = only(number)
    assert (found.kind, found.problem, found.raw) == (kind, None, number)


@pytest.mark.parametrize(
    "text",
    [
        "4200 0009 2520 2101 2849 9771 4292",
        "单号：4200000925202101284997714292。",
        "No.4200000925202101284997714292",
        "NO4200000925202101284997714292",
        "４２００００００９２５２０２１０１２８４９９７７１４２９２".replace("００００", "０００", 1),
        "42000009252021012849\n97714292",
        "4200-0009-2520-2101-2849-9771-4292",
        "**4200000925202101284997714292**",
        " ".join(WECHAT),
    ],
)
def test_a_disguised_serial_number_is_found(text: str) -> None:
    found = only(text)
    assert (found.kind, found.value, found.problem) == (NumberKind.WECHAT_TRANSACTION, WECHAT, None)


@given(st.sampled_from([WECHAT, ALIPAY, NOTICE]), SEPARATORS, st.sampled_from([4, 5]), st.booleans())
def test_a_number_in_even_groups_is_found_however_they_are_parted(
    number: str, separator: str, size: int, full_width: bool
) -> None:
    typed = separator.join(number[i : i + size] for i in range(0, len(number), size))
    if full_width:
        typed = "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isdigit() else c for c in typed)
    text = f"您好，单号：{typed}，付了 20.00元"
    found = only(text)
    assert (found.value, found.problem) == (number, None)
    assert text[found.start : found.end] == found.raw == typed


@given(
    st.lists(st.sampled_from([WECHAT, ALIPAY, REFUND, ID_CARD]), min_size=2, max_size=4),
    st.sampled_from(" \n，/"),
)
def test_several_whole_numbers_are_found_each_by_itself(numbers: list[str], parted: str) -> None:
    assert [found.value for found in find_numbers(parted.join(numbers))] == numbers


@given(st.text(max_size=200))
def test_any_text_is_read_and_offsets_point_into_it(text: str) -> None:
    end = 0
    for found in find_numbers(text):
        assert found.start >= end
        assert text[found.start : found.end] == found.raw
        end = found.end


@given(st.text("0123456789Xx-* \n.年元:GDgd①+", max_size=120))
def test_any_jumble_of_digits_is_read(text: str) -> None:
    for found in find_numbers(text):
        assert text[found.start : found.end] == found.raw


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-06 20.00元",
        "2026年11月6日 10:30:05",
        "2026/11/06 付了1,200元",
        "¥4000",
        "20261106",
        "20261106103000",
        "help me with household registration",
        "我等了3天，付了两次",
        "https://example.test/pay?token=AB1234567890123",
    ],
)
def test_dates_amounts_words_and_addresses_are_no_numbers(text: str) -> None:
    assert find_numbers(text) == ()


@pytest.mark.parametrize("before", ["2026-11-06 20.00元 ", "13812345678 ", "10:30:05 ", "¥20 "])
@pytest.mark.parametrize(
    "after", [" 2026-11-06 20.00元", " 13812345678", " 20元", " 2026年11月6日", " 20261106"]
)
def test_dates_amounts_and_phones_are_not_glued_to_a_serial_number(before: str, after: str) -> None:
    found = [one for one in find_numbers(before + WECHAT + after) if one.kind is not NumberKind.PHONE]
    assert [one.value for one in found] == [WECHAT]


def test_a_whole_message_from_a_payment_platform_is_taken_apart() -> None:
    text = (
        "【微信支付】交易单号4200000925202101284997714292商户单号SH20261106ABC0001"
        "金额20.00元时间2026年11月6日10:30:05尾号1234"
    )
    assert kinds(text) == ["wechat_transaction", "merchant_order"]


def test_a_fiscal_receipt_s_two_numbers_are_not_glued() -> None:
    assert kinds("11010125 0488888987 589d80") == ["fiscal_receipt_code", "fiscal_receipt_number"]


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        (WECHAT[:-1], 1),
        (WECHAT + "1", -1),
        ("4200 0009 2520 2101 2849 9771 429", 1),
        ("42000009252021012849\n9771429", 1),
    ],
)
def test_a_wechat_number_of_the_wrong_length_says_by_how_much(text: str, missing: int) -> None:
    found = only(text)
    assert (found.kind, found.problem) == (NumberKind.WECHAT_TRANSACTION, Problem.WRONG_LENGTH)
    assert (found.expected_length, found.missing) == (28, missing)
    assert not usable_for_lookup(found)


def test_a_number_of_the_wrong_length_does_not_swallow_the_next() -> None:
    assert [(one.kind.value, one.missing) for one in find_numbers(WECHAT[:-1] + "\n13812345678")] == [
        ("wechat_transaction", 1),
        ("phone", 0),
    ]


@pytest.mark.parametrize("number", ["4200000925202113284997714292", "4200000925202102304997714292"])
def test_a_wechat_number_with_an_impossible_date_is_flagged(number: str) -> None:
    assert only(number).problem is Problem.BAD_DATE


def test_an_alipay_number_with_an_impossible_date_is_flagged() -> None:
    assert only("2017173221001004660224927787").problem is Problem.BAD_DATE


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (ID_CARD, None),
        (ID_CARD.lower(), None),
        ("110105 19491231 002X", None),
        ("1101 0519 4912 3100 2X", None),
        ("110105194912310021", Problem.CHECK_DIGIT),
        ("11010519491231002", Problem.WRONG_LENGTH),
        ("身份证号是１１０１０５１９４９１２３１００２Ｘ", None),
    ],
)
def test_an_identity_number_is_known_by_structure_and_only_flagged_for_its_check_digit(
    text: str, problem: Problem | None
) -> None:
    found = only(text)
    assert (found.kind, found.problem) == (NumberKind.ID_CARD, problem)
    assert not usable_for_lookup(found)


@given(
    st.sampled_from(["310101", "110105", "440305"]),
    st.dates(),
    st.integers(0, 999),
    st.sampled_from("0123456789X"),
)
@example("310101", date(2000, 1, 1), 1, "X")
def test_an_identity_number_is_never_usable_as_a_serial_number(
    region: str, born: object, order: int, check: str
) -> None:
    number = f"{region}{str(born).replace('-', '')}{order:03d}{check}"
    if "1900" <= number[6:10] <= "2099":
        assert only(number).kind is NumberKind.ID_CARD


def test_an_order_number_with_a_region_and_a_recent_date_is_no_identity_number() -> None:
    assert only("310000202611061234").kind is NumberKind.MERCHANT_ORDER


@pytest.mark.parametrize(
    "text",
    ["13812345678", "138 1234 5678", "138-1234-5678", "+86 138 1234 5678", "8613812345678", "tel13812345678"],
)
def test_a_mobile_number_is_its_eleven_digits(text: str) -> None:
    found = only(text)
    assert (found.kind, found.value) == (NumberKind.PHONE, "13812345678")


@pytest.mark.parametrize(
    "text", ["GD-261123-048272", "gd 261123 048272", "ＧＤ２６１１２３０４８２７２", "工单GD261123048272。"]
)
def test_a_ticket_is_found_however_it_is_written(text: str) -> None:
    found = only(text)
    assert (found.kind, found.value, found.problem) == (NumberKind.TICKET, "GD261123048272", None)


def test_a_mistyped_ticket_is_flagged() -> None:
    assert only("GD-261123-048271").problem is Problem.CHECK_DIGIT
    assert only("GD-261123-04827").problem is Problem.WRONG_LENGTH


def test_what_is_already_masked_stays_masked() -> None:
    assert find_numbers("138****5678 1234 5678 9012") == ()


def test_only_what_the_bureau_looks_up_by_is_usable() -> None:
    usable = {only(number).kind for number in (WECHAT, ALIPAY, NOTICE, "1" * 21, "SH20261106ABC0001")}
    assert all(
        usable_for_lookup(only(number)) for number in (WECHAT, ALIPAY, NOTICE, "1" * 21, "SH20261106ABC0001")
    )
    assert len(usable) == 5
    for number in (REFUND, "048271", "261123048271", "11010125", "0488888987", ID_CARD, "13812345678"):
        assert not usable_for_lookup(only(number))


@pytest.mark.parametrize("text", ["4" * 20000, "4200 " * 4000, "a1" * 10000, "a.b" * 7000, "1-" * 10000])
@pytest.mark.timeout(5)
def test_a_flood_of_characters_is_read_in_good_time(text: str) -> None:
    find_numbers(text)


def test_a_stray_x_does_not_hide_a_serial_number() -> None:
    assert only(WECHAT + "x").value == WECHAT
