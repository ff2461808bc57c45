"""What can go wrong with one payment: each mishap makes of a plain deal what happens, and its truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import NamedTuple

from bot.sandbox.bills.line import Kind, Line
from bot.sandbox.books.order import Heard, Order, Word
from bot.sandbox.generator.numbers import Numbers, line_named
from bot.sandbox.generator.people import People, Person
from bot.sandbox.generator.rates import ITEMS
from bot.sandbox.generator.truth import Fate, Truth
from bot.sandbox.model import Channel, Reason
from bot.sandbox.schedule import billing_day
from bot.sandbox.workdays import at
from bot.sandbox.world.deal import Deal, Stated

PLATFORMS = frozenset({Channel.WECHAT_PAY, Channel.ALIPAY, Channel.UNIONPAY})
LAST_MINUTES = 290
"""How long before the cut “just before the cut” begins, in seconds."""


class Happened(NamedTuple):
    """One payment as it went, and the truth of each row that a bill has of it."""

    deal: Deal
    truths: tuple[Truth, ...]


class Scene(NamedTuple):
    """A plain deal, who pays, and what there is to draw from."""

    deal: Deal
    person: Person
    dice: Random
    people: People
    numbers: Numbers
    other_notice: str
    """Somebody else's notice of the same amount; empty when there is none yet."""

    @property
    def order(self) -> Order:
        """The deal's order."""
        assert self.deal.order is not None
        return self.deal.order

    @property
    def word(self) -> Word:
        """What the channel told."""
        return self.deal.words[0]

    @property
    def line(self) -> Line:
        """The bill's row."""
        return self.deal.stated[0].line


def told(deal: Deal, cause: str, fate: Fate = Fate.BOOKED) -> Happened:
    """What happened, with the truth of its rows; of the payment itself when no bill has it."""
    order = deal.order.merchant_order if deal.order else ""
    rows = [stated.line for stated in deal.stated if stated.line.kind is Kind.PAYMENT]
    truths = [Truth(line.line_id, order, deal.notice.number, line.amount, cause, fate) for line in rows]
    return Happened(deal, tuple(truths or [Truth("", order, deal.notice.number, 0, cause, fate)]))


def _stated(scene: Scene, line: Line) -> tuple[Stated, ...]:
    return (Stated(line, billing_day(line.channel, line.at)),)


def callback_lost(scene: Scene) -> Happened:
    """The channel never told; half of these were asked about, and half only the bill tells of."""
    asked = scene.word._replace(heard=Heard.QUERY, heard_at=scene.word.at + timedelta(hours=1))
    words = (asked,) if scene.dice.random() < 0.5 else ()
    return told(replace(scene.deal, words=words), Reason.CALLBACK_LOST.value)


def day_cut(scene: Scene) -> Happened:
    """Paid just before the cut; half of these land after it."""
    cut = at(billing_day(scene.order.channel, scene.word.at), 0) + timedelta(days=1)
    if scene.order.channel is Channel.UNIONPAY:
        cut -= timedelta(hours=1)
    paid_at = cut - timedelta(seconds=scene.dice.randrange(1, LAST_MINUTES))
    moved_at = cut + timedelta(seconds=scene.dice.randrange(60)) if scene.dice.random() < 0.5 else paid_at
    order = scene.order._replace(opened_at=paid_at - timedelta(seconds=20))
    words = (scene.word._replace(at=paid_at, heard_at=max(paid_at, moved_at)),)
    line = scene.line._replace(at=moved_at)
    return told(Deal(scene.deal.notice, order, words, _stated(scene, line)), Reason.DAY_CUT.value)


def late_in_bill(scene: Scene) -> Happened:
    """In the next day's bill though paid in the middle of the day (存疑)."""
    channel, day = scene.order.channel, billing_day(scene.order.channel, scene.word.at)
    moved_at = at(day, 23 if channel is Channel.UNIONPAY else 0) + timedelta(minutes=5)
    moved_at += timedelta(days=0 if channel is Channel.UNIONPAY else 1)
    line = scene.line._replace(at=moved_at)
    return told(replace(scene.deal, stated=_stated(scene, line)), "late_in_bill")


def info_mismatch(scene: Scene) -> Happened:
    """A name, a last four or an item that was filled in wrongly; a transfer from somebody else's account."""
    deal, dice = scene.deal, scene.dice
    cause = Reason.INFO_MISMATCH.value
    if scene.order.channel is Channel.BANK_TRANSFER:
        line = scene.line._replace(payer=scene.people.misspelt(scene.person.name))
        return told(replace(deal, stated=_stated(scene, line)), cause, Fate.WAITS)
    wrong = dice.choice(("name", "last4", "item"))
    if wrong == "name":
        order = scene.order._replace(payer_name=scene.people.misspelt(scene.person.name))
    elif wrong == "last4":
        other = f"{(int(scene.person.last4[:3]) + 1) % 1000:03d}{scene.person.last4[3]}"
        order = scene.order._replace(payer_last4=other)
    else:
        other_items = [item for item, _, _ in ITEMS if item != deal.notice.item]
        order = scene.order._replace(item=dice.choice(other_items))
    return told(replace(deal, order=order), cause, Fate.WAITS)


