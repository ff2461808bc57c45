"""Every payment's case: what comes in is put on the books, linked, judged, booked, and told.

What a payment's state and reason are is never set here: it follows from the evidence (`matching/reasons.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.sandbox.bills.errors import Contradicts
from bot.sandbox.bills.line import Bill, Kind, Line
from bot.sandbox.books.files import Paying
from bot.sandbox.books.incident import Incident, Policy
from bot.sandbox.books.ledger import MAY_COUNT, BillKey, Imported, Ledger, Standing, standing
from bot.sandbox.books.notice import Notice
from bot.sandbox.books.order import Order, Outcome, Word
from bot.sandbox.fiscal import fiscal_receipt
from bot.sandbox.matching.links import Links, found_order
from bot.sandbox.matching.reasons import Evidence, Verdict, differences, judge
from bot.sandbox.matching.score import Claim, certain, names_something
from bot.sandbox.matching.slips import meant
from bot.sandbox.model import (
    OPEN_STATES,
    UNPAID,
    Channel,
    FiscalReceipt,
    HistoryEntry,
    Payer,
    Payment,
    Reason,
    State,
)
from bot.sandbox.notes import note_for
from bot.sandbox.schedule import bill_ready, billing_day, booking_time, expected_by
from bot.sandbox.workdays import working_days_after

SCORED_CHANNELS = frozenset({Channel.BANK_TRANSFER, Channel.COUNTER})
"""A platform's row always names its order; one that does not is for a person."""
Issues = Callable[[str, datetime], FiscalReceipt]
"""Makes the fiscal receipt of the payment with this serial number, issued then."""
LIVE = OPEN_STATES | {State.PAYMENT_PENDING, State.REFUNDING}
DELAYED = frozenset({Reason.AWAITING_STATEMENT, Reason.CALLBACK_LOST})
"""What waits for the next bill when its day's came without it (存疑)."""
STEP = 500
"""How many cases are gone through before others may look at the books."""
HELD_BACK = frozenset({Reason.CHANNEL_FAULT, Reason.SYSTEM_MAINTENANCE})


@dataclass(frozen=True)
class Import:
    """What importing a bill changed: rows that were new, and rows that were on the books already."""

    bill: Bill
    new: int
    known: int


