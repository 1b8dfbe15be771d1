"""Forms with files: read whole or refused with a reason, within bounds, and nothing stays behind."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from geo.language import Language
from server import uploads
from server.languages import language_of
from server.limits import FORM, MIB, PHOTO, BodyLimitMiddleware, limit_of
from server.room import Room
from server.uploads import MOST_FIELD_BYTES, MOST_FIELDS, MOST_FILE_BYTES, Refused, read_form


async def echo(request: Request) -> Response:
    try:
        async with read_form(request, most_files=2, most_bytes=4_000_000) as form:
            files = [[file.name, file.filename, file.size, len(file.content.read())] for file in form.sent]
            return JSONResponse({"fields": form.fields, "files": files})
    except Refused as refused:
        return refused.response(language_of(request.headers))


ROUTES = [Route(path, echo, methods=["POST"]) for path in ("/photos", "/report", "/token", "/r/{code}/reopen")]
APP = BodyLimitMiddleware(Starlette(routes=ROUTES))


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(APP), base_url="http://phuongso.test") as client:
        yield client


@pytest.fixture(autouse=True)
def nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """After each test no temporary file is left, on the disk or open."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield
    assert list(tmp_path.iterdir()) == []
    opened = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if alive(fd)]
    assert not [path for path in opened if path.startswith(str(tmp_path))]


def alive(fd: str) -> bool:
    return os.path.lexists(f"/proc/self/fd/{fd}")


def multipart(*parts: bytes, boundary: bytes = b"xyz", end: bytes = b"--xyz--\r\n") -> bytes:
    return b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + end


def part(name: str, value: bytes, filename: str | None = None) -> bytes:
    file = "" if filename is None else f'; filename="{filename}"'
    return f'Content-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + value


async def post(
    http: httpx.AsyncClient, body: Any, kind: str = "multipart/form-data; boundary=xyz", path: str = "/report", **h: str
) -> httpx.Response:
    return await http.post(path, content=body, headers={"Content-Type": kind, **h})


async def test_fields_and_files_are_read_in_their_order(http: httpx.AsyncClient) -> None:
    big = os.urandom(3_000_000)
    files = {"photo": ("Ảnh đường.jpg", big, "image/jpeg")}
    response = await http.post("/report", data={"kind": ["ROAD", "Đường"], "note": "Ổ gà\r\nlớn"}, files=files)
    assert response.json() == {
        "fields": [["kind", "ROAD"], ["kind", "Đường"], ["note", "Ổ gà\r\nlớn"]],
        "files": [["photo", "Ảnh đường.jpg", 3_000_000, 3_000_000]],
    }


async def test_a_form_without_files_is_read_the_same(http: httpx.AsyncClient) -> None:
    response = await http.post("/report", data={"note": "Ổ gà & rác + 100%", "empty": ""})
    assert response.json()["fields"] == [["note", "Ổ gà & rác + 100%"], ["empty", ""]]


async def test_an_input_in_which_nothing_was_chosen_has_no_file(http: httpx.AsyncClient) -> None:
    body = multipart(part("photo", b"", ""), part("photo", b"", ""), part("photo", b"x", "a.jpg"))
    assert len((await post(http, body)).json()["files"]) == 3
    with tempfile.SpooledTemporaryFile() as nothing:
        form = uploads.Form(sent=[uploads.File("photo", "", nothing, 0)])
        assert form.files("photo") == []


