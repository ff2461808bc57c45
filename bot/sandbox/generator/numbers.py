"""Numbers as they are printed: notices with a check digit, orders, the channels' own."""

from __future__ import annotations

from datetime import date
from random import Random

from bot.sandbox.bills.line import Line
from bot.sandbox.model import Channel

DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


class Numbers:
    """Hands out one day's numbers, none of them twice."""

    def __init__(self, day: date, dice: Random) -> None:
        self._day = f"{day:%Y%m%d}"
        self._dice = dice
        self._count = 0

    def _next(self) -> int:
        self._count += 1
        return self._count

    def notice(self) -> str:
        """缴款码: 20 digits, the district first, a check digit last."""
        district = 310100 + self._dice.randrange(1, 20)
        number = f"{district}{self._day[2:]}{self._next():07d}"
        return f"{number}{check_digit(number)}"

    def order(self) -> str:
        """商户订单号."""
        return f"HZ{self._day}{self._next():010d}"

    def serial(self, channel: Channel, order: str) -> str:
        """The channel's own number; a transfer or counter payment goes by its order."""
        if channel is Channel.WECHAT_PAY:
            return f"4200002611{self._day}{self._next():010d}"
        if channel is Channel.ALIPAY:
            return f"{self._day}22001400{self._next():012d}"
        return f"{self._day}153{self._next():010d}" if channel is Channel.UNIONPAY else order

    def flow(self) -> str:
        """The bank's 交易流水号."""
        return f"BK{self._day}{self._next():010d}"

    def refund(self, channel: Channel) -> str:
        """The refund's own number: 29 digits for WeChat Pay."""
        return f"5000000{self._day}{self._next():014d}" if channel is Channel.WECHAT_PAY else self.flow()

    def slipped(self, number: str) -> str:
        """The number with one digit wrong, which no check digit lets pass."""
        place = self._dice.randrange(6, len(number))
        wrong = (int(number[place]) + self._dice.randrange(1, 10)) % 10
        return f"{number[:place]}{wrong}{number[place + 1 :]}"


def check_digit(number: str) -> int:
    """Luhn's: no other single digit lets the number pass."""
    odd = sum(int(digit) for digit in number[-2::-2])
    even = sum(DOUBLED[int(digit)] for digit in number[-1::-2])
    return -(odd + even) % 10


def line_named(line: Line, serial: str) -> Line:
    """The line under another number of its channel."""
    return line._replace(line_id=f"SL-{serial}", serial=serial)
