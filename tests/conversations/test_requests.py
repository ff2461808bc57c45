"""What residents ask us to do: reconcile, watch, show and erase what is stored."""

from __future__ import annotations

import pytest

from tests.conversations.office import Office
from tests.conversations.resident import Resident
from tests.conversations.seeded import BOOKED, MISMATCHED, NOT_THERE, SERIAL, WAITING


def reconciliation_requests(office: Office) -> list[str]:
    """The serial numbers that the bureau was asked to reconcile."""
    return [request.serial_number for request in office.sandbox.state.bureau.ledger.requests]


async def test_reconciliation_is_asked_for_after_one_confirmation(resident: Resident, office: Office) -> None:
    await resident.says(MISMATCHED)
    heard = await resident.presses("申请对账")
    assert heard.named("utter_confirm_reconciliation")
    assert "…000105" in heard.text
    assert not reconciliation_requests(office)
    heard = await resident.presses("确认申请")
    assert heard.named("utter_reconciliation_received")
    assert reconciliation_requests(office) == [MISMATCHED]


async def test_a_request_that_was_sent_is_found_again_with_the_tickets(resident: Resident) -> None:
    heard = await resident.says(MISMATCHED, "帮我申请对账", "好的", "我的工单")
    assert heard.named("utter_applications")
    assert "RR20261124000001" in heard.text


async def test_a_typed_yes_confirms(resident: Resident, office: Office) -> None:
    heard = await resident.says(MISMATCHED, "帮我申请对账", "好的")
    assert heard.named("utter_reconciliation_received")
    assert len(reconciliation_requests(office)) == 1


@pytest.mark.parametrize("said", ["不用了", "先不申请", "2"])
async def test_a_no_sends_nothing(resident: Resident, office: Office, said: str) -> None:
    heard = await resident.says(MISMATCHED, "帮我申请对账", said)
    assert heard.named("utter_reconciliation_cancelled")
    assert not reconciliation_requests(office)


async def test_a_yes_to_something_asked_before_sends_nothing(resident: Resident, office: Office) -> None:
    heard = await resident.says(MISMATCHED, "帮我申请对账", "要等多久才能更新状态", "好的")
    assert heard.named("utter_nothing_to_affirm")
    assert not reconciliation_requests(office)


async def test_without_a_number_it_is_asked_for_first(resident: Resident) -> None:
    assert (await resident.says("帮我申请对账")).named("utter_ask_serial_number")
    heard = await resident.says(MISMATCHED)
    assert heard.named("utter_confirm_reconciliation")


async def test_with_the_number_in_the_same_message_it_is_not_asked_for(resident: Resident) -> None:
    heard = await resident.says(f"帮我申请对账，单号{MISMATCHED}")
    assert heard.named("utter_confirm_reconciliation")


async def test_a_settled_payment_needs_no_request(resident: Resident, office: Office) -> None:
    heard = await resident.says(BOOKED, "帮我申请对账")
    assert heard.named("utter_reconciliation_not_needed")
    assert not reconciliation_requests(office)


async def test_a_payment_that_is_not_there_may_be_investigated(resident: Resident, office: Office) -> None:
    heard = await resident.says(NOT_THERE, "帮我申请对账", "好的")
    assert heard.named("utter_reconciliation_received")


async def test_what_the_receipt_said_goes_with_the_request(resident: Resident, office: Office) -> None:
    await resident.says(f"微信付的，3天前，40块，单号{SERIAL['0106']}", "帮我申请对账", "好的")
    sent = next(request for request in office.wire.requests if request.method == "POST")
    assert b'"amount":4000' in sent.content.replace(b" ", b"")
    assert b'"channel":"wechat_pay"' in sent.content.replace(b" ", b"")


async def test_the_same_confirmation_delivered_twice_sends_one_request(
    resident: Resident, office: Office
) -> None:
    await resident.says(MISMATCHED, "帮我申请对账")
    await resident.sends("好的", message_id="yes-1")
    await resident.sends("好的", message_id="yes-1")
    assert len(reconciliation_requests(office)) == 1


async def test_a_request_that_was_carried_out_while_its_answer_was_lost_is_not_sent_twice(
    resident: Resident, office: Office
) -> None:
    await resident.says(MISMATCHED, "帮我申请对账")
    await office.breaks(outage="lost_answer", next_requests=1)
    heard = await resident.says("好的")
    assert heard.named("utter_reconciliation_received")
    assert len(reconciliation_requests(office)) == 1