WHOLE = multipart(part("note", b"a"))
MALFORMED: dict[str, tuple[bytes, str]] = {
    "no boundary": (WHOLE, "multipart/form-data"),
    "an empty boundary": (WHOLE, 'multipart/form-data; boundary=""'),
    "a boundary without end": (WHOLE, f"multipart/form-data; boundary={'x' * 5_000}"),
    "another boundary": (WHOLE, "multipart/form-data; boundary=abc"),
    "no body": (b"", "multipart/form-data; boundary=xyz"),
    "no last boundary": (multipart(part("note", b"a"), end=b""), "multipart/form-data; boundary=xyz"),
    "broken off in a file": (
        multipart(part("photo", b"x" * 2_000_000, "a.jpg"))[:1_500_000],
        "multipart/form-data; boundary=xyz",
    ),
    "broken off in a header": (WHOLE[:20], "multipart/form-data; boundary=xyz"),
    "a part without a name": (
        multipart(b"Content-Disposition: form-data\r\n\r\nx"),
        "multipart/form-data; boundary=xyz",
    ),
    "a part without headers": (multipart(b"\r\nx"), "multipart/form-data; boundary=xyz"),
    "a part of another disposition": (
        multipart(b'Content-Disposition: attachment; name="a"\r\n\r\nx'),
        "multipart/form-data; boundary=xyz",
    ),
    "a header without a colon": (
        multipart(b"Content-Disposition form-data\r\n\r\nx"),
        "multipart/form-data; boundary=xyz",
    ),
    "a header of 100 KB": (
        multipart(b"X: " + b"x" * 100_000 + b"\r\n\r\nx"),
        "multipart/form-data; boundary=xyz",
    ),
    "a thousand headers": (
        multipart(b"X: y\r\n" * 1_000 + b"\r\nx"),
        "multipart/form-data; boundary=xyz",
    ),
    "no line end after the boundary": (b"--xyz garbage", "multipart/form-data; boundary=xyz"),
    "not UTF-8": (multipart(part("note", b"\xff\xfe")), "multipart/form-data; boundary=xyz"),
    "a name that is not UTF-8": (
        multipart(b'Content-Disposition: form-data; name="\xff"\r\n\r\nx'),
        "multipart/form-data; boundary=xyz",
    ),
    "pairs that are not UTF-8": (b"a=%ff", "application/x-www-form-urlencoded"),
}


@pytest.mark.parametrize("what", MALFORMED)
async def test_what_is_malformed_is_told_so(http: httpx.AsyncClient, what: str) -> None:
    body, kind = MALFORMED[what]
    response = await post(http, body, kind)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "BAD_INPUT"


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/json",
        "multipart/mixed; boundary=xyz",
        "multipart/form-data; boundary=xyz; charset=utf-16",
        "multipart/form-data; boundary=xyz; charset=nonsense",
        "application/x-www-form-urlencoded; charset=latin-1",
    ],
)
async def test_what_is_no_form_of_utf8_is_refused_as_such(http: httpx.AsyncClient, kind: str) -> None:
    assert (await post(http, WHOLE, kind)).status_code == 415


@pytest.mark.parametrize("length", ["60", "5000"])
async def test_a_length_that_is_not_true_is_refused(http: httpx.AsyncClient, length: str) -> None:
    response = await post(http, WHOLE, **{"Content-Length": length})
    assert response.status_code == 400


TOO_MUCH: dict[str, bytes] = {
    "files": multipart(*[part("photo", b"x", "a.jpg")] * 3),
    "a file": multipart(part("photo", b"x" * 4_000_001, "a.jpg")),
    "fields": multipart(*[part("note", b"x")] * (MOST_FIELDS + 1)),
    "inputs without a file": multipart(*[part("photo", b"", "")] * (MOST_FIELDS + 1)),
    "text": multipart(part("note", b"x" * (MOST_FIELD_BYTES + 1))),
}


@pytest.mark.parametrize("what", TOO_MUCH)
async def test_what_is_too_much_is_refused(http: httpx.AsyncClient, what: str) -> None:
    response = await post(http, TOO_MUCH[what])
    assert response.status_code == 413


@pytest.mark.parametrize("body", [b"a=" + b"x" * (MOST_FIELD_BYTES + 1), b"a&" * (MOST_FIELDS + 1)])
async def test_pairs_that_are_too_much_are_refused(http: httpx.AsyncClient, body: bytes) -> None:
    assert (await post(http, body, "application/x-www-form-urlencoded")).status_code == 413


async def test_a_file_that_is_too_large_is_named_in_the_callers_language(http: httpx.AsyncClient) -> None:
    error = (await post(http, TOO_MUCH["a file"])).json()["error"]
    assert error == {"parameter": "photo", "code": "TOO_LARGE", "message": "Tệp quá lớn (tối đa 4 MB)."}
    error = (await post(http, TOO_MUCH["a file"], **{"Accept-Language": "en"})).json()["error"]
    assert error["message"] == uploads.FILE_TOO_LARGE.to(Language.EN, most=4)


