"""Ticket numbers: GD + date + five random digits + a check digit, as in GD261123048271."""

from __future__ import annotations

import secrets
from datetime import datetime

from stdnum import luhn

from bot.clock import SHANGHAI

PREFIX = "GD"


def new_ticket_number(now: datetime) -> str:
    """A new number; not certain to be unique, the table is."""
    digits = now.astimezone(SHANGHAI).strftime("%y%m%d") + f"{secrets.randbelow(100_000):05d}"
    return f"{PREFIX}{digits}{luhn.calc_check_digit(digits)}"
