"""The door for files: bills, notices, records, incidents and receipts come in whole, once, or not at all."""

from __future__ import annotations

import asyncio
import csv
import hashlib
from datetime import datetime, timedelta
from typing import BinaryIO, NamedTuple

from bot.sandbox.bills.errors import BillError, Contradicts, NotReady, Unreadable
from bot.sandbox.bills.line import Bill
from bot.sandbox.bills.reader import HEAD_BYTES, encoding_of, read_bill
from bot.sandbox.books.arrival import Arrival, Content
from bot.sandbox.books.files import INCIDENT_COLUMNS, PAYMENT_COLUMNS, Paying, read_incidents, read_payments
from bot.sandbox.books.incident import Incident, Policy
from bot.sandbox.books.notice import Notice
from bot.sandbox.books.notice_file import is_notices, read_notice_file
from bot.sandbox.books.receipt_file import RECEIPT_COLUMNS, Issued, put_receipts, read_receipts
from bot.sandbox.bureau import Bureau
from bot.sandbox.model import Channel
from bot.sandbox.outcome import worked_through
from bot.sandbox.schedule import UNIONPAY_CUT_HOUR
from bot.sandbox.workdays import at

CHUNK = 2**20
NAME_MOST = 120


class Read(NamedTuple):
    """What a file says; one kind of record, and none of the others."""

    content: Content
    bill: Bill | None = None
    notices: list[Notice] = []
    records: list[Paying] = []
    incidents: list[Incident | Policy] = []
    receipts: list[Issued] = []


class Taken(NamedTuple):
    """A file and what is known of it; `again` when the same bytes were on the books already."""

    arrival: Arrival
    again: bool = False


class Intake:
    """Takes files into one bureau's books."""

    def __init__(self, bureau: Bureau) -> None:
        self._bureau = bureau

    async def take(self, file: BinaryIO, name: str, by: str) -> Taken:
        """Put the file on the books, or refuse it whole; the same file again changes nothing."""
        checksum = await asyncio.to_thread(_checksum, file)
        await self._bureau.ready()
        arrival = Arrival(checksum, plain_name(name), self._bureau.clock.now(), by)
        known = self._bureau.ledger.arrivals.get(checksum)
        if known is not None and known.accepted and known.worked:
            await self._bureau.kept()
            return Taken(known, again=True)
        try:
            read = await asyncio.to_thread(_read, file, arrival.name)
        except BillError as error:
            return await self._refuse(arrival, error)
        return await self._enter(arrival, read)

    async def refuse_unread(self, name: str, by: str, why: str) -> Taken:
        """Refuse a file that nobody should read."""
        shown = plain_name(name)
        checksum = hashlib.sha256(f"unread {shown}".encode()).hexdigest()
        return await self._refuse(Arrival(checksum, shown, self._bureau.clock.now(), by), Unreadable(why))

    async def _refuse(self, arrival: Arrival, error: BillError) -> Taken:
        refused = arrival._replace(refusal=str(error))
        async with self._bureau.working():
            known = self._bureau.ledger.arrivals.get(arrival.checksum)
            if known is not None and known.accepted:
                return Taken(known, again=True)
            self._bureau.ledger.put_arrival(refused)
        return Taken(refused)

    async def _enter(self, arrival: Arrival, read: Read) -> Taken:
        arrival = _described(arrival, read)
        try:
            async with self._bureau.working():
                known = self._bureau.ledger.arrivals.get(arrival.checksum)
                if known is not None and known.accepted:
                    return Taken(known, again=True)
                entered = self._put(arrival, read)
                self._bureau.ledger.put_arrival(entered)
                await self._bureau.kept()
                await self._bureau.go_through()
                done = worked_through(self._bureau.casework, entered)
                self._bureau.ledger.put_arrival(done)
        except BillError as error:
            return await self._refuse(arrival, error)
        return Taken(done)

    def _put(self, arrival: Arrival, read: Read) -> Arrival:
        """Put everything on the books, or raise before anything is."""
        casework, now = self._bureau.casework, self._bureau.clock.now()
        if read.bill is not None:
            _check_over(read.bill, now)
            return arrival._replace(new=casework.import_bill(read.bill, now, arrival.name).new)
        if read.receipts:
            return arrival._replace(new=put_receipts(self._bureau.ledger, read.receipts))
        self._check_notices(read.notices)
        new = casework.announce_all(read.notices) + casework.enter(read.records, now)
        for known in read.incidents:
            if isinstance(known, Incident):
                casework.note_incident(known)
            else:
                casework.note_policy(known)
        return arrival._replace(new=new + len(read.incidents))

    def _check_notices(self, notices: list[Notice]) -> None:
        known = self._bureau.ledger.notices
        for notice in notices:
            if known.get(notice.number, notice) != notice:
                raise Contradicts(
                    f"缴款码 {notice.number} 已入账,内容不同 / is on the books with other facts"
                )


