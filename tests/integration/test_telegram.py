"""Telegram over real HTTP: the channel, the desk on a database, the relay, and a Bot API on the loopback."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import uvicorn
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette

from bot.announcer import Announcer
from bot.attachments.service import AttachmentsService
from bot.channels.telegram import ChannelState, TelegramChannel
from bot.channels.telegram.webhook import HEADER, PATH, webhook_secret
from bot.clock import SystemClock
from bot.desk import Desk
from bot.messages import Author, Button, Contact, Reply
from bot.notifications.model import DeliveryState
from bot.notifications.relay import OutboxRelay
from bot.personal_data import PersonalDataService
from bot.seal import Seal
from bot.storage.database import migrate, open_database
from bot.storage.tables import outbox
from bot.storage.unit_of_work import UnitOfWork
from bot.turn import Turn
from tests.doubles.bot_api import BOT_ID, JPEG, USERNAME, BotApi
from tests.doubles.telegram_objects import message, user

LONG_PAYLOAD = '/query_status{"serial_number": "4200002611202611200000000101", "note": "复核之后再查一次"}'
KNOWN = ("/greet", "/query_status", "/provide_serial", "/request_human")
SECRET = "a secret for this test"
MOST_A_DAY = 3 * 1024 * 1024


class Script:
    """A dialogue that says what it was told to, and else repeats what it heard."""

    def __init__(self) -> None:
        self.lines: dict[str, list[Reply]] = {}
        self.heard: list[str] = []
        self.slow: dict[str, asyncio.Event] = {}

    async def awaiting(self, turn: Turn) -> str | None:
        return None

    async def respond(self, turn: Turn, text: str) -> list[Reply]:
        self.heard.append(text)
        if text in self.slow:
            await self.slow[text].wait()
        return self.lines.get(text, [Reply(text=f"heard {text}")])

    def knows(self, payload: str) -> bool:
        return payload.startswith(KNOWN)

    async def together(self, texts: Sequence[str]) -> int:
        return 1


class Words:
    """Says the name of what it would say, with the buttons that a test gives it."""

    def __init__(self) -> None:
        self.buttons: dict[str, tuple[Button, ...]] = {}

    def say(self, name: str, language: str, **values: Any) -> Reply:
        text = " ".join([name, language, *map(str, values.values())])
        return Reply(text=text, buttons=self.buttons.get(name, ()))


class FailingWork:
    """Units of work on the engine; the next `failures` commits break, and `gate` holds them all."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.failures = 0
        self.gate = asyncio.Event()
        self.gate.set()

    def __call__(self) -> UnitOfWork:
        made = UnitOfWork(self._engine)
        commit = made.commit

        async def held() -> None:
            await self.gate.wait()
            if self.failures:
                self.failures -= 1
                raise OperationalError("commit", {}, Exception("disk I/O error"))
            await commit()

        made.commit = held  # type: ignore[method-assign]
        return made


class House:
    """Everything between a resident's telephone and the database."""

    def __init__(self, api: BotApi, engine: Any, webhook_url: str = "") -> None:
        self.api = api
        self.engine = engine
        self.accepting = FailingWork(engine)
        self.work = FailingWork(engine)
        self.dialogue = Script()
        services: Any = SimpleNamespace(clock=SystemClock(), tickets=None)
        seal = Seal("k" * 20)
        self.phrases = Words()
        self.attachments = AttachmentsService(
            self.work,
            seal,
            SystemClock(),
            Words(),
            most=1024 * 1024,
            most_a_day=MOST_A_DAY,
            jitter=lambda: 0.0,
        )
        self.desk = Desk(
            self.accepting,  # type: ignore[arg-type]
            self.dialogue,
            services,
            seal,
            self.phrases,
            Announcer(),
            attachments=self.attachments,
        )
        senders: dict[str, Any] = {}
        self.relay = OutboxRelay(self.work, senders, SystemClock(), jitter=lambda: 0.0)  # type: ignore[arg-type]
        self.channel = TelegramChannel(
            self.desk,
            self.work,  # type: ignore[arg-type]
            self.phrases,
            token=api.token,
            secret=SECRET,
            notify=self.relay.notify,
            api_base_url=api.url,
            webhook_url=webhook_url,
            poll_seconds=2,
        )
        senders["telegram"] = self.channel.sender
        self.attachments.sources["telegram"] = self.channel.files

    async def open(self) -> None:
        await self.channel.start()
        self._running = asyncio.create_task(self.relay.run())

    async def close(self) -> None:
        await self.channel.stop(2)
        await self.relay.drain(2)
        await self._running
        await self.channel.close()

    async def crash(self) -> None:
        """Ends without confirming anything."""
        await self.relay.drain(1)
        await self._running
        self.channel.state = ChannelState.STARTING
        await self.channel.stop(0)
        await self.channel.close()

    async def states(self, chat_id: int) -> list[str]:
        async with self.engine.connect() as connection:
            rows = await connection.execute(
                outbox.select().where(outbox.c.user_id == str(chat_id)).order_by(outbox.c.id)
            )
            return [row.state for row in rows]

    async def tell(self, chat_id: int, reply: Reply) -> None:
        """Says something outside a turn, as an agent or a watch does."""
        conversation = await self.desk.conversation_of(Contact("telegram", str(chat_id)))
        assert conversation
        async with self.work() as work:
            work.lines.add(conversation, reply, SystemClock().now())
            await work.commit()
        self.relay.notify()


