"""Addresses for notices: proved by a code, kept encrypted, told beside the chat. Runs on PostgreSQL too."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import time, timedelta

import pytest

from bot.messages import Contact
from bot.notifications.addresses import AddressKind, NoticeAddress, Proof, address_in, masked
from bot.notifications.quiet import QuietHours
from bot.notifications.service import WatchesService
from bot.payments.model import Claimed, Reason, RequestStatus, State
from bot.requests.follower import RequestsFollower
from bot.requests.service import RequestsService
from tests.fakes.bureau import payment
from tests.fakes.house import FakeHouse

SERIAL = "4200000925202101284997714292"
EMAIL = "zhang.san@example.cn"


async def begin(house: FakeHouse, address: str = EMAIL) -> str | None:
    conversation = await house.conversation()
    async with house.work() as work:
        shown = await house.addresses.begin(work, conversation, AddressKind.EMAIL, address)
        await work.commit()
    return shown


async def prove(house: FakeHouse, code: str) -> Proof:
    conversation = await house.conversation()
    async with house.work() as work:
        proof = await house.addresses.prove(work, conversation, AddressKind.EMAIL, code)
        await work.commit()
    return proof


async def stored(house: FakeHouse) -> NoticeAddress:
    conversation = await house.conversation()
    async with house.work() as work:
        found = await work.addresses.find(conversation.id, AddressKind.EMAIL)
    assert found is not None
    return found


async def written(house: FakeHouse) -> list[str]:
    """What goes to the address."""
    reference = (await stored(house)).reference
    async with house.work() as work:
        receiver = await work.conversations.of(Contact("email", reference))
        assert receiver is not None
        return [line.text for line in await work.lines.after(receiver.id)]


async def code_of(house: FakeHouse) -> str:
    found = re.search(r"code=([0-9]{6})", (await written(house))[-1])
    assert found is not None
    return found.group(1)


async def test_an_address_is_proved_by_the_code_that_was_sent_to_it(house: FakeHouse) -> None:
    assert await begin(house) == "zh***@example.cn"
    assert await prove(house, await code_of(house)) is Proof.RIGHT
    assert (await stored(house)).confirmed_at == house.clock.now()


async def test_the_address_is_nowhere_in_clear(house: FakeHouse) -> None:
    await begin(house)
    assert EMAIL not in await house.every_value()


async def test_a_code_ends_after_five_wrong_tries(house: FakeHouse) -> None:
    await begin(house)
    code = await code_of(house)
    wrong = "000000" if code != "000000" else "000001"
    assert [await prove(house, wrong) for _ in range(5)] == [Proof.WRONG] * 4 + [Proof.SPENT]
    assert await prove(house, code) is Proof.SPENT


async def test_a_code_ends_after_a_quarter_of_an_hour(house: FakeHouse) -> None:
    await begin(house)
    house.clock.move(minutes=16)
    assert await prove(house, await code_of(house)) is Proof.SPENT


async def test_codes_are_not_sent_one_after_the_other(house: FakeHouse) -> None:
    await begin(house)
    assert await begin(house, "other@example.cn") is None
    house.clock.move(minutes=2)
    assert await begin(house, "other@example.cn") == "ot***@example.cn"
    assert (await stored(house)).confirmed_at is None


async def test_only_a_proved_address_hears_of_a_change(house: FakeHouse) -> None:
    house.watches = WatchesService(house.clock, house.phrases, timedelta(days=30), addresses=house.addresses)
    conversation = await house.conversation()
    await begin(house)
    for proved in (False, True):
        if proved:
            await prove(house, await code_of(house))
        async with house.work() as work:
            await house.watches.watch(work, conversation, payment(SERIAL))
            await work.commit()
        async with house.work() as work:
            await house.watches.tell(work, payment(SERIAL, State.RECONCILED, None))
            await work.commit()
    assert len(await written(house)) == 2
    assert (await written(house))[-1].startswith("utter_notice_message text=utter_watch_settled")


@pytest.mark.parametrize("readable", [True, False])
async def test_the_last_word_of_a_watch_is_said_once_in_the_chat_and_by_mail(
    house: FakeHouse, readable: bool
) -> None:
    house.watches = WatchesService(house.clock, house.phrases, timedelta(days=30), addresses=house.addresses)
    watched = payment(SERIAL, State.UNDER_REVIEW, Reason.ENTRY_ERROR)
    async with house.work() as work:
        await house.watches.watch(work, await house.conversation(), watched)
        await work.commit()
    await begin(house)
    await prove(house, await code_of(house))
    before = len(await written(house))
    for days in (29, 1, 1, 1):
        house.clock.move(days=days)
        async with house.work() as work:
            if readable:
                await house.watches.tell(work, watched)
            await house.watches.expire(work)
            await work.commit()
    last = [text for text in await house.said() if text.startswith("utter_watch_expired")]
    assert len(last) == 1
    assert [text.split(" ")[1] for text in (await written(house))[before:]] == ["text=utter_watch_expired"]


async def test_erasing_leaves_neither_the_address_nor_what_was_written_to_it(house: FakeHouse) -> None:
    await begin(house)
    reference = (await stored(house)).reference
    async with house.work() as work:
        work.personal_data.erase((await house.conversation()).id)
        await work.commit()
        assert await work.addresses.by_reference(reference) is None
        receiver = await work.conversations.of(Contact("email", reference))
        assert receiver is not None
        assert await work.lines.after(receiver.id) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("我的邮箱是zhang.san@example.cn谢谢", "zhang.san@example.cn"),
        ("13812345678", "13812345678"),
        ("138 1234 5678", "13812345678"),
        ("138-1234-5678。", "13812345678"),
        ("4200000925202101284997714292", None),
        ("没有邮箱", None),
    ],
)
def test_an_address_is_found_among_words(text: str, found: str | None) -> None:
    assert address_in(text) == found


def test_an_address_is_shown_masked() -> None:
    assert (masked(EMAIL), masked("13812345678")) == ("zh***@example.cn", "138****5678")


async def test_only_a_proved_address_hears_how_a_request_ended(house: FakeHouse) -> None:
    night = QuietHours(time(21), time(8))
    house.requests = RequestsService(
        house.bureau, house.clock, house.phrases, house.links, night, house.addresses
    )
    conversation = await house.conversation()
    follower = RequestsFollower(house.work, house.requests, lambda _: None, lambda: None, house.clock)
    house.bureau.add(SERIAL)
    await begin(house)
    for proved in (False, True):
        if proved:
            await prove(house, await code_of(house))
        async with house.work() as work:
            sent = await house.requests.send(work, conversation, SERIAL, Claimed(), f"message-{proved}")
            await work.commit()
        ended = replace(house.bureau.requests[sent.request_id], status=RequestStatus.RESOLVED)
        house.bureau.requests[sent.request_id] = ended
        if proved:
            house.clock.move(hours=12)
            assert await follower.step() == 0, "told at night"
            house.clock.move(hours=12)
        house.clock.move(minutes=10)
        assert await follower.step() == 1
    assert len(await written(house)) == 2
    assert (await written(house))[-1].startswith("utter_notice_message text=utter_request_resolved")
