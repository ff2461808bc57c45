"""The intent model on a small training set of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.dialogue.nlu.intent_model import OUT_OF_SCOPE, IntentModel

EXAMPLES = {
    "greet": ["你好", "您好", "早上好", "hello", "hi", "侬好", "ni hao", "在吗", "下午好"],
    "faq_refund": [
        "怎么退款",
        "我要退钱",
        "能退吗",
        "退款多久到",
        "refund please",
        "tui kuan",
        "退費",
        "退钱给我",
        "钱能退回来吗",
    ],
    "query_status": [
        "查一下我的缴费",
        "查缴费",
        "帮我查状态",
        "check my payment",
        "cha jiaofei",
        "查進度",
        "看看到账没",
        "查询缴费状态",
        "帮我查缴费",
    ],
    OUT_OF_SCOPE: [
        "今天天气怎么样",
        "讲个笑话",
        "推荐餐厅",
        "你会唱歌吗",
        "weather today",
        "股票涨了吗",
        "附近的医院",
        "几点了",
        "写首诗",
    ],
}


@pytest.fixture(scope="module")
def model() -> IntentModel:
    pairs = [(text, intent) for intent, texts in EXAMPLES.items() for text in texts]
    return IntentModel.fit([text for text, _ in pairs], [intent for _, intent in pairs])


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("请问怎么退款呀", "faq_refund"),
        ("wo yao tuikuan", "faq_refund"),
        ("幫我查繳費", "query_status"),
        ("你好啊", "greet"),
        ("今天天气好吗", OUT_OF_SCOPE),
    ],
)
def test_it_understands_what_it_was_not_taught_word_for_word(
    model: IntentModel, text: str, intent: str
) -> None:
    assert model.rank(text)[0][0] == intent


def test_the_ranking_holds_every_intent_and_its_chances_sum_to_one(model: IntentModel) -> None:
    ranking = model.rank(
        "我上个礼拜交的钱一直没有消息,打了好多电话也没有人接。现在想请你们帮我查一下缴费状态"
    )
    assert {name for name, _ in ranking} == set(EXAMPLES)
    assert sum(chance for _, chance in ranking) == pytest.approx(1, abs=1e-4)
    assert ranking[0][0] == "query_status"


def test_what_was_saved_understands_the_same(model: IntentModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    again = IntentModel.load(tmp_path)
    assert again.threshold == model.threshold
    for text in ("怎么退款", "cha jiaofei", "", "🙏", "4200002613202611185520937146"):
        assert dict(again.rank(text)) == pytest.approx(dict(model.rank(text)), abs=5e-3)


def test_training_twice_gives_the_same_model(model: IntentModel) -> None:
    pairs = [(text, intent) for intent, texts in EXAMPLES.items() for text in texts]
    again = IntentModel.fit([text for text, _ in pairs], [intent for _, intent in pairs])
    assert dict(again.rank("退款吗")) == pytest.approx(dict(model.rank("退款吗")))
