"""What opens from a request's addresses: the state and nothing else, and the receipt for its holder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import numpy
import pypdfium2
import pytest
from reportlab.graphics.barcode.qr import QrCodeWidget
from starlette.applications import Starlette

from bot.channels.requests import request_routes
from bot.payments.model import ReconciliationRequest, RequestStatus
from tests.fakes.house import FakeHouse

SERIAL = "4200000925202101284997714292"


@pytest.fixture
async def browser(house: FakeHouse) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=request_routes(house.requests, house.work, house.clock, house.phrases))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://help.test") as client:
        yield client


async def sent(house: FakeHouse, status: RequestStatus = RequestStatus.RECEIVED) -> int:
    conversation = await house.conversation()
    now = house.clock.now()
    request = ReconciliationRequest("RR1", SERIAL, status, None, now, now + timedelta(days=3))
    async with house.work() as work:
        work.requests.add(conversation.id, request, SERIAL, {"amount": 4000}, now)
        await work.commit()
    return conversation.id


@pytest.mark.parametrize(
    ("status", "zh", "en"),
    [
        (RequestStatus.RECEIVED, "已受理", "Received"),
        (RequestStatus.INVESTIGATING, "正在核查", "Being checked"),
        (RequestStatus.RESOLVED, "已办结", "Done"),
        (RequestStatus.REJECTED, "没有通过", "Not accepted"),
    ],
)
async def test_the_page_says_how_far_the_request_is_in_both_languages(
    house: FakeHouse, browser: httpx.AsyncClient, status: RequestStatus, zh: str, en: str
) -> None:
    address = house.links.page(await sent(house, status), "RR1")
    for language, words in (("zh", zh), ("en", en)):
        page = await browser.get(address, params={"lang": language})
        assert page.status_code == 200
        assert f'{status.value}">{words}</h2>' in page.text
        assert "RR1" in page.text
        assert "…714292" in page.text


async def test_the_page_shows_no_detail_and_is_kept_by_nobody(
    house: FakeHouse, browser: httpx.AsyncClient
) -> None:
    page = await browser.get(house.links.page(await sent(house), "RR1"))
    assert SERIAL not in page.text
    assert "4000" not in page.text and "40元" not in page.text
    assert "papers" not in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"


async def test_an_address_that_was_made_up_or_erased_finds_nothing(
    house: FakeHouse, browser: httpx.AsyncClient
) -> None:
    conversation_id = await sent(house)
    address = house.links.page(conversation_id, "RR1")
    assert (await browser.get(address[:-6] + "made-up")).status_code == 404
    assert (await browser.get(house.links.page(conversation_id, "RR2"))).status_code == 404
    async with house.work() as work:
        work.personal_data.erase(conversation_id)
        await work.commit()
    gone = await browser.get(address)
    assert gone.status_code == 404
    assert "找不到这份申请" in gone.text


async def test_the_receipt_opens_from_its_own_address_only(
    house: FakeHouse, browser: httpx.AsyncClient
) -> None:
    conversation_id = await sent(house)
    paper = await browser.get(house.links.paper(conversation_id, "RR1"))
    assert paper.headers["content-type"] == "application/pdf"
    assert paper.headers["content-disposition"] == 'inline; filename="RR1.pdf"'
    assert paper.content.startswith(b"%PDF")
    token = house.links.page(conversation_id, "RR1").rsplit("/", 1)[1]
    assert (await browser.get(f"/requests/papers/{token}")).status_code == 404


async def test_the_code_on_the_receipt_is_the_status_page_s_address(
    house: FakeHouse, browser: httpx.AsyncClient
) -> None:
    conversation_id = await sent(house)
    paper = await browser.get(house.links.paper(conversation_id, "RR1"))
    address = house.links.page(conversation_id, "RR1")
    assert drawn_code(paper.content, len(code_of(address))) == code_of(address)
    assert code_of(address) != code_of(house.links.page(conversation_id + 1, "RR1"))
    assert "RR1" in (await browser.get(address)).text


def code_of(address: str) -> list[list[bool]]:
    """The QR code of an address, dark or light, a row a list."""
    code = QrCodeWidget(address, barLevel="M").qr
    code.make()
    side = range(code.getModuleCount())
    return [[bool(code.isDark(row, column)) for column in side] for row in side]


def drawn_code(pdf: bytes, side: int) -> list[list[bool]]:
    """The square of `side` dark and light fields that is drawn on the page, whatever stands above it."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        page = numpy.asarray(document[0].render(scale=4).to_pil().convert("L")) < 128
    finally:
        document.close()
    middle = page[:, int(page.shape[1] * 0.36) : int(page.shape[1] * 0.64)]
    rows = numpy.flatnonzero(numpy.diff(numpy.concatenate(([0], middle.any(axis=1), [0])).astype(int)))
    top, bottom = max(rows.reshape(-1, 2).tolist(), key=lambda block: block[1] - block[0])
    columns = numpy.flatnonzero(middle[top:bottom].any(axis=0))
    drawn = middle[top:bottom, columns[0] : columns[-1] + 1]
    step = numpy.array(drawn.shape) / side
    return [
        [bool(drawn[int((row + 0.5) * step[0]), int((column + 0.5) * step[1])]) for column in range(side)]
        for row in range(side)
    ]
