"""Two processes send to the same receivers from one queue."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import defaultdict

from bot.seal import Seal
from bot.tickets.model import HandoffReason
from bot.webhooks.dispatcher import WebhookDispatcher
from bot.webhooks.model import CHOICES, Attempt, DeliveryState
from tests.fakes.house import SECRET, FakeHouse

TICKETS, STEPS = 12, 4


class Receivers:
    """Everything that was posted by either process; some of it fails at first."""

    def __init__(self) -> None:
        self.heard: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
        self.overlapped = False
        self.senders: set[str] = set()
        self._on_their_way: set[tuple[str, str]] = set()
        self._numbers = itertools.count(1)

    def of(self, sender: str) -> "Post":
        """What one process posts through."""
        return Post(self, sender)

    async def hear(self, sender: str, url: str, event_id: str, body: str) -> Attempt:
        facts = json.loads(body)["data"]["ticket"]
        line = (url, facts["number"])
        self.overlapped = self.overlapped or line in self._on_their_way
        self._on_their_way.add(line)
        await asyncio.sleep(0.003)
        self._on_their_way.discard(line)
        self.senders.add(sender)
        if next(self._numbers) % 7 == 0:
            return Attempt(404, "", "", 3)
        self.heard[line].append((event_id, facts["version"]))
        return Attempt(200, "", "", 3)


class Post:
    def __init__(self, receivers: Receivers, sender: str) -> None:
        self._receivers = receivers
        self._sender = sender

    async def post(self, url: str, headers: dict[str, str], body: str) -> Attempt:
        return await self._receivers.hear(self._sender, url, headers["webhook-id"], body)


async def follow(house: FakeHouse, *urls: str) -> None:
    async with house.work() as work:
        for url in urls:
            secret = Seal(SECRET).close("whsec_AAAA")
            work.webhooks.add(url, url, CHOICES, False, secret, "chenjie", house.clock.now())
        await work.commit()


async def cases(house: FakeHouse) -> None:
    """Tickets that each go through some steps."""
    for count in range(TICKETS):
        conversation = await house.conversation(f"resident-{count}")
        async with house.work() as work:
            opened = await house.tickets.open(work, conversation, HandoffReason.OVERDUE)
            await work.commit()
        for step in range(STEPS - 1):
            async with house.work() as work:
                await house.casework.assign(work, opened.ticket.number, "li", f"agent-{step}")
                await work.commit()


def dispatcher(house: FakeHouse, receivers: Receivers, name: str) -> WebhookDispatcher:
    return WebhookDispatcher(
        house.work, receivers.of(name), Seal(SECRET), house.clock, lambda: 1.0, holder=name
    )


async def test_each_event_arrives_once_and_in_order(house: FakeHouse, second: FakeHouse) -> None:
    await follow(house, "https://a.example/", "https://b.example/")
    await cases(house)
    receivers = Receivers()
    both = [dispatcher(house, receivers, "one"), dispatcher(second, receivers, "two")]
    for _ in range(40):
        await asyncio.gather(*(one.settle() for one in both))
        house.clock.move(minutes=31)
    assert receivers.senders == {"one", "two"} and not receivers.overlapped
    assert len(receivers.heard) == 2 * TICKETS
    for line in receivers.heard.values():
        assert len({event for event, _ in line}) == len(line) == STEPS
        assert [version for _, version in line] == sorted(version for _, version in line)


async def test_of_two_that_take_the_same_one_has_it(house: FakeHouse, second: FakeHouse) -> None:
    await follow(house, "https://a.example/")
    await cases(house)
    receivers = Receivers()
    one, two = dispatcher(house, receivers, "one"), dispatcher(second, receivers, "two")
    started = await asyncio.gather(one.step(), two.step())
    assert sum(started) > 0
    await asyncio.gather(one.settle(), two.settle())
    assert all(len({event for event, _ in line}) == len(line) for line in receivers.heard.values())


async def test_a_webhook_deleted_while_a_ticket_changes_loses_no_change(
    house: FakeHouse, second: FakeHouse
) -> None:
    await follow(house, *(f"https://h{n}.example/" for n in range(8)))
    conversation = await house.conversation()
    async with house.work() as work:
        ticket = (await house.tickets.open(work, conversation, HandoffReason.OVERDUE)).ticket
        hooks = await work.webhooks.all()
        await work.commit()

    async def assign() -> None:
        for count in range(20):
            async with house.work() as work:
                await house.casework.assign(work, ticket.number, "li", f"agent-{count}")
                await work.commit()

    async def delete() -> None:
        for hook in hooks:
            async with second.work() as work:
                work.webhooks.delete(hook.id)
                await work.commit()

    await asyncio.gather(assign(), delete())
    async with house.work() as work:
        assert await work.webhooks.all() == []
        stored = await work.tickets.get(ticket.number)
    assert stored is not None and stored.assignee == "agent-19"


async def test_what_was_sent_is_marked_whoever_sent_it(house: FakeHouse, second: FakeHouse) -> None:
    await follow(house, "https://a.example/")
    await cases(house)
    receivers = Receivers()
    for one in (dispatcher(second, receivers, "two"), dispatcher(house, receivers, "one")):
        for _ in range(20):
            await one.settle()
            house.clock.move(minutes=31)
    async with house.work() as work:
        [hook] = await work.webhooks.all()
        assert {one.state for one in await work.webhooks.deliveries(hook.id, 99)} == {DeliveryState.SENT}