@pytest.fixture
def api() -> Iterator[BotApi]:
    with BotApi() as api:
        yield api


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Any]:
    engine = open_database(f"sqlite+aiosqlite:///{tmp_path}/desk.sqlite")
    await migrate(engine)
    yield engine
    await engine.dispose()


@pytest.fixture
async def house(api: BotApi, engine: Any) -> AsyncIterator[House]:
    house = House(api, engine)
    await house.open()
    yield house
    await house.close()


def texts(api: BotApi, chat_id: int) -> list[str]:
    return [one.text for one in api.replies(chat_id)]


async def until(condition: Any) -> None:
    for _ in range(500):
        if await condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("not seen in time")


async def test_texts_are_answered_in_order(house: House, api: BotApi) -> None:
    for number in range(5):
        api.say(7, f"第{number}句")
    await api.arrived(7, 5)
    assert texts(api, 7) == [f"heard 第{number}句" for number in range(5)]


async def test_one_slow_answer_holds_up_nobody_else(house: House, api: BotApi) -> None:
    house.dialogue.slow["慢"] = asyncio.Event()
    api.say(7, "慢")
    api.say(7, "第二句")
    api.say(8, "快")
    await api.arrived(8, 1)
    assert texts(api, 7) == []
    await api.seen(lambda: any(call["chat_id"] == "7" for call in api.called("sendChatAction")))
    house.dialogue.slow["慢"].set()
    await api.arrived(7, 2)
    assert texts(api, 7) == ["heard 慢", "heard 第二句"]


async def test_a_button_brings_back_a_payload_longer_than_telegram_carries(house: House, api: BotApi) -> None:
    house.dialogue.lines["查"] = [
        Reply("选一个", (Button("再查一次", LONG_PAYLOAD), Button("人工", "/request_human")))
    ]
    api.say(7, "查")
    offer = (await api.arrived(7, 1))[0]
    assert offer.titles == ["再查一次", "人工"]
    assert len(offer.keyboard) == 1
    api.press(7, offer.message_id)
    await api.arrived(7, 2)
    assert house.dialogue.heard[-1] == LONG_PAYLOAD
    await api.seen(lambda: len(api.called("answerCallbackQuery")) == 1)


async def test_an_old_button_still_works(house: House, api: BotApi) -> None:
    house.dialogue.lines["查"] = [Reply("选", (Button("再查一次", LONG_PAYLOAD),))]
    api.say(7, "查")
    offer = (await api.arrived(7, 1))[0]
    api.say(7, "别的")
    await api.arrived(7, 2)
    api.press(7, offer.message_id)
    await api.arrived(7, 3)
    assert house.dialogue.heard[-1] == LONG_PAYLOAD


