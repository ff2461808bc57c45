"""Coming back after a day: what is remembered, what is forgotten, what is offered back."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from bot.messages import IncomingMessage, MessageKind
from tests.conversations.agent import Agent
from tests.conversations.office import Office
from tests.conversations.resident import Heard, Resident
from tests.conversations.seeded import BOOKED, MISMATCHED, NOT_THERE, WAITING


async def half_filled(resident: Resident) -> None:
    await resident.says("帮我核对凭证", "微信支付")


async def test_a_half_filled_receipt_is_offered_back_after_a_day(office: Office, resident: Resident) -> None:
    await half_filled(resident)
    office.advance(hours=25)
    heard = await resident.says("你好")
    assert heard.named("utter_greet")
    assert heard.named("utter_offer_resume")
    assert heard.buttons == ["接着核对", "重新开始"]


async def test_going_on_asks_for_what_is_missing(office: Office, resident: Resident) -> None:
    await half_filled(resident)
    office.advance(hours=25)
    await resident.says("你好")
    heard = await resident.presses("接着核对")
    assert heard.named("utter_where_serial_wechat_pay")
    heard = await resident.says(WAITING, "40元", "昨天")
    assert "微信" in heard.text


async def test_a_plain_yes_goes_on_too(office: Office, resident: Resident) -> None:
    await half_filled(resident)
    office.advance(hours=25)
    await resident.says("你好")
    heard = await resident.says("好的")
    assert heard.named("utter_where_serial_wechat_pay")


async def test_starting_over_asks_everything_again(office: Office, resident: Resident) -> None:
    await half_filled(resident)
    office.advance(hours=25)
    await resident.says("你好")
    heard = await resident.presses("重新开始")
    assert heard.named("utter_ask_payment_channel")


async def test_asking_for_the_walk_again_goes_on_with_it(office: Office, resident: Resident) -> None:
    await half_filled(resident)
    office.advance(hours=25)
    heard = await resident.says("帮我核对凭证")
    assert heard.named("utter_where_serial_wechat_pay")
    assert not heard.named("utter_offer_resume")


async def test_the_offer_is_made_once(office: Office, resident: Resident) -> None:
    await half_filled(resident)
    office.advance(hours=25)
    await resident.says("你好")
    heard = await resident.says("要等多久才能更新状态")
    assert not heard.named("utter_offer_resume")


async def test_within_the_day_the_form_is_still_open(office: Office, resident: Resident) -> None:
    await half_filled(resident)
    office.advance(hours=23)
    heard = await resident.says(WAITING)
    assert heard.named("utter_ask_amount_fen")


async def test_an_open_form_does_not_take_the_next_days_words(office: Office, resident: Resident) -> None:
    await half_filled(resident)
    office.advance(hours=25)
    heard = await resident.says(BOOKED)
    assert heard.named("utter_status")
    assert heard.named("utter_offer_resume")


async def test_what_became_of_yesterdays_payment_is_told_without_its_number(
    office: Office, resident: Resident
) -> None:
    await resident.says(WAITING)
    office.advance(hours=25)
    heard = await resident.says("再查一下我的缴费")
    assert heard.named("utter_status")
    assert not heard.named("utter_offer_resume")


async def test_a_number_that_was_not_found_is_looked_up_again_as_was_advised(
    office: Office, resident: Resident
) -> None:
    await resident.says(NOT_THERE)
    office.advance(hours=25)
    heard = await resident.says("查缴费")
    assert not heard.named("utter_ask_serial_number")
    assert not heard.named("utter_offer_resume")


async def test_yesterdays_offer_is_not_todays(office: Office, resident: Resident) -> None:
    await resident.says("全部删除我的信息", '/my_data{"choice": "erase"}')
    office.advance(hours=25)
    heard = await resident.says("好的")
    assert heard.named("utter_nothing_to_affirm")


async def test_tickets_watches_and_the_language_are_remembered(office: Office, resident: Resident) -> None:
    await resident.says("speak english please", WAITING, "/watch_payment", "/request_human")
    number = office.rows("tickets")[0]["number"]
    office.advance(hours=48)
    heard = await resident.says("/ticket_status")
    assert number in heard.text
    assert [row["active"] for row in office.rows("watches")] == [1]
    assert office.rows("conversations")[0]["language"] == "en"


async def test_the_four_characters_asked_for_yesterday_are_still_not_kept(
    office: Office, resident: Resident
) -> None:
    await resident.says(WAITING, '/query_status{"choice": "details"}')
    office.advance(hours=25)
    await resident.says("739X")
    assert "739X" not in office.everything_stored()


async def test_a_session_starts_afresh_each_time(office: Office, resident: Resident) -> None:
    await half_filled(resident)
    office.advance(hours=25)
    await resident.says("你好")
    office.advance(hours=25)
    heard = await resident.says("你好")
    assert not heard.named("utter_offer_resume")
    assert [row["type"] for row in office.rows("tracker_events")].count("session_started") == 3


async def test_a_restart_in_between_changes_nothing(office: Office, resident: Resident) -> None:
    await half_filled(resident)
    await office.restart()
    office.advance(hours=25)
    assert (await resident.says("你好")).named("utter_offer_resume")


NOT_TAKEN = [
    ("", MessageKind.STICKER),
    ("", MessageKind.PHOTO),
    ("", MessageKind.VOICE),
    ("", MessageKind.LOCATION),
    ("", MessageKind.GROUP),
    ("   ", MessageKind.TEXT),
    ("很长" * 1500, MessageKind.TEXT),
    ("/gone_button", MessageKind.BUTTON),
]
"""What is answered without the dialogue."""


@pytest.mark.parametrize(
    ("text", "kind"),
    NOT_TAKEN,
    ids=["sticker", "photo", "voice", "location", "group", "empty", "too long", "button"],
)
async def test_what_the_dialogue_never_reads_does_not_use_up_the_fresh_start(
    office: Office, resident: Resident, text: str, kind: MessageKind
) -> None:
    await resident.says(MISMATCHED, "帮我申请对账")
    office.advance(hours=25)
    await resident.sends(text, kind)
    heard = await resident.says("好的")
    assert heard.named("utter_nothing_to_affirm")
    assert requests_of(office) == []


async def test_yesterdays_erasure_is_not_agreed_to_behind_a_picture(
    office: Office, resident: Resident
) -> None:
    await resident.says("你好", "全部删除我的信息", '/my_data{"choice": "erase"}')
    before = len(office.rows("messages"))
    office.advance(hours=25)
    await resident.sends("", MessageKind.STICKER)
    heard = await resident.says("好的")
    assert heard.named("utter_nothing_to_affirm")
    assert len(office.rows("messages")) > before


async def test_a_flood_does_not_use_up_the_fresh_start(office: Office, resident: Resident) -> None:
    await resident.says(MISMATCHED, "帮我申请对账")
    office.advance(hours=25)
    for number in range(40):
        await office.desk.handle(
            IncomingMessage(resident.contact, f"flood-{number}", "", MessageKind.STICKER)
        )
    assert (await resident.says("在吗")).lines == []
    office.advance(minutes=2)
    assert (await resident.says("好的")).named("utter_nothing_to_affirm")
    assert requests_of(office) == []


async def test_an_apology_does_not_use_up_the_fresh_start(office: Office, resident: Resident) -> None:
    await resident.says(MISMATCHED, "帮我申请对账")
    office.advance(hours=25)
    accepted = await office.desk.accept(IncomingMessage(resident.contact, "broken", "在吗"))
    with closing(sqlite3.connect(office.database)) as connection, connection:
        connection.execute("UPDATE incoming SET sealed = x'00' WHERE id = ?", (accepted.id,))
    assert Heard(await office.desk.answer(accepted)).named("utter_internal_error")
    assert (await resident.says("好的")).named("utter_nothing_to_affirm")
    assert requests_of(office) == []


async def test_what_a_person_answered_does_not_use_up_the_fresh_start(
    office: Office, resident: Resident, agent: Agent
) -> None:
    await half_filled(resident)
    await resident.says("转人工")
    await agent.replies(resident)
    office.advance(hours=25)
    await resident.says("谢谢，还在吗")
    await agent.hands_back(resident)
    heard = await resident.says(BOOKED)
    assert heard.named("utter_status")
    assert [row["type"] for row in office.rows("tracker_events")].count("session_started") == 2


def requests_of(office: Office) -> list[str]:
    """The serial numbers that the bureau was asked to match."""
    return [request.serial_number for request in office.sandbox.state.bureau.ledger.requests]
