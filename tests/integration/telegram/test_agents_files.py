"""Pictures and letters that agents send."""

from __future__ import annotations

import pytest

from bot.messages import Author, Contact, Reply
from tests.doubles.bot_api import JPEG, PDF, BotApi
from tests.doubles.telegram_house import TelegramHouse, texts

FITS, TOO_LONG = "字" * 900, "字" * 1025


async def sent(house: TelegramHouse, content: bytes, text: str) -> None:
    """An agent's line with a file, to chat 7."""
    async with house.work() as work:
        conversation = await work.conversations.of(Contact("telegram", "7"))
        assert conversation is not None
        custom = await house.sending.keep(work, conversation.id, "wangmin", content)
        said = Reply(text, author=Author.AGENT, author_name="王敏", custom=custom)
        work.lines.add(conversation, said, conversation.created_at)
        await work.commit()
    house.relay.notify()


async def known(house: TelegramHouse, api: BotApi) -> None:
    api.say(7, "你好")
    await api.arrived(7, 1)


@pytest.mark.parametrize(("content", "kind", "ending"), [(JPEG, "photo", ".jpg"), (PDF, "document", ".pdf")])
async def test_a_file_comes_with_its_words_under_it(
    house: TelegramHouse, api: BotApi, content: bytes, kind: str, ending: str
) -> None:
    await known(house, api)
    await sent(house, content, FITS)
    _, file = await api.arrived(7, 2)
    assert (file.parameters["kind"], file.parameters["content"]) == (kind, content)
    assert file.parameters["name"].endswith(ending)
    assert FITS in file.text
    assert "王敏" in file.text


async def test_a_file_without_words_says_whose_it_is(house: TelegramHouse, api: BotApi) -> None:
    await known(house, api)
    await sent(house, JPEG, "‹photo›")
    _, file = await api.arrived(7, 2)
    assert file.text == "王敏"


async def test_words_too_long_for_under_a_file_go_before_it(house: TelegramHouse, api: BotApi) -> None:
    await known(house, api)
    await sent(house, PDF, TOO_LONG)
    _, words, file = await api.arrived(7, 3)
    assert TOO_LONG in words.text
    assert (file.text, file.parameters["content"]) == ("", PDF)


async def test_a_file_that_failed_is_sent_again_without_its_words(house: TelegramHouse, api: BotApi) -> None:
    await known(house, api)
    api.fail("sendDocument", 502, chat_id=7)
    await sent(house, PDF, TOO_LONG)
    await api.arrived(7, 3)
    assert [TOO_LONG in one for one in texts(api, 7)] == [False, True, False]


@pytest.mark.parametrize("flaw", [b"too broad", b"cut off"])
async def test_a_picture_that_telegram_cannot_show_comes_as_a_document(
    house: TelegramHouse, api: BotApi, flaw: bytes
) -> None:
    await known(house, api)
    await sent(house, JPEG + flaw, "请看")
    _, file = await api.arrived(7, 2)
    assert file.parameters["kind"] == "document"
    assert "请看" in file.text


async def test_a_file_that_was_erased_meanwhile_leaves_its_words(house: TelegramHouse, api: BotApi) -> None:
    await known(house, api)

    async def erased(conversation_id: int, sha256: str) -> None:
        return None

    house.sending.open = erased  # type: ignore[method-assign,assignment]
    await sent(house, JPEG, "请看")
    _, words = await api.arrived(7, 2)
    assert "请看" in words.text
