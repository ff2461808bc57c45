"""Files that agents send. Runs on PostgreSQL too."""

from __future__ import annotations

import pytest

from bot.attachments.sending import Enclosure, SendingService, file_name
from bot.errors import InvalidInput
from bot.seal import Seal
from bot.storage import tables
from tests.fakes.house import SECRET, FakeHouse

JPEG, PDF = b"\xff\xd8\xff a picture", b"%PDF-1.4 a letter"


def sending(house: FakeHouse) -> SendingService:
    return SendingService(house.work, Seal(SECRET), house.clock, most=64)


async def kept(house: FakeHouse, content: bytes, user: str = "anna") -> Enclosure:
    conversation = await house.conversation(user)
    async with house.work() as work:
        custom = await sending(house).keep(work, conversation.id, "li", content)
        await work.commit()
    enclosure = Enclosure.of(custom)
    assert enclosure is not None
    return enclosure


async def test_a_file_is_kept_encrypted_and_opened_again(house: FakeHouse) -> None:
    enclosure = await kept(house, PDF)
    assert (enclosure.media_type, enclosure.size, enclosure.is_image) == ("application/pdf", len(PDF), False)
    assert "a letter" not in await house.every_value()
    conversation = await house.conversation()
    found = await sending(house).open(conversation.id, enclosure.sha256)
    assert found is not None
    file, content = found
    assert (content, file.agent, file_name(file)) == (PDF, "li", "20261123-100000.pdf")


async def test_a_file_is_found_in_its_own_conversation_only(house: FakeHouse) -> None:
    enclosure = await kept(house, JPEG)
    other = await house.conversation("berta")
    assert await sending(house).open(other.id, enclosure.sha256) is None


async def test_the_same_file_twice_is_kept_once(house: FakeHouse) -> None:
    assert await kept(house, JPEG) == await kept(house, JPEG)
    assert await house.count(tables.agent_files) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"MZ a program", "file_wrong_type"),
        (b"\xff\xd8\xff" + b"x" * 64, "file_too_large"),
    ],
)
async def test_what_cannot_be_sent_says_why(house: FakeHouse, content: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await kept(house, content)
    assert refused.value.code == code


async def test_erasing_a_resident_erases_what_was_sent_to_them(house: FakeHouse) -> None:
    enclosure = await kept(house, JPEG)
    conversation = await house.conversation()
    async with house.work() as work:
        house.personal_data.erase(work, conversation)
        await work.commit()
    assert await sending(house).open(conversation.id, enclosure.sha256) is None


def test_a_line_without_a_file_has_none() -> None:
    assert Enclosure.of({"attachment": 3}) is None