@pytest.mark.parametrize("data", ["b:1:9", "b:999999:0", "nonsense", "b:-1:0", '/query_status{"forged": 1}'])
async def test_a_button_that_was_never_there_is_answered(house: House, api: BotApi, data: str) -> None:
    house.dialogue.lines["查"] = [Reply("选", (Button("查", "/query_status"),))]
    api.say(7, "查")
    offer = (await api.arrived(7, 1))[0]
    api.press_data(7, offer.message_id, data)
    assert (await api.arrived(7, 2))[1].text.startswith("utter_unknown_button")
    await api.seen(lambda: len(api.called("answerCallbackQuery")) == 1)


async def test_another_residents_button_is_not_theirs(house: House, api: BotApi) -> None:
    house.dialogue.lines["查"] = [Reply("选", (Button("查", LONG_PAYLOAD),))]
    api.say(7, "查")
    offer = (await api.arrived(7, 1))[0]
    api.say(8, "你好")
    await api.arrived(8, 1)
    api.press_data(8, 1, offer.keyboard[0][0]["callback_data"])
    assert (await api.arrived(8, 2))[1].text.startswith("utter_unknown_button")


async def test_an_update_is_not_confirmed_before_it_is_committed(house: House, api: BotApi) -> None:
    house.accepting.gate.clear()
    update = api.say(7, "你好")
    await until(lambda: _true(len(api.called("getUpdates")) >= 1))
    await asyncio.sleep(0.2)
    assert update not in api.confirmed
    assert texts(api, 7) == []
    house.accepting.gate.set()
    await api.arrived(7, 1)
    await api.seen(lambda: update in api.confirmed)


async def test_an_update_whose_commit_failed_comes_again(house: House, api: BotApi) -> None:
    house.accepting.failures = 1
    api.say(7, "你好")
    api.say(7, "还在吗")
    await api.arrived(7, 2)
    assert texts(api, 7) == ["heard 你好", "heard 还在吗"]


async def test_what_a_killed_process_had_not_confirmed_is_answered_once(api: BotApi, engine: Any) -> None:
    first = House(api, engine)
    await first.open()
    update = api.say(7, "你好")
    await until(lambda: _equal(first.states(7), ["sent"]))
    await first.crash()
    api.bring_again(update)
    second = House(api, engine)
    await second.open()
    api.say(7, "第二句")
    await api.arrived(7, 2)
    await second.close()
    assert texts(api, 7) == ["heard 你好", "heard 第二句"]
    assert api.pending == []


async def test_a_request_to_slow_down_is_obeyed(house: House, api: BotApi) -> None:
    api.fail("sendMessage", 429, retry_after=1)
    api.say(7, "你好")
    api.say(7, "再来")
    await api.arrived(7, 2)
    assert texts(api, 7) == ["heard 你好", "heard 再来"]
    assert len(api.called("sendMessage")) == 3


async def test_one_who_blocked_the_bot_stops_only_their_own_queue(house: House, api: BotApi) -> None:
    api.block(7)
    api.say(7, "你好")
    api.say(7, "还有")
    api.say(8, "你好")
    await api.arrived(8, 1)
    dead = [DeliveryState.DEAD.value] * 2
    await until(lambda: _equal(house.states(7), dead))
    api.unblock(7)
    api.say(7, "回来了")
    await api.arrived(7, 1)
    assert texts(api, 7) == ["heard 回来了"]


async def test_order_is_kept_through_server_errors(house: House, api: BotApi) -> None:
    api.fail("sendMessage", 502, count=2, chat_id=7)
    for number in range(3):
        api.say(7, str(number + 100))
    await api.arrived(7, 3, timeout=15)
    assert texts(api, 7) == ["heard 100", "heard 101", "heard 102"]


async def test_a_lost_acknowledgement_loses_no_message(house: House, api: BotApi) -> None:
    api.drop_acknowledgements(1)
    api.say(7, "你好")
    await api.arrived(7, 2)
    await until(lambda: _equal(house.states(7), ["sent"]))
    # Telegram takes no idempotency key, so this one line comes twice, and is never lost.
    assert texts(api, 7) == ["heard 你好"] * 2


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("photo", "utter_photo_received"),
        ("document", "utter_document_received"),
        ("sticker", "utter_sticker_received"),
        ("voice", "utter_voice_received"),
        ("audio", "utter_voice_received"),
        ("video_note", "utter_voice_received"),
        ("location", "utter_location_received"),
        ("contact", "utter_kind_not_supported"),
        ("dice", "utter_kind_not_supported"),
    ],
)
async def test_everything_else_gets_one_polite_line(house: House, api: BotApi, kind: str, words: str) -> None:
    api.send(7, kind)
    assert (await api.arrived(7, 1))[0].text == f"{words} zh"


