"""Ticket numbers: dated in Shanghai, closed by a check digit."""

from __future__ import annotations

import re
from datetime import datetime, timezone

import pytest
from stdnum import luhn

from bot.tickets.number import new_ticket_number

LATE = datetime(2026, 11, 23, 16, 30, tzinfo=timezone.utc)
"""Half past midnight on the 24th in Shanghai."""


def test_a_number_names_shanghais_day_and_ends_in_a_check_digit() -> None:
    for _ in range(200):
        number = new_ticket_number(LATE)
        assert re.fullmatch(r"GD261124\d{6}", number)
        assert luhn.is_valid(number[2:])


@pytest.mark.parametrize("place", range(12))
def test_one_wrong_digit_is_noticed(place: int) -> None:
    digits = new_ticket_number(LATE)[2:]
    wrong = digits[:place] + str((int(digits[place]) + 1) % 10) + digits[place + 1 :]
    assert not luhn.is_valid(wrong)


def test_numbers_of_one_day_differ() -> None:
    assert len({new_ticket_number(LATE) for _ in range(100)}) > 90