async def test_an_outage_while_applying_is_told(resident: Resident, office: Office) -> None:
    await resident.says(MISMATCHED, "帮我申请对账")
    await office.breaks(outage="unavailable")
    assert (await resident.says("好的")).named("utter_api_down")


async def test_a_watch_is_set(resident: Resident, office: Office) -> None:
    await resident.says(WAITING)
    heard = await resident.presses("到账提醒我")
    assert heard.named("utter_watch_set")
    [watch] = office.rows("watches")
    assert watch["serial_number"] == WAITING
    assert watch["active"]


async def test_a_watch_that_is_set_already_is_not_set_again(resident: Resident, office: Office) -> None:
    heard = await resident.says(WAITING, "到账了通知我", "到账了通知我")
    assert heard.named("utter_watch_exists")
    assert len(office.rows("watches")) == 1


async def test_a_settled_payment_needs_no_watch(resident: Resident, office: Office) -> None:
    heard = await resident.says(BOOKED, "到账了通知我")
    assert heard.named("utter_watch_not_needed")
    assert not office.rows("watches")


async def test_a_watch_asks_for_the_number_when_none_is_known(resident: Resident) -> None:
    assert (await resident.says("到账了通知我")).named("utter_ask_serial_number")
    assert (await resident.says(WAITING)).named("utter_watch_set")


async def test_a_watch_that_was_given_up_is_not_set_by_the_next_number(
    resident: Resident, office: Office
) -> None:
    await resident.says("到账了通知我", "算了")
    assert (await resident.says(WAITING)).named("utter_status")
    assert not office.rows("watches")


async def test_a_watch_is_ended(resident: Resident, office: Office) -> None:
    heard = await resident.says(WAITING, "到账了通知我", "别提醒了")
    assert heard.named("utter_watch_ended")
    assert not office.rows("watches")[0]["active"]


async def test_ending_a_watch_that_was_never_set_says_so(resident: Resident) -> None:
    assert (await resident.says("别提醒了")).named("utter_watch_none")


async def test_the_resident_is_told_when_a_watched_payment_changes(
    resident: Resident, office: Office
) -> None:
    await resident.says(WAITING, "到账了通知我")
    office.advance(days=1)
    payment = (await office.house.services.payments.state_of(WAITING)).payment
    async with office.house.work() as work:
        told = await office.house.services.watches.tell(work, payment)
        await work.commit()
    assert len(told) == 1
    last = (await resident.sees())[-1].text
    assert "尾号 000101，有变化了" in last
    assert "已经对上账" in last


async def test_a_resident_sees_what_is_stored(resident: Resident) -> None:
    heard = await resident.says(WAITING, "到账了通知我", "转人工", "你们存了我什么信息")
    assert heard.named("utter_my_data")
    assert "工单 1 张" in heard.text
    assert "到账提醒 1 个" in heard.text


async def test_erasing_asks_once_more_and_can_be_called_off(resident: Resident, office: Office) -> None:
    await resident.says("你们存了我什么信息")
    heard = await resident.presses("全部删除")
    assert heard.named("utter_confirm_erase")
    assert (await resident.presses("先不删")).named("utter_erase_cancelled")
    assert len(office.rows("messages")) > 3


async def test_erasing_leaves_nothing_of_what_was_said(resident: Resident, office: Office) -> None:
    await resident.says("我叫王小明住南京西路", WAITING, "到账了通知我", "转人工", "你们存了我什么信息")
    await resident.presses("全部删除")
    heard = await resident.presses("确认删除")
    assert heard.named("utter_erased")
    stored = office.everything_stored()
    assert "南京西路" not in stored
    assert WAITING not in stored
    assert "已经结束" in (await resident.says("我的工单")).text


async def test_after_erasing_the_bot_knows_no_number_any_more(resident: Resident) -> None:
    await resident.says(WAITING, "你们存了我什么信息")
    await resident.presses("全部删除")
    await resident.presses("确认删除")
    assert (await resident.says("帮我查一下缴费")).named("utter_ask_serial_number")


async def test_erasing_touches_nobody_else(resident: Resident, neighbour: Resident, office: Office) -> None:
    await neighbour.says("转人工")
    await resident.says("你们存了我什么信息")
    await resident.presses("全部删除")
    await resident.presses("确认删除")
    assert (await neighbour.says("我的工单")).named("utter_ticket_list")
