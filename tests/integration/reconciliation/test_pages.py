"""Manual reconciliation as agents meet it, against the sandbox."""

from __future__ import annotations

import dataclasses
import re

import httpx
import pytest
import sqlalchemy as sa

from bot.console.model import Role
from bot.reconciliation.model import ProposalState
from bot.storage.tables import audit
from bot.tickets.model import Ticket
from tests.conversations.seeded import BOOKED, NOTICE, SERIAL
from tests.doubles.web_house import open_web_house
from tests.integration.reconciliation.visitor import Bureau, Visitor, visitor, words_of

SHORT, SHORT_LINE = SERIAL["0106"], f"SL-{SERIAL['0106']}"
"""¥20 of ¥40: the statement agrees with what was paid, and not with what was due."""
PLAIN, PLAIN_LINE = SERIAL["0210"], f"SL-{SERIAL['0210']}"
"""¥20, and everything agrees."""
NOTE = "已核对回单"


async def a_ticket(bureau: Bureau, serial: str | None = SHORT, **checked: str) -> Ticket:
    """A ticket about a payment, with what its resident said; each payment has its own resident."""
    ticket = await bureau.house.open_ticket(f"resident-{serial}", serial)
    async with bureau.house.work() as work:
        work.tickets.save(dataclasses.replace(ticket, checked=checked))
        await work.commit()
    return ticket


def page_of(ticket: Ticket, serial: str = "") -> str:
    return f"/console/tickets/{ticket.number}/reconciliation" + (f"/{serial}" if serial else "")


async def confirm(agent: Visitor, ticket: Ticket, serial: str, line: str, **fields: str) -> httpx.Response:
    """The page that repeats what was chosen."""
    page = page_of(ticket, serial)
    return await agent.post(page, f"{page}/confirm", line=line, **{"note": NOTE, **fields})


async def propose(agent: Visitor, ticket: Ticket, serial: str, line: str) -> httpx.Response:
    """Everything, up to the result's address."""
    confirmed = await confirm(agent, ticket, serial, line)
    return await agent.send(confirmed.text, f"{page_of(ticket, serial)}/propose", checked="1")


async def over_the_limit(bureau: Bureau, agent: Visitor) -> tuple[Ticket, str]:
    """A proposal that waits for a second person: ¥40, the limit is ¥30."""
    serial = SERIAL["0105"]
    ticket = await a_ticket(bureau, serial)
    proposed = await propose(agent, ticket, serial, f"SL-{SERIAL['0105']}")
    return ticket, proposed.headers["location"]


async def audited(bureau: Bureau, action: str) -> list[tuple[str, str]]:
    async with bureau.house.work() as work:
        rows = await work.fetch(sa.select(audit).where(audit.c.action == action).order_by(audit.c.id))
    return [(row.actor, row.subject) for row in rows]


# ---------------------------------------------------------------- searching


async def found_by(agent: Visitor, page: str = "/console/payments", **query: str) -> httpx.Response:
    sent = await agent.post(page, page, **query)
    assert sent.status_code == 303, words_of(sent.text)
    return await agent.get(sent.headers["location"])


@pytest.mark.parametrize(
    "query",
    [
        {"words": SHORT},
        {"words": " " + " ".join(SHORT)},
        {"words": NOTICE["0106"]},
        {"words": "HZ202611200106"},
        {"words": "王", "from": "2026-11-21", "to": "2026-11-21"},
        {"words": "王小明", "state": "unreconciled"},
    ],
)
async def test_payments_are_found_by_number_payer_day_and_state(
    bureau: Bureau, agent: Visitor, query: dict[str, str]
) -> None:
    text = (await found_by(agent, **query)).text
    assert f"/console/payments/{SHORT}" in text
    assert f"/console/payments/{BOOKED}" not in text
    assert "王**" in text


async def test_a_name_is_in_no_address_and_in_no_log(bureau: Bureau, agent: Visitor) -> None:
    sent = await agent.post("/console/payments", "/console/payments", words="王小明")
    assert "王" not in sent.headers["location"] and "%E7%8E%8B" not in sent.headers["location"]
    await agent.get(sent.headers["location"])
    [(actor, subject)] = await audited(bureau, "payments_searched")
    assert actor == "wangmin"
    assert re.fullmatch(r"name #[0-9a-f]{12}", subject)


