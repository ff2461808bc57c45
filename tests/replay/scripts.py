"""Two hundred conversations, always the same: what people go through, broken into by what people say."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Union

import yaml

from bot.dialogue.examples import training_examples
from tests.conversations.seeded import IDENTITY, NOT_THERE, NOTICE, ORDER, SERIAL

ROOT = Path(__file__).resolve().parents[2]
SETS = ROOT / "tests" / "nlu" / "in_scope"
STORIES = ROOT / "nlu_data" / "stories"
CONVERSATIONS = 200

Step = Union[str, int, float]
"""Words or a payload; the place of a button among those shown last; or hours that pass."""

LAST4 = ("1234", "018X", "5678", "0000")
FLOWS: tuple[tuple[Step, ...], ...] = (
    (
        "我交了身份证的钱，怎么还显示未缴费",
        "查一下",
        SERIAL["0101"],
        "对好了告诉我",
        "我的工单",
        "别再提醒了",
    ),
    ("查我的缴费", SERIAL["0105"], 1, "1234", 2, "谢谢"),
    ("核对凭证", "微信付的", SERIAL["0106"], "40元", "2026-11-23", "不对，是支付宝付的", "对"),
    ("帮我看看我的凭证", "2024-01-05", "银联", "算了", "帮我看看我的凭证", 1),
    ("核对凭证", "流水号在哪里", SERIAL["0303"], "多久能到账", "二十块", "昨天", "金额是35元", "对"),
    ("申请对账", SERIAL["0112"], "1234", "是的", "申请对账", "我的申请怎么样了"),
    ("转人工", "还要等多久", "要不要再付一次", "不等了", "是", "转人工"),
    ("我要投诉", "你们太慢了", 1, "我的工单", "还是没解决"),
    ("听不懂", "asdf", "???", 1, "转人工", "人呢"),
    ("speak English", "where is my payment", SERIAL["0401"], "yes", "tell me when it is done", "thanks"),
    ("说中文", f"{SERIAL['0101']} 还是 {SERIAL['0105']}", 1, "1234", "你们存了我什么", 1, "没有"),
    (NOTICE["0101"], ORDER["0101"], NOT_THERE, "1", "是", "不是"),
    (f"我的身份证是{IDENTITY}", "13812345678", SERIAL["0101"][:20], SERIAL["0101"]),
    ("核对凭证", "微信付的", 30.0, "你好", 1, SERIAL["0105"], "20元"),
    (f'/query_status{{"serial_number": "{SERIAL["0201"]}"}}', "/check_receipt", "/affirm", "/deny"),
    ('/ticket_status{"choice": "place"}', "/watch_payment", SERIAL["0101"], "/unwatch_payment", "/my_data"),
    ("对账好了发短信给我", SERIAL["0101"], 1, "zhang@example.com", "123456", "算了"),
)


def scripts() -> Iterator[list[Step]]:
    """Every conversation: the stories first, then flows with other people's lines between their steps."""
    chance = random.Random(7)
    told: list[list[Step]] = [[_said(intent) for intent in story] for story in _stories()]
    yield from told
    for number in range(CONVERSATIONS - len(told)):
        flow = list(FLOWS[number % len(FLOWS)])
        for _ in range(chance.randint(1, 3)):
            flow.insert(chance.randint(0, len(flow)), _interruption(chance))
        yield flow


def _interruption(chance: random.Random) -> Step:
    drawn = chance.random()
    if drawn < 0.6:
        return chance.choice(_lines())
    if drawn < 0.7:
        return chance.choice(list(SERIAL.values()))
    if drawn < 0.8:
        return chance.choice(LAST4)
    return chance.randint(1, 3)


def _stories() -> Iterator[Sequence[str]]:
    for path in sorted(STORIES.glob("*.yml")):
        for story in yaml.safe_load(path.read_text(encoding="utf-8"))["stories"]:
            yield [step["intent"] for step in story["steps"] if "intent" in step]


@lru_cache(maxsize=1)
def _examples() -> dict[str, str]:
    """The first training example of each intent."""
    return {example.intent: example.text for example in reversed(training_examples())}


def _said(intent: str) -> str:
    return _examples()[intent]


@lru_cache(maxsize=1)
def _lines() -> tuple[str, ...]:
    found: list[str] = []
    for path in sorted(SETS.glob("*.yml")):
        for lines in yaml.safe_load(path.read_text(encoding="utf-8"))["styles"].values():
            found += [line for line in lines if isinstance(line, str)]
    return tuple(found)