async def test_an_album_is_answered_once(house: House, api: BotApi) -> None:
    for _ in range(3):
        api.send_photo(7, media_group_id="77")
    api.say(7, "完了")
    await api.arrived(7, 2)
    assert texts(api, 7) == ["utter_photo_received zh", "heard 完了"]


async def test_an_edited_message_is_read_again(house: House, api: BotApi) -> None:
    api.say(7, "查 123")
    await api.arrived(7, 1)
    api.edit(7, 1, "查 124")
    await api.arrived(7, 2)
    assert house.dialogue.heard == ["查 123", "查 124"]


async def test_a_group_hears_nothing_unless_it_asks(house: House, api: BotApi) -> None:
    api.say(-5, "今天天气不错", user_id=7)
    api.say(-5, "/status@other_bot", user_id=7)
    api.say(-5, f"@{USERNAME} 多久到账", user_id=7)
    asked = (await api.arrived(-5, 1))[0]
    api.say(-5, "谢谢", user_id=8, reply_to=asked.message_id)
    api.say(-5, f"/status@{USERNAME}", user_id=8)
    await api.arrived(-5, 3)
    assert house.dialogue.heard == []
    assert {one.text for one in api.replies(-5)} == {"utter_group_private zh"}


async def test_bots_are_not_answered(house: House, api: BotApi) -> None:
    api.say(7, "我是机器人", is_bot=True)
    api.say(7, "我不是")
    await api.arrived(7, 1)
    assert texts(api, 7) == ["heard 我不是"]


async def test_a_deep_link_brings_a_serial_number(house: House, api: BotApi) -> None:
    api.say(7, "/start 4200002611202611200000000101")
    await api.arrived(7, 1)
    assert house.dialogue.heard == ['/provide_serial{"serial_number": "4200002611202611200000000101"}']


async def test_the_telephones_language_is_spoken(house: House, api: BotApi) -> None:
    api.send(7, "sticker", language="en-GB")
    assert (await api.arrived(7, 1))[0].text == "utter_sticker_received en"


async def test_long_text_is_split_at_sentence_ends(house: House, api: BotApi) -> None:
    sentence = "这是一句很长的说明，用来试试分段。"
    house.dialogue.lines["长"] = [Reply(sentence * 600, (Button("好", "/greet"),))]
    api.say(7, "长")
    parts = await api.arrived(7, 3)
    assert "".join(part.text for part in parts) == sentence * 600
    assert all(part.text.endswith("。") for part in parts)
    assert [part.titles for part in parts] == [[], [], ["好"]]


async def test_a_retry_goes_on_with_the_part_that_failed(house: House, api: BotApi) -> None:
    house.dialogue.lines["长"] = [Reply("一句话说到底。" * 700)]
    api.say(7, "先认识")
    await api.arrived(7, 1)
    api.fail("sendMessage", 502, chat_id=7)
    api.say(7, "长")
    await api.arrived(7, 3)
    assert "".join(texts(api, 7)[1:]) == "一句话说到底。" * 700


async def test_an_agents_line_says_who_writes(house: House, api: BotApi) -> None:
    api.say(7, "你好")
    await api.arrived(7, 1)
    await house.tell(7, Reply("我来帮您", author=Author.AGENT, author_name="小王"))
    assert (await api.arrived(7, 2))[1].text == "utter_agent_line zh 小王 我来帮您"


async def test_a_group_that_moved_is_followed(house: House, api: BotApi) -> None:
    api.say(-5, "/status", user_id=7)
    await api.arrived(-5, 1)
    api.migrate(-5, -1005)
    await house.tell(-5, Reply("到账了"))
    assert (await api.arrived(-1005, 1))[0].text == "到账了"
    moved = await house.desk.conversation_of(Contact("telegram", "-1005"))
    assert moved
    assert await house.desk.conversation_of(Contact("telegram", "-5")) is None
    await house.tell(-1005, Reply("再说一句"))
    assert (await api.arrived(-1005, 2))[1].text == "再说一句"