class Casework:
    """The cases of one ledger; `told` is called after each change that others may wait for.

    `issues` makes the fiscal receipt of what is booked; None where somebody else issues them.
    """

    def __init__(
        self, ledger: Ledger, told: Callable[[], None], issues: Issues | None = fiscal_receipt
    ) -> None:
        self.ledger = ledger
        self._issues = issues
        self.held: set[str] = set()
        """Orders that the sandbox's user forced into a state: evidence does not move them."""
        self._told = told
        self._live: dict[tuple[Channel, str], set[str]] = {}
        self._astray: set[str] = set()
        """Orders whose notice is not on the books, or was guessed from a slip of the hand."""
        self._touched: set[str] = set()
        self._to_book: set[str] = set()
        self._unlinked_bills: set[BillKey] = set()
        self._ripening: set[str] = set()
        """Orders that time alone may move on: to be booked, held back, or still unpaid."""

    # What comes in

    def announce(self, notice: Notice) -> None:
        """A notice was issued; one that is on the books already stays as it is."""
        self.announce_all([notice])

    def announce_all(self, notices: Iterable[Notice]) -> int:
        """Many notices at once; answers how many were new."""
        new = 0
        for notice in notices:
            if notice.number not in self.ledger.notices:
                self.ledger.put_notice(notice)
                new += 1
        if new:
            self._touched |= self._astray
        return new

    def open(self, order: Order, at: datetime, word: Word | None = None) -> None:
        """Somebody set out to pay, and may have paid in the same moment; a known order stays as it is."""
        if self._is_news(order):
            self.ledger.put_order(order)
            if word is not None:
                self.ledger.put_word(word)
            self._touched.add(order.merchant_order)
            self._review_touched(at)

    def hear(self, word: Word, at: datetime, judge: bool = True) -> None:
        """The channel told of an order; told again changes nothing, and “paid” is never taken back."""
        known = self.ledger.words.get(word.merchant_order)
        if word == known or (known and known.outcome is Outcome.PAID and word.outcome is Outcome.FAILED):
            return
        self.ledger.put_word(word)
        if word.merchant_order in self.ledger.orders:
            self._touched.add(word.merchant_order)
            if judge:
                self._review_touched(at)

    def import_bill(self, bill: Bill, at: datetime, name: str = "") -> Import:
        """Put a bill on the books: all of it, or none when a row contradicts them; again changes nothing."""
        new = [line for line in bill.lines if self._is_new(line)]
        known = self.ledger.bills.get((bill.channel, bill.account, bill.day))
        if known is None or new:
            rows, total = (known.rows, known.total) if known else (0, 0)
            total += sum(line.signed for line in new)
            entry = Imported(bill.channel, bill.account, bill.day, at, rows + len(new), total, name)
            self.ledger.put_bill(entry)
            self._unlinked_bills.add(entry.key)
        for line in new:
            self.ledger.put_line(line, bill.day)
            if line.kind is not Kind.PAYMENT:
                self._touched.update(self._orders_named(line))
        return Import(bill, len(new), len(bill.lines) - len(new))

    def note_incident(self, incident: Incident) -> None:
        """An incident became known, or an end of it."""
        self.ledger.put_incident(incident)
        self._touch_all()

    def note_policy(self, policy: Policy) -> None:
        """A rule changed, or was decided on."""
        self.ledger.put_policy(policy)
        self._touch_all()

    def take_over(self, payings: Iterable[Paying], at: datetime) -> None:
        """Orders and words from elsewhere, many at once; those that are known stay as they are."""
        self.enter(payings, at)
        self._review_touched(at)

    def enter(self, payings: Iterable[Paying], at: datetime) -> int:
        """The same, to be judged by the next run; answers how many said something new."""
        before = len(self.ledger.changes)
        new = 0
        for order, word in payings:
            if self._is_news(order):
                self.ledger.put_order(order)
            if word is not None:
                self.hear(word, at, judge=False)
            new += len(self.ledger.changes) > before
            before = len(self.ledger.changes)
            self._touched.add(order.merchant_order)
        return new

    def _is_news(self, order: Order) -> bool:
        known = self.ledger.orders.get(order.merchant_order)
        return known is None or known.found

    def resume(self, everything: bool) -> None:
        """Take up where the books were left; `everything` when they were left in the middle of a run."""
        self._unlinked_bills |= {key for key, bill in self.ledger.bills.items() if not bill.linked}
        for payment in self.ledger.payments:
            order = payment.merchant_order
            if payment.state in LIVE:
                self._live.setdefault((payment.channel, payment.account), set()).add(order)
                if self.ledger.orders[order].notice_number not in self.ledger.notices:
                    self._astray.add(order)
                if payment.line_id or payment.reason in HELD_BACK or payment.state is State.PAYMENT_PENDING:
                    self._ripening.add(order)
        if everything:
            self._touched.update(self.ledger.orders)

    def attach(self, line: Line, order: Order, at: datetime) -> None:
        """A line from elsewhere that is known to pay this order."""
        self.ledger.put_line(line)
        self._link(line, order, at)

    # What staff do

    def take_up(self, payment: Payment, note: str, at: datetime) -> None:
        """A person looks at the payment from now on; only one that is open can be taken up."""
        if payment.state is State.UNRECONCILED and payment.merchant_order in self.held:
            due = expected_by(State.UNDER_REVIEW, payment.reason, payment.channel, payment.paid_at, at)
            self._put(replace(payment, taken_up_at=at), State.UNDER_REVIEW, payment.reason, due, note, at)
        elif payment.state is State.UNRECONCILED:
            self.ledger.put_payment(replace(payment, taken_up_at=at))
            self._review(payment.merchant_order, at, note)

    def ask_refund(self, payment: Payment, note: str, at: datetime) -> None:
        """The channel was told to give the money back."""
        self.held.discard(payment.merchant_order)
        self.ledger.put_payment(replace(payment, refund_asked_at=at))
        self._review(payment.merchant_order, at, note)
        self._review_touched(at)

    def book_by_hand(self, payment: Payment, line: Line, note: str, at: datetime) -> Payment:
        """A person says that this line pays this notice; a payment it was thought to pay loses it."""
        before = self.ledger.payment_of_line(line.line_id)
        if before is not None and before.merchant_order != payment.merchant_order:
            self.ledger.put_payment(replace(before, line_id=None))
            self._touched.add(before.merchant_order)
        booked = self._booked(replace(payment, line_id=line.line_id, amount_paid=line.amount), note, at)
        self._review_touched(at)
        return booked

    def keep(self, payment: Payment, at: datetime) -> None:
        """Keep a payment that was put into a state by hand, and tell."""
        self.ledger.put_payment(payment)
        self.ledger.tell(payment.serial_number, payment.state, payment.reason, at)
        self._told()

    # The run

    def run(self, at: datetime) -> None:
        """Link what is loose, judge every payment that something new is known of, until nothing moves."""
        for _ in self.running(at):
            pass

    def running(self, at: datetime) -> Iterator[None]:
        """The run in short steps; between two of them the books may be read, and nothing else."""
        self._touched |= self._ripening
        yield from self._reviewing(at)
        linked = True
        while linked:
            linked = (yield from self._linking_named(at)) or self._link_scored(at)
            self._count_bills_in()
            yield from self._reviewing(at)

    def _count_bills_in(self) -> None:
        """A bill says that it has no row of a payment only after its rows were linked."""
        for key in self._unlinked_bills:
            self._touched.update(self._live.get(key[:2], ()))
            self.ledger.put_bill(self.ledger.bills[key]._replace(linked=True))
        self._unlinked_bills.clear()

    def _linking_named(self, at: datetime) -> Generator[None, None, bool]:
        """Link every row that names something that is on the books; whether any was."""
        links, linked = Links(self.ledger), False
        for count, line in enumerate(self._loose_in_turn(), start=1):
            linked |= self._link_by_name(line, links, at)
            if count % STEP == 0:
                yield
        return linked

    def _loose_in_turn(self) -> list[Line]:
        """A row whose number the channel told comes before another one for the same order."""
        return sorted(self.ledger.loose_lines(), key=lambda line: self.ledger.find(line.serial) is None)

    def _link_by_name(self, line: Line, links: Links, at: datetime) -> bool:
        order = links.order_for(line)
        if order is None and line.notice in self.ledger.notices:
            order = found_order(line, line.notice, self.ledger.orders)
        elif order is not None and self._has_another_line(order, line):
            order = found_order(line, order.notice_number, self.ledger.orders)
        if order is not None:
            self._link(line, order, at)
        return order is not None

    def _has_another_line(self, order: Order, line: Line) -> bool:
        payment = self.ledger.payment(order.merchant_order)
        return payment is not None and payment.line_id not in (None, line.line_id)

    def _link_scored(self, at: datetime) -> bool:
        """Match what names nothing, once everything that it might be is in; whether any was."""
        loose = self.ledger.loose_lines()
        lines = [line for line in loose if line.channel in SCORED_CHANNELS and not names_something(line)]
        if not lines:
            return False
        found = certain(lines, self._claims(), self._claims(doubtful=True))
        pairs = [(line, claim) for line, claim in found if claim.closes <= at and self._all_in(claim)]
        for line, claim in pairs:
            self._link(line, self.ledger.orders[claim.merchant_order], at)
        return bool(pairs)

    def _all_in(self, claim: Claim) -> bool:
        """Whether the account's statements have come so far that a missing one is not just late."""
        order = self.ledger.orders[claim.merchant_order]
        newest = self.ledger.newest_bill(order.channel, order.account)
        return newest is not None and newest >= claim.last_day

    def _claims(self, doubtful: bool = False) -> Iterable[Claim]:
        """What waits for a row without anything against it; or what has one that another name paid."""
        for (channel, _), orders in self._live.items():
            if channel in SCORED_CHANNELS:
                for order in orders:
                    payment = self.ledger.payment(order)
                    if payment is None or not payment.paid_at:
                        continue
                    waits = payment.line_id is None and not payment.mismatched_fields
                    differs = payment.line_id is not None and "payer_name" in payment.mismatched_fields
                    if differs if doubtful else waits:
                        yield self.claim(payment)

    def claim(self, payment: Payment) -> Claim:
        """What is known of the payment that a line may agree with."""
        order = self.ledger.orders[payment.merchant_order]
        return Claim(
            payment.merchant_order,
            frozenset(number for number in payment.numbers if number),
            payment.channel,
            payment.amount_due,
            payment.payer.name,
            order.payer_account,
            payment.paid_at or payment.updated_at,
        )

    def payment_for(self, line: Line) -> Payment | None:
        """The payment that the line pays, or takes back."""
        found = self.ledger.payment_of_line(line.line_id)
        return found if line.kind is Kind.PAYMENT or found else self._payment_refunded(line)

    def returned_of(self, payment: Payment) -> int:
        """What went back of the payment, in fen."""
        line = self.ledger.line(payment.line_id) if payment.line_id else None
        order = self.ledger.orders[payment.merchant_order]
        back = self.ledger.refunds_of(
            *self._numbers(order, self.ledger.words.get(order.merchant_order), line)
        )
        return sum(refund.amount for refund in back if refund.kind is Kind.REFUND)

    def free_lines(self, payment: Payment) -> list[Line]:
        """The lines that a person may match with the payment: nobody else's, or only thought to be."""
        own = self.ledger.line(payment.line_id) if payment.line_id else None
        free = [line for line in self.ledger.loose_lines() if line.kind is Kind.PAYMENT]
        return [own, *free] if own is not None else free

    def _link(self, line: Line, order: Order, at: datetime) -> None:
        if order.merchant_order not in self.ledger.orders:
            self.ledger.put_order(order)
        payment = self.ledger.payment(order.merchant_order) or self._blank(order, at)
        self.ledger.put_payment(replace(payment, line_id=line.line_id))
        self._touch_refunded(payment)
        self._touched.add(order.merchant_order)

    # Judging

    def _review_touched(self, at: datetime) -> None:
        """Judge all that was touched, then book: first it is decided who counts among several."""
        for _ in self._reviewing(at):
            pass

    def _reviewing(self, at: datetime) -> Iterator[None]:
        while self._touched or self._to_book:
            while self._touched:
                touched, self._touched = sorted(self._touched), set()
                yield from self._reviewed(touched, at)
            to_book, self._to_book = sorted(self._to_book), set()
            yield from self._reviewed(to_book, at, book=True)

    def _reviewed(self, orders: list[str], at: datetime, book: bool = False) -> Iterator[None]:
        for count, order in enumerate(orders, start=1):
            self._review(order, at, book=book)
            if count % STEP == 0:
                yield

    def _review(self, merchant_order: str, at: datetime, note: str = "", book: bool = False) -> None:
        """Judge the payment by what is known now, and tell when its state or reason changed."""
        if merchant_order in self.held:
            return
        order = self.ledger.orders[merchant_order]
        before = self.ledger.payment(merchant_order)
        evidence = self.evidence(order, before, at)
        verdict = judge(evidence, at)
        drawn = self._drawn(before or self._blank(order, at), evidence, verdict)
        if before is None or before.serial_number != drawn.serial_number:
            self._touch_refunded(drawn)
        if not verdict.bookable or not booking_time(order.channel, at):
            self._settle(before, drawn, verdict, evidence, note, at)
        elif book:
            self._booked(drawn, note, at)
        else:
            self._to_book.add(merchant_order)
            paid = replace(drawn, state=State.UNRECONCILED if drawn.state in UNPAID else drawn.state)
            if paid != before:
                self.ledger.put_payment(paid)
                self._touch_rivals(paid)

    def _drawn(self, payment: Payment, evidence: Evidence, verdict: Verdict) -> Payment:
        """The payment with the facts that the evidence shows; its state is not decided here."""
        order, notice, line = evidence.order, evidence.notice, evidence.line
        serial = evidence.word.serial if evidence.word else order.serial
        if not serial and line is not None and order.channel not in SCORED_CHANNELS:
            serial = line.serial
        return replace(
            payment,
            serial_number=serial or payment.serial_number,
            notice_number=notice.number if notice else order.notice_number,
            item=notice.item if notice else order.item or (line.item if line else ""),
            amount_due=notice.amount if notice else evidence.received or 0,
            amount_paid=evidence.kept or evidence.received,
            payer=Payer(notice.payer_name, notice.payer_last4) if notice else _payer(order, line),
            paid_at=payment.paid_at if payment.booked else evidence.paid_at,
            mismatched_fields=verdict.mismatched,
            doubtful=evidence.doubtful,
        )

    def _settle(
        self,
        before: Payment | None,
        drawn: Payment,
        verdict: Verdict,
        evidence: Evidence,
        note: str,
        at: datetime,
    ) -> None:
        """Keep the payment in its state; when the state, reason or due time is another, tell why."""
        order, state = drawn.merchant_order, verdict.state
        if state is State.UNRECONCILED and drawn.taken_up_at is not None:
            state = State.UNDER_REVIEW
        ripens = verdict.bookable or verdict.reason in HELD_BACK or state is State.PAYMENT_PENDING
        (self._ripening.add if ripens else self._ripening.discard)(order)
        place = (drawn.channel, drawn.account)
        live = self._live.setdefault(place, set())
        (live.add if state in LIVE else live.discard)(order)
        was = (before.state, before.reason) if before is not None and before.history else None
        moved = was != (state, verdict.reason)
        delayed = drawn.doubtful and verdict.reason in DELAYED and not (before and before.doubtful)
        if moved or delayed:
            due = self._due(drawn, state, verdict.reason, evidence, at)
            said = note or note_for(state, verdict.reason, drawn.doubtful)
            self._put(drawn, state, verdict.reason, due, said, at, tell=moved)
        elif drawn != before:
            self.ledger.put_payment(replace(drawn, state=state, reason=verdict.reason))

    def _due(
        self, payment: Payment, state: State, reason: Reason | None, evidence: Evidence, at: datetime
    ) -> datetime | None:
        if state is State.UNRECONCILED and reason in HELD_BACK:
            return evidence.incident.made_good_at if evidence.incident else None
        if state is State.PAYMENT_PENDING:
            return expected_by(state, reason, payment.channel, None, evidence.order.opened_at)
        delayed = state is State.UNRECONCILED and payment.doubtful and reason in DELAYED
        if delayed and payment.paid_at is not None:
            return bill_ready(payment.channel, payment.paid_at, next_bill=True)
        return expected_by(state, reason, payment.channel, payment.paid_at, at)

    def _booked(self, payment: Payment, note: str, at: datetime) -> Payment:
        notice = self.ledger.notices.get(payment.notice_number)
        by_hand = notice is not None and notice.receipt_by_hand
        receipt = None if self._issues is None or by_hand else self._issues(payment.serial_number, at)
        self._ripening.discard(payment.merchant_order)
        self._live.get((payment.channel, payment.account), set()).discard(payment.merchant_order)
        said = note or note_for(State.RECONCILED, None)
        cleared = replace(payment, mismatched_fields=(), doubtful=False, fiscal_receipt=receipt)
        return self._put(cleared, State.RECONCILED, None, None, said, at)

    def _put(
        self,
        payment: Payment,
        state: State,
        reason: Reason | None,
        due: datetime | None,
        note: str,
        at: datetime,
        tell: bool = True,
    ) -> Payment:
        put = replace(
            payment,
            state=state,
            reason=reason,
            expected_by=due,
            updated_at=at,
            fiscal_receipt=payment.fiscal_receipt if state is State.RECONCILED else None,
            history=(*payment.history, HistoryEntry(at, state, note)),
        )
        self.ledger.put_payment(put)
        self._touch_rivals(put)
        if tell:
            self.ledger.tell(put.serial_number, state, reason, at)
            self._told()
        return put

    def _touch_refunded(self, payment: Payment) -> None:
        """A row that took money back goes by its number first: it may be this payment's alone."""
        self._touched |= self.ledger.orders_refunded(payment.serial_number) - {payment.merchant_order}

    def _touch_rivals(self, payment: Payment) -> None:
        """The other open payments of the notice may count now, or no longer."""
        same = self.ledger.of_notice(payment.notice_number) if payment.notice_number else ()
        rivals = (rival for rival in same if rival.merchant_order != payment.merchant_order)
        self._touched.update(rival.merchant_order for rival in rivals if rival.state in OPEN_STATES)

    def _blank(self, order: Order, at: datetime) -> Payment:
        return Payment(
            merchant_order=order.merchant_order,
            serial_number=order.serial or order.merchant_order,
            notice_number=order.notice_number,
            channel=order.channel,
            account=order.account,
            state=State.PAYMENT_PENDING,
            reason=None,
            item=order.item,
            amount_due=0,
            amount_paid=None,
            payer=Payer(order.payer_name, order.payer_last4),
            paid_at=None,
            updated_at=at,
            expected_by=None,
        )

    # Evidence

    def evidence(self, order: Order, payment: Payment | None, at: datetime) -> Evidence:
        """Everything the books hold on the order's payment."""
        notice, slipped = self._notice_meant(order)
        line = self.ledger.line(payment.line_id) if payment and payment.line_id else None
        word = self.ledger.words.get(order.merchant_order)
        back = self.ledger.refunds_of(*self._numbers(order, word, line))
        gone = [refund for refund in back if refund.kind is Kind.REFUND]
        done = {refund.refund for refund in gone}
        found = Evidence(
            order=order,
            notice=notice,
            word=word,
            line=line,
            returned=sum(refund.amount for refund in gone),
            returning=any(r.kind is Kind.REFUNDING and r.refund not in done for r in back),
            revoked=any(refund.kind is Kind.REVOKED for refund in back),
            slipped=slipped or self._keyed_another_order(order, line),
            refund_asked=payment is not None and payment.refund_asked_at is not None,
            booked=payment is not None and payment.booked,
        )
        if order.channel is not Channel.BANK_TRANSFER:
            own, following = self._bills_in(order, found.paid_at or order.opened_at)
            found = replace(found, own_bill_in=own, next_bill_in=following)
        if notice is None or found.paid_at is None or found.booked:
            return found
        return replace(
            found,
            outdone_by=self._outdone_by(found, payment),
            incident=self._incident(order.channel, found.paid_at, at),
            policy=self._policy(notice, found.paid_at, at),
        )

    def _notice_meant(self, order: Order) -> tuple[Notice | None, bool]:
        """The order's notice, or the one a counter's slip of the hand was meant for."""
        notice = self.ledger.notices.get(order.notice_number)
        (self._astray.discard if notice else self._astray.add)(order.merchant_order)
        if notice is not None or order.channel is not Channel.COUNTER:
            return notice, False
        near = [self.ledger.notices[number] for number in meant(order.notice_number, self.ledger.notices)]
        if order.payer_name:
            near = [notice for notice in near if notice.payer_name == order.payer_name]
        return (near[0], True) if len(near) == 1 else (None, False)

    @staticmethod
    def _numbers(order: Order, word: Word | None, line: Line | None) -> set[str]:
        told = (order.serial, word.serial if word else "", line.serial if line else "")
        return {order.merchant_order, *told} - {""}

    def _bills_in(self, order: Order, paid_at: datetime) -> tuple[bool, bool]:
        day = billing_day(order.channel, paid_at)
        following = following_day(order.channel, day)
        own, next_one = (order.channel, order.account, day), (order.channel, order.account, following)
        return self._is_in(own), self._is_in(next_one)

    def _is_in(self, key: BillKey) -> bool:
        return key in self.ledger.bills and key not in self._unlinked_bills

    def _outdone_by(self, evidence: Evidence, payment: Payment | None) -> str | None:
        """The payment of the notice that counts: a booked one, else one that agrees, else the earliest."""
        rivals = [
            rival
            for rival in self.ledger.of_notice(evidence.notice.number if evidence.notice else "")
            if rival.merchant_order != evidence.order.merchant_order
            and rival.state in MAY_COUNT
            and not self._held_as_extra(rival)
        ]
        if not rivals:
            return None
        paid_at = evidence.paid_at
        assert paid_at is not None
        own = Standing(True, bool(differences(evidence)), paid_at, evidence.order.merchant_order)
        first = min(rivals, key=standing)
        return first.merchant_order if standing(first) < own else None

    def _held_as_extra(self, payment: Payment) -> bool:
        """Whether the sandbox's user said that this is the extra one: then it outdoes nobody."""
        return payment.merchant_order in self.held and payment.reason is Reason.DUPLICATE_PAYMENT

    def _incident(self, channel: Channel, paid_at: datetime, at: datetime) -> Incident | None:
        incidents = self.ledger.incidents.values()
        return next((incident for incident in incidents if incident.touches(channel, paid_at, at)), None)

    def _policy(self, notice: Notice, paid_at: datetime, at: datetime) -> Policy | None:
        policies = self.ledger.policies.values()
        return next((policy for policy in policies if policy.touches(notice, paid_at, at)), None)

    def _keyed_another_order(self, order: Order, line: Line | None) -> bool:
        """The counter's line names an order that was never opened, one slip away from this one."""
        if order.channel is not Channel.COUNTER or line is None or not line.order:
            return False
        return line.order != order.merchant_order and line.order not in self.ledger.orders

    def _is_new(self, line: Line) -> bool:
        known = self.ledger.line(line.line_id)
        if known is not None and known != line:
            raise Contradicts(
                f"{line.line_id} 已入账,内容不同:{known.amount} 分 / {line.amount} 分"
                " / is on the books with other facts"
            )
        return known is None

    def _orders_named(self, line: Line) -> set[str]:
        payment = self._payment_refunded(line)
        return {payment.merchant_order} if payment is not None else set()

    def _payment_refunded(self, line: Line) -> Payment | None:
        of_line = self.ledger.payment_of_line(f"SL-{line.serial}")
        return of_line or self.ledger.find(line.serial) or self.ledger.payment(line.order)

    def _touch_all(self) -> None:
        for orders in self._live.values():
            self._touched |= orders


def following_day(channel: Channel, day: date) -> date:
    """The day of the channel's next bill; a counter has none at weekends."""
    return working_days_after(day, 1) if channel is Channel.COUNTER else day + timedelta(days=1)


def _payer(order: Order, line: Line | None) -> Payer:
    return Payer(order.payer_name or (line.payer if line else ""), order.payer_last4)
