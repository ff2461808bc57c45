"""Being told by e-mail or text message as well."""

from __future__ import annotations

import re

import pytest

from bot.notifications.addresses import AddressKind
from tests.conversations.office import Office
from tests.conversations.resident import Resident
from tests.conversations.seeded import WAITING


@pytest.fixture(autouse=True)
def both_ways(office: Office) -> None:
    """The operator set both up."""
    office.house.services.addresses.kinds = (AddressKind.EMAIL, AddressKind.SMS)


def code_of(office: Office) -> str:
    """The code that was sent last."""
    texts = [row["text"] for row in office.rows("messages") if "您的验证码是" in row["text"]]
    found = re.search(r"[0-9]{6}", texts[-1])
    assert found
    return found.group(0)


async def test_nothing_is_offered_where_nothing_is_set_up(resident: Resident, office: Office) -> None:
    office.house.services.addresses.kinds = ()
    assert not (await resident.says(WAITING, "到账了通知我")).named("utter_notice_offer")


async def test_an_e_mail_address_is_given_and_proved(resident: Resident, office: Office) -> None:
    heard = await resident.says(WAITING, "到账了通知我")
    assert heard.buttons == ["也发邮件", "也发短信"]
    assert (await resident.presses("也发邮件")).named("utter_ask_notice_email")
    heard = await resident.says("zhang.san@example.cn")
    assert "zh***@example.cn" in heard.text
    assert heard.named("utter_ask_notice_code")
    assert (await resident.says(code_of(office))).named("utter_notice_confirmed")
    office.advance(days=1)
    await office.watches()
    assert [row["channel"] for row in office.rows("outbox")] == ["email", "email"]


async def test_a_phone_number_is_masked_and_kept_nowhere_in_clear(resident: Resident, office: Office) -> None:
    await resident.says(WAITING, "到账了通知我")
    await resident.presses("也发短信")
    heard = await resident.says("我的手机 138 1234 5678")
    assert "138****5678" in heard.text
    assert "13812345678" not in office.everything_stored()
    assert "138 1234 5678" not in office.everything_stored()


async def test_what_is_no_address_is_asked_for_again(resident: Resident) -> None:
    await resident.says(WAITING, "到账了通知我")
    await resident.presses("也发邮件")
    assert (await resident.says("13812345678")).named("utter_notice_email_unreadable")
    assert (await resident.presses("先不用了")).named("utter_nothing_to_deny")


async def test_a_wrong_code_sets_nothing(resident: Resident, office: Office) -> None:
    await resident.says(WAITING, "到账了通知我")
    await resident.presses("也发邮件")
    await resident.says("zhang.san@example.cn")
    wrong = "000000" if code_of(office) != "000000" else "111111"
    assert (await resident.says(wrong)).named("utter_notice_code_wrong")
    assert office.rows("notice_addresses")[0]["confirmed_at"] is None
