"""How a message sounds, by its words."""

from __future__ import annotations

import pytest

from bot.tickets.tone import Tone, tones_of


@pytest.mark.parametrize(
    ("text", "tone"),
    [
        ("气死我了，推来推去", Tone.ANGRY),
        ("This is ridiculous!", Tone.ANGRY),
        ("我都快急死了", Tone.WORRIED),
        ("求求你们快点", Tone.WORRIED),
        ("I am so worried about it", Tone.WORRIED),
        ("我妈八十多岁了", Tone.ELDERLY),
        ("我今年76岁，不会弄", Tone.ELDERLY),
        ("年紀大了 老人家看不清", Tone.ELDERLY),
        ("She is 81 years old", Tone.ELDERLY),
        ("I'm 82 and cannot use the phone", Tone.ELDERLY),
        ("I am 75, please be patient", Tone.ELDERLY),
        ("我八十岁了", Tone.ELDERLY),
        ("老伴九十几岁", Tone.ELDERLY),
        ("我今年八十五岁了", Tone.ELDERLY),
        ("奶奶快八十了", Tone.ELDERLY),
        ("你们真垃圾", Tone.ANGRY),
        ("垃圾系统", Tone.ANGRY),
        ("我要去告你们", Tone.COMPLAINT),
        ("我找律师", Tone.COMPLAINT),
        ("再不解决我打12345", Tone.COMPLAINT),
        ("I will complain to your manager", Tone.COMPLAINT),
    ],
)
def test_a_tone_is_heard(text: str, tone: Tone) -> None:
    assert tones_of(text) == {tone}


def test_several_tones_are_heard_together() -> None:
    heard = tones_of("气死人了，我要投诉，我七十多岁急得睡不着")
    assert heard == {Tone.ANGRY, Tone.COMPLAINT, Tone.ELDERLY, Tone.WORRIED}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "我的工单怎么样了",
        "不着急，慢慢来",
        "没生气，就是问问",
        "I am not worried",
        "流水号 4200000925201234501234567890",  # 12345 within a number is no hotline
        "孩子8岁",
        "我付了八十块",
        "一共九十元",
        "八十五块钱",
        "my son is 5 years old",
        "I'm 25 years old",
        "I'm 82 yuan short",
        "交的是垃圾处理费",
        "垃圾费、垃圾清运费在哪交",
        "扔垃圾的费用",
        "我告你们一声",
        "告你们一下我已经付了",
        "办律师证要交的费",
        "律师执业证工本费",
        "付了180岁月静好",
    ],
)
def test_plain_and_denied_words_have_no_tone(text: str) -> None:
    assert tones_of(text) == frozenset()
