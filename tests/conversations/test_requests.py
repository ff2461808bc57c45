"""What residents ask us to do: reconcile, watch, show and erase what is stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.payments.model import RequestStatus
from tests.conversations.office import Office
from tests.conversations.resident import Resident
from tests.conversations.seeded import BOOKED, DIFFERENT_AMOUNT, MISMATCHED, NOT_THERE, SERIAL, WAITING


def reconciliation_requests(office: Office) -> list[str]:
    """The serial numbers that the bureau was asked to reconcile."""
    return [request.serial_number for request in office.sandbox.state.bureau.ledger.requests]


def keys_sent(office: Office) -> list[str]:
    """The idempotency keys that the bureau saw, in order."""
    keys = (request.headers.get("Idempotency-Key") for request in office.wire.requests)
    return [key for key in keys if key]


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
    assert heard.named("utter_request_list")
    assert "RR20261124000001（尾号 000105）：已受理，等核查" in heard.text


@pytest.mark.parametrize(
    "said",
    [
        "我的申请怎么样了", "对账申请有结果了吗", "我的对账申请怎么样了", "对账申请到哪一步了",
        "查一下我的对账申请", "对账申请的进度",
    ],
)  # fmt: skip
async def test_how_far_a_request_is_is_asked_of_the_bureau(
    resident: Resident, office: Office, said: str
) -> None:
    await resident.says(MISMATCHED, "帮我申请对账", "好的")
    office.advance(hours=1)
    assert "正在核查" in (await resident.says(said)).text
    office.advance(days=10)
    assert "已办结" in (await resident.says(said)).text


async def test_who_applies_again_hears_how_far_the_request_is_now(resident: Resident, office: Office) -> None:
    await resident.says(MISMATCHED, "帮我申请对账", "好的")
    office.advance(hours=1)
    assert "正在核查" in (await resident.says("帮我申请对账")).text
    office.advance(days=10)
    assert (await resident.says("帮我申请对账")).named("utter_request_resolved")


async def test_a_booked_payment_is_booked_though_its_request_is_still_open(
    resident: Resident, office: Office
) -> None:
    await resident.says(MISMATCHED, "帮我申请对账", "好的")
    office.wire.changes = {"status": "investigating"}
    await office.puts(MISMATCHED, "reconciled")
    assert (await resident.says("帮我申请对账")).named("utter_reconciliation_not_needed")


@pytest.mark.parametrize("said", ["申请进度查询", "RR20261124000001", "帮我申请对账"])
async def test_who_asks_before_being_told_hears_why_it_was_turned_down(
    resident: Resident, office: Office, said: str
) -> None:
    await resident.says(MISMATCHED, "帮我申请对账", "好的")
    office.sandbox.state.bureau.answer_request(
        "RR20261124000001", RequestStatus.REJECTED, "姓名与身份证不符，请带身份证到派出所更正"
    )
    heard = await resident.says(said)
    assert heard.named("utter_request_rejected")
    assert heard.text.count("那边的说明：“姓名与身份证不符，请带身份证到派出所更正”") == 1
    office.advance(hours=3)
    assert await office.follows() == 0
    heard = await resident.says("申请进度查询")
    assert not heard.named("utter_request_rejected")
    assert "没有通过，今天上午10点半受理，那边的说明：“姓名与身份证不符" in heard.text


async def test_while_the_bureau_is_down_a_request_is_as_far_as_was_heard_last(
    resident: Resident, office: Office
) -> None:
    await resident.says(MISMATCHED, "帮我申请对账", "好的")
    office.advance(hours=1)
    await office.breaks(outage="unavailable")
    assert "已受理，等核查" in (await resident.says("我的申请怎么样了")).text


async def test_the_request_s_own_number_is_not_taken_for_a_payment_s(resident: Resident) -> None:
    await resident.says(MISMATCHED, "帮我申请对账", "好的")
    assert (await resident.says("RR20261124000001")).named("utter_request_list")
    assert (await resident.says("rr20261124000001")).named("utter_request_list")
    assert (await resident.says("再查一下我的缴费")).mentions("utter_status")


async def test_somebody_else_s_request_is_not_shown(resident: Resident, neighbour: Resident) -> None:
    await resident.says(MISMATCHED, "帮我申请对账", "好的")
    assert not (await neighbour.says("RR20261124000001")).named("utter_request_list")
    assert (await neighbour.says("我的申请怎么样了")).named("utter_ticket_none")


async def test_what_was_read_off_the_receipt_is_filled_in_and_read_back(resident: Resident) -> None:
    await resident.says(f"微信付的，3天前，40块，单号{SERIAL['0106']}")
    heard = await resident.says("帮我申请对账")
    assert "流水号：…000106\n付款方式：微信支付\n金额：40元\n付款日期：11月21日" in heard.text


async def test_a_request_shows_number_date_progress_and_receipt(resident: Resident, office: Office) -> None:
    await resident.says(MISMATCHED, "帮我申请对账")
    heard = await resident.says("好的")
    assert "申请号：RR20261124000001\n受理时间：今天上午10点半" in heard.text
    page, paper = (line.split("：", 1)[1] for line in heard.text.splitlines() if "http" in line)
    assert page.startswith("http://127.0.0.1:8000/requests/")
    assert heard.lines[0].custom["document"] == {
        "request_id": "RR20261124000001", "name": "RR20261124000001.pdf", "url": paper,
    }  # fmt: skip


async def test_what_is_asked_for_already_is_not_asked_for_twice(resident: Resident, office: Office) -> None:
    await resident.says(MISMATCHED, "帮我申请对账", "好的")
    assert (await resident.says("帮我申请对账")).named("utter_request_exists")
    assert len(reconciliation_requests(office)) == 1


async def test_the_result_of_a_request_is_told_when_it_is_there(resident: Resident, office: Office) -> None:
    await resident.says(MISMATCHED, "帮我申请对账", "好的")
    assert await office.follows() == 0
    office.advance(days=3, hours=6, minutes=40)
    assert await office.follows() == 1
    assert await office.follows() == 0
    last = (await resident.sees())[-1]
    assert last.text.startswith("您的对账申请 RR20261124000001（尾号 000105）办结了。已经对上账")
    assert [button.title for button in last.buttons] == ["看看这一笔", "转人工"]


async def test_a_request_that_was_turned_down_says_why_and_offers_a_person(
    resident: Resident, office: Office
) -> None:
    await resident.says(NOT_THERE, "帮我申请对账", "好的")
    office.advance(days=4)
    assert await office.follows() == 1
    last = (await resident.sees())[-1].text
    assert "没有通过。那边的说明：“没有查到这笔缴费，请带上身份证和缴费凭证，到窗口来办”" in last
    resident.offered = (await resident.sees())[-1].buttons
    heard = await resident.presses("转人工")
    assert heard.named("utter_handoff_unresolved")
    assert office.rows("tickets")[0]["serial_number"] == NOT_THERE


async def test_a_late_result_is_apologised_for_once(resident: Resident, office: Office) -> None:
    await resident.says(MISMATCHED, "帮我申请对账", "好的")
    office.wire.changes = {"status": "investigating", "expected_by": "2026-11-27T17:00:00+08:00"}
    told = []
    for _ in range(8):
        office.advance(hours=12)
        told.append(await office.follows())
    assert sum(told) == 1
    assert "让您久等了，实在对不起" in (await resident.sees())[-1].text
    assert "还没准" in (await resident.says("我的申请怎么样了")).text


async def test_at_night_no_result_is_told(resident: Resident, office: Office) -> None:
    await resident.says(NOT_THERE, "帮我申请对账", "好的")
    office.advance(days=3, hours=12)
    assert await office.follows() == 0
    office.advance(hours=10)
    assert await office.follows() == 1


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


@pytest.mark.parametrize(
    ("state", "truth"),
    [
        ("reconciled", "已经对上账了，不用再申请"),
        ("refunded", "钱已经退出来了"),
        ("closed", "这张缴款通知已经过期或者撤回了"),
        ("payment_failed", "没有付成"),
    ],
)
async def test_of_a_payment_that_is_over_only_what_is_true_is_said(
    resident: Resident, office: Office, state: str, truth: str
) -> None:
    await office.puts(WAITING, state)
    heard = await resident.says(f"帮我申请对账，单号{WAITING}")
    assert truth in heard.text
    assert ("已经对上账" in heard.text) is (state == "reconciled")
    assert "转人工" in [button.title for line in heard.lines for button in line.buttons]
    assert not reconciliation_requests(office)


@pytest.mark.parametrize(
    ("state", "reason"), [("under_review", "entry_error"), ("refunding", None), ("payment_pending", None)]
)
async def test_where_applying_changes_nothing_how_it_stands_is_said_instead(
    resident: Resident, office: Office, state: str, reason: str | None
) -> None:
    await office.puts(WAITING, state, reason)
    heard = await resident.says(f"帮我申请对账，单号{WAITING}")
    assert heard.named("utter_reconciliation_no_use")
    assert heard.mentions(f"utter_state_{state}")
    assert not reconciliation_requests(office)


async def test_an_unrecognised_state_goes_to_a_person_instead_of_a_request(
    resident: Resident, office: Office
) -> None:
    office.wire.changes = {"state": "archived"}
    heard = await resident.says(f"帮我申请对账，单号{WAITING}")
    assert heard.mentions("utter_state_unrecognised")
    assert heard.named("utter_ticket_opened")
    assert not reconciliation_requests(office)


@pytest.mark.parametrize(
    ("state", "truth"), [("reconciled", "已经对上账了，不用再申请"), ("refunded", "钱已经退出来了")]
)
async def test_what_was_settled_while_the_resident_confirmed_is_said_as_it_is(
    resident: Resident, office: Office, state: str, truth: str
) -> None:
    await resident.says(MISMATCHED, "帮我申请对账")
    await office.puts(MISMATCHED, state)
    office.wire.refuses = "POST"
    heard = await resident.says("好的")
    assert truth in heard.text
    assert ("已经对上账" in heard.text) is (state == "reconciled")


async def test_a_request_that_the_bureau_refuses_is_not_called_settled(
    resident: Resident, office: Office
) -> None:
    await resident.says(MISMATCHED, "帮我申请对账")
    office.wire.refuses = "POST"
    heard = await resident.says("好的")
    assert heard.named("utter_reconciliation_refused")
    assert heard.mentions("utter_unreconciled_info_mismatch")
    assert "已经对上账" not in heard.text


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


async def test_after_a_new_database_nobody_is_answered_with_another_resident_s_request(
    resident: Resident, neighbour: Resident, office: Office, empty_database: Path
) -> None:
    await resident.says(MISMATCHED, "帮我申请对账", "好的")
    await office.loses_its_database(empty_database)
    heard = await neighbour.says(DIFFERENT_AMOUNT, "帮我申请对账", "好的")
    assert heard.named("utter_reconciliation_received")
    assert reconciliation_requests(office) == [MISMATCHED, DIFFERENT_AMOUNT]


async def test_a_message_that_comes_again_after_a_new_database_sends_its_request_once(
    resident: Resident, office: Office, empty_database: Path
) -> None:
    await resident.says(MISMATCHED, "帮我申请对账")
    await resident.sends("好的", message_id="yes")
    await office.loses_its_database(empty_database)
    await resident.says("你好", MISMATCHED, "帮我申请对账")
    keys = keys_sent(office)
    await resident.sends("好的", message_id="yes")
    assert keys_sent(office) == keys * 2


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


async def test_watches_are_listed_and_ended_one_by_one(resident: Resident, office: Office) -> None:
    await resident.says(WAITING, "到账了通知我", MISMATCHED, "到账了通知我")
    heard = await resident.says("我设了哪些提醒")
    assert heard.named("utter_watch_list")
    assert "尾号 000101，盯到12月24日\n尾号 000105，盯到12月24日" in heard.text
    assert heard.buttons == ["停 …000101", "停 …000105", "全部不要了"]
    heard = await resident.presses("停 …000101")
    assert heard.named("utter_watch_ended")
    assert [watch["active"] for watch in office.rows("watches")] == [0, 1]
    assert (await resident.presses("恢复提醒")).named("utter_watch_set")


async def test_of_several_watches_it_is_asked_which_to_end(resident: Resident, office: Office) -> None:
    await resident.says(WAITING, "到账了通知我", MISMATCHED, "到账了通知我")
    assert (await resident.says("别提醒了")).named("utter_watch_which")
    assert (await resident.says("2")).named("utter_watch_ended")
    assert [watch["active"] for watch in office.rows("watches")] == [1, 0]


@pytest.mark.parametrize("said", ["全部提醒都别要了", "stop all the notices"])
async def test_all_watches_can_be_ended_at_once(resident: Resident, office: Office, said: str) -> None:
    await resident.says(WAITING, "到账了通知我", MISMATCHED, "到账了通知我")
    assert (await resident.says(said)).named("utter_watch_all_ended")
    assert [watch["active"] for watch in office.rows("watches")] == [0, 0]


async def test_a_watch_outlives_a_restart(resident: Resident, office: Office) -> None:
    await resident.says(WAITING, "到账了通知我")
    await office.restart()
    office.advance(days=1)
    assert await office.watches() == 1
    assert "有结果了" in (await resident.sees())[-1].text


async def test_a_broken_promise_is_brought_up_and_everything_is_filled_in(
    resident: Resident, office: Office
) -> None:
    await resident.says(MISMATCHED, "到账了通知我")
    await resident.says(BOOKED)
    office.advance(days=8)
    assert await office.watches() == 1
    last = (await resident.sees())[-1]
    assert "让您久等了，实在对不起" in last.text
    assert [button.title for button in last.buttons] == ["申请对账", "转人工", "不用提醒了"]
    resident.offered = last.buttons
    heard = await resident.presses("申请对账")
    assert "流水号：…000105" in heard.text
    resident.offered = last.buttons
    await resident.presses("转人工")
    [ticket] = office.rows("tickets")
    assert (ticket["serial_number"], ticket["reason"]) == (MISMATCHED, "overdue")


async def test_a_notice_of_a_duplicate_leads_to_its_details(resident: Resident, office: Office) -> None:
    await resident.says(WAITING, "到账了通知我", BOOKED)
    await office.puts(WAITING, "unreconciled", "duplicate_payment")
    assert await office.watches() == 1
    assert "点“看金额明细”" in (await resident.reads()).text
    await resident.presses("看金额明细")
    assert "000101" in (await resident.says("1234")).text


async def test_a_notice_that_nobody_can_explain_opens_a_ticket_at_a_press_only(
    resident: Resident, office: Office
) -> None:
    await resident.says(WAITING, "到账了通知我")
    await office.puts(WAITING, "unreconciled", "unknown")
    assert await office.watches() == 1
    notice = await resident.reads()
    assert "点“转人工”" in notice.text
    assert "我替您转过去" not in notice.text
    assert not office.rows("tickets")
    await resident.presses("转人工")
    assert [ticket["serial_number"] for ticket in office.rows("tickets")] == [WAITING]


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
    assert "尾号 000101，有结果了" in last
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
