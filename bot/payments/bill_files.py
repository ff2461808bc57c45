"""Files that a bureau took in (`/sandbox/bills`): what was in them, or why they were refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.payments.wire import Fields, as_fen, as_flag, as_text, as_time


@dataclass(frozen=True)
class FileClass:
    """So many lines and fen of one class (平账, 长款 …), named by the bureau's word."""

    word: str
    lines: int
    fen: int


@dataclass(frozen=True)
class BillFile:
    """One file; `refusal` by language, empty when it is on the books; `matched` None until it is known."""

    name: str
    came_at: datetime
    came_by: str
    refusal: Mapping[str, str]
    content: str
    channel: str | None
    account: str | None
    day: str | None
    rows: int
    new: int
    total: int
    matched: int | None
    classes: tuple[FileClass, ...]
    again: bool = False
    """It was on the books already: nothing was counted twice."""

    @property
    def accepted(self) -> bool:
        """Whether it is on the books."""
        return not self.refusal


@dataclass(frozen=True)
class BillFilesPage:
    """Some files, newest first, and how many there are."""

    files: tuple[BillFile, ...]
    total: int


def bill_file_from_json(value: object, path: str = "file") -> BillFile:
    """A file as the bureau describes it."""
    fields = Fields(value, path)
    return BillFile(
        name=fields.text("name"),
        came_at=fields.read("came_at", as_time),
        came_by=fields.text("came_by"),
        refusal=fields.nullable("refusal", _refusal) or {},
        content=fields.text("content"),
        channel=fields.nullable("channel", as_text),
        account=fields.nullable("account", as_text),
        day=fields.nullable("day", as_text),
        rows=fields.read("rows", as_fen),
        new=fields.read("new", as_fen),
        total=fields.read("total", as_fen),
        matched=fields.nullable("matched", as_fen),
        classes=fields.many("classes", _class),
        again=bool(fields.optional("again", as_flag)),
    )


def taken_file_from_json(value: object) -> BillFile:
    """The answer to a file that was sent: the file itself, or the problem document about it."""
    problem = Fields(value, "file")
    return problem.optional("file", bill_file_from_json) or bill_file_from_json(value)


def bill_files_page_from_json(value: object) -> BillFilesPage:
    """A page of files."""
    fields = Fields(value, "files")
    return BillFilesPage(fields.many("files", bill_file_from_json), fields.read("total", as_fen))


def _refusal(value: object, path: str) -> Mapping[str, str]:
    fields = Fields(value, path)
    return {"zh": fields.text("zh"), "en": fields.text("en")}


def _class(value: object, path: str) -> FileClass:
    fields = Fields(value, path)
    return FileClass(fields.text("class"), fields.read("lines", as_fen), fields.read("fen", as_fen))