def _check_over(bill: Bill, now: datetime) -> None:
    hour = UNIONPAY_CUT_HOUR if bill.channel is Channel.UNIONPAY else 24
    if at(bill.day, 0) + timedelta(hours=hour) > now:
        raise NotReady(f"{bill.day} 还没有结束,账单不完整 / {bill.day} is not over yet")


def plain_name(name: str) -> str:
    """A file's own name, without folders and what no terminal shows."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(character for character in last if character.isprintable())[-NAME_MOST:]


def _checksum(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def content_of(file: BinaryIO) -> Content:
    """What the file seems to hold, by its first line; whatever is nothing else may be a bill."""
    header = _header(file)
    if header[:2] == RECEIPT_COLUMNS[:2]:
        return Content.RECEIPTS
    if is_notices(header):
        return Content.NOTICES
    if header[:2] == PAYMENT_COLUMNS[:2]:
        return Content.RECORDS
    return Content.INCIDENTS if header[:2] == INCIDENT_COLUMNS[:2] else Content.BILL


def _read(file: BinaryIO, name: str) -> Read:
    """Everything in the file, checked."""
    content = content_of(file)
    if file.read(1) == b"":
        raise Unreadable("文件是空的 / the file is empty")
    file.seek(0)
    if content is Content.NOTICES:
        return Read(content, notices=_once(list(read_notice_file(file))))
    if content is Content.RECORDS:
        return Read(content, records=list(read_payments(file)))
    if content is Content.INCIDENTS:
        return Read(content, incidents=list(read_incidents(file)))
    if content is Content.RECEIPTS:
        return Read(content, receipts=list(read_receipts(file)))
    return Read(content, bill=read_bill(file, name))


def _header(file: BinaryIO) -> list[str]:
    """The first line's columns, as far as they can be read; nothing of a file that is packed."""
    head = file.read(HEAD_BYTES)
    file.seek(0)
    text = head.decode(encoding_of(head), "ignore").removeprefix("\ufeff")
    return next(csv.reader(text.splitlines()[:1]), [])


def _once(notices: list[Notice]) -> list[Notice]:
    seen: set[str] = set()
    for place, notice in enumerate(notices, start=2):
        if notice.number in seen:
            raise Unreadable(
                f"第 {place} 行:缴款码 {notice.number} 重复 / line {place}: the number appears twice"
            )
        seen.add(notice.number)
    return notices


def _described(arrival: Arrival, read: Read) -> Arrival:
    """The arrival with what is in the file."""
    bill = read.bill
    if bill is not None:
        placed = arrival._replace(channel=bill.channel, account=bill.account, day=bill.day)
        return placed._replace(content=read.content, rows=len(bill.lines), total=bill.total)
    rows = len(read.notices) + len(read.records) + len(read.incidents) + len(read.receipts)
    return arrival._replace(
        content=read.content, rows=rows, total=sum(notice.amount for notice in read.notices)
    )