async def test_a_number_is_recorded_by_its_end(bureau: Bureau, agent: Visitor) -> None:
    await found_by(agent, words=SHORT, **{"from": "2026-11-01", "state": "unreconciled"})
    assert await audited(bureau, "payments_searched") == [
        ("wangmin", "number …000106 paid 2026-11-01.. unreconciled")
    ]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({}, "请至少填一项"),
        ({"words": "310101199003074255"}, "不能用身份证号查询"),
        ({"from": "2026-11-24", "to": "2026-11-01"}, "开始日期晚于结束日期"),
        ({"from": "24.11."}, "日期看不懂"),
        ({"words": "长" * 65}, "输入过长"),
    ],
)
async def test_what_cannot_be_searched_for_is_said(agent: Visitor, query: dict[str, str], said: str) -> None:
    answer = await agent.post("/console/payments", "/console/payments", **query)
    assert answer.status_code == 422
    assert said in answer.text
    assert "310101199003074255" not in answer.text


async def test_many_payments_come_in_pages_with_a_way_back(agent: Visitor) -> None:
    first = (await found_by(agent, **{"from": "2026-11-01"})).text
    [next_page] = re.findall(r'href="([^"]+)" rel="next"', first)
    second = (await agent.get(next_page.replace("&amp;", "&"))).text
    assert "第 2 页" in second
    serials = [set(re.findall(r"/console/payments/(\w+)\"", text)) for text in (first, second)]
    assert len(serials[0]) == 20
    assert serials[1] and not serials[0] & serials[1]
    [back] = re.findall(r'href="([^"]+)" rel="prev"', second)
    assert set(re.findall(r"/console/payments/(\w+)\"", (await agent.get(back)).text)) == serials[0]


@pytest.mark.parametrize("token", ["x", "gAAAAAB", "é", "%00"])
async def test_a_made_up_search_is_an_empty_form(agent: Visitor, token: str) -> None:
    assert "输入号码、姓名或日期开始查询" in (await agent.get(f"/console/payments?find={token}")).text


async def test_nothing_found_is_not_nothing_paid(agent: Visitor) -> None:
    text = (await found_by(agent, words="4200002611202611200000009999")).text
    assert "没有查到缴费" in text and "查不到不等于没有缴费" in text


async def test_a_payment_by_itself_is_shown_and_not_reconciled(bureau: Bureau, agent: Visitor) -> None:
    text = (await agent.get(f"/console/payments/{SHORT}")).text
    assert "手动对账要在工单里进行" in text and "/confirm" not in text
    assert ("wangmin", "…000106") in await audited(bureau, "payment_viewed")
    assert (await agent.get("/console/payments/4200002611202611200000009999")).status_code == 404


async def test_a_ticket_leads_to_its_own_payment(bureau: Bureau, agent: Visitor) -> None:
    ticket = await a_ticket(bureau)
    assert (await agent.get(page_of(ticket))).headers["location"] == page_of(ticket, SHORT)
    assert "输入号码、姓名或日期开始查询" in (await agent.get(page_of(ticket) + "?find=")).text
    without = await a_ticket(bureau, None)
    assert (await agent.get(page_of(without))).status_code == 200
    listed = await found_by(agent, page_of(without), words="赵敏")
    assert page_of(without, SERIAL["0104"]) in listed.text


# ---------------------------------------------------------------- comparing


async def test_what_agrees_and_differs_is_said_in_words(bureau: Bureau, agent: Visitor) -> None:
    ticket = await a_ticket(bureau, amount_fen="4000", paid_on="2026-11-21", payment_channel="alipay")
    html = (await agent.get(page_of(ticket, SHORT))).text
    rows = {
        field: words_of(row)
        for field, row in re.findall(r'<tr[^>]*data-field="(\w+)">(.*?)</tr>', html, re.S)
    }
    assert re.search(
        r"¥40.00 ✗ 不一致 ¥20.00 应缴 ¥40.00 ✗ 与缴款书不符 ¥20.00 ✗ 与应缴不一致", rows["amount"]
    )
    assert re.search(r"2026-11-21 ✓ 一致 2026-11-21 10:24 2026-11-21 10:24 ✓ 一致", rows["date"])
    assert re.search(r"支付宝 ✗ 不一致 微信支付 微信支付 ✓ 一致", rows["channel"])
    assert re.search(r"— 王\*\*", rows["payer_name"])
    assert "吻合度 69%" in html and "不一致： 金额" in words_of(html).replace("：金额", "： 金额")


