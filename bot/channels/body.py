"""The body of a request, read with care: limited while it streams, plain, JSON of a sane shape."""

from __future__ import annotations

import json
from typing import Any, AsyncGenerator
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from bot.channels.problems import Problem

MAX_BODY = 64 * 1024


async def read_json_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object; raises Problem with 400, 413 or 415."""
    _refuse_other_type(request, "application/json")
    raw = await read_limited(request)
    try:
        value = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise Problem(400, "invalid_json", "The body is not UTF-8.") from None
    except (ValueError, RecursionError):
        raise Problem(400, "invalid_json", "The body is not JSON that can be read.") from None
    if not isinstance(value, dict):
        raise Problem(400, "invalid_request", "The body must be a JSON object.")
    return value


async def read_form(request: Request) -> dict[str, str]:
    """A page's form, the last value of each field; raises Problem with 400, 413 or 415."""
    _refuse_other_type(request, "application/x-www-form-urlencoded")
    raw = await read_limited(request)
    try:
        return dict(parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=50))
    except ValueError:
        raise Problem(400, "invalid_request", "The form cannot be read.") from None


async def read_upload(request: Request, most: int) -> tuple[dict[str, str], bytes]:
    """A page's form with at most one file of at most `most` bytes, empty when none was chosen.

    The field `file_name` says what the file is called where it came from.
    One sent without a file's encoding is read as `read_form` does. Raises Problem with 400, 413 or 415.
    """
    announced = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if announced != "multipart/form-data":
        return await read_form(request), b""
    raw = await read_limited(request, most + MAX_BODY)
    try:
        form = await MultiPartParser(
            request.headers, _whole(raw), max_files=1, max_fields=50, max_part_size=MAX_BODY
        ).parse()
    except MultiPartException:
        raise Problem(400, "invalid_request", "The form cannot be read.") from None
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    files = [value for value in form.values() if isinstance(value, UploadFile)]
    content = await files[0].read() if files else b""
    if files:
        fields["file_name"] = files[0].filename or ""
    await form.close()
    return fields, content


async def _whole(raw: bytes) -> AsyncGenerator[bytes, None]:
    yield raw


async def read_limited(request: Request, limit: int = MAX_BODY) -> bytes:
    """The raw body; raises Problem(413) as soon as more than `limit` bytes are announced or arrive."""
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise Problem(415, "unsupported_encoding", "Send the body without Content-Encoding.")
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def required_text(body: dict[str, Any], name: str, max_chars: int = 0) -> str:
    """The string under `name`; raises Problem(400) when it is missing, no string, or over the limit."""
    value = body.get(name)
    if not isinstance(value, str):
        raise Problem(400, f"invalid_{name}", f"{name} must be a string.")
    if max_chars and len(value) > max_chars:
        raise Problem(400, f"invalid_{name}", f"{name} has more than {max_chars} characters.")
    return value


def required_id(body: dict[str, Any], name: str, max_chars: int = 128) -> str:
    """The identifier under `name`: 1 to `max_chars` printable characters; raises Problem(400)."""
    return checked_id(required_text(body, name), name, max_chars)


def checked_id(value: str, name: str, max_chars: int = 128) -> str:
    """`value` itself when it can be an identifier; raises Problem(400)."""
    # Control characters and half surrogates cannot be stored, and nobody can read them in a log.
    if not value.strip() or len(value) > max_chars or not value.isprintable():
        raise Problem(400, f"invalid_{name}", f"{name} must have 1 to {max_chars} printable characters.")
    return value


def line_id(text: str) -> int:
    """The `after` of a request as a number, 0 when empty; raises Problem(400)."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Problem(400, "invalid_after", "after must be a whole number, 0 or more.")
    return int(text)


def _refuse_other_type(request: Request, wanted: str) -> None:
    announced = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if announced != wanted:
        raise Problem(415, "unsupported_media_type", f"Send {wanted}.")


def _too_large(limit: int) -> Problem:
    # The rest of the body is not read, so the connection cannot be used again.
    return Problem(413, "body_too_large", f"The body has more than {limit} bytes.", {"Connection": "close"})
