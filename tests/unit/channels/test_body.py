"""Reading a request's body with care."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from starlette.requests import Request

from bot.channels.body import (
    MAX_BODY,
    checked_id,
    line_id,
    read_form,
    read_json_object,
    read_limited,
    read_upload,
)
from bot.channels.problems import Problem


def request(*chunks: bytes, content_type: str = "application/json", **headers: str) -> Request:
    """A request whose body arrives in chunks."""
    waiting = list(chunks) or [b""]
    names = {"content-type": content_type, **{k.replace("_", "-"): v for k, v in headers.items()}}

    async def receive() -> dict[str, Any]:
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    raw = [(name.encode(), value.encode()) for name, value in names.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw}, receive)


async def refusal(asked: Request) -> Problem:
    with pytest.raises(Problem) as caught:
        await read_json_object(asked)
    return caught.value


async def test_an_object_is_read_from_several_chunks() -> None:
    assert await read_json_object(request(b'{"a": ', b'"\xe4\xbd\xa0"}')) == {"a": "你"}


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b'"text"', b"3", b"\xff\xfe", b"[" * 50_000, b'{"a":' * 10_000, b"1" * 5_000],
)
async def test_what_is_not_an_object_is_a_bad_request(body: bytes) -> None:
    assert (await refusal(request(body))).status == 400


async def test_a_body_over_the_limit_is_refused_while_it_streams() -> None:
    chunk = b"x" * 40_000
    asked = request(chunk, chunk, chunk)
    assert (await refusal(asked)).status == 413


async def test_an_announced_length_over_the_limit_is_refused_before_reading() -> None:
    problem = await refusal(request(b"{}", content_length=str(MAX_BODY + 1)))
    assert (problem.status, problem.headers["Connection"]) == (413, "close")


async def test_a_body_of_exactly_the_limit_is_read() -> None:
    assert len(await read_limited(request(b"x" * MAX_BODY))) == MAX_BODY


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, identity"])
async def test_compressed_bodies_are_refused(encoding: str) -> None:
    assert (await refusal(request(b"{}", content_encoding=encoding))).status == 415


async def test_identity_encoding_is_no_compression() -> None:
    assert await read_json_object(request(b"{}", content_encoding="identity")) == {}


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_other_types_than_json_are_refused(content_type: str) -> None:
    assert (await refusal(request(b"{}", content_type=content_type))).status == 415


async def test_the_charset_of_json_does_not_matter() -> None:
    assert await read_json_object(request(b"{}", content_type="Application/JSON; charset=utf-8")) == {}


async def test_a_form_keeps_empty_fields_and_the_last_of_twins() -> None:
    form = request(b"a=1&a=%E4%BD%A0&b=", content_type="application/x-www-form-urlencoded")
    assert await read_form(form) == {"a": "你", "b": ""}


@pytest.mark.parametrize("bad", ["", " ", "a\nb", "\x00", "\ud800", "x" * 129])
def test_an_identifier_is_short_and_printable(bad: str) -> None:
    with pytest.raises(Problem) as caught:
        checked_id(bad, "sender")
    assert caught.value.code == "invalid_sender"


@pytest.mark.parametrize(("text", "number"), [("", 0), ("0", 0), ("17", 17)])
def test_after_is_a_number(text: str, number: Optional[int]) -> None:
    assert line_id(text) == number


@pytest.mark.parametrize("text", ["-1", "1.5", "x", "٣", "9" * 19, "+1", " 1"])
def test_after_is_nothing_but_a_number(text: str) -> None:
    with pytest.raises(Problem):
        line_id(text)


def multipart(*parts: tuple[str, bytes]) -> Request:
    """A form as a browser sends it with a file."""
    body = b"".join(b"--XX\r\n" + head.encode() + b"\r\n\r\n" + value + b"\r\n" for head, value in parts)
    return request(body + b"--XX--\r\n", content_type="multipart/form-data; boundary=XX")


TEXT = ('Content-Disposition: form-data; name="text"', "您好".encode())
FILE = 'Content-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png'


async def test_a_form_with_a_file_brings_both() -> None:
    assert await read_upload(multipart(TEXT, (FILE, b"\x89PNG\r\n")), 100) == (
        {"text": "您好", "file_name": "a.png"},
        b"\x89PNG\r\n",
    )


async def test_no_file_chosen_is_an_empty_one() -> None:
    nothing = FILE.replace("a.png", "")
    assert await read_upload(multipart(TEXT, (nothing, b"")), 100) == ({"text": "您好", "file_name": ""}, b"")


async def test_a_plain_form_is_read_where_a_file_may_come() -> None:
    asked = request(b"text=%E6%82%A8", content_type="application/x-www-form-urlencoded")
    assert await read_upload(asked, 100) == ({"text": "您"}, b"")


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (multipart((FILE, b"x" * (MAX_BODY + 200))), 413),
        (multipart((FILE, b"x"), (FILE, b"y")), 400),
        (multipart(*[TEXT] * 51), 400),
        (request(b"--YY", content_type="multipart/form-data; boundary=XX"), 400),
        (request(b"--XX", content_type="multipart/form-data"), 400),
        (request(b"{}", content_type="application/json"), 415),
    ],
)
async def test_an_upload_that_cannot_be_read_is_refused(asked: Request, status: int) -> None:
    with pytest.raises(Problem) as caught:
        await read_upload(asked, 100)
    assert caught.value.status == status
