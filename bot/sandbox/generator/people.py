"""Invented residents: Chinese names as common or rare as real ones, so that some are shared."""

from __future__ import annotations

from itertools import accumulate
from random import Random
from typing import NamedTuple

SURNAME_LIST = (
    "王7.2 李7.2 张6.8 刘5.4 陈4.5 杨3.1 黄2.2 赵2.1 吴2.0 周2.0 徐1.7 孙1.5 马1.3 朱1.3 胡1.3 郭1.2 "
    "何1.2 林1.1 高1.0 罗1.0 郑0.9 梁0.8 谢0.8 宋0.8 唐0.7 许0.7 韩0.6 冯0.6 邓0.6 曹0.6 彭0.6 曾0.5 "
    "肖0.5 田0.5 董0.5 袁0.5 潘0.5 蒋0.5 蔡0.4 余0.4 杜0.4 叶0.4 程0.4 苏0.4 魏0.4 吕0.4 丁0.4 任0.4 "
    "沈0.4 姚0.4 卢0.3 姜0.3 钟0.3 陆0.3 汪0.3 金0.3 顾0.3 欧阳0.1 上官0.05 司马0.03 诸葛0.03"
)
SURNAMES = SURNAME_LIST.split()
GIVEN = (
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文华建国红玉梅春志晓雪婷佳欣怡宇浩然子轩梓涵思雨嘉俊凯鹏飞"
    "波斌辉健康安宁永福寿德成功新海江河山川林森松柏云天晨阳光月星辰琴琪瑶琳珊珍珠宝贝贵荣耀祥瑞庆喜乐"
)
LAST4_X = 1 / 11
SENIORS = 0.01
SENIOR = "senior"


class Person(NamedTuple):
    """One resident; two may share a name."""

    name: str
    last4: str
    account_tail: str
    group: str


class People:
    """Draws residents from seeded dice."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._surnames = [entry.rstrip("0123456789.") for entry in SURNAMES]
        weights = [float(entry[len(name) :]) for entry, name in zip(SURNAMES, self._surnames, strict=True)]
        self._surname_weights = list(accumulate(weights))
        self._given_weights = list(accumulate(1 / (place + 8) for place in range(len(GIVEN))))

    def draw(self) -> Person:
        """One more resident."""
        dice = self._dice
        surname = dice.choices(self._surnames, cum_weights=self._surname_weights)[0]
        length = 1 if dice.random() < 0.25 else 2
        given = "".join(dice.choices(GIVEN, cum_weights=self._given_weights, k=length))
        number = dice.randrange(10_000_000)
        last4 = f"{number % 1000:03d}" + ("X" if dice.random() < LAST4_X else str(number // 1000 % 10))
        tail = f"{number // 1000 % 10000:04d}"
        return Person(surname + given, last4, tail, SENIOR if dice.random() < SENIORS else "")

    def misspelt(self, name: str) -> str:
        """The name with one character of the given name wrong."""
        place = len(name) - 1
        other = self._dice.choice([char for char in GIVEN if char != name[place]])
        return name[:place] + other
