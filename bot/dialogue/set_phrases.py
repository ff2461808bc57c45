"""Set phrases of people who wait for a person or come back: 不等了, 轮到我了吗, 还没到账.

No intents of their own: what they mean depends on a ticket ("还没到账" is a question anywhere else), so who
asks here must know that there is one.
"""

from __future__ import annotations

import re

from bot.tickets.tone import Tone, tones_of

LEAVES = re.compile(
    r"(?:不|勿|伐|弗|甭|别)(?:想|要|愿意|用|必)?(?:再|继续)?(?:等|排)(?:了|啦|下去|人工|队|(?=$|[\s,，.。!！]))"
    r"|(?:取消|撤销|撤回|退出|放弃|结束|离开).{0,3}(?:人工(?!智能)|排队|队伍|工单|等待|等候|转接)"
    r"|(?:不用|不要|不必|不需要|勿要|勿用|覅|别)(?:再|帮我|给我)?(?:转|找|等|接|叫|请)?(?:人工|客服|真人|工作人员|人)"
    r"(?:服务|客服)?(?:了|啦)?(?=$|[\s,，.。!！~～])"
    r"|(?:人工|工单|排队)(?:取消|不要|不用|算)了?"
    r"|\bbu (?:xiang )?(?:zai )?deng le\b|\bqu ?xiao (?:ren ?gong|pai ?dui|gong ?dan)\b"
    r"|\b(?:stop|quit|done) waiting\b|\bleave the (?:line|queue)\b|\bget me out of the (?:line|queue)\b"
    r"|\b(?:don'?t|do not|won'?t|will not) (?:want to |wish to )?wait\b(?!.*\b(?:too|so) long\b)"
    r"|\bcancel (?:the |my |this )?(?:ticket|queue|waiting|handoff|agent|person|human)\b"
    r"|\b(?:don'?t|do not|no longer) (?:need|want) (?:an? |the |any )?(?:person|human|agent|staff)\b(?! who)",
    re.IGNORECASE,
)

ASKS_PLACE = re.compile(
    r"等(?:多久|多长时间|几分钟|多少时间|到(?:什么时候|啥时候|几时|几点))|等了(?:好|很|这么|半天|老)|等不(?:及|了|住)了"
    r"|轮到|轮得到|排(?:到|在|得到)?(?:我|第几|几|多少|哪)|第几(?:位|个|名)|前[面头](?:还)?(?:有(?:几|多少)|(?:几|多少)个?人)"
    r"|(?:人工|客服|工作人员|真人|你们的?人|有人).{0,3}(?:什么时候|啥时候|几时|几点|多久).{0,3}(?:来|到|接|回|理|有空)"
    r"|(?:什么时候|啥时候|几时|几点|多久).{0,4}(?:有人|人工|客服|工作人员).{0,2}(?:来|接|回|理|管)?"
    r"|(?:还|怎么|一直|都|呒)(?:是)?没(?:有)?(?:个)?人(?:来|理|接|回|应|管|答)|^人呢|(?:还)?在(?:排队|等)吗|催(?:一下|催|下)"
    r"|\bhai yao deng\b|\bdeng duo ?jiu\b|\blun dao wo\b"
    r"|\bhow (?:much )?long(?:er)?\b.*\b(?:wait|turn|answer|agent|person|someone|somebody|human|staff)\b"
    r"|\bmy turn\b|\b(?:place|position|number|where am i|far).*\b(?:line|queue)\b"
    r"|\bhow many\b.*\b(?:ahead|before me|in front)\b|\bstill waiting\b|\banybody there\b|\banyone there\b"
    r"|\bwhen (?:will|does|is) (?:someone|somebody|anyone|a person|the agent|an agent|the staff)\b",
    re.IGNORECASE,
)
OF_THE_PAYMENT = re.compile(
    r"到[账帐賬]|[对對][账帐賬]|入[账帐賬]|退款|更新|同步|发票|审核|工作日|refund|reconcil|receipt|payment|update",
    re.IGNORECASE,
)
"""Asks how long the payment takes, not the person."""

