"""What is shown of a resident, and what only a purpose opens."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.notifications.addresses import AddressKind
from bot.payments.model import ReconciliationRequest, RequestStatus
from bot.seal import Seal
from tests.doubles.agent_browser import Agent, audited
from tests.doubles.web_house import SECRET, WebHouse
from tests.integration.ticket_page.scene import OTHER_SERIAL, SERIAL, log_of

USER = "oHk8f5JY-a-residents-id"


async def test_the_card_shows_enough_and_hides_the_rest(house: WebHouse, agent: Agent) -> None:
    earlier = await house.open_ticket(USER, serial_number=OTHER_SERIAL)
    await agent.act(earlier.number, "resolve", cause="question_answered")
    house.clock.move(timedelta(days=1))
    ticket = await house.open_ticket(USER, serial_number=SERIAL)
    now = house.clock.now()
    async with house.work() as work:
        conversation = await house.conversation(ticket)
        work.watches.add(conversation.id, SERIAL, "unreconciled", "day_cut", now, now + timedelta(days=30))
        sent = ReconciliationRequest("RQ1", SERIAL, RequestStatus.INVESTIGATING, None, now, None)
        work.requests.add(conversation.id, sent, SERIAL, {}, None)
        await work.commit()
    text = (await agent.get(f"/console/tickets/{ticket.number}")).text
    for words in ("oH••••id", "接口 · 中文", "2026-11-23", "…714292</span> 未对账", "RQ1", earlier.number):
        assert words in text, words
    assert USER not in text


async def test_a_payment_that_somebody_else_asks_about_leads_to_their_ticket(
    house: WebHouse, agent: Agent
) -> None:
    mine = await house.open_ticket(USER, serial_number=SERIAL)
    theirs = await house.open_ticket("somebody-else", serial_number=SERIAL)
    await house.open_ticket("a-third", serial_number=OTHER_SERIAL)
    text = (await agent.get(f"/console/tickets/{mine.number}")).text
    related = text[text.index('data-part="related"') :]
    assert "同一笔缴费的其他工单" in related
    assert theirs.number in related


async def test_a_purpose_opens_what_is_hidden_for_one_view_and_is_kept(
    house: WebHouse, agent: Agent, colleague: Agent
) -> None:
    ticket = await house.open_ticket(USER)
    page = f"/console/tickets/{ticket.number}"
    opened = await agent.act(ticket.number, "reveal", purpose="other", own="银行要求核对账号")
    assert opened.status_code == 200
    assert USER in opened.text
    assert USER not in (await agent.get(page)).text
    expected = ("wangmin", "resident_revealed", f"{ticket.number} other 银行要求核对账号")
    assert expected in await audited(house)
    assert ("wangmin", "revealed", "银行要求核对账号") in await log_of(house, ticket.number)
    assert "王敏查看居民完整信息，目的：其他" in (await colleague.get(page)).text


@pytest.mark.parametrize("fields", [{}, {"purpose": "curiosity"}, {"purpose": "other", "own": "看看"}])
async def test_without_a_purpose_nothing_opens(house: WebHouse, agent: Agent, fields: dict[str, str]) -> None:
    ticket = await house.open_ticket(USER)
    refused = await agent.act(ticket.number, "reveal", **fields)
    assert refused.status_code == 422
    assert "请选择查看目的" in refused.text
    assert USER not in refused.text
    assert await log_of(house, ticket.number) == [("bot", "opened", "customer_request")]


async def test_the_script_gets_only_what_was_opened(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket(USER)
    seen = await agent.hidden(f"/console/tickets/{ticket.number}", "reveal")
    answer = await agent.script(ticket.number, "reveal", seen, purpose="call_back")
    assert USER in answer.json()["revealed"]
    refused = await agent.script(ticket.number, "reveal", seen)
    assert "请选择查看目的" in refused.json()["trouble"]


async def test_opening_needs_the_pages_own_form(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket(USER)
    refused = await agent.web.post(f"/console/tickets/{ticket.number}/reveal", data={"purpose": "call_back"})
    assert refused.status_code == 403


async def test_an_address_for_notices_is_masked_until_it_is_opened(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket(USER)
    now = house.clock.now()
    async with house.work() as work:
        work.addresses.add(
            ticket.conversation_id,
            AddressKind.EMAIL,
            reference="r1",
            sealed=Seal(SECRET).close("wang.xm@example.com"),
            masked="wa***@example.com",
            code_hash="",
            code_sent_at=now,
            tries=0,
            confirmed_at=None,
        )
        await work.commit()
    text = (await agent.get(f"/console/tickets/{ticket.number}")).text
    assert "wa***@example.com" in text
    assert "未验证" in text
    assert "wang.xm@" not in text
    opened = await agent.act(ticket.number, "reveal", purpose="resend")
    assert "wang.xm@example.com" in opened.text