def amount_mismatch(scene: Scene) -> Happened:
    """Another fee was paid than the notice asks for; the counter's own record agrees with what it took."""
    amounts = [amount + extra for _, amount, _ in ITEMS for extra in (0, 500)]
    amount = scene.dice.choice([amount for amount in amounts if amount != scene.deal.notice.amount])
    words = (scene.word._replace(amount=amount),)
    line = scene.line._replace(amount=amount)
    deal = replace(scene.deal, words=words, stated=_stated(scene, line))
    return told(deal, Reason.AMOUNT_MISMATCH.value, Fate.WAITS)


def entry_error(scene: Scene) -> Happened:
    """The counter keyed the notice number, or the amount, with one slip."""
    cause = Reason.ENTRY_ERROR.value
    if scene.dice.random() < 0.3:
        words = (scene.word._replace(amount=scene.word.amount * 10),)
        return told(replace(scene.deal, words=words), cause, Fate.WAITS)
    keyed = scene.numbers.slipped(scene.deal.notice.number)
    line = scene.line._replace(notice="")
    order = scene.order._replace(notice_number=keyed)
    return told(replace(scene.deal, order=order, stated=_stated(scene, line)), cause, Fate.WAITS)


def wrong_notice(scene: Scene) -> Happened:
    """A transfer whose postscript names somebody else's notice, of the same amount."""
    line = scene.line._replace(notice=scene.other_notice or scene.numbers.slipped(scene.line.notice))
    return told(replace(scene.deal, stated=_stated(scene, line)), "wrong_notice", Fate.WAITS)


def slipped_postscript(scene: Scene) -> Happened:
    """A transfer whose postscript has the notice's number with one digit wrong."""
    line = scene.line._replace(notice=scene.numbers.slipped(scene.line.notice))
    return told(replace(scene.deal, stated=_stated(scene, line)), "slipped_postscript", Fate.WAITS)


def lost_reference(scene: Scene) -> Happened:
    """The bill's row names no order, no notice, and another number than the channel had told."""
    serial = scene.numbers.serial(scene.order.channel, scene.order.merchant_order)
    line = line_named(scene.line, serial)._replace(order="", notice="")
    return told(replace(scene.deal, stated=_stated(scene, line)), Reason.UNKNOWN.value, Fate.WAITS)


def false_callback(scene: Scene) -> Happened:
    """Told as paid, and no bill ever has it."""
    return told(replace(scene.deal, stated=()), Reason.UNKNOWN.value, Fate.WAITS)


def never_told(scene: Scene) -> Happened:
    """Paid from the notice itself: no order was opened, only the bill tells."""
    return told(replace(scene.deal, order=None, words=()), "never_told")


def refund(scene: Scene) -> Happened:
    """Paid and given back an hour later."""
    line = scene.line
    back = line._replace(
        line_id="",
        kind=Kind.REFUND,
        at=line.at + timedelta(seconds=40),
        refund=scene.numbers.refund(line.channel),
    )
    back = back._replace(line_id=_refund_id(back))
    stated = (*scene.deal.stated, Stated(back, scene.deal.stated[0].day))
    return told(replace(scene.deal, stated=stated), "refund", Fate.REFUNDED)


def _refund_id(back: Line) -> str:
    return f"SL-{back.serial}-{back.refund}" if back.channel is Channel.ALIPAY else f"SL-{back.refund}"


MISHAPS: tuple[tuple[str, frozenset[Channel], Callable[[Scene], Happened]], ...] = (
    ("callback_lost", PLATFORMS, callback_lost),
    ("near_cut", PLATFORMS, day_cut),
    ("late_in_bill", PLATFORMS, late_in_bill),
    ("info_mismatch", frozenset(Channel), info_mismatch),
    ("amount_mismatch", frozenset(Channel), amount_mismatch),
    ("entry_error", frozenset({Channel.COUNTER}), entry_error),
    ("wrong_notice", frozenset({Channel.BANK_TRANSFER}), wrong_notice),
    ("slipped_postscript", frozenset({Channel.BANK_TRANSFER}), slipped_postscript),
    ("lost_reference", PLATFORMS, lost_reference),
    ("false_callback", PLATFORMS, false_callback),
    ("never_told", PLATFORMS, never_told),
    ("refund", PLATFORMS, refund),
)
"""The rate's name, the channels that it meets, and what it does."""
