"""Whatever arrives gets a clear reply, and nothing of an identity card is kept."""

from __future__ import annotations

import pytest

from bot.messages import IncomingMessage, MessageKind
from tests.conversations.office import Office
from tests.conversations.resident import Resident
from tests.conversations.seeded import IDENTITY, WAITING

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
IDENTITY_IN_DISGUISE = [
    IDENTITY,
    f"我的身份证是{IDENTITY}，帮我查一下",
    " ".join((IDENTITY[:6], IDENTITY[6:14], IDENTITY[14:])),
    IDENTITY.translate(FULL_WIDTH),
    f"姓名王小明 身份证:{IDENTITY} 流水号:{WAITING}",
    "11010519491231002X",
    "11010519491231002x",
    f'/provide_serial{{"serial_number": "{IDENTITY}"}}',
    f"/nonsense{IDENTITY}",
    f"<b>{IDENTITY}</b>",
    f"{IDENTITY}{'长' * 2500}",
]


@pytest.mark.parametrize(
    "said", ["", "   ", "\n\n", "\u200b", "\x00\x01", "\u3000"], ids=lambda said: repr(said)
)
async def test_an_empty_message_is_answered_kindly(resident: Resident, said: str) -> None:
    assert (await resident.says(said)).named("utter_empty_message")


async def test_ten_thousand_characters_are_too_many(resident: Resident) -> None:
    assert (await resident.says("钱" * 10_000)).named("utter_too_long")


@pytest.mark.parametrize(
    "said",
    [
        "😀👍🎉",
        "<script>alert(1)</script>",
        "**粗体** [链接](http://example.com) `code`",
        "'; DROP TABLE tickets; --",
        "{{7*7}} ${7*7} %s %d {0}",
        "../../etc/passwd",
        "a" * 1999,
        "1" * 1999,
        "\u202eabc\u202c",
        "مرحبا",
        "\ud800",
        "ｈｅｌｌｏ",
        "{number}",
    ],
    ids=lambda said: repr(said[:20]),
)
async def test_odd_text_gets_a_clear_reply_and_harms_nothing(
    resident: Resident, office: Office, said: str
) -> None:
    heard = await resident.says(said)
    assert heard.text
    assert not heard.named("utter_internal_error")
    assert (await resident.says("你好")).text
    assert office.rows("tickets") == []


@pytest.mark.parametrize(
    "payload",
    [
        "/nonsense",
        "/restart",
        "/back",
        "/session_start",
        "/nlu_fallback",
        "/query_status{bad",
        '/query_status{"unknown": "x"}',
        '/query_status{"serial_number": {"a": 1}}',
        '/query_status["serial_number"]',
        "/",
        "//",
        "/query_status" + "{" * 600,
    ],
)
async def test_an_unknown_button_says_so_and_shows_working_ones(resident: Resident, payload: str) -> None:
    heard = await resident.says(payload, kind=MessageKind.BUTTON)
    assert heard.named("utter_unknown_button")
    assert (await resident.presses("核对凭证")).named("utter_ask_payment_channel")


@pytest.mark.parametrize("payload", ["/restart", "/session_start", "/back"])
async def test_an_unknown_button_does_not_lose_the_conversation(resident: Resident, payload: str) -> None:
    await resident.says("/check_receipt", "微信", payload)
    assert (await resident.says(WAITING)).named("utter_ask_amount_fen")


@pytest.mark.parametrize(
    "payload",
    [
        '/check_receipt{"payment_channel": "gold"}',
        '/query_status{"serial_number": "<script>"}',
        '/provide_serial{"serial_number": 12}',
        '/query_status{"choice": "everything"}',
        '/request_human{"choice": "nothing"}',
        "/affirm",
        "/deny",
        '/my_data{"choice": "nothing"}',
    ],
)
async def test_a_known_button_with_an_odd_value_does_no_harm(resident: Resident, payload: str) -> None:
    heard = await resident.says(payload, kind=MessageKind.BUTTON)
    assert heard.text
    assert not heard.named("utter_internal_error")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (MessageKind.PHOTO, "utter_photo_received"),
        (MessageKind.DOCUMENT, "utter_document_received"),
        (MessageKind.STICKER, "utter_sticker_received"),
        (MessageKind.VOICE, "utter_voice_received"),
        (MessageKind.LOCATION, "utter_location_received"),
        (MessageKind.OTHER, "utter_kind_not_supported"),
    ],
)
async def test_what_is_not_text_gets_one_polite_line(
    resident: Resident, kind: MessageKind, words: str
) -> None:
    heard = await resident.says("", kind=kind)
    assert heard.named(words)
    assert heard.buttons


async def test_a_photo_in_a_form_does_not_end_the_form(resident: Resident) -> None:
    await resident.says("/check_receipt", "微信")
    await resident.says("", kind=MessageKind.PHOTO)
    assert (await resident.says(WAITING)).named("utter_ask_amount_fen")


@pytest.mark.parametrize(
    "before",
    [[], ["/query_status"], ["/check_receipt", "微信"], [WAITING, '/query_status{"choice": "details"}']],
    ids=["anywhere", "number asked for", "receipt", "last four asked for"],
)
async def test_an_identity_number_is_stored_nowhere(
    resident: Resident, office: Office, before: list[str]
) -> None:
    for said in IDENTITY_IN_DISGUISE:
        await resident.says(*before, said)
    await resident.says("给我讲个笑话", "转人工")
    stored = office.everything_stored().casefold()
    for number in (IDENTITY, IDENTITY.translate(FULL_WIDTH), IDENTITY[:14], "11010519491231002x"):
        assert number not in stored


async def test_who_sends_an_identity_number_unasked_hears_that_it_was_not_kept(resident: Resident) -> None:
    heard = await resident.says(f"我姓张，身份证{IDENTITY}")
    assert heard.mentions("utter_serial_is_id_card")


async def test_a_duplicate_is_answered_from_the_store(resident: Resident, office: Office) -> None:
    first = await resident.sends(WAITING, message_id="same")
    asked = len(office.wire.requests)
    again = await resident.sends(WAITING, message_id="same")
    assert [line.id for line in again.lines] == [line.id for line in first.lines]
    assert len(office.wire.requests) == asked


async def test_what_was_accepted_before_a_crash_is_answered_after_it(
    resident: Resident, office: Office
) -> None:
    message = IncomingMessage(resident.contact, "before-the-crash", WAITING)
    await office.desk.accept(message)
    await office.restart()
    assert await office.desk.recover() == 1
    lines = [line.text for line in await resident.sees()]
    assert any("尾号 000101" in line for line in lines)


async def test_a_long_conversation_stays_quick_and_whole(resident: Resident) -> None:
    for _ in range(15):
        await resident.says("要等多久才能更新状态", WAITING)
    assert (await resident.says("查我的缴费")).named("utter_status")