async def test_what_only_the_system_could_compare_is_not_ticked_as_seen(
    bureau: Bureau, agent: Visitor
) -> None:
    ticket = await a_ticket(bureau)
    html = (await agent.get(page_of(ticket, SHORT))).text
    rows = dict(re.findall(r'<tr[^>]*data-field="(\w+)">(.*?)</tr>', html, re.S))
    line = re.search(r'name="line" id="line-1" value="([^"]+)"', html)
    assert line
    number = rows["serial_number"]
    assert f"{line[1]} 系统判为一致" in words_of(number)
    assert 'class="verdict same"' not in number.rpartition("<td")[2]


async def test_the_last_four_are_checked_without_being_shown(bureau: Bureau, agent: Visitor) -> None:
    page = page_of(await a_ticket(bureau), SHORT)
    for last4, said in (("1234", "一致"), ("9999", "不一致"), ("12", "请输入四位")):
        answer = await agent.post(page, f"{page}/identity", last4=last4)
        assert answer.status_code == 200
        assert f"与缴费人的证件末四位{said}" in answer.text or said in answer.text
        assert "1234" not in answer.text
    assert await audited(bureau, "identity_checked") == [
        ("wangmin", "…000106 same"),
        ("wangmin", "…000106 differs"),
    ]


async def test_guessing_the_last_four_is_limited(bureau: Bureau, agent: Visitor) -> None:
    page = page_of(await a_ticket(bureau), SHORT)
    for place in range(5):
        await agent.post(page, f"{page}/identity", last4=f"000{place}")
    answer = await agent.post(page, f"{page}/identity", last4="1234")
    assert "输错次数过多" in answer.text


# ---------------------------------------------------------------- reconciling at once


async def test_from_the_ticket_to_the_resident_who_is_told(bureau: Bureau, agent: Visitor) -> None:
    ticket = await a_ticket(bureau, PLAIN)
    confirmed = await confirm(agent, ticket, PLAIN, PLAIN_LINE)
    for said in ("¥20.00", PLAIN_LINE, NOTE, "确认后立即提交对账系统"):
        assert said in confirmed.text
    assert await bureau.state_of(PLAIN) == "under_review"
    done = await agent.send(confirmed.text, f"{page_of(ticket, PLAIN)}/propose")
    result = await agent.read(done.headers["location"])
    assert "对账完成" in result and "居民已经在对话里收到通知" in result
    assert await bureau.state_of(PLAIN) == "reconciled"
    [heard] = await bureau.heard(ticket)
    assert "尾号 000210" in heard and "对上账了" in heard
    assert "手动对账完成" in await agent.read(f"/console/tickets/{ticket.number}")
    assert bureau.house.notified
    history = (await bureau.colleague.get_payment(PLAIN, payer_id_last4="9013")).details
    assert history is not None and history.history[-1].note == f"手动对账({PLAIN_LINE}),wangmin:{NOTE}"


async def test_a_form_sent_twice_reconciles_once(bureau: Bureau, agent: Visitor) -> None:
    ticket = await a_ticket(bureau, PLAIN)
    confirmed = await confirm(agent, ticket, PLAIN, PLAIN_LINE)
    form = f"{page_of(ticket, PLAIN)}/propose"
    first, again = [await agent.send(confirmed.text, form) for _ in range(2)]
    assert (first.status_code, again.headers["location"]) == (303, first.headers["location"])
    assert len(await bureau.heard(ticket)) == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"note": " "}, "请填写说明"),
        ({"line": ""}, "请先选择一条账单"),
        ({"line": "SL-9999"}, "这条账单已经不在可选之列"),
        ({"note": "长" * 401}, "说明过长"),
    ],
)
async def test_what_is_missing_is_said_and_the_words_are_kept(
    bureau: Bureau, agent: Visitor, fields: dict[str, str], said: str
) -> None:
    ticket = await a_ticket(bureau)
    page = page_of(ticket, SHORT)
    answer = await agent.post(page, f"{page}/confirm", **{"line": SHORT_LINE, "note": NOTE, **fields})
    assert answer.status_code == 422
    assert said in answer.text
    if "note" not in fields:
        assert f"{NOTE}</textarea>" in answer.text