async def test_a_group_that_says_that_it_moved_is_followed(house: House, api: BotApi) -> None:
    api.say(-5, "/status", user_id=7)
    await api.arrived(-5, 1)
    api.migrate(-5, -1005, tell=True)
    await until(lambda: _found(house, -1005))
    await house.tell(-1005, Reply("到账了"))
    assert (await api.arrived(-1005, 1))[0].text == "到账了"
    assert not await _found(house, -5)


async def test_what_waits_for_one_who_blocked_us_is_given_up_until_they_are_back(
    house: House, api: BotApi
) -> None:
    api.say(7, "你好")
    await api.arrived(7, 1)
    api.fail("sendMessage", 502, count=50, chat_id=7)
    await house.tell(7, Reply("到账了"))
    api.block(7, tell=True)
    await until(lambda: _equal(house.states(7), ["sent", "dead"]))
    gone = await house.desk.conversation_of(Contact("telegram", "7"))
    assert gone
    assert not gone.reachable
    api.heal()
    api.unblock(7, tell=True)
    await until(lambda: _reachable(house, 7))
    await house.tell(7, Reply("欢迎回来"))
    assert (await api.arrived(7, 2))[1].text == "欢迎回来"


async def test_one_who_writes_can_be_reached_whatever_was_told(house: House, api: BotApi) -> None:
    api.say(7, "你好")
    await api.arrived(7, 1)
    api.block(7, tell=True)
    await until(lambda: _unreachable(house, 7))
    api.unblock(7)
    api.say(7, "回来了")
    await api.arrived(7, 2)
    assert await _reachable(house, 7)


async def test_leaving_a_group_concerns_no_resident(house: House, api: BotApi) -> None:
    api.block(-5, tell=True)
    api.say(7, "你好")
    await api.arrived(7, 1)
    assert await _reachable(house, 7)


async def test_the_line_for_groups_leads_to_the_private_chat(house: House, api: BotApi) -> None:
    house.phrases.buttons["utter_group_private"] = (Button("和我单独说", "/private_chat"),)
    api.say(-5, f"@{USERNAME} 查 4200002611202611200000000101", user_id=7)
    line = (await api.arrived(-5, 1))[0]
    assert line.keyboard == [[{"text": "和我单独说", "url": f"https://t.me/{USERNAME}"}]]
    async with house.work() as work:
        conversation = await work.conversations.of(Contact("telegram", "-5"))
        assert conversation
        kept = [line.text for line in await work.lines.after(conversation.id)]
    assert kept == ["‹group›", "utter_group_private zh"]


async def test_a_photo_is_fetched_and_kept(house: House, api: BotApi) -> None:
    api.send_photo(7)
    await api.arrived(7, 1)
    assert await house.attachments.open(1) == JPEG


async def test_the_parts_of_an_album_are_all_kept(house: House, api: BotApi) -> None:
    for number in range(3):
        api.send_file(7, "photo", JPEG + bytes([number]), media_group_id="77")
    api.say(7, "完了")
    await api.arrived(7, 2)
    assert texts(api, 7) == ["utter_photo_received zh", "heard 完了"]
    await until(lambda: _opens(house, 3))
    kept = [await house.attachments.open(number) for number in (1, 2, 3)]
    assert kept == [JPEG + bytes([number]) for number in range(3)]


@pytest.mark.parametrize(
    ("content", "size", "words"),
    [
        (b"#!/bin/sh", None, "utter_file_wrong_type zh 1"),
        (b"%PDF" + b"-" * 1024 * 1024, None, "utter_file_too_large zh 1"),
        (b"%PDF-", 30 * 1024 * 1024, "utter_file_too_large zh 1"),
    ],
    ids=["wrong type", "too large", "says that it is too large"],
)
async def test_a_document_that_cannot_be_kept_says_why(
    house: House, api: BotApi, content: bytes, size: int | None, words: str
) -> None:
    api.send_file(7, "document", content, size=size)
    assert (await api.arrived(7, 1))[0].text == words


