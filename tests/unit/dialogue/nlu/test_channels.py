"""Through what the fee was paid."""

from __future__ import annotations

import pytest

from bot.dialogue.nlu.channels import find_channels
from bot.payments.model import Channel


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        ("用微信付的", Channel.WECHAT_PAY),
        ("微信轉帳", Channel.WECHAT_PAY),
        ("微心支付", Channel.WECHAT_PAY),
        ("wechat pay", Channel.WECHAT_PAY),
        ("weixin fu de", Channel.WECHAT_PAY),
        ("vx付的", Channel.WECHAT_PAY),
        ("支付宝", Channel.ALIPAY),
        ("支付寶", Channel.ALIPAY),
        ("支付保", Channel.ALIPAY),
        ("zfb", Channel.ALIPAY),
        ("zhi fu bao", Channel.ALIPAY),
        ("by Alipay", Channel.ALIPAY),
        ("银联卡", Channel.UNIONPAY),
        ("云闪付", Channel.UNIONPAY),
        ("雲閃付", Channel.UNIONPAY),
        ("Union Pay", Channel.UNIONPAY),
        ("网银转账", Channel.BANK_TRANSFER),
        ("手机银行", Channel.BANK_TRANSFER),
        ("跨行汇款", Channel.BANK_TRANSFER),
        ("bank transfer", Channel.BANK_TRANSFER),
        ("zhuanzhang", Channel.BANK_TRANSFER),
        ("银行柜台", Channel.COUNTER),
        ("柜台", Channel.COUNTER),
        ("現金", Channel.COUNTER),
        ("窗口交的", Channel.COUNTER),
        ("at the counter", Channel.COUNTER),
        ("guitai", Channel.COUNTER),
    ],
)
def test_a_channel_is_known_by_all_its_names(text: str, channel: Channel) -> None:
    assert {one.channel for one in find_channels(text)} == {channel}


@pytest.mark.parametrize("text", ["派出所窗口说没收到", "你好", "银行卡", "swift action", ""])
def test_what_names_no_channel_is_left_alone(text: str) -> None:
    assert find_channels(text) == []
