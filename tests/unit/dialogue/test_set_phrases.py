"""Set phrases of people in line, and the many messages that only look like them."""

from __future__ import annotations

import pytest

from bot.dialogue.set_phrases import asks_place, leaves, says_unsolved, stays


@pytest.mark.parametrize(
    "text",
    [
        "不等了",
        "我不等了，谢谢",
        "算了不等了",
        "不想等了",
        "我不想再等",
        "不排队了",
        "勿等了",
        "伐等了",
        "取消人工",
        "取消转人工吧",
        "取消排队",
        "把工单取消",
        "工单取消吧",
        "退出排队",
        "不用人工了",
        "不要转人工了",
        "不用找人了",
        "别转人工了",
        "不需要客服了",
        "bu deng le",
        "quxiao rengong",
        "stop waiting",
        "I don't want to wait any more",
        "please cancel the ticket",
        "leave the queue",
        "I don't need a person",
    ],
)
def test_wanting_to_leave_is_heard(text: str) -> None:
    assert leaves(text)


@pytest.mark.parametrize(
    "text",
    [
        "不",
        "不是",
        "不用了",
        "算了",
        "取消",
        "不要机器人 找人来",
        "我不跟机器人说",
        "不用等通知吗还是可以走了",
        "等一下",
        "还要等多久",
        "等不及了",
        "取消提醒",
        "取消对账申请",
        "no",
        "cancel",
        "cancel my request",
        "I don't want to wait so long, when does somebody come",
        "I do not need a receipt",
        "put a human on",
    ],
)
def test_other_words_do_not_leave(text: str) -> None:
    assert not leaves(text)


@pytest.mark.parametrize(
    "text",
    [
        "还要等多久",
        "我还要等多长时间啊",
        "轮到我了吗",
        "什么时候轮到我",
        "我排第几",
        "前面还有几个人",
        "前面有多少人",
        "前面几个人啊",
        "人工什么时候来",
        "什么时候有人来",
        "怎么还没人理我",
        "还没人来吗",
        "人呢",
        "还在排队吗",
        "等了半天了",
        "等不及了",
        "帮我催一下",
        "hai yao deng duojiu",
        "how long do I have to wait",
        "how much longer until someone answers",
        "is it my turn yet",
        "what is my place in line",
        "how many people are ahead of me",
        "I'm still waiting",
        "when will someone come",
    ],
)
def test_asking_for_the_place_is_heard(text: str) -> None:
    assert asks_place(text)


@pytest.mark.parametrize(
    "text",
    [
        "还要等多久到账",
        "对账要等多久",
        "退款要多久",
        "多久能更新",
        "how long until my payment is reconciled",
        "等了半天没人理，我要投诉",
        "你好",
        "转人工",
        "我的流水号在哪里",
        "流水号前面几位是什么",
        "第几个工作日能好",
        "how long does a refund take",
    ],
)
def test_other_questions_are_not_about_the_line(text: str) -> None:
    assert not asks_place(text)


@pytest.mark.parametrize(
    "text",
    [
        "还是没好",
        "没解决",
        "还没到账",
        "怎么还没到账",
        "还是没对上账",
        "仍然没有解决",
        "到现在都没弄好",
        "还没",
        "还没有",
        "问题还在",
        "还是老样子",
        "还是显示未缴，还是一样",
        "還沒解決",
        "呒没解决",
        "hai mei daozhang",
        "it's still not solved",
        "still unpaid",
        "not fixed",
        "not yet",
        "same problem again",
        "还是显示未缴",
        "钱还是没到",
        "没到账啊",
        "现在还是查不到",
        "没用啊",
        "还是没用",
        "状态没变",
        "一点变化都没有，没变化",
        "不管用",
        "重新打开工单",
        "还没解决，重新打开工单",
        "it's not working",
        "nothing changed",
        "it didn't help",
        "reopen the ticket",
    ],
)
def test_that_it_is_not_solved_is_heard(text: str) -> None:
    assert says_unsolved(text)


@pytest.mark.parametrize(
    "text",
    [
        "谢谢",
        "已经好了，谢谢",
        "解决了",
        "到账了",
        "有没有到账",
        "到没到账",
        "没用过微信付款",
        "发票抬头写错了，能重开吗",
        "请重开一张电子票据",
        "点了支付没反应",
        "我还没交，想先问一下怎么交",
        "我还没缴，逾期有滞纳金吗",
        "一直没交，现在交来得及吗",
        "我之前都没交过",
        "is it ok if I did not change my address",
        "no change needed thanks",
        "没变更过姓名",
        "以前查不到的现在查到了",
        "没好意思麻烦你们",
        "发票在哪里开",
        "我另外一笔还没到账",
        "还没解决，我要投诉",
        "还有别的事没办好",
        "it is solved",
        "thank you, it is still there",
        "the other payment is still not there",
    ],
)
def test_thanks_and_other_matters_are_not_unsolved(text: str) -> None:
    assert not says_unsolved(text)


@pytest.mark.parametrize(
    "text", ["继续等", "我再等等", "还是等吧", "等下去", "留着吧", "keep waiting", "I'll wait", "stay"]
)
def test_staying_is_heard(text: str) -> None:
    assert stays(text)


@pytest.mark.parametrize("text", ["不等", "我不想再等", "不要等了", "退出", "是的", "等了半天"])
def test_other_words_do_not_stay(text: str) -> None:
    assert not stays(text)
