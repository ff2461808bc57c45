"""How people pay, and how often what goes wrong goes wrong."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox.model import Channel

ITEMS = (
    ("居民身份证换领工本费", 2000, 30),
    ("居民身份证补领工本费", 4000, 24),
    ("临时居民身份证工本费", 1000, 12),
    ("居民户口簿补发工本费", 1000, 10),
    ("居住证补领工本费", 2000, 16),
    ("户口迁移证工本费", 500, 8),
)
"""Item, fee in fen, how many of a hundred."""
CHANNELS = (
    (Channel.WECHAT_PAY, 46),
    (Channel.ALIPAY, 33),
    (Channel.UNIONPAY, 9),
    (Channel.COUNTER, 7),
    (Channel.BANK_TRANSFER, 5),
)
HOURS = (2, 1, 1, 1, 1, 2, 6, 18, 50, 85, 90, 75, 45, 60, 80, 82, 70, 50, 38, 42, 45, 38, 22, 9)
"""How many pay in each hour of the day, in proportion."""


@dataclass(frozen=True)
class Rates:
    """The share of payments that each mishap meets."""

    callback_lost: float = 0.006
    near_cut: float = 0.002
    """Paid in the last minutes of the channel's day; half of them land in the next day's bill."""
    late_in_bill: float = 0.0005
    """In the next day's bill though paid in the middle of the day."""
    info_mismatch: float = 0.002
    amount_mismatch: float = 0.0015
    duplicate: float = 0.002
    entry_error: float = 0.01
    """Of the counter's."""
    no_postscript: float = 0.25
    """Of the transfers: nothing but amount, name, time and perhaps the account tells whose they are."""
    account_told: float = 0.7
    """Of the transfers: the payer said which account it would come from."""
    wrong_notice: float = 0.004
    """Of the transfers: the postscript names somebody else's notice, of the same amount."""
    slipped_postscript: float = 0.004
    """Of the transfers: the postscript's number has one digit wrong."""
    lost_reference: float = 0.0003
    """Of the platforms': the bill's row names no order and another number."""
    false_callback: float = 0.0003
    """Told as paid, and no bill ever has it."""
    refund: float = 0.001
    stray: float = 0.0003
    """Money that no notice asks for, as a share of all payments."""
    never_told: float = 0.0005
    """Paid from the notice itself, without an order: only the bill tells."""
    unpaid: float = 0.05
    """Notices that nobody paid, as a share of all payments."""