async def test_going_back_from_the_confirmation_keeps_the_note(bureau: Bureau, agent: Visitor) -> None:
    ticket = await a_ticket(bureau)
    confirmed = await confirm(agent, ticket, SHORT, SHORT_LINE)
    back = await agent.send(confirmed.text, page_of(ticket, SHORT))
    assert f"{NOTE}</textarea>" in back.text


async def test_differences_have_to_be_ticked(bureau: Bureau, agent: Visitor) -> None:
    ticket = await a_ticket(bureau)
    confirmed = await confirm(agent, ticket, SHORT, SHORT_LINE)
    assert "以上不一致之处我已逐项核实" in confirmed.text
    answer = await agent.send(confirmed.text, f"{page_of(ticket, SHORT)}/propose")
    assert answer.status_code == 422 and "请先勾选" in answer.text
    ticked = await agent.send(answer.text, f"{page_of(ticket, SHORT)}/propose", checked="1")
    assert ticked.status_code == 303


async def test_what_the_resident_said_otherwise_has_to_be_ticked_too(bureau: Bureau, agent: Visitor) -> None:
    ticket = await a_ticket(bureau, PLAIN, amount_fen="5000")
    confirmed = await confirm(agent, ticket, PLAIN, PLAIN_LINE)
    assert "与居民所说不一致：金额" in words_of(confirmed.text)
    assert (await agent.send(confirmed.text, f"{page_of(ticket, PLAIN)}/propose")).status_code == 422


async def test_a_name_that_differs_from_the_notice_has_to_be_ticked_though_the_line_agrees(
    bureau: Bureau, agent: Visitor
) -> None:
    serial = SERIAL["0105"]
    ticket = await a_ticket(bureau, serial)
    confirmed = await confirm(agent, ticket, serial, f"SL-{serial}")
    assert "账单不一致：" not in words_of(confirmed.text)
    assert "与缴款书不符：" in words_of(confirmed.text)
    # Not even a form without its own mark of a difference goes through unticked.
    for told in ({}, {"differs": ""}):
        answer = await agent.send(confirmed.text, f"{page_of(ticket, serial)}/propose", **told)
        assert answer.status_code == 422 and "请先勾选" in answer.text
    assert await bureau.state_of(serial) == "unreconciled"


@pytest.mark.parametrize("change", ["amount", "reference"])
async def test_a_form_that_was_tampered_with_is_refused(bureau: Bureau, agent: Visitor, change: str) -> None:
    ticket = await a_ticket(bureau, PLAIN)
    confirmed = await confirm(agent, ticket, PLAIN, PLAIN_LINE)
    answer = await agent.send(confirmed.text, f"{page_of(ticket, PLAIN)}/propose", **{change: "1"})
    assert answer.status_code == 422
    assert await bureau.state_of(PLAIN) == "under_review"


async def given_to(bureau: Bureau, ticket: Ticket, name: str) -> None:
    async with bureau.house.work() as work:
        await bureau.house.casework.assign(work, ticket.number, name, name)
        await work.commit()


async def test_a_ticket_that_another_agent_has_is_not_reconciled(bureau: Bureau, agent: Visitor) -> None:
    ticket = await a_ticket(bureau, PLAIN)
    confirmed = await confirm(agent, ticket, PLAIN, PLAIN_LINE)
    chosen = await agent.get(page_of(ticket, PLAIN))
    await given_to(bureau, ticket, "liqiang")
    page = page_of(ticket, PLAIN)
    refused = [
        await agent.send(chosen.text, f"{page}/confirm", line=PLAIN_LINE, note=NOTE),
        await agent.send(confirmed.text, f"{page}/propose", checked="1"),
    ]
    for answer in refused:
        assert answer.status_code == 422 and "这张工单由别的坐席负责" in answer.text
    assert '<fieldset class="candidates" disabled>' in (await agent.get(page)).text
    assert await bureau.state_of(PLAIN) != "reconciled"


