"""The tables, one for each kind of record; columns in the order of the record's fields."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bot.sandbox.bills.line import Kind
from bot.sandbox.books.arrival import Content
from bot.sandbox.books.order import Heard, Outcome
from bot.sandbox.model import Channel, Reason, RequestStatus, State
from bot.sandbox.store.forms import (
    COUNT,
    DAY,
    FIELDS,
    FLAG,
    HISTORY,
    MOMENT,
    NUMBER,
    RECEIPT,
    SHARES,
    TEXT,
    Form,
    word,
)

VERSION = 1
"""Of these tables; a database of another version is not opened."""

metadata = sa.MetaData()
CHANNEL, REASON, STATE = word(Channel), word(Reason), word(State)


def _column(name: str, form: Form = NUMBER, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, form.type, info={"form": form}, nullable=False, **more)


def _key(name: str, form: Form = NUMBER) -> sa.Column[Any]:
    return _column(name, form, primary_key=True, autoincrement=False)


def _maybe(name: str, form: Form) -> sa.Column[Any]:
    return sa.Column(name, form.type, info={"form": form})


about = sa.Table(
    "books_about",
    metadata,
    _key("name", TEXT),
    _column("value", TEXT),
)
notices = sa.Table(
    "books_notices",
    metadata,
    _key("number"),
    _column("item"),
    _column("amount", COUNT),
    _column("payer_name"),
    _column("payer_last4", TEXT),
    _column("issued_at", MOMENT),
    _maybe("expires_at", MOMENT),
    _column("group"),
    _column("receipt_by_hand", FLAG),
)
orders = sa.Table(
    "books_orders",
    metadata,
    _key("merchant_order"),
    _column("notice_number"),
    _column("channel", CHANNEL),
    _column("account"),
    _column("opened_at", MOMENT),
    _column("serial"),
    _column("payer_name"),
    _column("payer_last4", TEXT),
    _column("payer_account", TEXT),
    _column("item"),
    _column("found", FLAG),
)
words = sa.Table(
    "books_words",
    metadata,
    _key("merchant_order"),
    _column("serial"),
    _column("outcome", word(Outcome)),
    _column("amount", COUNT),
    _column("at", MOMENT),
    _column("heard_at", MOMENT),
    _column("heard", word(Heard)),
)
lines = sa.Table(
    "books_lines",
    metadata,
    _key("line_id"),
    _column("channel", CHANNEL),
    _column("account"),
    _column("kind", word(Kind)),
    _column("serial"),
    _column("order"),
    _column("notice"),
    _column("amount", COUNT),
    _column("at", MOMENT),
    _column("payer"),
    _column("payer_account"),
    _column("item"),
    _column("refund"),
    _maybe("bill_day", DAY),
)
bills = sa.Table(
    "books_bills",
    metadata,
    _key("channel", CHANNEL),
    _key("account"),
    _key("day", DAY),
    _column("imported_at", MOMENT),
    _column("rows", COUNT),
    _column("total", COUNT),
    _column("name", TEXT),
    _column("linked", FLAG),
)
arrivals = sa.Table(
    "books_arrivals",
    metadata,
    _key("checksum", TEXT),
    _column("name", TEXT),
    _column("came_at", MOMENT),
    _column("came_by", TEXT),
    _column("content", word(Content)),
    _maybe("channel", CHANNEL),
    _column("account", TEXT),
    _maybe("day", DAY),
    _column("rows", COUNT),
    _column("new", COUNT),
    _column("total", COUNT),
    _column("matched", COUNT),
    _column("shares", SHARES),
    _column("worked", FLAG),
    _column("refusal", TEXT),
)
payments = sa.Table(
    "books_payments",
    metadata,
    _key("merchant_order"),
    _column("serial_number"),
    _column("notice_number"),
    _column("channel", CHANNEL),
    _column("account"),
    _column("state", STATE),
    _maybe("reason", REASON),
    _column("item"),
    _column("amount_due", COUNT),
    _maybe("amount_paid", COUNT),
    _column("payer_name"),
    _column("payer_last4", TEXT),
    _maybe("paid_at", MOMENT),
    _column("updated_at", MOMENT),
    _maybe("expected_by", MOMENT),
    _column("mismatched_fields", FIELDS),
    _maybe("fiscal_receipt", RECEIPT),
    _column("history", HISTORY),
    _maybe("line_id", NUMBER),
    _column("doubtful", FLAG),
    _maybe("taken_up_at", MOMENT),
    _maybe("refund_asked_at", MOMENT),
)
requests = sa.Table(
    "books_requests",
    metadata,
    _key("request_id", TEXT),
    _column("serial_number", TEXT),
    _column("contact_reference", TEXT),
    _column("status", word(RequestStatus)),
    _column("created_at", MOMENT),
    _column("investigates_at", MOMENT),
    _column("expected_by", MOMENT),
    _maybe("outcome", TEXT),
)
events = sa.Table(
    "books_events",
    metadata,
    _key("cursor", COUNT),
    _column("at", MOMENT),
    _column("serial_number"),
    _column("state", STATE),
    _maybe("reason", REASON),
)
incidents = sa.Table(
    "books_incidents",
    metadata,
    _key("incident_id"),
    _maybe("channel", CHANNEL),
    _column("starts_at", MOMENT),
    _column("ends_at", MOMENT),
    _maybe("made_good_at", MOMENT),
)
policies = sa.Table(
    "books_policies",
    metadata,
    _key("policy_id"),
    _column("item"),
    _column("group"),
    _column("effective_at", MOMENT),
    _maybe("decided_at", MOMENT),
)
key_uses = sa.Table(
    "books_key_uses",
    metadata,
    _key("action", TEXT),
    _key("key", TEXT),
    _column("serial_number", TEXT),
    _column("answer", TEXT),
    _column("until", MOMENT),
    _column("asked", TEXT),
)
