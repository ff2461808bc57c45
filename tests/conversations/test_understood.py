"""What the agent who takes over reads of each message: what it was taken for, what the bot did about it."""

from __future__ import annotations

from bot.messages import Author, Line, Understood
from tests.conversations.office import Office
from tests.conversations.resident import Resident
from tests.conversations.seeded import NOT_THERE, WAITING


async def own_lines(resident: Resident) -> list[Line]:
    return [line for line in await resident.sees() if line.author is Author.RESIDENT]


async def understood(office: Office, line: Line) -> Understood:
    async with office.house.work() as work:
        return (await work.incoming.understood([line.in_reply_to or 0]))[line.in_reply_to or 0]


async def test_a_look_up_is_kept_with_what_it_found_and_nothing_private(
    office: Office, resident: Resident
) -> None:
    await resident.says(WAITING)
    [line] = await own_lines(resident)
    assert (await understood(office, line)).intent == "provide_serial"
    assert "action_look_up" in line.custom["did"]
    assert line.custom["found"] == {"state": "unreconciled", "reason": "awaiting_statement"}


async def test_each_message_has_its_own(office: Office, resident: Resident) -> None:
    await resident.says(NOT_THERE, "为什么付了钱还显示未缴费？", "转人工")
    first, second, third = await own_lines(resident)
    assert first.custom["found"] == {"system": "NotFound"}
    assert "found" not in second.custom
    assert second.custom["did"] == ["action_answer_faq"]
    assert (await understood(office, second)).intent == "faq_why_unreconciled"
    assert 0.5 < (await understood(office, third)).confidence <= 1
    assert third.custom["did"] == ["action_request_human"]
