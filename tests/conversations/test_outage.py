"""The reconciliation system cannot be asked: each trouble by its own name, none as "no such payment"."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conversations.office import Office
from tests.conversations.resident import Resident
from tests.conversations.seeded import WAITING

TROUBLES: list[tuple[dict[str, Any], str, bool]] = [
    ({"outage": "unavailable"}, "utter_api_down", True),
    ({"error_rate": 1, "error_status": 502}, "utter_api_down", True),
    ({"malformed": "truncated"}, "utter_api_malformed", True),
    ({"malformed": "html"}, "utter_api_malformed", True),
    ({"malformed": "wrong_shape"}, "utter_api_malformed", True),
    ({"unauthorized": True}, "utter_api_refused", True),
    ({"latency_seconds": 30}, "utter_api_slow", False),
    ({"rate_limit_retry_after": 60}, "utter_api_busy", False),
    ({"maintenance": {"duration_seconds": 7200}}, "utter_api_maintenance", False),
]


@pytest.mark.parametrize(("fault", "words", "lasts"), TROUBLES)
async def test_each_trouble_has_its_own_honest_reply(
    resident: Resident, office: Office, fault: dict[str, Any], words: str, lasts: bool
) -> None:
    await office.breaks(**fault)
    heard = await resident.says(WAITING)
    assert heard.named(words)
    assert "不等于没有这笔缴费" in heard.text
    assert not heard.named("utter_not_found")
    assert heard.buttons
    assert bool(office.rows("tickets")) is lasts
    assert heard.named("utter_ticket_opened") is lasts


@pytest.mark.parametrize(("fault", "words", "lasts"), TROUBLES[::3])
async def test_each_trouble_is_told_in_english(
    resident: Resident, office: Office, fault: dict[str, Any], words: str, lasts: bool
) -> None:
    await office.breaks(**fault)
    heard = await resident.says("speak english please", WAITING)
    assert heard.named(words, "en")


async def test_checking_again_works_once_the_system_is_back(resident: Resident, office: Office) -> None:
    await office.breaks(rate_limit_retry_after=60)
    await resident.says(WAITING)
    await office.heals()
    assert (await resident.presses("再查一次")).named("utter_status")


async def test_an_outage_ticket_remembers_the_number_and_what_failed(
    resident: Resident, office: Office
) -> None:
    await office.breaks(outage="unavailable")
    await resident.says(WAITING)
    [ticket] = office.rows("tickets")
    assert ticket["reason"] == "outage"
    assert ticket["priority"] == "low"
    assert ticket["serial_number"] == WAITING
    assert json.loads(ticket["checked"])["system"] == "Unavailable"


async def test_the_same_outage_does_not_open_a_second_ticket(resident: Resident, office: Office) -> None:
    await office.breaks(outage="unavailable")
    heard = await resident.says(WAITING, WAITING)
    assert heard.named("utter_ticket_exists")
    assert len(office.rows("tickets")) == 1


async def test_a_passing_fault_is_not_noticed(resident: Resident, office: Office) -> None:
    await office.breaks(outage="unavailable", next_requests=1)
    assert (await resident.says(WAITING)).named("utter_status")


async def test_a_person_can_follow_up_a_slow_system(resident: Resident, office: Office) -> None:
    await office.breaks(latency_seconds=30)
    await resident.says(WAITING)
    heard = await resident.presses("请人跟进")
    assert heard.named("utter_handoff_outage")
    assert office.rows("tickets")[0]["reason"] == "outage"


async def test_questions_are_answered_during_an_outage(resident: Resident, office: Office) -> None:
    await office.breaks(outage="unavailable")
    assert (await resident.says("要等多久才能更新状态")).named("utter_faq_how_long")


async def test_a_receipt_is_read_back_even_when_it_cannot_be_looked_up(
    resident: Resident, office: Office
) -> None:
    await office.breaks(outage="unavailable")
    heard = await resident.says(f"微信付的，昨天，40块，单号{WAITING}")
    assert heard.named("utter_receipt_summary")
    assert heard.named("utter_api_down")


async def test_a_watch_cannot_be_set_during_an_outage_and_says_so(resident: Resident, office: Office) -> None:
    await resident.says(WAITING)
    await office.breaks(outage="unavailable")
    heard = await resident.presses("到账提醒我")
    assert heard.named("utter_api_down")
    assert not office.rows("watches")