async def test_a_file_that_telegram_no_longer_has_is_said(house: House, api: BotApi) -> None:
    api.files.clear()
    api.send_photo(7)
    assert (await api.arrived(7, 1))[0].text == "utter_file_unavailable zh 1"


async def test_a_file_is_asked_for_again_when_the_way_was_broken(house: House, api: BotApi) -> None:
    api.fail("getFile", 502)
    api.fail("download", 502)
    api.send_photo(7)
    assert (await api.arrived(7, 1))[0].text == "utter_photo_received zh"
    assert len(api.called("download")) == 2


async def test_a_slow_file_holds_up_nobody_else(house: House, api: BotApi) -> None:
    api.fail("getFile", 502, count=2)
    api.send_photo(7)
    api.say(8, "快")
    await api.arrived(8, 1)
    await api.arrived(7, 1)


async def test_a_button_of_what_was_erased_says_that_it_no_longer_works(house: House, api: BotApi) -> None:
    house.dialogue.lines["查"] = [Reply("选", (Button("查", LONG_PAYLOAD),))]
    api.say(7, "查")
    offer = (await api.arrived(7, 1))[0]
    async with house.work() as work:
        conversation = await work.conversations.of(Contact("telegram", "7"))
        assert conversation
        PersonalDataService().erase(work, conversation)
        await work.commit()
    api.press(7, offer.message_id)
    assert (await api.arrived(7, 2))[1].text.startswith("utter_unknown_button")


async def test_an_old_button_works_after_hundreds_of_lines_and_a_restart(api: BotApi, engine: Any) -> None:
    first = House(api, engine)
    first.dialogue.lines["查"] = [Reply("选", (Button("再查一次", LONG_PAYLOAD),))]
    await first.open()
    api.say(7, "查")
    offer = (await api.arrived(7, 1))[0]
    conversation = await first.desk.conversation_of(Contact("telegram", "7"))
    assert conversation
    async with first.work() as work:
        for number in range(300):
            said = Reply(f"第{number}句", author=Author.RESIDENT)
            work.lines.add(conversation, said, SystemClock().now())
        await work.commit()
    await first.close()
    second = House(api, engine)
    await second.open()
    api.press(7, offer.message_id)
    await api.arrived(7, 2)
    await second.close()
    assert second.dialogue.heard == [LONG_PAYLOAD]


async def test_each_correction_is_answered_once_however_often_it_is_brought(
    house: House, api: BotApi
) -> None:
    api.say(7, "查 123")
    await api.arrived(7, 1)
    edit = api.edit(7, 1, "查 124")
    await api.arrived(7, 2)
    api.bring_again(edit)
    api.edit(7, 1, "查 125")
    await api.arrived(7, 3)
    assert house.dialogue.heard == ["查 123", "查 124", "查 125"]


async def test_the_commands_are_shown_in_both_languages(house: House, api: BotApi) -> None:
    await api.seen(lambda: set(api.commands) == {"", "en"})
    assert [command["command"] for command in api.commands[""]][:2] == ["start", "help"]
    assert api.commands["en"][0]["description"] == "utter_command_start en"


async def test_trouble_at_the_start_is_waited_out(api: BotApi, engine: Any) -> None:
    api.fail("getMe", 502)
    api.fail("getUpdates", 409)
    api.fail("getUpdates", 429, retry_after=1)
    house = House(api, engine)
    await house.open()
    api.say(7, "你好")
    await api.arrived(7, 1)
    await house.close()


