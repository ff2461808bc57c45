"""All facts of a message together."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.nlu.entities import ID_CARD_MARK, find_entities

TODAY = date(2026, 11, 23)


def told(text: str) -> list[tuple[str, object, str]]:
    return [(e["entity"], e["value"], text[e["start"] : e["end"]]) for e in find_entities(text, TODAY)]


def test_a_story_gives_every_fact_where_it_stands() -> None:
    assert told("我11月17号用微信交了四十块钱，单号 4200002613202611185520937146") == [
        ("date", "2026-11-17", "11月17号"),
        ("payment_channel", "wechat_pay", "微信"),
        ("amount", 4000, "四十块钱"),
        ("serial_number", "4200002613202611185520937146", "4200002613202611185520937146"),
    ]


def test_a_number_tells_its_kind() -> None:
    (entity,) = find_entities("4200002613202611185520937146", TODAY)
    assert entity["kind"] == "wechat_transaction"


def test_a_ticket_number_is_no_serial_number() -> None:
    assert [name for name, _, _ in told("工单GD261119081506怎么样了")] == ["ticket_number"]


def test_an_identity_number_is_found_only_to_be_masked() -> None:
    (entity,) = find_entities("310101199001011234", TODAY)
    assert (entity["entity"], entity["value"]) == ("id_card", ID_CARD_MARK)
    assert [name for name, _, _ in told(f"我的身份证{ID_CARD_MARK}")] == ["id_card"]


def test_a_sum_that_cannot_be_paid_says_so() -> None:
    (entity,) = find_entities("0元", TODAY)
    assert entity["problem"] == "zero"


@given(st.text(alphabet="我付了交12390元块月号日年./-:GD 微信支付宝昨天上周三4200yuan", max_size=50))
def test_entities_are_ordered_and_never_overlap(text: str) -> None:
    entities = find_entities(text, TODAY)
    ends = [0, *(entity["end"] for entity in entities)]
    assert all(end <= entity["start"] for end, entity in zip(ends, entities, strict=False))