STILL = re.compile(
    r"(?:还是?|仍然?|依然|依旧|又|并|根本|一直|到现在都?)(?:没|不|未|呒没|勿)有?"
    r"(?:好(?!意思)|解决|到[账帐賬]|对上|[对對][账帐賬]|入[账帐賬]|成功|弄好|办好|搞定|处理|变|更新|收到|显示|行|通过)"
    r"|(?:没|沒|未|呒没|勿曾)有?(?:解决|解決|弄好|办好|搞定|处理好|对上)|^没好(?!意思)|^还没(?:有|呢|啊)?$"
    r"|问题(?:还在|依旧|依然|仍|没)|老样子|还是(?:那样|一样|这样|未[对对]账|未缴|欠费|有问题)"
    r"|\bhai ?(?:shi )?mei ?(?:you )?(?:hao|jie ?jue|dao ?zhang)\b"
    r"|\bstill\b.*(?:\b(?:not|same|wrong|missing|nothing)\b|n't|\bun(?:paid|reconciled|solved|resolved))"
    r"|(?:\bnot|n't|\bnever)(?: been| yet)? (?:solved|fixed|resolved|settled|reconciled|done)\b"
    r"|\bsame problem\b|\bnot yet\b"
    r"|(?<![有到])(?:没|沒|未)有?到(?:[账帐賬]|$|(?=[啊呢啦的吧呀\s,，.。!！]))"
    r"|(?:(?:还是|仍然?|依然|依旧|一直|都|还)(?:显示|写着|提示)(?:着|是|的是)?|还是|仍然?|依然|依旧)"
    r"(?:未缴|没缴|没交|欠费|未[对對][账帐賬]|未支付|未付|待缴|缴费失败)"
    r"|(?:一直|都)是?(?:未缴|欠费|未[对對][账帐賬]|未支付|待缴)"
    r"|(?:还是|仍然?|依然|依旧|一直|根本|照样)查不(?:到|了|出)"
    r"|(?:状态|结果|情况)(?:还|还是|也|都|一直|根本)?(?:没有?|未|不)(?:变|更新|改)"
    r"|没(?:有)?(?:任何|什么|一点)?(?:变化|效果|动静|下文)|不管用|没起作用"
    r"|(?:^|[还是也都本全\s,，])没(?:有)?用(?:$|(?=[啊呀呢的嘛!！,，.。\s]))"
    r"|重新?打?开.{0,3}工单"
    r"|\bnot working\b|\bnothing(?:'s| has| is)? (?:changed|happened|different|works)\b"
    r"|\bno change\b(?! need| requ)"
    r"|\b(?:does|did|has|is|was)(?:n'?t| not) (?:work|help|updated|arrived|come through)\b"
    r"|\b(?:did|has)(?:n'?t| not) changed?(?= at all| yet|\W*$)"
    r"|\breopen (?:the |my |this )?ticket\b",
    re.IGNORECASE,
)
ANOTHER = re.compile(r"另外?一|另有|别的|其他|第二笔|\banother\b|\bother\b", re.IGNORECASE)

STAYS = re.compile(
    r"(?<![不想要])(?:继续|接着|再|还是|愿意|还|慢慢|我)等(?!了|不)|等(?:等|着|一等|下去)|留(?:着|下)"
    r"|\b(?:keep|go on|continue|i'?ll|i will|rather) wait|\bstay\b|^wait\b",
    re.IGNORECASE,
)


def stays(text: str) -> bool:
    """True when somebody who was asked whether to leave the line wants to stay."""
    return STAYS.search(text) is not None


def leaves(text: str) -> bool:
    """True when somebody in line wants to wait no longer."""
    return LEAVES.search(text) is not None


def asks_place(text: str) -> bool:
    """True when somebody in line asks how long it takes or whether anybody comes."""
    if ASKS_PLACE.search(text) is None or OF_THE_PAYMENT.search(text):
        return False
    return Tone.COMPLAINT not in tones_of(text)


def says_unsolved(text: str) -> bool:
    """True when somebody finds that what was resolved is not; a complaint is more than that."""
    if STILL.search(text) is None or ANOTHER.search(text):
        return False
    return Tone.COMPLAINT not in tones_of(text)