async def test_a_client_that_goes_away_leaves_nothing() -> None:
    messages: Iterator[dict[str, Any]] = iter(
        [
            {"type": "http.request", "body": multipart(part("photo", b"x" * 2_000_000, "a"))[:-40], "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> dict[str, Any]:
        return next(messages)

    scope = {"type": "http", "method": "POST", "path": "/photos", "headers": [], "query_string": b""}
    scope["headers"] = [(b"content-type", b"multipart/form-data; boundary=xyz")]
    with pytest.raises(Refused):
        async with read_form(Request(scope, receive)):
            raise AssertionError("it was not whole")


@contextmanager
def counting(sent: list[int], chunks: int) -> Iterator[Any]:
    async def body() -> AsyncIterator[bytes]:
        yield b"--xyz\r\n" + part("photo", b"", "a.jpg")
        for n in range(chunks):
            sent.append(n)
            yield b"x" * MIB

    yield body()


@pytest.mark.parametrize(("path", "most"), [("/photos", 21), ("/report", 65), ("/r/20314-ABCDEF/reopen", 65)])
async def test_a_body_of_100_mb_is_refused_before_it_is_read(http: httpx.AsyncClient, path: str, most: int) -> None:
    with counting([], 100) as body:
        response = await post(http, body, path=path, **{"Content-Length": str(100 * MIB)})
    assert response.status_code == 413
    assert response.json()["error"]["parameter"] == "photo"
    assert str(most) in response.json()["error"]["message"]
    sent: list[int] = []
    with counting(sent, 100) as body:
        response = await post(http, body, path=path)
    assert response.status_code == 413
    assert len(sent) <= 6  # the file itself was too large by then


def test_only_what_takes_photographs_may_be_sent_much() -> None:
    assert limit_of("POST", "/photos") is PHOTO
    assert limit_of("POST", "/report") is FORM
    assert limit_of("POST", "/r/20314-ABCDEF/reopen") is FORM
    for method, path in (("POST", "/graphql"), ("GET", "/photos"), ("POST", "/photos/x"), ("POST", "/r/a/b/reopen")):
        assert limit_of(method, path).most == MIB
    assert PHOTO.most > MOST_FILE_BYTES


def request_of(*chunks: bytes, pause: float = 0) -> Request:
    """A form that arrives so, and then is silent for `pause` seconds before it goes on."""
    waiting = list(chunks)

    async def receive() -> dict[str, Any]:
        if len(waiting) == 1:
            await asyncio.sleep(pause)
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    headers = [(b"content-type", b"multipart/form-data; boundary=xyz")]
    return Request({"type": "http", "method": "POST", "path": "/photos", "headers": headers}, receive)


async def test_a_silent_sender_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "STALLED", 0.05)
    whole = multipart(part("photo", b"x" * 300_000, "a.jpg"))
    with pytest.raises(Refused) as refused:
        async with read_form(request_of(whole[:200_000], whole[200_000:], pause=5)):
            pass
    assert refused.value.status == 408


async def test_a_form_may_not_take_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "LONGEST", 0.05)
    whole = multipart(part("photo", b"x" * 1000, "a.jpg"))
    with pytest.raises(Refused) as refused:
        async with read_form(request_of(whole[:500], whole[500:], pause=5)):
            pass
    assert refused.value.status == 408


async def test_only_so_many_forms_are_held_at_once_and_each_place_is_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uploads, "_room", Room(2))
    whole = multipart(part("note", b"x"))
    async with read_form(request_of(whole)), read_form(request_of(whole)):
        with pytest.raises(Refused) as refused:
            async with read_form(request_of(whole)):
                pass
    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "5"})
    with pytest.raises(Refused):
        async with read_form(request_of(b"--nonsense")):
            pass
    async with read_form(request_of(whole)), read_form(request_of(whole)) as form:
        assert form.text("note") == "x"


async def test_a_file_without_a_name_counts_as_one(http: httpx.AsyncClient) -> None:
    body = multipart(*[part("photo", b"x" * 10, "")] * 3)
    answer = await http.post("/report", content=body, headers={"Content-Type": "multipart/form-data; boundary=xyz"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "TOO_MANY_FILES")


async def test_fields_alone_may_not_be_as_large_as_photographs(http: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await http.post("/report", content=b"&" * (2 * MIB), headers=headers)
    assert answer.status_code == 413