async def test_an_ended_ticket_reconciles_nothing(bureau: Bureau, agent: Visitor) -> None:
    ticket = await a_ticket(bureau, PLAIN)
    confirmed = await confirm(agent, ticket, PLAIN, PLAIN_LINE)
    async with bureau.house.work() as work:
        await bureau.house.casework.resolve(work, ticket.number, "wangmin")
        await work.commit()
    answer = await agent.send(confirmed.text, f"{page_of(ticket, PLAIN)}/propose")
    assert answer.status_code == 422 and "工单已办结" in answer.text
    assert await bureau.state_of(PLAIN) == "under_review"


# ---------------------------------------------------------------- four eyes


async def test_over_the_limit_another_person_decides(
    bureau: Bureau, agent: Visitor, supervisor: Visitor
) -> None:
    ticket, result = await over_the_limit(bureau, agent)
    own = (await agent.get(result)).text
    assert "等待复核" in own and f"{result}/approve" not in own
    assert (await supervisor.get("/console/reconciliations/waiting")).json() == {"count": 1}
    assert result in (await supervisor.get("/console/reconciliations")).text
    answer = await supervisor.post(result, f"{result}/approve", checked="1", note="金额无误")
    assert answer.headers["location"] == result
    assert "对账完成" in (await agent.get(result)).text
    assert await bureau.state_of(SERIAL["0105"]) == "reconciled"
    assert len(await bureau.heard(ticket)) == 1
    assert (await supervisor.get("/console/reconciliations/waiting")).json() == {"count": 0}
    assert ("chenjie", "reconcile_approved") in [
        (actor, "reconcile_approved") for actor, _ in await audited(bureau, "reconcile_approved")
    ]


async def test_an_agent_may_not_decide(bureau: Bureau, agent: Visitor) -> None:
    _, result = await over_the_limit(bureau, agent)
    other = await visitor(bureau.house, "liqiang", "李强", Role.AGENT)
    page = (await other.get(result)).text
    csrf = re.findall(r'name="csrf" value="(\w+)"', page)[0]
    for action in ("approve", "reject"):
        answer = await other.web.post(f"{result}/{action}", data={"csrf": csrf, "checked": "1", "note": "x"})
        assert answer.status_code == 403
    await other.web.aclose()
    assert await bureau.state_of(SERIAL["0105"]) == "unreconciled"


async def test_a_supervisor_does_not_decide_their_own(bureau: Bureau, supervisor: Visitor) -> None:
    _, result = await over_the_limit(bureau, supervisor)
    page = (await supervisor.get(result)).text
    assert f"{result}/approve" not in page
    assert (await supervisor.get("/console/reconciliations/waiting")).json() == {"count": 0}
    csrf = re.findall(r'name="csrf" value="(\w+)"', page)[0]
    answer = await supervisor.web.post(f"{result}/approve", data={"csrf": csrf, "checked": "1"})
    assert answer.status_code == 422 and "不能复核自己提交的对账" in answer.text
    assert await bureau.state_of(SERIAL["0105"]) == "unreconciled"


async def test_a_refusal_says_why_and_the_agent_sees_it(
    bureau: Bureau, agent: Visitor, supervisor: Visitor
) -> None:
    ticket, result = await over_the_limit(bureau, agent)
    empty = await supervisor.post(result, f"{result}/reject", note=" ")
    assert empty.status_code == 422 and "请填写说明" in empty.text
    await supervisor.post(result, f"{result}/reject", note="姓名对不上")
    assert "复核未通过" in (seen := await agent.read(result)) and "姓名对不上" in seen
    assert "姓名对不上" in await agent.read(f"/console/tickets/{ticket.number}")
    assert await bureau.heard(ticket) == []


