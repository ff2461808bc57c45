"""Through what a resident says the fee was paid."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.dialogue.nlu.folding import fold
from bot.payments.model import Channel


@dataclass(frozen=True)
class FoundChannel:
    """`channel` was named in the message from `start` to `end`."""

    channel: Channel
    start: int
    end: int


_MEANS = r"(?:支付|付款|钱包|零钱|转账|转帐|扫码|红包|pay)?"
_WORDS: dict[Channel, str] = {
    Channel.WECHAT_PAY: (
        rf"(?:微信|微心|徽信|薇信|威信|维信|腾讯|财付通){_MEANS}"
        r"|(?<![a-z])(?:we ?chat(?: ?pay)?|wei ?xin(?: ?zhi ?fu)?|vx|wx|v信)(?![a-z])"
    ),
    Channel.ALIPAY: (
        r"(?:支付[宝保包]|支[富负复]宝|之付宝|花呗|余额宝)(?:转账|转帐|付款|扫码)?"
        r"|(?<![a-z])(?:ali ?pay|zhi ?fu ?bao|zfb)(?![a-z])"
    ),
    Channel.UNIONPAY: (
        r"银联卡?|云闪[付负]|(?<![a-z])(?:union ?pay|yin ?lian|yun ?shan ?fu|quick ?pass)(?![a-z])"
    ),
    Channel.BANK_TRANSFER: (
        r"(?:跨行|银行|网银|手机银行)?(?:转账|转帐|汇款|电汇)|网银|网上银行|手机银行|银行app|网上转的"
        r"|(?<![a-z])(?:(?:bank|wire|online) transfer|wire|(?:online|internet|mobile) banking|remittance"
        r"|(?:yin ?hang ?)?zhuan ?zhang|wang ?yin|hui ?kuan)(?![a-z])"
    ),
    Channel.COUNTER: (
        r"(?:银行|派出所|大厅)?柜[台面]|银行网点|营业厅|现金|pos机|刷卡机"
        r"|(?:窗口|大厅|现场|网点)(?:刷卡|付现|[付交缴])"
        r"|(?<![a-z])(?:(?:at|over|from) the (?:bank |service )?(?:counter|window|desk)|counter|in cash|cash"
        r"|gui ?tai|xian ?jin)(?![a-z])"
    ),
}
_PATTERN = re.compile("|".join(f"(?P<{channel.value}>{words})" for channel, words in _WORDS.items()))


def find_channels(text: str) -> list[FoundChannel]:
    """Every channel named in `text`, in order; 微信转账 is WeChat Pay, 银行柜台 the counter."""
    return [
        FoundChannel(Channel(str(match.lastgroup)), *match.span()) for match in _PATTERN.finditer(fold(text))
    ]
