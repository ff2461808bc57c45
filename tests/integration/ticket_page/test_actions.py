"""What agents do on a ticket's page, who may, and what is said when it cannot be done."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.clock import SHANGHAI
from bot.console.model import Role
from bot.tickets.model import Cause, Priority, TicketStatus
from tests.doubles.agent_browser import INPUT, Agent, audited, new_agent
from tests.doubles.web_house import WebHouse
from tests.integration.ticket_page.scene import log_of, resident_says, two_tickets, waiting_ticket


async def test_a_case_goes_its_whole_way(house: WebHouse, agent: Agent) -> None:
    number = await waiting_ticket(house)
    statuses = []
    for action, fields in (
        ("claim", {}),
        ("reply", {"text": "您好"}),
        ("hand_back", {}),
        ("resolve", {"note": "已与银行核实", "cause": "callback_lost"}),
        ("reopen", {}),
    ):
        assert (await agent.act(number, action, **fields)).status_code == 303, action
        ticket = await house.ticket(number)
        statuses.append((ticket.status.value, (await house.conversation(ticket)).status.value))
    assert statuses == [
        ("open", "waiting_for_agent"),
        ("waiting", "with_agent"),
        ("waiting", "with_bot"),
        ("resolved", "with_bot"),
        ("open", "with_bot"),
    ]
    page = (await agent.get(f"/console/tickets/{number}")).text
    for words in (
        "机器人创建工单", "王敏领取工单", "王敏交回机器人", "王敏办结，原因：通知丢失（掉单）",
        "已与银行核实", "王敏重新打开工单",
    ):  # fmt: skip
        assert words in page, words


async def test_a_form_sent_twice_is_obeyed_once(house: WebHouse, agent: Agent) -> None:
    number = await waiting_ticket(house)
    page = f"/console/tickets/{number}"
    form = {**await agent.hidden(page, "reply"), "text": "您好"}
    for _ in range(2):
        assert (await agent.web.post(f"{page}/reply", data=form)).status_code == 303
    assert [entry for entry in await log_of(house, number) if entry[1] == "replied"] == [
        ("wangmin", "replied", "")
    ]


async def test_two_agents_at_once_one_is_told_and_loses_no_words(
    house: WebHouse, agent: Agent, colleague: Agent
) -> None:
    number = await waiting_ticket(house)
    page = f"/console/tickets/{number}"
    form = {**await colleague.hidden(page, "reply"), "text": "我写了很久"}
    await agent.act(number, "claim")
    conflict = await colleague.web.post(f"{page}/reply", data=form)
    assert conflict.status_code == 409
    assert "另一位坐席刚刚处理了此工单" in conflict.text
    assert "我写了很久</textarea>" in conflict.text
    again = {**dict(INPUT.findall(conflict.text)), "text": "我写了很久"}
    refused = await colleague.web.post(f"{page}/reply", data=again)
    assert refused.status_code == 422
    assert "这张工单由别的坐席负责" in refused.text
    assert "我写了很久</textarea>" in refused.text
    assert (await house.ticket(number)).assignee == "wangmin"


async def test_a_resident_who_writes_meanwhile_does_not_stop_an_agent(house: WebHouse, agent: Agent) -> None:
    number = await waiting_ticket(house)
    await agent.act(number, "reply", text="您好")
    page = f"/console/tickets/{number}"
    form = {**await agent.hidden(page, "reply"), "text": "还在吗"}
    await resident_says(house, "我等着")
    assert (await agent.web.post(f"{page}/reply", data=form)).status_code == 303


@pytest.mark.parametrize(
    ("action", "fields", "words"),
    [
        ("reply", {"text": "  "}, "回复内容为空"),
        ("reply", {"text": "字" * 2001}, "回复过长"),
        ("reply", {"text": "预计{expected_by}前"}, "还有没填的内容"),
        ("note", {"text": " "}, "备注内容为空"),
        ("note", {"text": "字" * 2001}, "备注过长"),
        ("tag", {"tag": "两 个"}, "标签只能用"),
        ("snooze", {"until": "own", "own": "2020-01-01T09:00"}, "请选一个将来的时间"),
        ("snooze", {"until": "own", "own": "soon"}, "请选一个将来的时间"),
        ("assign", {"to": "nobody-known"}, "没有这位坐席"),
        ("priority", {"priority": "highest"}, "请选择优先级"),
        ("resolve", {"cause": "", "note": "好了"}, "请选择办结原因"),
        ("resolve", {"cause": "made_up"}, "请选择办结原因"),
        ("reopen", {}, "无需重新打开"),
    ],
)
async def test_what_cannot_be_done_says_why_and_keeps_what_was_typed(
    house: WebHouse, agent: Agent, action: str, fields: dict[str, str], words: str
) -> None:
    number = await waiting_ticket(house)
    page = f"/console/tickets/{number}"
    before = await house.ticket(number)
    form = {**await agent.hidden(page, "reply"), **fields}
    answer = await agent.web.post(f"{page}/{action}", data=form)
    assert answer.status_code == 422
    assert words in answer.text
    if "text" in fields:
        assert f"{fields['text']}</textarea>" in answer.text
    assert await house.ticket(number) == before


async def test_merging_says_what_is_wrong(house: WebHouse, agent: Agent) -> None:
    one, other = await two_tickets(house)
    stranger = await house.open_ticket("resident-2")
    page = f"/console/tickets/{one.number}"
    for double, words in (
        ("", "请选择要并入的工单"),
        (one.number, "不能与自己合并"),
        (stranger.number, "只能合并同一位居民的工单"),
    ):
        form = {**await agent.hidden(page, "merge"), "double": double}
        answer = await agent.web.post(f"{page}/merge", data=form)
        assert (answer.status_code, words in answer.text) == (422, True), words
    assert (await house.ticket(other.number)).status.is_live


async def test_an_action_nobody_knows_is_not_found(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket()
    page = f"/console/tickets/{ticket.number}"
    hidden = await agent.hidden(page, "claim")
    assert (await agent.web.post(f"{page}/delete", data=hidden)).status_code == 404


# ---------------------------------------------------------------- whose ticket it is


async def test_another_agents_ticket_is_noted_and_tagged_and_nothing_else(
    house: WebHouse, agent: Agent, colleague: Agent
) -> None:
    number = await waiting_ticket(house)
    await agent.act(number, "reply", text="您好")
    before = await house.ticket(number)
    text = (await colleague.get(f"/console/tickets/{number}")).text
    assert "这张工单由 王敏 负责" in text
    for action in ("assign", "snooze", "resolve", "hand_back", "priority"):
        assert f'action="/console/tickets/{number}/{action}"' not in text
    hidden = await colleague.hidden(f"/console/tickets/{number}", "reply")
    for action, fields in (
        ("reply", {"text": "我来"}),
        ("assign", {"to": "liqiang"}),
        ("snooze", {"until": "hour"}),
        ("resolve", {"cause": "other"}),
        ("hand_back", {}),
        ("priority", {"priority": "low"}),
    ):
        answer = await colleague.web.post(f"/console/tickets/{number}/{action}", data={**hidden, **fields})
        assert (answer.status_code, "这张工单由别的坐席负责" in answer.text) == (422, True), action
    assert await house.ticket(number) == before
    for action, fields in (("note", {"text": "我知道这事"}), ("tag", {"tag": "银行"})):
        assert (await colleague.act(number, action, **fields)).status_code == 303
    assert ("liqiang", "tagged", "银行") in await log_of(house, number)


async def test_a_supervisor_takes_over_and_passes_on(
    house: WebHouse, agent: Agent, colleague: Agent, supervisor: Agent
) -> None:
    number = await waiting_ticket(house)
    await agent.act(number, "claim")
    page = f"/console/tickets/{number}"
    assert "转给我" in (await supervisor.get(page)).text
    assert (await supervisor.act(number, "assign", to="chenjie")).status_code == 303
    assert (await house.ticket(number)).assignee == "chenjie"
    await supervisor.act(number, "assign", to="liqiang", note="李强熟悉银行")
    assert (await house.ticket(number)).assignee == "liqiang"
    text = (await colleague.get(page)).text
    assert "陈洁把工单从“王敏”转给 陈洁" in text
    assert "陈洁把工单从“陈洁”转给 李强" in text
    assert "李强熟悉银行" in text


async def test_a_ticket_is_not_given_to_an_account_out_of_use(house: WebHouse, agent: Agent) -> None:
    await new_agent(house, "gone", "已离职", Role.AGENT)
    async with house.work() as work:
        account = await work.agents.by_name("gone")
        assert account
        work.agents.update(account, disabled_at=house.clock.now())
        await work.commit()
    number = await waiting_ticket(house)
    assert "已离职" not in (await agent.get(f"/console/tickets/{number}")).text
    answer = await agent.act(number, "assign", to="gone")
    assert (answer.status_code, "账号已停用" in answer.text) == (422, True)


async def test_an_agent_puts_the_own_ticket_back(house: WebHouse, agent: Agent) -> None:
    number = await waiting_ticket(house)
    await agent.act(number, "claim")
    await agent.act(number, "assign", to="", note="下班了")
    assert (await house.ticket(number)).assignee is None
    assert "王敏把工单放回待领取" in (await agent.get(f"/console/tickets/{number}")).text


# ---------------------------------------------------------------- putting aside, doubles, the rest


@pytest.mark.parametrize(
    ("fields", "until"),
    [
        ({"until": "hour"}, datetime(2026, 11, 23, 11, 0, tzinfo=SHANGHAI)),
        ({"until": "working_day"}, datetime(2026, 11, 24, 9, 0, tzinfo=SHANGHAI)),
        ({"until": "own", "own": "2026-11-30T14:30"}, datetime(2026, 11, 30, 14, 30, tzinfo=SHANGHAI)),
    ],
)
async def test_a_ticket_is_put_aside_until_a_moment_and_brought_back(
    house: WebHouse, agent: Agent, fields: dict[str, str], until: datetime
) -> None:
    number = await waiting_ticket(house)
    assert (await agent.act(number, "snooze", **fields)).status_code == 303
    ticket = await house.ticket(number)
    assert (ticket.snoozed_until, ticket.assignee) == (until, "wangmin")
    assert f"搁置至 {until:%m-%d %H:%M}" in (await agent.get(f"/console/tickets/{number}")).text
    await agent.act(number, "wake")
    assert (await house.ticket(number)).snoozed_until is None


async def test_before_a_weekend_tomorrow_is_not_the_next_working_day(house: WebHouse, agent: Agent) -> None:
    house.clock.move(timedelta(days=4))  # Friday
    text = (await agent.get(f"/console/tickets/{await waiting_ticket(house)}")).text
    assert "11-28 09:00" in text
    assert "11-30 09:00" in text


async def test_a_double_is_merged_into_the_ticket_in_front(house: WebHouse, agent: Agent) -> None:
    kept, double = await two_tickets(house)
    assert (await agent.act(kept.number, "merge", double=double.number)).status_code == 303
    ended = await house.ticket(double.number)
    assert (ended.status, ended.merged_into) == (TicketStatus.CLOSED, kept.number)
    page = (await agent.get(f"/console/tickets/{double.number}")).text
    assert "已并入" in page
    assert f'action="/console/tickets/{double.number}/reopen"' not in page
    assert f"王敏把 {double.number} 并入本工单" in (await agent.get(f"/console/tickets/{kept.number}")).text


async def test_a_double_that_another_agent_has_is_left_alone(
    house: WebHouse, agent: Agent, colleague: Agent
) -> None:
    kept, double = await two_tickets(house)
    await colleague.act(double.number, "claim")
    answer = await agent.act(kept.number, "merge", double=double.number)
    assert (answer.status_code, "由别的坐席负责" in answer.text) == (422, True)
    assert (await house.ticket(double.number)).status.is_live


async def test_tags_are_added_offered_and_taken_off(house: WebHouse, agent: Agent) -> None:
    one, other = await two_tickets(house)
    await agent.act(one.number, "tag", tag=" 银行退回 ")
    assert '<option value="银行退回">' in (await agent.get(f"/console/tickets/{other.number}")).text
    text = (await agent.get(f"/console/tickets/{one.number}")).text
    assert 'class="tag">银行退回' in text
    await agent.act(one.number, "untag", tag="银行退回")
    assert 'class="tag"' not in (await agent.get(f"/console/tickets/{one.number}")).text


async def test_a_priority_is_changed(house: WebHouse, agent: Agent) -> None:
    number = await waiting_ticket(house)
    assert (await agent.act(number, "priority", priority="urgent")).status_code == 303
    assert (await house.ticket(number)).priority is Priority.URGENT
    assert "王敏把优先级从“普通”改为“紧急”" in (await agent.get(f"/console/tickets/{number}")).text


async def test_the_payments_reason_is_the_suggested_cause(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket()
    async with house.work() as work:
        conversation = await house.conversation(ticket)
        opened = await house.tickets.open(
            work, conversation, ticket.reason, None, {"reason": "info_mismatch"}
        )
        await work.commit()
    text = (await agent.get(f"/console/tickets/{opened.ticket.number}")).text
    suggested = text.index('<optgroup label="建议（来自缴费状态）">')
    assert '<option value="info_mismatch">信息不一致</option>' in text[suggested : suggested + 150]
    await agent.act(ticket.number, "resolve", cause="info_mismatch")
    assert (await house.ticket(ticket.number)).cause is Cause.INFO_MISMATCH


# ---------------------------------------------------------------- by the page's script


async def test_the_script_is_told_what_is_new_and_gets_a_fresh_key(house: WebHouse, agent: Agent) -> None:
    number = await waiting_ticket(house)
    seen = await agent.hidden(f"/console/tickets/{number}", "reply")
    answer = (await agent.script(number, "reply", seen, text="您好")).json()
    assert answer["trouble"] == ""
    assert "您好" in answer["news"]["entries"]
    assert answer["seen"]["key"] != seen["key"]
    assert answer["seen"]["seen_assignee"] == "wangmin"
    again = await agent.script(number, "reply", {**seen, **answer["seen"]}, text="第二句")
    assert again.status_code == 200
    assert [entry[1] for entry in await log_of(house, number)].count("replied") == 2


async def test_the_script_is_told_of_trouble_and_of_the_newest_state(
    house: WebHouse, agent: Agent, colleague: Agent
) -> None:
    number = await waiting_ticket(house)
    seen = await colleague.hidden(f"/console/tickets/{number}", "reply")
    await agent.act(number, "claim")
    answer = await colleague.script(number, "reply", seen, text="我来")
    assert answer.status_code == 409
    assert "另一位坐席刚刚处理了此工单" in answer.json()["trouble"]
    assert "王敏" in answer.json()["news"]["parts"]["facts"]
    refused = await colleague.script(number, "reply", {**seen, **answer.json()["seen"]}, text="我来")
    assert refused.status_code == 422
    assert "由别的坐席负责" in refused.json()["trouble"]


async def test_every_action_is_recorded(house: WebHouse, agent: Agent) -> None:
    number = await waiting_ticket(house)
    for action, fields in (
        ("claim", {}),
        ("tag", {"tag": "a"}),
        ("note", {"text": "b"}),
        ("untag", {"tag": "a"}),
    ):
        await agent.act(number, action, **fields)
    recorded = [entry[1] for entry in await audited(house) if entry[2] == number]
    assert [one for one in recorded if one != "ticket_viewed"] == [
        "ticket_claim",
        "ticket_tag",
        "ticket_note",
        "ticket_untag",
    ]


@pytest.mark.parametrize(
    ("action", "fields", "kept"),
    [
        ("resolve", {"note": "写了很长的说明", "cause": ""}, ("写了很长的说明",)),
        ("assign", {"note": "转交说明", "to": "nobody-such"}, ("转交说明",)),
        ("tag", {"tag": "不 行"}, ('value="不 行"',)),
        ("reveal", {"own": "回", "purpose": "other"}, ('value="回"', 'value="other" selected')),
    ],
)
async def test_without_scripts_a_refused_form_keeps_what_was_written(
    house: WebHouse, agent: Agent, action: str, fields: dict[str, str], kept: tuple[str, ...]
) -> None:
    ticket = await house.open_ticket()
    refused = await agent.act(ticket.number, action, **fields)
    assert refused.status_code == 422
    for words in kept:
        assert words in refused.text
    assert f'id="do-{action}" open' in refused.text or action == "tag"


async def test_words_to_a_case_that_somebody_took_stand_in_the_note(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket()
    page = f"/console/tickets/{ticket.number}"
    hidden = await agent.hidden(page, f"{page}/resolve")
    async with house.work() as work:
        await house.casework.claim(work, ticket.number, "liqiang")
        await work.commit()
    refused = await agent.web.post(
        f"{page}/resolve", data={**hidden, "note": "已与银行核实", "cause": "other"}
    )
    assert refused.status_code == 409
    assert "已与银行核实</textarea>" in refused.text
