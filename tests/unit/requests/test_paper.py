"""The receipt of a request: one page that says what was taken, with a QR code."""

from __future__ import annotations

from datetime import datetime, timedelta

import pypdfium2
import pytest

from bot.clock import SHANGHAI
from bot.payments.model import RequestStatus
from bot.phrasebook import Phrasebook
from bot.requests.model import SentRequest
from bot.requests.paper import paper

PHRASES = Phrasebook.load()
TAKEN = datetime(2026, 11, 24, 10, 30, tzinfo=SHANGHAI)
REQUEST = SentRequest(
    id=1,
    conversation_id=7,
    request_id="RR20261124000001",
    serial_number="4200002611202611200000000105",
    status=RequestStatus.RECEIVED,
    claimed={"channel": "wechat_pay", "amount": 4000, "paid_on": "2026-11-21"},
    created_at=TAKEN,
    expected_by=TAKEN + timedelta(days=3, hours=6, minutes=30),
    look_at=TAKEN,
    looks=0,
)
PAGE = "https://help.example/requests/WzcsIlJSMjAyNjExMjQwMDAwMDEiXQ.w5YfHHzM0X2Q3qkq7m6GxUuE3dA"


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        assert len(document) == 1
        return str(document[0].get_textpage().get_text_bounded())
    finally:
        document.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_says_number_date_and_what_was_stated(language: str) -> None:
    text = text_of(paper(REQUEST, PAGE, PHRASES, language))
    for said in ("RR20261124000001", "2026-11-24 10:30", "2026-11-27 17:00", "000105", "40", "2026-11-21"):
        assert said in text
    assert REQUEST.serial_number not in text


def test_what_nobody_stated_is_left_out() -> None:
    bare = SentRequest(**{**REQUEST.__dict__, "claimed": {}, "expected_by": None})
    text = text_of(paper(bare, PAGE, PHRASES, "en"))
    assert "Amount" not in text
    assert "expected by" not in text
