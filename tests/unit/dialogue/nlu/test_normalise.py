"""One spelling for what was written in many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.nlu.normalise import AMOUNT, PHONE, SERIAL, TICKET, clean, normalise, spell_out


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ＡＢＣ　１", "abc 1"),
        ("對\u200b帳", "对帐"),
        ("為什麼還沒到帳", "为什么还没到帐"),
        ("对  账", "对账"),
        ("nǐ hǎo", "ni hao"),
        ("急急急急急急", "急急"),
        ("？？？？", "?"),
    ],
)
def test_clean_changes_the_script_and_no_word(written: str, meant: str) -> None:
    assert clean(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("叫费", "缴费"),
        ("交费", "缴费"),
        ("支付保", "支付宝"),
        ("微心", "微信"),
        ("对帐", "对账"),
        ("溜水号", "流水号"),
        ("申情对帐", "申请对账"),
        ("侬好", "你好"),
        ("阿拉付脱了", "我们付掉了"),
        ("哪能办", "怎么办"),
        ("啥辰光", "什么时候"),
        ("好伐", "好吗"),
        ("钞票呒没到", "钱没有到"),
        ("为什么没對賬😭", "为什么没对账"),
        ("👍", "好的"),
        ("👌👌", "好的"),
        ("🙏", "谢谢"),
        ("❌", "不是"),
        ("队长", "队长"),
    ],
)
def test_dialect_slips_and_emoji_become_plain_words(written: str, meant: str) -> None:
    assert normalise(written) == meant


@pytest.mark.parametrize(
    ("written", "sign"),
    [
        ("4200002613202611185520937146", SERIAL),
        ("GD261119081506", TICKET),
        ("13812345678", PHONE),
        ("‹id_card›", PHONE),
        ("138****5678", PHONE),
        ("20元", AMOUNT),
    ],
)
def test_a_number_becomes_the_sign_of_its_kind(written: str, sign: str) -> None:
    assert normalise(written) == sign
    assert sign not in spell_out(sign)


@given(st.text(max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    assert isinstance(normalise(text), str)


@given(st.text(alphabet="我你他付钱对账怎么吗侬伐哪能微信支付宝 abc,。?!😭", max_size=40))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)