async def test_who_comes_late_sees_what_the_other_decided(
    bureau: Bureau, agent: Visitor, supervisor: Visitor
) -> None:
    _, result = await over_the_limit(bureau, agent)
    other = await visitor(bureau.house, "zhaolei", "赵磊", Role.ADMIN)
    stale = (await other.get(result)).text
    await supervisor.post(result, f"{result}/reject", note="不对")
    late = await other.send(stale, f"{result}/approve", checked="1")
    assert late.status_code == 422 and "已经有人处理了" in late.text and "复核未通过" in late.text
    await other.web.aclose()


async def test_a_proposal_can_be_taken_back(bureau: Bureau, agent: Visitor) -> None:
    ticket, result = await over_the_limit(bureau, agent)
    await agent.post(result, f"{result}/withdraw")
    assert "已撤回" in await agent.read(result)
    assert (await propose(agent, ticket, SERIAL["0105"], f"SL-{SERIAL['0105']}")).status_code == 303


async def test_a_payment_is_not_proposed_twice(bureau: Bureau, agent: Visitor) -> None:
    _, result = await over_the_limit(bureau, agent)
    other = await visitor(bureau.house, "liqiang", "李强", Role.AGENT)
    ticket = await a_ticket(bureau, SERIAL["0105"])
    page = page_of(ticket, SERIAL["0105"])
    text = (await other.get(page)).text
    assert "这笔缴费已有一条手动对账在处理" in text and result in text
    answer = await other.send(text, f"{page}/confirm", line=f"SL-{SERIAL['0105']}", note=NOTE)
    assert answer.status_code == 422 and "您的提交没有执行" in answer.text
    await other.web.aclose()


# ---------------------------------------------------------------- somebody else was first


async def test_a_payment_that_was_reconciled_elsewhere_is_a_conflict_with_its_newest_state(
    bureau: Bureau, agent: Visitor, supervisor: Visitor
) -> None:
    ticket, result = await over_the_limit(bureau, agent)
    await bureau.colleague.reconcile(
        SERIAL["0105"], f"SL-{SERIAL['0105']}", "elsewhere", "first", "elsewhere-1"
    )
    before = await supervisor.read(result)
    assert "现在的状态不能手动对账" in before and "已对账" in before
    await supervisor.post(result, f"{result}/approve", checked="1")
    text = await supervisor.read(result)
    for said in ("没有对账：别人先了一步", "这笔缴费已经对过账了", "缴费的最新状态： 已对账"):
        assert said in text
    assert await bureau.heard(ticket) == []
    assert "手动对账有冲突" in await agent.read(f"/console/tickets/{ticket.number}")


async def test_a_line_that_was_taken_elsewhere_is_a_conflict(
    bureau: Bureau, agent: Visitor, supervisor: Visitor
) -> None:
    _, result = await over_the_limit(bureau, agent)
    await bureau.colleague.reconcile(SHORT, f"SL-{SERIAL['0105']}", "elsewhere", "first", "elsewhere-1")
    assert "这条账单已经不在可选之列" in await supervisor.read(result)
    await supervisor.post(result, f"{result}/approve", checked="1")
    text = await supervisor.read(result)
    assert "这条账单已经对给了另一笔缴费" in text and "缴费的最新状态： 未对账" in text


async def test_a_state_that_changed_before_the_form_was_sent_is_said(bureau: Bureau, agent: Visitor) -> None:
    ticket = await a_ticket(bureau, PLAIN)
    confirmed = await confirm(agent, ticket, PLAIN, PLAIN_LINE)
    await bureau.colleague.reconcile(PLAIN, PLAIN_LINE, "elsewhere", "first", "elsewhere-1")
    answer = await agent.send(confirmed.text, f"{page_of(ticket, PLAIN)}/propose")
    assert answer.status_code == 422
    assert "这笔缴费的状态刚刚变了" in answer.text and "已对账" in answer.text


# ---------------------------------------------------------------- trouble


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ({"outage": "drop"}, "现在连不上对账系统"),
        ({"unauthorized": True}, "对账系统拒绝了我们的密钥"),
        ({"latency_seconds": 1}, "对账系统没有按时答复"),
        ({"malformed": "truncated"}, "对账系统的答复看不懂"),
        ({"maintenance": {"duration_seconds": 3600}}, "对账系统正在维护"),
    ],
)
async def test_a_system_in_trouble_is_said_on_every_page(
    bureau: Bureau, agent: Visitor, faults: dict[str, object], said: str
) -> None:
    ticket, result = await over_the_limit(bureau, agent)
    await bureau.breaks(**faults)
    for address in (page_of(ticket, SERIAL["0105"]), f"/console/payments/{SHORT}", result):
        answer = await agent.get(address)
        assert (answer.status_code, said in answer.text) == (200, True), address
    assert said in (await found_by(agent, words="王")).text


