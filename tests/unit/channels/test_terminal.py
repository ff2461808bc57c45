"""Talking at a terminal."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import AsyncIterator

import pytest_asyncio

from bot.channels.terminal import chat
from bot.messages import Author, Contact, Reply
from tests.doubles.web_house import WebHouse, open_web_house

ME = Contact("terminal", "tester")


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    house = await open_web_house(tmp_path)
    yield house
    await house.aclose()


async def typed(*lines: str) -> AsyncIterator[str]:
    for line in lines:
        yield line + "\n"


async def test_replies_come_with_numbered_choices(house: WebHouse) -> None:
    shown: list[str] = []
    await chat(house.desk, "zh", typed("1"), shown.append, ME)
    assert shown[1:4] == ["您好，我是户政缴费助手。", "  1  查我的缴费", "  2  为什么未对账"]
    assert "收到：/query_status" in shown
    assert house.dialogue.heard == ["/greet", "/query_status"]


async def test_the_end_of_the_input_ends_the_talk(house: WebHouse) -> None:
    shown: list[str] = []
    await chat(house.desk, "en", typed(), shown.append, ME)
    assert shown[-1] == "The conversation is kept; continue any time."


async def test_what_was_said_before_is_not_said_again(house: WebHouse) -> None:
    await chat(house.desk, "zh", typed("你好"), lambda _: None, ME)
    shown: list[str] = []
    await chat(house.desk, "zh", typed(), shown.append, ME)
    assert "收到：你好" not in shown


async def test_an_agents_answer_appears_while_waiting(house: WebHouse) -> None:
    shown: list[str] = []
    appeared = asyncio.Event()

    def output(text: str) -> None:
        shown.append(text)
        if "王敏" in text and "马上" in text:
            appeared.set()

    async def waiting() -> AsyncIterator[str]:
        yield "人工\n"
        async with house.work() as work:
            conversation = await work.conversations.of(ME)
            assert conversation is not None
            now = house.clock.now()
            work.lines.add(conversation, Reply("马上处理", author=Author.AGENT, author_name="王敏"), now)
            work.lines.add(conversation, Reply("结束", author=Author.SYSTEM), now)
            await work.commit()
        house.announcer.announce(conversation.id)
        await asyncio.wait_for(appeared.wait(), 5)

    await chat(house.desk, "zh", waiting(), output, ME)
    assert "[王敏] 马上处理" in shown
    assert "— 结束 —" in shown
