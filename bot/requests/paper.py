"""The receipt of a reconciliation request (受理回执): a page of PDF whose QR code opens the status page.

STSong-Light is one of Adobe's fonts that every PDF reader brings or replaces, so no font file is shipped.
"""

from __future__ import annotations

import io
from datetime import date

from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A5
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from bot import formats
from bot.clock import SHANGHAI
from bot.payments.wording import tail
from bot.phrasebook import Phrases
from bot.requests.model import SentRequest

FONT = "STSong-Light"
DEEP, INK, QUIET, RULE = HexColor("#0c4a6e"), HexColor("#0f1f2e"), HexColor("#4a5b6b"), HexColor("#cbd8e3")
QR_SIDE = 42 * mm

pdfmetrics.registerFont(UnicodeCIDFont(FONT))

TITLE = ParagraphStyle("title", fontName=FONT, fontSize=17, leading=24, textColor=DEEP, alignment=TA_CENTER)
FIELD = ParagraphStyle("field", fontName=FONT, fontSize=10, leading=15, textColor=QUIET, wordWrap="CJK")
VALUE = ParagraphStyle("value", fontName=FONT, fontSize=11, leading=16, textColor=INK, wordWrap="CJK")
NOTE = ParagraphStyle("note", fontName=FONT, fontSize=9.5, leading=14.5, textColor=INK, wordWrap="CJK")
CAPTION = ParagraphStyle("caption", parent=NOTE, alignment=TA_CENTER, textColor=QUIET)


def paper(request: SentRequest, page: str, phrases: Phrases, language: str) -> bytes:
    """The receipt in this language; `page` is the address in its QR code."""
    written = io.BytesIO()
    title, issuer = (_said(name, phrases, language) for name in ("utter_paper_title", "utter_paper_from"))
    document = SimpleDocTemplate(
        written, pagesize=A5, title=f"{title} {request.request_id}", author=issuer,
        leftMargin=16 * mm, rightMargin=16 * mm, topMargin=14 * mm, bottomMargin=12 * mm,
    )  # fmt: skip
    document.build(
        [
            Paragraph(title, TITLE),
            Paragraph(issuer, CAPTION),
            Spacer(0, 5 * mm),
            _fields(_rows(request, phrases, language)),
            Spacer(0, 5 * mm),
            Paragraph(_said("utter_paper_notes", phrases, language).replace("\n", "<br/>"), NOTE),
            Spacer(0, 4 * mm),
            _qr(page),
            Paragraph(_said("utter_paper_qr", phrases, language), CAPTION),
        ]
    )
    return written.getvalue()


def _rows(request: SentRequest, phrases: Phrases, language: str) -> list[tuple[str, str]]:
    taken = request.created_at.astimezone(SHANGHAI)
    rows = [
        ("utter_paper_number", request.request_id),
        ("utter_paper_taken", taken.strftime("%Y-%m-%d %H:%M")),
        ("utter_paper_payment", f"…{tail(request.serial_number)}"),
    ]
    claimed = request.claimed
    if claimed.get("channel"):
        rows.append(("utter_paper_channel", _said(f"utter_channel_{claimed['channel']}", phrases, language)))
    if claimed.get("amount"):
        rows.append(("utter_paper_amount", formats.money(int(claimed["amount"]), phrases, language)))
    if claimed.get("paid_on"):
        rows.append(("utter_paper_paid_on", date.fromisoformat(claimed["paid_on"]).isoformat()))
    if request.expected_by:
        due = request.expected_by.astimezone(SHANGHAI)
        rows.append(("utter_paper_due", due.strftime("%Y-%m-%d %H:%M")))
    return [(_said(name, phrases, language), value) for name, value in rows]


def _fields(rows: list[tuple[str, str]]) -> Table:
    table = Table(
        [[Paragraph(name, FIELD), Paragraph(value, VALUE)] for name, value in rows],
        colWidths=(46 * mm, 70 * mm),
    )
    table.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, RULE),
                ("LINEABOVE", (0, 0), (-1, 0), 0.5, RULE),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("TOPPADDING", (0, 0), (-1, -1), 3),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
            ]
        )
    )
    return table


def _qr(address: str) -> Flowable:
    drawing = Drawing(QR_SIDE, QR_SIDE)
    drawing.hAlign = "CENTER"
    drawing.add(QrCodeWidget(address, barWidth=QR_SIDE, barHeight=QR_SIDE, barLevel="M"))
    return drawing


def _said(name: str, phrases: Phrases, language: str) -> str:
    return phrases.say(name, language).text
