"""Canned answers: what may be kept, how they are filled, who changed them at once."""

from __future__ import annotations

import pytest

from bot.console.canned import VARIABLES, CannedAnswersService, fill, left_open
from bot.errors import Conflict, InvalidInput, NotFound
from tests.fakes.house import FakeHouse

TEXTS = {"zh": "您好，我是{agent}。", "en": "I'm {agent}."}


async def make(house: FakeHouse, shortcut: str = "/Mine", **texts: str) -> int:
    async with house.work() as work:
        await CannedAnswersService(house.clock).make(work, "chen", shortcut, "我的", texts or TEXTS)
        await work.commit()
    async with house.work() as work:
        return max(answer.id for answer in await work.canned_answers.all())


async def change(house: FakeHouse, answer_id: int, version: int, title: str, shortcut: str = "mine") -> None:
    async with house.work() as work:
        service = CannedAnswersService(house.clock)
        await service.change(work, "chen", answer_id, version, shortcut, title, TEXTS)
        await work.commit()


async def test_a_new_house_has_answers_in_both_languages_that_can_be_filled(house: FakeHouse) -> None:
    async with house.work() as work:
        answers = await work.canned_answers.all()
    assert len(answers) >= 12
    values = dict.fromkeys(VARIABLES, "✓")
    for answer in answers:
        assert set(answer.texts) == {"zh", "en"}, answer.shortcut
        for text in answer.texts.values():
            assert "{" not in fill(text, values), answer.shortcut
        assert set("{}") & set(answer.title) == set()


async def test_an_answer_is_made_found_and_removed(house: FakeHouse) -> None:
    answer_id = await make(house)
    async with house.work() as work:
        answer = await work.canned_answers.get(answer_id)
        assert answer is not None
        assert (answer.shortcut, answer.updated_by, answer.text("en")) == ("mine", "chen", "I'm {agent}.")
        assert answer.matches("我的 agent")
        assert not answer.matches("我的 退款")
        await CannedAnswersService(house.clock).remove(work, answer_id)
        await work.commit()
        with pytest.raises(NotFound):
            await CannedAnswersService(house.clock).remove(work, answer_id)


async def test_without_an_english_text_it_is_chinese(house: FakeHouse) -> None:
    answer_id = await make(house, zh="您好", en=" ")
    async with house.work() as work:
        answer = await work.canned_answers.get(answer_id)
    assert answer is not None
    assert answer.text("en") == "您好"


@pytest.mark.parametrize(
    ("shortcut", "title", "texts", "code"),
    [
        ("", "标题", TEXTS, "bad_shortcut"),
        ("two words", "标题", TEXTS, "bad_shortcut"),
        ("hello", "标题", TEXTS, "shortcut_taken"),
        ("mine", " ", TEXTS, "bad_title"),
        ("mine", "长" * 31, TEXTS, "bad_title"),
        ("mine", "标题", {"en": "only English"}, "text_missing"),
        ("mine", "标题", {"zh": "长" * 1501}, "text_too_long"),
        ("mine", "标题", {"zh": "您好{name}"}, "unknown_variable"),
    ],
)
async def test_what_cannot_be_kept_says_why(
    house: FakeHouse, shortcut: str, title: str, texts: dict[str, str], code: str
) -> None:
    async with house.work() as work:
        with pytest.raises(InvalidInput) as refused:
            await CannedAnswersService(house.clock).make(work, "chen", shortcut, title, texts)
    assert refused.value.code == code


async def test_of_two_changes_at_once_one_is_told(house: FakeHouse) -> None:
    answer_id = await make(house)
    await change(house, answer_id, 0, "第一次")
    with pytest.raises(Conflict):
        await change(house, answer_id, 0, "第二次")
    with pytest.raises(InvalidInput):
        await change(house, answer_id, 1, "改名", shortcut="hello")
    with pytest.raises(NotFound):
        await change(house, 99999, 0, "没有")


async def test_two_made_at_once_with_one_shortcut_are_a_conflict(house: FakeHouse) -> None:
    service = CannedAnswersService(house.clock)
    async with house.work() as one, house.work() as other:
        await service.make(one, "chen", "same", "一", TEXTS)
        await service.make(other, "li", "same", "二", TEXTS)
        await one.commit()
        with pytest.raises(Conflict):
            await other.commit()


def test_variables_without_a_value_stay_to_be_seen() -> None:
    text = fill("{resident}，尾号 {serial_tail}，{agent}", {"resident": "市民朋友", "serial_tail": ""})
    assert text == "市民朋友，尾号 {serial_tail}，{agent}"
    assert left_open(text)
    assert not left_open("{其他} {name} {}")
