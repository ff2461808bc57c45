"""A form that brings a file: the file on disk, limited by what its sender announces."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import BinaryIO, NamedTuple

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from bot.sandbox.problems import InvalidRequest

ENVELOPE = 64 * 1024
"""What the form may be beyond its file."""
CLOSE = {"Connection": "close"}


class Upload(NamedTuple):
    """The form's file and its other fields."""

    file: BinaryIO
    name: str
    fields: dict[str, str]


@asynccontextmanager
async def uploaded(request: Request, most: int) -> AsyncIterator[Upload]:
    """The form's one file, `file`, of at most `most` bytes; a 400, 411, 413 or 415 problem otherwise."""
    _check_size(request, most)
    try:
        form = await request.form(max_files=1, max_fields=10, max_part_size=ENVELOPE)
    except HTTPException as error:
        raise InvalidRequest(f"the form cannot be read: {error.detail}") from None
    try:
        yield _of(form, most)
    finally:
        await form.close()


def _check_size(request: Request, most: int) -> None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "multipart/form-data":
        raise InvalidRequest("the body must be multipart/form-data", status=415)
    announced = request.headers.get("content-length", "")
    if not announced.isdecimal():
        raise InvalidRequest("Content-Length is needed", status=411, headers=CLOSE)
    if int(announced) > most + ENVELOPE:
        raise _too_large(most)


def _of(form: FormData, most: int) -> Upload:
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise InvalidRequest("没有选择文件 / the form has no file named “file”")
    if file.size is not None and file.size > most:
        raise _too_large(most)
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    return Upload(file.file, file.filename, fields)


def _too_large(most: int) -> InvalidRequest:
    return InvalidRequest(f"文件超过 {most} 字节 / the file is over {most} bytes", status=413, headers=CLOSE)
