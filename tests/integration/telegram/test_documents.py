"""Documents that a line names are handed over as files, once."""

from __future__ import annotations

from bot.messages import Reply
from tests.doubles.bot_api import BotApi
from tests.doubles.telegram_house import TelegramHouse, texts

RECEIPT = Reply("交上去了", custom={"document": {"request_id": "RR1", "name": "RR1.pdf", "url": "http://x"}})


async def papers(conversation_id: int, request_id: str) -> bytes | None:
    """The receipt of the one request there is."""
    return f"%PDF {conversation_id}".encode() if request_id == "RR1" else None


async def test_the_receipt_of_a_request_comes_as_a_file_after_its_words(
    house: TelegramHouse, api: BotApi
) -> None:
    house.channel.sender.papers = papers
    house.dialogue.lines["申请"] = [RECEIPT]
    api.say(7, "申请")
    words, file = await api.arrived(7, 2)
    assert words.text == "交上去了"
    assert (file.parameters["name"], file.parameters["content"]) == ("RR1.pdf", b"%PDF 1")


async def test_a_file_that_failed_is_sent_again_without_its_words(house: TelegramHouse, api: BotApi) -> None:
    house.channel.sender.papers = papers
    house.dialogue.lines["申请"] = [RECEIPT]
    api.say(7, "先认识")
    await api.arrived(7, 1)
    api.fail("sendDocument", 502, chat_id=7)
    api.say(7, "申请")
    await api.arrived(7, 3)
    assert texts(api, 7) == ["heard 先认识", "交上去了", ""]


async def test_a_receipt_that_was_erased_leaves_the_words(house: TelegramHouse, api: BotApi) -> None:
    async def erased(conversation_id: int, request_id: str) -> bytes | None:
        return None

    house.channel.sender.papers = erased
    house.dialogue.lines["申请"] = [RECEIPT]
    api.say(7, "申请")
    api.say(7, "还在吗")
    await api.arrived(7, 2)
    assert texts(api, 7) == ["交上去了", "heard 还在吗"]
