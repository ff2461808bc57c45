"""Canned answers: picked on a ticket, looked after by supervisors."""

from __future__ import annotations

import re

from bot.tickets.model import HandoffReason
from tests.doubles.agent_browser import Agent, audited
from tests.doubles.web_house import WebHouse
from tests.integration.ticket_page.scene import SERIAL

NEW = {"shortcut": "/Bank2", "title": "再问银行", "zh": "{resident}，请再问银行。", "en": "Please ask again."}


async def picked(agent: Agent, number: str) -> dict[str, str]:
    answers = (await agent.get(f"/console/tickets/{number}/answers")).json()["answers"]
    return {answer["shortcut"]: answer["text"] for answer in answers}


async def test_an_answer_is_filled_in_for_the_ticket_and_its_resident(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket(serial_number=SERIAL)
    conversation = await house.conversation(ticket)
    async with house.work() as work:
        checked = {"expected_by": "2026-11-24T17:30:00+08:00"}
        await house.tickets.open(work, conversation, HandoffReason.OVERDUE, SERIAL, checked)
        await work.commit()
    answers = await picked(agent, ticket.number)
    assert answers["hello"].startswith(f"市民朋友，您好！我是王敏，您的工单 {ticket.number} 由我来办。")
    assert "尾号 714292 的这笔缴费，预计明天下午5点半前对上账" in answers["when"]


async def test_what_is_not_known_stays_to_be_filled_by_hand(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket()
    answers = await picked(agent, ticket.number)
    assert "{serial_tail}" in answers["when"]
    assert "{expected_by}" in answers["when"]


async def test_a_resident_who_writes_english_is_answered_in_english(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket(serial_number=SERIAL)
    conversation = await house.conversation(ticket)
    async with house.work() as work:
        work.conversations.update(conversation, language="en")
        await work.commit()
    assert (await picked(agent, ticket.number))["hello"].startswith("Dear resident, I'm 王敏")


async def test_supervisors_make_change_find_and_remove_answers(
    house: WebHouse, agent: Agent, supervisor: Agent
) -> None:
    page = "/console/answers"
    assert (await supervisor.post(f"{page}/new", f"{page}/new", **NEW)).headers["location"] == page
    listed = (await agent.get(f"{page}?q=再问")).text
    assert "/bank2" in listed
    assert "陈洁 修改于" in listed
    assert "没有符合条件的常用语" in (await agent.get(f"{page}?q=再问 退款")).text
    edit = re.search(r'href="(/console/answers/\d+)"', (await supervisor.get(f"{page}?q=再问")).text)
    assert edit
    changed = {**NEW, "shortcut": "bank2", "title": "再问一次银行", "en": ""}
    assert (await supervisor.post(edit.group(1), edit.group(1), **changed)).status_code == 303
    ticket = await house.open_ticket()
    assert (await picked(agent, ticket.number))["bank2"] == "市民朋友，请再问银行。"
    await supervisor.post(edit.group(1), f"{edit.group(1)}/remove")
    assert "bank2" not in await picked(agent, ticket.number)
    done = [entry[1:] for entry in await audited(house) if entry[1].startswith("answer_")]
    assert done == [("answer_made", "/Bank2"), ("answer_changed", "bank2"), ("answer_removed", "bank2")]


async def test_agents_read_and_only_supervisors_change(house: WebHouse, agent: Agent) -> None:
    text = (await agent.get("/console/answers")).text
    assert "/hello" in text
    assert "新建常用语" not in text
    assert (await agent.get("/console/answers/new")).status_code == 403
    assert (await agent.get("/console/answers/1")).status_code == 403


async def test_what_cannot_be_kept_says_why_and_keeps_what_was_typed(
    house: WebHouse, supervisor: Agent
) -> None:
    page = "/console/answers/new"
    for fields, words in (
        ({"shortcut": "hello"}, "这个快捷码已经有了"),
        ({"shortcut": "a b"}, "快捷码只能用"),
        ({"title": ""}, "名称需为"),
        ({"zh": " "}, "请填写中文内容"),
        ({"zh": "您好{name}"}, "有不认识的变量"),
    ):
        given = {**NEW, **fields}
        answer = await supervisor.post(page, page, **given)
        assert (answer.status_code, words in answer.text) == (422, True), words
        assert f'value="{given["title"]}"' in answer.text


async def test_of_two_supervisors_at_once_the_second_is_told_and_may_save_again(
    house: WebHouse, supervisor: Agent
) -> None:
    page = "/console/answers/1"
    form = {**await supervisor.hidden(page, page), "shortcut": "hello", "zh": "您好"}
    await supervisor.post(page, page, shortcut="hello", title="先改的", zh="您好")
    conflict = await supervisor.web.post(page, data={**form, "title": "后改的"})
    assert conflict.status_code == 409
    assert "刚刚有人改过这条常用语" in conflict.text
    assert 'value="后改的"' in conflict.text
    fresh = dict(
        re.findall(r'name="(csrf|version)" value="([^"]*)"', conflict.text[conflict.text.index("<main") :])
    )
    again = await supervisor.web.post(page, data={**form, **fresh, "title": "后改的"})
    assert again.status_code == 303


async def test_an_answer_that_is_gone_is_not_found(supervisor: Agent) -> None:
    assert (await supervisor.get("/console/answers/99999")).status_code == 404
