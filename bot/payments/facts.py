"""What each state and reason means for the resident: one table, no words.

`Holder` says in whose hands the next step lies, which is not always where the money is.
Sources: DOMAIN.md ("Why it happens, and what settles it") and the seed's causes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from itertools import product

from bot.payments.model import Reason, State


class Holder(str, Enum):
    """In whose hands the next step lies."""

    RESIDENT = "resident"
    CHANNEL = "channel"
    BANK = "bank"
    TREASURY = "treasury"
    BUREAU = "bureau"
    OFFICE = "office"
    NOBODY = "nobody"
    UNKNOWN = "unknown"


class ResidentAction(str, Enum):
    """What the resident can do now."""

    NOTHING = "nothing"
    WAIT = "wait"
    PAY_AGAIN_POSSIBLE = "pay_again_possible"
    CONTACT_CHANNEL = "contact_channel"
    BRING_PAPERS = "bring_papers"
    ASK_FOR_REFUND = "ask_for_refund"


class NextStep(str, Enum):
    """What the bot can offer to do."""

    WATCH = "watch"
    REQUEST_RECONCILIATION = "request_reconciliation"
    TICKET = "ticket"


@dataclass(frozen=True)
class Facts:
    """A row of the table. `settled`: nothing more is due, so nothing can be overdue.

    `bill_decides`: the channel's bill settles it, so there is news only after the bill is there.
    `may_apply`: a reconciliation request makes sense once it is late.
    """

    holder: Holder
    action: ResidentAction
    suggested: tuple[NextStep, ...]
    pay_again: bool = False
    needs_person: bool = False
    settled: bool = False
    bill_decides: bool = False
    may_apply: bool = False


_H, _A = Holder, ResidentAction
_WATCH, _REQUEST, _TICKET = NextStep.WATCH, NextStep.REQUEST_RECONCILIATION, NextStep.TICKET

_TO_A_PERSON = Facts(_H.UNKNOWN, _A.WAIT, (_TICKET,), needs_person=True)

_BY_STATE: dict[State, Facts] = {
    State.PAYMENT_PENDING: Facts(_H.CHANNEL, _A.WAIT, (_WATCH,)),
    State.PAYMENT_FAILED: Facts(_H.RESIDENT, _A.PAY_AGAIN_POSSIBLE, (), pay_again=True, settled=True),
    State.UNRECONCILED: Facts(_H.TREASURY, _A.WAIT, (_WATCH, _REQUEST), bill_decides=True),
    State.UNDER_REVIEW: Facts(_H.BUREAU, _A.WAIT, (_WATCH,)),
    State.RECONCILED: Facts(_H.NOBODY, _A.NOTHING, (), settled=True),
    State.REFUNDING: Facts(_H.TREASURY, _A.WAIT, (_WATCH,)),
    State.REFUNDED: Facts(_H.NOBODY, _A.NOTHING, (), settled=True),
    State.CLOSED: Facts(_H.RESIDENT, _A.PAY_AGAIN_POSSIBLE, (), pay_again=True, settled=True),
    State.UNRECOGNISED: _TO_A_PERSON,
}

_UNRECONCILED: dict[Reason, Facts] = {
    Reason.AWAITING_STATEMENT: Facts(_H.CHANNEL, _A.WAIT, (_WATCH,), bill_decides=True),
    Reason.DAY_CUT: Facts(_H.CHANNEL, _A.WAIT, (_WATCH,), bill_decides=True),
    Reason.CALLBACK_LOST: Facts(_H.BUREAU, _A.WAIT, (_WATCH, _REQUEST), bill_decides=True),
    Reason.BANK_TRANSFER_DELAY: Facts(_H.BANK, _A.WAIT, (_WATCH, _REQUEST), bill_decides=True),
    Reason.INFO_MISMATCH: Facts(_H.OFFICE, _A.BRING_PAPERS, (_REQUEST, _TICKET)),
    Reason.AMOUNT_MISMATCH: Facts(_H.OFFICE, _A.BRING_PAPERS, (_REQUEST, _TICKET)),
    Reason.DUPLICATE_PAYMENT: Facts(_H.TREASURY, _A.ASK_FOR_REFUND, (_REQUEST, _TICKET, _WATCH)),
    Reason.CHANNEL_FAULT: Facts(_H.CHANNEL, _A.CONTACT_CHANNEL, (_REQUEST, _WATCH)),
    Reason.ENTRY_ERROR: Facts(_H.OFFICE, _A.WAIT, (_REQUEST, _TICKET, _WATCH)),
    Reason.SYSTEM_MAINTENANCE: Facts(_H.BUREAU, _A.WAIT, (_WATCH,)),
    Reason.POLICY_CHANGE: Facts(_H.BUREAU, _A.WAIT, (_WATCH, _TICKET)),
    Reason.UNKNOWN: replace(_TO_A_PERSON, holder=_H.BUREAU),
}

_EXCEPTIONS: dict[tuple[State, Reason | None], Facts] = {
    **{(State.UNRECONCILED, reason): facts for reason, facts in _UNRECONCILED.items()},
    (State.PAYMENT_PENDING, Reason.BANK_TRANSFER_DELAY): Facts(_H.BANK, _A.WAIT, (_WATCH,)),
    (State.PAYMENT_PENDING, Reason.CHANNEL_FAULT): Facts(_H.CHANNEL, _A.CONTACT_CHANNEL, (_WATCH,)),
    (State.PAYMENT_PENDING, Reason.UNKNOWN): replace(_TO_A_PERSON, holder=_H.CHANNEL),
    # On its way between banks: "you may pay again" would make two of it.
    (State.PAYMENT_FAILED, Reason.BANK_TRANSFER_DELAY): Facts(_H.BANK, _A.WAIT, (_TICKET,), settled=True),
    (State.PAYMENT_FAILED, Reason.DUPLICATE_PAYMENT): Facts(_H.NOBODY, _A.NOTHING, (), settled=True),
    (State.PAYMENT_FAILED, Reason.POLICY_CHANGE): Facts(_H.BUREAU, _A.WAIT, (_TICKET,), settled=True),
    (State.PAYMENT_FAILED, Reason.UNKNOWN): replace(_TO_A_PERSON, settled=True),
    (State.UNDER_REVIEW, Reason.INFO_MISMATCH): Facts(_H.BUREAU, _A.BRING_PAPERS, (_WATCH, _TICKET)),
    (State.UNDER_REVIEW, Reason.AMOUNT_MISMATCH): Facts(_H.BUREAU, _A.BRING_PAPERS, (_WATCH, _TICKET)),
    (State.UNDER_REVIEW, Reason.UNKNOWN): Facts(_H.BUREAU, _A.WAIT, (_TICKET, _WATCH), needs_person=True),
    (State.REFUNDING, Reason.UNKNOWN): Facts(_H.TREASURY, _A.WAIT, (_TICKET, _WATCH), needs_person=True),
    (State.CLOSED, Reason.DUPLICATE_PAYMENT): Facts(_H.NOBODY, _A.NOTHING, (), settled=True),
    (State.CLOSED, Reason.POLICY_CHANGE): Facts(_H.BUREAU, _A.WAIT, (_TICKET,), settled=True),
    (State.CLOSED, Reason.UNKNOWN): replace(_TO_A_PERSON, settled=True),
}

FACTS: dict[tuple[State, Reason | None], Facts] = {
    (state, reason): replace(
        _EXCEPTIONS.get((state, reason), _BY_STATE[state]), may_apply=state is State.UNRECONCILED
    )
    for state, reason in product(State, (None, *Reason))
}
