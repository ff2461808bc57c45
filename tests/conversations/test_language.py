"""Speaking the resident's language, on request and by itself."""

from __future__ import annotations

import pytest

from tests.conversations.resident import Resident
from tests.conversations.seeded import WAITING


@pytest.mark.parametrize("said", ["speak english please", "请说英文", "English please"])
async def test_english_on_request(resident: Resident, said: str) -> None:
    heard = await resident.says(said)
    assert heard.named("utter_language_switched", "en")
    assert (await resident.says("/faq_how_long")).named("utter_faq_how_long", "en")


@pytest.mark.parametrize("said", ["说中文", "please speak chinese"])
async def test_chinese_on_request(resident: Resident, said: str) -> None:
    heard = await resident.says("speak english please", said)
    assert heard.named("utter_language_switched", "zh")


async def test_the_button_changes_to_the_other_language_and_back(resident: Resident) -> None:
    assert (await resident.says("/switch_language")).named("utter_language_switched", "en")
    assert (await resident.says("/switch_language")).named("utter_language_switched", "zh")


async def test_an_english_message_is_answered_in_english(resident: Resident) -> None:
    heard = await resident.says("how long does it take")
    assert heard.named("utter_faq_how_long", "en")
    assert heard.buttons == ["Check my payment", "Notify me", "Talk to a person"]


async def test_a_chinese_message_brings_chinese_back(resident: Resident) -> None:
    heard = await resident.says("how long does it take", "要等多久才能更新状态")
    assert heard.named("utter_faq_how_long", "zh")


async def test_a_number_or_a_button_keeps_the_language(resident: Resident) -> None:
    heard = await resident.says("how long does it take", WAITING)
    assert heard.named("utter_status", "en")
    assert (await resident.presses("Notify me")).named("utter_watch_set", "en")


@pytest.mark.parametrize("said", ["ok", "OK", "hi", "20", "👍"])
async def test_one_word_says_nothing_about_the_language(resident: Resident, said: str) -> None:
    heard = await resident.says("你好", said)
    assert not heard.text.isascii()


async def test_pinyin_is_chinese(resident: Resident) -> None:
    heard = await resident.says("yao deng duo jiu cai neng geng xin")
    assert heard.named("utter_faq_how_long", "zh")


async def test_traditional_characters_are_understood(resident: Resident) -> None:
    heard = await resident.says("為什麼我繳了費還顯示未繳費")
    assert heard.named("utter_faq_why_unreconciled", "zh")


async def test_each_resident_has_their_own_language(resident: Resident, neighbour: Resident) -> None:
    await resident.says("speak english please")
    assert (await neighbour.says("/faq_how_long")).named("utter_faq_how_long", "zh")