async def test_a_reconciliation_that_was_not_answered_is_tried_again_and_told_once(
    bureau: Bureau, agent: Visitor
) -> None:
    ticket = await a_ticket(bureau, PLAIN)
    confirmed = await confirm(agent, ticket, PLAIN, PLAIN_LINE)
    bureau.wire.lost = 1
    sent = await agent.send(confirmed.text, f"{page_of(ticket, PLAIN)}/propose")
    result = sent.headers["location"]
    text = await agent.read(result)
    assert "对账系统还没有答复" in text and "已试 1 次" in text
    assert await bureau.state_of(PLAIN) == "reconciled", "booked, and nobody here knows"
    assert await bureau.heard(ticket) == []
    assert (await agent.get(f"{result}/state")).json() == {"state": "approved", "tries": 1}
    await agent.post(result, f"{result}/retry")
    assert "对账完成" in await agent.read(result)
    assert len(await bureau.heard(ticket)) == 1
    assert (await agent.get(f"{result}/state")).json() == {"state": "done", "tries": 2}


async def test_what_another_agents_ticket_waits_for_is_not_tried_again(
    bureau: Bureau, agent: Visitor
) -> None:
    ticket = await a_ticket(bureau, PLAIN)
    bureau.wire.lost = 1
    result = (await propose(agent, ticket, PLAIN, PLAIN_LINE)).headers["location"]
    await given_to(bureau, ticket, "wangmin")
    other = await visitor(bureau.house, "liqiang", "李强", Role.AGENT)
    seen = await agent.get(result)
    csrf = re.search(r'name="csrf" value="([^"]*)"', (await other.get("/console/reconciliations")).text)
    assert csrf and f"{result}/retry" in seen.text
    refused = await other.web.post(f"{result}/retry", data={"csrf": csrf[1], "key": "a" * 22})
    assert refused.status_code == 422 and "这张工单由别的坐席负责" in refused.text
    assert (await agent.get(f"{result}/state")).json() == {"state": "approved", "tries": 1}
    await other.web.aclose()


async def test_without_a_staff_key_the_pages_say_how_to_get_one(bureau: Bureau, tmp_path: object) -> None:
    house = await open_web_house(tmp_path)  # type: ignore[arg-type]
    person = await visitor(house, "liqiang", "李强", Role.AGENT)
    ticket = await house.open_ticket(serial_number=SHORT)
    for address in ("/console/payments", page_of(ticket) + "?find=", page_of(ticket, SHORT)):
        text = (await person.get(address)).text
        assert "还没有开通手动对账" in text and "RECONCILIATION_STAFF_API_KEY" in text
    await person.web.aclose()
    await house.aclose()


async def test_lists_have_their_empty_states(agent: Visitor) -> None:
    for name, said in (
        ("waiting", "没有等待复核的对账"),
        ("running", "没有等系统答复的对账"),
        ("mine", "您还没有提交过手动对账"),
        ("all", "还没有手动对账"),
        ("nonsense", "没有等待复核的对账"),
    ):
        assert said in (await agent.get(f"/console/reconciliations?list={name}&page=x")).text
    assert (await agent.get("/console/reconciliations/DZ000000-AAAAAA")).status_code == 404


async def test_what_was_proposed_is_kept(bureau: Bureau, agent: Visitor) -> None:
    ticket = await a_ticket(bureau, PLAIN)
    done = await propose(agent, ticket, PLAIN, PLAIN_LINE)
    async with bureau.house.work() as work:
        [kept] = await work.proposals.of_ticket(ticket.number)
    assert kept.state is ProposalState.DONE
    assert done.headers["location"].endswith(kept.reference)
    assert kept.reference in await agent.read(page_of(ticket) + "?find=")
