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
        "付了180岁月静好",
    ],
)
def test_plain_and_denied_words_have_no_tone(text: str) -> None:
    assert tones_of(text) == frozenset()
