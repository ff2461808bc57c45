"""The sandbox's payments by the code that ends each of their numbers."""

from __future__ import annotations

from bot.sandbox.seed import ROWS, merchant_order, notice_number, serial_number

ROW = {row.code: row for row in ROWS}
SERIAL = {row.code: serial_number(row.channel, row.code, row.day) for row in ROWS}
NOTICE = {row.code: notice_number(row.code, row.day) for row in ROWS}
ORDER = {row.code: merchant_order(row.code, row.day) for row in ROWS}

WAITING = SERIAL["0101"]
"""Paid yesterday evening through WeChat by 王小明 (…1234), 40 yuan; waits for the bill."""
MISMATCHED = SERIAL["0105"]
DIFFERENT_AMOUNT = SERIAL["0106"]
UNEXPLAINED = SERIAL["0112"]
BOOKED = SERIAL["0303"]
OVERDUE = SERIAL["0401"]
NOT_THERE = "4200002611202611200000009999"
IDENTITY = "310101199003074255"
"""An identity number that the check digit agrees with."""
