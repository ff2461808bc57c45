"""Signatures as any library of Standard Webhooks verifies them."""

from __future__ import annotations

import base64

from bot.webhooks.signing import headers, new_event_id, new_secret

# The example of the specification.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_specifications_example() -> None:
    assert headers(ID, AT, BODY, [SECRET]) == {
        "webhook-id": ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }


def test_two_secrets_sign_side_by_side_the_newer_first() -> None:
    other = new_secret()
    both = headers(ID, AT, BODY, [other, SECRET])["webhook-signature"].split(" ")
    assert both == [headers(ID, AT, BODY, [other])["webhook-signature"], SIGNATURE]


def test_every_part_is_signed() -> None:
    variants = [(ID + "x", AT, BODY), (ID, AT + 1, BODY), (ID, AT, BODY + " ")]
    signed = {headers(*one, [SECRET])["webhook-signature"] for one in variants}
    assert len(signed) == 3 and SIGNATURE not in signed


def test_a_body_in_chinese_is_signed_as_utf_8() -> None:
    assert headers(ID, AT, "工单", [SECRET])["webhook-signature"].startswith("v1,")


def test_secrets_and_ids_are_new_each_time_and_long_enough() -> None:
    first, second = new_secret(), new_secret()
    assert first != second and len(base64.b64decode(first.removeprefix("whsec_"))) == 32
    assert new_event_id() != new_event_id() and "." not in new_event_id()
