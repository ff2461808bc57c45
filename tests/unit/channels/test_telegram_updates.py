"""What an update says, command by command and kind by kind."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import Update

from bot.channels.telegram.commands import PAYLOADS, read_command
from bot.channels.telegram.updates import Me, read_update
from bot.messages import Contact, FileReference, IncomingMessage, MessageKind, Source
from bot.phrasebook import Phrasebook
from tests.doubles.telegram_objects import CONTENTS, chat, message, user

ME = Me(id=99, username="fee_helper_bot")
US = user(99, is_bot=True)


def read(raw: dict[str, Any]) -> IncomingMessage | None:
    update = Update.de_json({"update_id": 41, **raw}, None)
    assert update
    return read_update(update, ME)


def written(chat_id: int = 7, sender: Any = None, **content: Any) -> IncomingMessage | None:
    return read({"message": message(1, chat_id, sender or user(7), **content)})


def test_a_text_is_a_message_of_that_chat() -> None:
    contact, source = Contact("telegram", "7"), Source("7/1")
    expected = IncomingMessage(contact, "41", "你好", MessageKind.TEXT, "zh", source=source)
    assert written(text="你好") == expected


@pytest.mark.parametrize(
    ("code", "language"), [("en", "en"), ("en-US", "en"), ("zh-hans", "zh"), ("fr", "zh")]
)
def test_english_telephones_are_answered_in_english(code: str, language: str) -> None:
    got = written(sender=user(7, code), text="hi")
    assert got
    assert got.language == language


def test_a_telephone_without_a_language_is_chinese() -> None:
    sender = user(7)
    del sender["language_code"]
    got = written(sender=sender, text="hi")
    assert got
    assert got.language == "zh"


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("/start", "/greet"),
        (
            "/start 4200002611202611200000000101",
            '/provide_serial{"serial_number": "4200002611202611200000000101"}',
        ),
        ("/start abc", "/greet"),
        ('/start x"}{"y', "/greet"),
        ("/help", "/greet"),
        ("/STATUS", "/query_status"),
        ("/status@fee_helper_bot", "/query_status"),
        ("/human please", "/request_human"),
        ("/language", "/switch_language"),
        ("/ticket", "/ticket_status"),
        ("/dance", "/dance"),
    ],
)
def test_a_command_becomes_a_payload(text: str, payload: str) -> None:
    got = written(text=text)
    assert got
    assert (got.text, got.kind) == (payload, MessageKind.BUTTON)


@pytest.mark.parametrize("text", ['/provide_serial{"serial_number": "1"}', "/ 你好", "1/2", "请用/status查"])
def test_what_only_looks_like_a_command_stays_text(text: str) -> None:
    got = written(text=text)
    assert got
    assert (got.text, got.kind) == (text, MessageKind.TEXT)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("photo", MessageKind.PHOTO),
        ("document", MessageKind.DOCUMENT),
        ("sticker", MessageKind.STICKER),
        ("voice", MessageKind.VOICE),
        ("audio", MessageKind.VOICE),
        ("video_note", MessageKind.VOICE),
        ("location", MessageKind.LOCATION),
        ("contact", MessageKind.OTHER),
        ("dice", MessageKind.OTHER),
    ],
)
def test_every_kind_has_its_name(name: str, kind: MessageKind) -> None:
    got = written(**{name: CONTENTS[name]})
    assert got
    assert got.kind is kind


def test_a_moving_picture_is_not_a_document() -> None:
    file = {**CONTENTS["document"], "width": 1, "height": 1, "duration": 1}
    got = written(animation=file, document=CONTENTS["document"])
    assert got
    assert got.kind is MessageKind.OTHER


def test_a_caption_comes_with_its_picture() -> None:
    got = written(photo=CONTENTS["photo"], caption="这是凭证")
    assert got
    assert (got.kind, got.text) == (MessageKind.PHOTO, "这是凭证")


def test_pictures_of_one_album_are_one_message() -> None:
    got = written(photo=CONTENTS["photo"], media_group_id="12")
    assert got
    assert got.message_id == "album-12"


def test_a_corrected_text_is_another_version_of_the_same_message() -> None:
    got = read({"edited_message": message(1, 7, user(7), text="查 2")})
    assert got
    assert (got.text, got.message_id, got.source) == ("查 2", "41", Source("7/1", version=41))
    first = written(text="查 1")
    assert first
    assert first.source == Source("7/1", version=0)


def test_every_picture_of_an_album_is_at_one_place() -> None:
    album = {"photo": CONTENTS["photo"], "media_group_id": "12"}
    first, changed = written(**album), read({"edited_message": message(2, 7, user(7), **album)})
    assert first and first.source
    assert changed and changed.source
    assert first.source.origin == changed.source.origin == "7/album-12"


@pytest.mark.parametrize(
    "raw",
    [
        {"channel_post": message(1, -100, user(7), text="公告")},
        {"edited_message": message(1, 7, user(7), location=CONTENTS["location"])},
        {"message": message(1, 7, user(8, is_bot=True), text="我是机器人")},
        {"message": message(1, -5, user(7), new_chat_members=[user(8)])},
        {"message": message(1, 7, user(7), pinned_message=message(2, 7, user(7), text="x"))},
        {
            "message": {
                **message(1, 7, user(7), text="x"),
                "chat": {"id": -9, "type": "channel", "title": "t"},
            }
        },
        {"poll_answer": {"poll_id": "1", "option_ids": [], "user": user(7), "option_persistent_ids": []}},
    ],
)
def test_noise_says_nothing(raw: dict[str, Any]) -> None:
    assert read(raw) is None


@pytest.mark.parametrize(
    "text", ["今天天气不错", "/status@other_bot", "/dance", "@fee_helper_bot_2 你好", "a@fee_helper_bot.cn"]
)
def test_a_group_that_talks_among_itself_is_left_alone(text: str) -> None:
    assert written(-5, text=text) is None


@pytest.mark.parametrize(
    "text", ["@fee_helper_bot 多久到账", "请问@Fee_Helper_Bot多久到账", "/status", "/dance@fee_helper_bot"]
)
def test_a_group_that_asks_is_heard_and_none_of_its_words_are_kept(text: str) -> None:
    assert written(-5, text=text) == IncomingMessage(
        Contact("telegram", "-5"), "41", "", MessageKind.GROUP, "zh", source=Source("-5/1")
    )


ANONYMOUS = {**user(1087968824, is_bot=True), "username": "GroupAnonymousBot"}


def test_an_administrator_who_writes_as_the_group_is_a_person() -> None:
    got = written(-5, ANONYMOUS, text="@fee_helper_bot 多久到账", sender_chat=chat(-5))
    assert got
    assert got.kind is MessageKind.GROUP
    assert written(-5, ANONYMOUS, text="@fee_helper_bot 多久到账", sender_chat=chat(-6)) is None
    assert written(-5, ANONYMOUS, text="今天天气不错", sender_chat=chat(-5)) is None


def test_a_topic_of_a_group_is_kept_and_a_thread_of_replies_is_none() -> None:
    asked = {"text": "@fee_helper_bot 多久到账", "message_thread_id": 42}
    in_topic, in_thread = written(-5, is_topic_message=True, **asked), written(-5, **asked)
    assert in_topic and in_topic.source
    assert in_thread and in_thread.source
    assert (in_topic.source.thread, in_thread.source.thread) == (42, None)


def test_a_button_pressed_in_a_topic_is_answered_there() -> None:
    place = {**message(3, -5, US, text="您好"), "message_thread_id": 42, "is_topic_message": True}
    query = {"id": "1", "from": user(7), "chat_instance": "1", "data": "b:1:0", "message": place}
    got = read({"callback_query": query})
    assert got and got.source
    assert got.source.thread == 42


def test_a_photo_for_us_in_a_group_is_not_fetched() -> None:
    got = written(-5, photo=CONTENTS["photo"], caption="@fee_helper_bot 看看")
    assert got
    assert (got.kind, got.file) == (MessageKind.GROUP, None)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("photo", FileReference("photo-1", "p1", 1253)),
        ("document", FileReference("file-1", "f1", 4096)),
        ("sticker", None),
        ("voice", None),
    ],
)
def test_photos_and_documents_bring_where_to_fetch_them(name: str, file: FileReference | None) -> None:
    got = written(**{name: CONTENTS[name]})
    assert got
    assert got.file == file


def test_our_own_name_in_front_says_nothing() -> None:
    got = written(text="@fee_helper_bot 多久到账")
    assert got
    assert got.text == "多久到账"


def test_a_reply_to_us_is_meant_for_us() -> None:
    ours = message(1, -5, US, text="您好")
    others = message(1, -5, user(8), text="您好")
    assert written(-5, text="谢谢", reply_to_message=ours)
    assert written(-5, text="谢谢", reply_to_message=others) is None


def test_a_pressed_button_counts_for_its_chat() -> None:
    query = {"id": "1", "from": user(7), "chat_instance": "1", "data": "b:1:0"}
    place = {"chat": chat(7), "message_id": 3, "date": 0}
    got = read({"callback_query": {**query, "message": place}})
    assert got == IncomingMessage(Contact("telegram", "7"), "41", "b:1:0", MessageKind.BUTTON, "zh")
    assert read({"callback_query": query}) is None


def test_a_button_pressed_in_a_group_is_not_obeyed_there() -> None:
    query = {"id": "1", "from": user(7), "chat_instance": "1", "data": "b:1:0"}
    place = {"chat": chat(-5), "message_id": 3, "date": 0}
    got = read({"callback_query": {**query, "message": place}})
    assert got
    assert (got.kind, got.text) == (MessageKind.GROUP, "")


def test_other_texts_are_no_commands() -> None:
    assert read_command("你好") is None
    assert read_command("/" + "x" * 33) is None


def test_every_command_is_described_in_both_languages() -> None:
    phrases = Phrasebook.load()
    for name in PAYLOADS:
        described = {phrases.say(f"utter_command_{name}", language).text for language in ("zh", "en")}
        assert len(described) == 2
        assert all(len(text) <= 256 for text in described)


def test_an_agents_name_stands_before_the_line() -> None:
    said = Phrasebook.load().say("utter_agent_line", "zh", agent="小王", text="{agent} 您好")
    assert said.text == "小王：{agent} 您好"
