"""A realistic day of payments, drawn from seeded dice, each with its truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import accumulate
from random import Random

from bot.sandbox.bills.line import Kind, Line
from bot.sandbox.books.incident import Incident, Policy
from bot.sandbox.books.notice import Notice
from bot.sandbox.books.order import Heard, Order, Outcome, Word
from bot.sandbox.generator.mishaps import MISHAPS, PLATFORMS, Happened, Scene, told
from bot.sandbox.generator.numbers import Numbers, line_named
from bot.sandbox.generator.people import SENIOR, People, Person
from bot.sandbox.generator.rates import CHANNELS, HOURS, ITEMS, Rates
from bot.sandbox.generator.truth import Fate, Truth
from bot.sandbox.model import Channel, Reason
from bot.sandbox.schedule import billing_day, office_due
from bot.sandbox.workdays import at, is_working_day, working_days_after
from bot.sandbox.world.deal import Deal, Stated

ACCOUNTS = {
    Channel.WECHAT_PAY: "1900000301",
    Channel.ALIPAY: "2088302146225301",
    Channel.UNIONPAY: "898310048160301",
    Channel.BANK_TRANSFER: "3100151234567301",
    Channel.COUNTER: "310107301",
}
PERMIT = "居住证补领工本费"
NO_POSTSCRIPT = "no_postscript"
REPAIR_DAYS = 2
POLICY_HOUR = 12
FAULT_STARTS, FAULT_LASTS = (14, 0), timedelta(minutes=10)
DOWN_STARTS, DOWN_LASTS = (3, 0), timedelta(minutes=15)
OPEN_HOURS = 8


class Day:
    """One day's payments; the same seed draws the same day."""

    def __init__(self, day: date, seed: int, rates: Rates | None = None) -> None:
        self.day = day
        self._rates = rates or Rates()
        self._dice = Random(seed)
        self._people = People(self._dice)
        self._numbers = Numbers(day, self._dice)
        self._last_notice: dict[int, str] = {}
        self._midnight = at(day, 0)
        self._hours = list(accumulate(HOURS))
        self._channel_weights = list(accumulate(weight for _, weight in CHANNELS))
        self._item_weights = list(accumulate(weight for _, _, weight in ITEMS))
        self._mishaps = {channel: self._mishaps_of(channel) for channel in Channel}
        good = office_due(self._midnight, REPAIR_DAYS)
        fault, down = at(day, *FAULT_STARTS), at(day, *DOWN_STARTS)
        self.fault = Incident(f"I-{day:%m%d}-1", Channel.UNIONPAY, fault, fault + FAULT_LASTS, good)
        self.maintenance = Incident(f"I-{day:%m%d}-2", None, down, down + DOWN_LASTS, good)
        self.policy = Policy(f"P-{day:%m%d}-1", PERMIT, SENIOR, at(day, POLICY_HOUR))

    def payments(self, count: int) -> Iterator[Happened]:
        """So many payments, and beside them strays and notices that nobody paid."""
        for _ in range(count):
            yield from self._payment()
            if self._dice.random() < self._rates.unpaid:
                yield Happened(Deal(self._notice(self._people.draw(), self._midnight)), ())
            if self._dice.random() < self._rates.stray:
                yield self._stray()

    def _mishaps_of(self, channel: Channel) -> list[tuple[float, Callable[[Scene], Happened]]]:
        met = [
            (getattr(self._rates, rate), spoil) for rate, channels, spoil in MISHAPS if channel in channels
        ]
        bounds = accumulate(rate for rate, _ in met)
        return [(bound, spoil) for bound, (_, spoil) in zip(bounds, met, strict=True)]

    def _payment(self) -> Iterator[Happened]:
        channel = self._dice.choices(CHANNELS, cum_weights=self._channel_weights)[0][0]
        person = self._people.draw()
        paid_at = self._time(channel)
        deal = self._plain(channel, person, self._notice(person, paid_at), paid_at)
        other = self._last_notice.get(deal.notice.amount, "")
        self._last_notice[deal.notice.amount] = deal.notice.number
        scene = Scene(deal, person, self._dice, self._people, self._numbers, other)
        spoilt = self._natural(scene) or self._mishap(scene)
        if spoilt is not None:
            yield spoilt
            return
        first = self._unmarked(scene) if channel is Channel.BANK_TRANSFER else told(scene.deal, "none")
        yield first
        if self._dice.random() < self._rates.duplicate:
            yield self._again(first.deal, person)

    def _time(self, channel: Channel) -> datetime:
        """A counter is open in office hours only."""
        hour = self._dice.choices(range(24), cum_weights=self._hours)[0]
        if channel is Channel.COUNTER:
            hour = 9 + hour % OPEN_HOURS
        return self._midnight + timedelta(hours=hour, seconds=self._dice.randrange(3600))

    def _notice(self, person: Person, before: datetime) -> Notice:
        item, amount, _ = self._dice.choices(ITEMS, cum_weights=self._item_weights)[0]
        issued = before - timedelta(minutes=self._dice.randrange(10, 7 * 24 * 60))
        group = person.group
        return Notice(self._numbers.notice(), item, amount, person.name, person.last4, issued, None, group)

    def _plain(self, channel: Channel, person: Person, notice: Notice, paid_at: datetime) -> Deal:
        """Ordered, paid, told of and stated as it should be."""
        number = self._numbers.order()
        transfer = channel is Channel.BANK_TRANSFER
        order = Order(
            merchant_order=number,
            notice_number=notice.number,
            channel=channel,
            account=ACCOUNTS[channel],
            opened_at=paid_at - timedelta(seconds=self._dice.randrange(5, 300)),
            payer_name=person.name if channel is Channel.COUNTER else "",
            payer_account=person.account_tail if transfer and self._says_account() else "",
        )
        serial = self._numbers.serial(channel, number)
        word = Word(number, serial, Outcome.PAID, notice.amount, paid_at, paid_at)
        line = self._line(order, notice, person, serial, paid_at)
        return Deal(notice, order, (word,), (Stated(line, billing_day(channel, line.at)),))

    def _says_account(self) -> bool:
        return self._dice.random() < self._rates.account_told

    def _line(self, order: Order, notice: Notice, person: Person, serial: str, paid: datetime) -> Line:
        channel, transfer = order.channel, order.channel is Channel.BANK_TRANSFER
        payer, account = person.name, f"6222****{person.account_tail}"
        if channel is Channel.ALIPAY:
            payer, account = "*" + person.name[1:], "139****0000"
        elif channel is Channel.WECHAT_PAY:
            payer, account = "", ""
        line = Line(
            line_id="",
            channel=channel,
            account=order.account,
            kind=Kind.PAYMENT,
            serial="",
            order="" if transfer else order.merchant_order,
            notice=notice.number,
            amount=notice.amount,
            at=self._credited(paid) if transfer else paid,
            payer=payer,
            payer_account=account,
            item=notice.item if channel in (Channel.WECHAT_PAY, Channel.ALIPAY) else "",
        )
        return line_named(line, serial if channel in PLATFORMS else self._numbers.flow())

    def _credited(self, paid_at: datetime) -> datetime:
        """A transfer arrives the same working day, the next, or the one after."""
        days = self._dice.choices((0, 1, 2), (5, 4, 1))[0]
        if days == 0 and is_working_day(paid_at.date()) and paid_at.hour < 16:
            return paid_at + timedelta(minutes=30)
        return at(working_days_after(paid_at.date(), max(days, 1)), 10, self._dice.randrange(60))

    def _natural(self, scene: Scene) -> Happened | None:
        """What goes wrong because of when it was paid, and for what."""
        deal, channel, paid_at = scene.deal, scene.order.channel, scene.word.at
        if self.policy.touches(deal.notice, paid_at, paid_at):
            return told(deal, Reason.POLICY_CHANGE.value, Fate.WAITS)
        if channel is Channel.BANK_TRANSFER:
            return None
        if self.maintenance.touches(channel, paid_at, paid_at):
            word = scene.word._replace(heard_at=self.maintenance.ends_at, heard=Heard.QUERY)
            return told(replace(deal, words=(word,)), Reason.SYSTEM_MAINTENANCE.value)
        if self.fault.touches(channel, paid_at, paid_at):
            late = replace(deal.stated[0], issued_at=self.fault.made_good_at)
            return told(replace(deal, stated=(late,)), Reason.CHANNEL_FAULT.value)
        return None

    def _mishap(self, scene: Scene) -> Happened | None:
        drawn = self._dice.random()
        for bound, spoil in self._mishaps[scene.order.channel]:
            if drawn < bound:
                return spoil(scene)
        return None

    def _unmarked(self, scene: Scene) -> Happened:
        """A transfer; some say nothing of what they pay."""
        if self._dice.random() >= self._rates.no_postscript:
            return told(scene.deal, "none")
        stated = replace(scene.deal.stated[0], line=scene.line._replace(notice=""))
        return told(replace(scene.deal, stated=(stated,)), NO_POSTSCRIPT)

    def _again(self, first: Deal, person: Person) -> Happened:
        """The same notice is paid again on a platform, minutes later."""
        channel = Channel.WECHAT_PAY if self._dice.random() < 0.6 else Channel.ALIPAY
        assert first.order is not None
        paid_at = first.words[0].at + timedelta(seconds=self._dice.randrange(30, 1800))
        if billing_day(channel, paid_at) != self.day:
            paid_at = at(self.day, 23, 54)
        again = self._plain(channel, person, first.notice, paid_at)
        return told(again, Reason.DUPLICATE_PAYMENT.value, Fate.WAITS)

    def _stray(self) -> Happened:
        """Money that no notice asks for: to the bank without a word, or for an order nobody opened."""
        person, paid_at = self._people.draw(), self._time(Channel.COUNTER)
        channel = self._dice.choice((Channel.BANK_TRANSFER, Channel.WECHAT_PAY, Channel.ALIPAY))
        deal = self._plain(channel, person, self._notice(person, paid_at), paid_at)
        line = deal.stated[0].line._replace(notice="")
        stated = (Stated(line, deal.stated[0].day),)
        alone = Deal(deal.notice._replace(number=""), None, (), stated)
        return Happened(alone, (Truth(line.line_id, "", "", line.amount, "stray", Fate.STRAY),))