async def test_a_refused_token_stops_the_channel_and_is_in_no_log(
    api: BotApi, engine: Any, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    api.fail("getMe", 401)
    house = House(api, engine)
    await house.open()
    await until(lambda: _true(house.channel.state is ChannelState.REFUSED))
    await house.close()
    assert api.token not in caplog.text + "".join(capsys.readouterr())


async def test_neither_token_nor_text_is_logged(
    house: House, api: BotApi, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    api.fail("sendMessage", 502)
    api.say(7, "不该出现的话")
    await api.arrived(7, 1)
    # The database driver's own debugging shows every statement; that is for the logging set-up to keep out.
    ours = [record.getMessage() for record in caplog.records if record.name != "aiosqlite"]
    seen = "".join(ours) + "".join(capsys.readouterr())
    assert api.token not in seen
    assert "不该出现的话" not in seen


@asynccontextmanager
async def serving(app: Starlette, listener: socket.socket) -> AsyncIterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, ws="none", lifespan="off", log_level="critical"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def webhook_house(api: BotApi, engine: Any) -> AsyncIterator[tuple[House, str]]:
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    house = House(api, engine, webhook_url=address)
    async with serving(Starlette(routes=house.channel.routes()), listener):
        await house.open()
        await api.seen(lambda: bool(api.webhook))
        yield house, address + PATH
        await house.close()


async def test_the_webhook_answers_and_acknowledges_after_the_commit(api: BotApi, engine: Any) -> None:
    async with webhook_house(api, engine) as (house, address):
        assert api.webhook["url"] == address
        house.accepting.failures = 1
        api.say(7, "你好")
        await api.arrived(7, 1)
        await api.seen(lambda: api.webhook_answers == [503, 200])
        assert texts(api, 7) == ["heard 你好"]


async def test_the_webhook_answers_a_repeated_update_once(api: BotApi, engine: Any) -> None:
    async with webhook_house(api, engine) as (_, address), httpx.AsyncClient() as http:
        api.say(7, "先来")
        await api.arrived(7, 1)
        update: dict[str, Any] = {"update_id": 5, "message": message(2, 7, user(7), text="你好")}
        headers = {HEADER: webhook_secret(SECRET, api.token)}
        answers = await asyncio.gather(*(http.post(address, json=update, headers=headers) for _ in range(5)))
        assert {answer.status_code for answer in answers} == {200}
        api.say(7, "完了")
        await api.arrived(7, 3)
        assert texts(api, 7) == ["heard 先来", "heard 你好", "heard 完了"]


@pytest.mark.parametrize(
    ("secret", "body", "status"),
    [
        (None, "{}", 403),
        ("wrong", "{}", 403),
        ("错", "{}", 403),
        ("right", "{not json", 400),
        ("right", "[]", 400),
        ("right", '{"update_id": "x"}', 400),
        ("right", '{"update_id": 1, "message": {"text": 7}}', 400),
        ("right", '{"update_id": 1, "x": "' + "x" * 1024 * 1024 + '"}', 413),
        ("right", '{"update_id": 1}', 200),
    ],
)
async def test_the_webhook_refuses_strangers_and_nonsense(
    api: BotApi, engine: Any, secret: str | None, body: str, status: int
) -> None:
    async with webhook_house(api, engine) as (_, address), httpx.AsyncClient() as http:
        shown = webhook_secret(SECRET, api.token) if secret == "right" else secret
        headers = {HEADER.encode(): shown.encode()} if shown else {}
        answer = await http.post(address, content=body, headers=headers)
        assert answer.status_code == status
        if status != 200:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == status


async def test_the_double_is_honest_about_tokens_and_methods(api: BotApi) -> None:
    async with httpx.AsyncClient(base_url=api.url) as http:
        assert (await http.get("/botwrong/getMe")).json()["error_code"] == 401
        assert (await http.get(f"/bot{api.token}/noSuchMethod")).json()["error_code"] == 404
        me = (await http.get(f"/bot{api.token}/getMe")).json()["result"]
        assert me["id"] == BOT_ID
        assert me["is_bot"]
        stranger = await http.post(f"/bot{api.token}/sendMessage", json={"chat_id": 99, "text": "hi"})
        assert json.loads(stranger.content)["description"] == "Bad Request: chat not found"


async def _found(house: House, chat_id: int) -> bool:
    return await house.desk.conversation_of(Contact("telegram", str(chat_id))) is not None


async def _reachable(house: House, chat_id: int) -> bool:
    conversation = await house.desk.conversation_of(Contact("telegram", str(chat_id)))
    return conversation is not None and conversation.reachable


async def _unreachable(house: House, chat_id: int) -> bool:
    return not await _reachable(house, chat_id)


async def _opens(house: House, attachment_id: int) -> bool:
    return await house.attachments.open(attachment_id) is not None


async def _true(value: bool) -> bool:
    return value


async def _equal(actual: Any, expected: object) -> bool:
    return bool(await actual == expected)
