"""The payment as it stands now, or why nobody can say; never more than any agent may see."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.clock import SHANGHAI
from bot.console import payment_card
from bot.errors import (
    AccessRefused,
    MalformedAnswer,
    NotFound,
    RateLimited,
    Slow,
    Unavailable,
    UnderMaintenance,
)
from bot.payments.model import Reason, State
from tests.doubles.agent_browser import Agent, audited
from tests.doubles.web_house import MONDAY, WebHouse
from tests.fakes.bureau import payment
from tests.integration.ticket_page.scene import SERIAL, Payments


async def card(house: WebHouse, agent: Agent, language: str = "zh") -> str:
    ticket = await house.open_ticket(serial_number=SERIAL)
    answer = await agent.get(f"/console/tickets/{ticket.number}/payment?lang={language}")
    assert answer.status_code == 200
    assert ("wangmin", "payment_viewed", ticket.number) in await audited(house)
    return answer.text


async def test_the_state_is_said_as_it_is_now(house: WebHouse, agent: Agent, payments: Payments) -> None:
    payments.payment = dataclasses.replace(
        payment(SERIAL, State.UNRECONCILED, Reason.CALLBACK_LOST), expected_by=MONDAY + timedelta(hours=6)
    )
    text = await card(house, agent)
    for words in (
        "<strong>未对账</strong>",
        "通知丢失（掉单）",
        "微信支付",
        "11-23 16:00",
        "10:00:00",
        "手动对账",
    ):
        assert words in text, words
    assert 'data-cause="callback_lost"' in text
    assert 'data-expected-by="今天下午4点"' in text
    assert "居民会听到的说法" in text
    assert "¥" not in text


async def test_a_promise_that_has_passed_is_marked(house: WebHouse, agent: Agent, payments: Payments) -> None:
    payments.payment = dataclasses.replace(
        payment(SERIAL, State.UNDER_REVIEW, Reason.ENTRY_ERROR), expected_by=MONDAY - timedelta(days=3)
    )
    assert "已过预计时间" in await card(house, agent)


async def test_a_word_that_nobody_knows_yet_is_shown_as_it_is(
    house: WebHouse, agent: Agent, payments: Payments
) -> None:
    unknown = payment(SERIAL, State.UNRECOGNISED, Reason.UNKNOWN)
    payments.payment = dataclasses.replace(unknown, state_word="frozen<b>")
    text = await card(house, agent)
    assert "新的状态“frozen&lt;b&gt;”，请人工核实" in text


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (NotFound(SERIAL), "对账系统里没有这个流水号"),
        (Unavailable("down"), "现在连不上对账系统"),
        (Slow("slow"), "对账系统没有按时答复"),
        (RateLimited(1), "对账系统太忙"),
        (UnderMaintenance(datetime(2026, 11, 23, 18, 0, tzinfo=SHANGHAI)), "11-23 18:00"),
        (AccessRefused("key"), "密钥"),
        (MalformedAnswer("odd"), "对账系统"),
    ],
)
async def test_every_trouble_says_what_it_is_and_never_that_nothing_was_paid(
    house: WebHouse, agent: Agent, payments: Payments, trouble: Exception, words: str
) -> None:
    payments.trouble = trouble
    text = await card(house, agent)
    assert words in text
    assert "data-refresh" in text
    assert "payment-state" not in text


async def test_an_agent_does_not_wait_for_ever(
    house: WebHouse, agent: Agent, payments: Payments, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: str) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(payments, "state_of", never)
    monkeypatch.setattr(payment_card, "PATIENCE", 0.01)
    assert "对账系统没有按时答复" in await card(house, agent)


async def test_without_a_serial_number_nothing_is_asked(house: WebHouse, agent: Agent) -> None:
    ticket = await house.open_ticket()
    text = (await agent.get(f"/console/tickets/{ticket.number}/payment")).text
    assert "这张工单没有流水号" in text
    assert "data-refresh" not in text


async def test_the_card_is_english_for_who_reads_english(
    house: WebHouse, agent: Agent, payments: Payments
) -> None:
    payments.payment = payment(SERIAL, State.RECONCILED, None)
    text = await card(house, agent, "en")
    assert "<strong>reconciled</strong>" in text
    assert "What the resident hears" in text
