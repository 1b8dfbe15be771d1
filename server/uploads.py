"""Forms with files, read while they arrive and within bounds: multipart/form-data and urlencoded.

What is refused is a `Refused`, whatever is wrong with it: a form is what anybody sends. Fields are UTF-8 text; files
lie in memory up to 128 KiB and then in unnamed temporary files, which are gone with the block, or with the process. A
process holds `MOST_FORMS` at a time, so that neither memory nor disk can be filled by many who begin and never end.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from urllib.parse import unquote_to_bytes

import orjson
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, QuerystringParser, parse_options_header
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from geo.language import Language, Text
from server.room import Room

MOST_FILES = 5
MOST_FILE_BYTES = 20_000_000
MOST_FIELDS = 50
MOST_FIELD_BYTES = 32 * 1024
MOST_FORMS = 100
STALLED = 30.0
"""Seconds without a byte after which a sender is given up."""
LONGEST = 15 * 60.0
"""Seconds that a form may take in all: the largest photograph over a line of 200 kbit/s."""
_IN_MEMORY = 128 * 1024
_RETRY_AFTER = 5
_room = Room(MOST_FORMS)
_UTF8 = frozenset({b"", b"utf-8", b"utf8", b"us-ascii"})

MALFORMED = Text(
    "Biểu mẫu gửi lên bị lỗi hoặc chưa gửi hết. Hãy gửi lại.",
    "The form is malformed or did not arrive whole. Please send it again.",
)
TOO_SLOW = Text(
    "Đường truyền bị ngắt quãng quá lâu. Hãy gửi lại.", "The line was silent for too long. Please send it again."
)
BUSY = Text(
    "Đang có nhiều người gửi. Hãy thử lại sau ít giây.", "Many people are sending right now. Please try again shortly."
)
NOT_A_FORM = Text("Cần gửi bằng biểu mẫu (multipart/form-data).", "Send this as a form (multipart/form-data).")
NOT_UTF8 = Text("Chữ trong biểu mẫu phải theo bảng mã UTF-8.", "The text of the form must be UTF-8.")
TOO_MANY_FILES = Text("Tối đa {most} tệp mỗi lần gửi.", "{most} files at most.")
TOO_MANY_FIELDS = Text("Biểu mẫu có quá nhiều mục.", "The form has too many fields.")
FIELD_TOO_LONG = Text("Một mục trong biểu mẫu quá dài.", "A field of the form is too long.")
FILE_TOO_LARGE = Text("Tệp quá lớn (tối đa {most} MB).", "The file is too large ({most} MB at most).")


class Refused(Exception):
    """What was sent is not taken: the status to answer with, the words for it, and the field that it is about."""

    def __init__(
        self, status: int, text: Text, *, parameter: str = "form", code: str = "BAD_INPUT", **values: object
    ) -> None:
        super().__init__(text.en)
        self.status = status
        self.text = text
        self.parameter = parameter
        self.code = code
        self.values = values
        self.headers: dict[str, str] = {}

    def message(self, language: Language) -> str:
        """What to tell whoever sent it."""
        return self.text.to(language, **self.values)

    def response(self, language: Language) -> Response:
        """As JSON: `{"error": {"parameter", "code", "message"}}`."""
        told = {"error": {"parameter": self.parameter, "code": self.code, "message": self.message(language)}}
        usual = {"Content-Language": language, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return Response(orjson.dumps(told), self.status, usual | self.headers, media_type="application/json")


@dataclass(frozen=True, slots=True)
class File:
    """A file that was sent: its bytes, from the start, until the form is closed. Its name is not to be trusted."""

    name: str
    filename: str
    content: SpooledTemporaryFile[bytes]
    size: int


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent, in its order."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    sent: list[File] = field(default_factory=list)

    def text(self, name: str) -> str | None:
        """The first value of a field; None where it is not there."""
        return next((value for one, value in self.fields if one == name), None)

    def texts(self, name: str) -> list[str]:
        """All values of a field."""
        return [value for one, value in self.fields if one == name]

    def files(self, name: str) -> list[File]:
        """The files of a field. An input in which nothing was chosen has none."""
        return [file for file in self.sent if file.name == name and (file.filename or file.size)]


@asynccontextmanager
async def read_form(
    request: Request, *, most_files: int = MOST_FILES, most_bytes: int = MOST_FILE_BYTES
) -> AsyncIterator[Form]:
    """The form in the request's body, whose files are there until the block ends. Raises `Refused`."""
    kind, options = parse_options_header(request.headers.get("content-type"))
    if options.get(b"charset", b"").lower() not in _UTF8:
        raise Refused(415, NOT_UTF8)
    if not _room.enter():
        busy = Refused(503, BUSY, code="UNAVAILABLE")
        busy.headers["Retry-After"] = str(_RETRY_AFTER)
        raise busy
    with ExitStack() as files:
        files.callback(_room.leave)
        reader: _Parts | _Pairs
        if kind == b"multipart/form-data":
            reader = _Parts(files, options.get(b"boundary", b""), most_files, most_bytes)
        elif kind == b"application/x-www-form-urlencoded":
            reader = _Pairs()
        else:
            raise Refused(415, NOT_A_FORM)
        try:
            received = 0
            async for chunk in _arriving(request):
                received += len(chunk)
                if received > reader.most:
                    raise Refused(413, FIELD_TOO_LONG)
                reader.parser.write(chunk)
                await reader.flush()
            reader.parser.finalize()
            declared = request.headers.get("content-length", "")
            if not reader.whole or (declared.isascii() and declared.isdigit() and int(declared[:12]) != received):
                raise Refused(400, MALFORMED)
        except (FormParserError, ClientDisconnect) as error:
            raise Refused(400, MALFORMED) from error
        except UnicodeDecodeError as error:
            raise Refused(400, NOT_UTF8) from error
        except TimeoutError as error:
            raise Refused(408, TOO_SLOW, code="TOO_SLOW") from error
        yield reader.form()


async def _arriving(request: Request) -> AsyncIterator[bytes]:
    """The body as it arrives. Raises `TimeoutError` where it does not."""
    chunks = aiter(request.stream())
    end = asyncio.get_running_loop().time() + LONGEST
    while True:
        async with asyncio.timeout(min(STALLED, end - asyncio.get_running_loop().time())):
            chunk = await anext(chunks, None)
        if chunk is None:
            return
        yield chunk


def _added(whole: bytearray, piece: bytes) -> None:
    if len(whole) + len(piece) > MOST_FIELD_BYTES:
        raise Refused(413, FIELD_TOO_LONG)
    whole += piece


class _Pairs:
    """Reads urlencoded fields."""

    whole = True
    most = 1024 * 1024

    def __init__(self) -> None:
        self._fields: list[tuple[str, str]] = []
        self._name = bytearray()
        self._value = bytearray()
        self.parser = QuerystringParser(
            {
                "on_field_start": self._start,
                "on_field_name": lambda data, start, end: _added(self._name, data[start:end]),
                "on_field_data": lambda data, start, end: _added(self._value, data[start:end]),
                "on_field_end": self._end,
            }
        )

    def _start(self) -> None:
        self._name.clear()
        self._value.clear()

    def _end(self) -> None:
        if len(self._fields) >= MOST_FIELDS:
            raise Refused(413, TOO_MANY_FIELDS)
        self._fields.append((_unquoted(self._name), _unquoted(self._value)))

    async def flush(self) -> None:
        """Nothing waits to be written."""

    def form(self) -> Form:
        return Form(self._fields)


def _unquoted(text: bytearray) -> str:
    return unquote_to_bytes(text.replace(b"+", b" ").decode("latin-1")).decode()


@dataclass(slots=True)
class _Part:
    name: str = ""
    header: bytearray = field(default_factory=bytearray)
    value: bytearray = field(default_factory=bytearray)
    disposition: bytes = b""
    text: bytearray = field(default_factory=bytearray)
    filename: str | None = None
    file: SpooledTemporaryFile[bytes] | None = None
    size: int = 0


class _Parts:
    """Reads multipart/form-data (RFC 7578)."""

    most = sys.maxsize  # the body's limit is the path's

    def __init__(self, files: ExitStack, boundary: bytes, most_files: int, most_bytes: int) -> None:
        if not boundary:
            raise Refused(400, MALFORMED)
        self.whole = False
        self._files = files
        self._most_files = most_files
        self._most_bytes = most_bytes
        self._fields: list[tuple[str, str]] = []
        self._sent: list[_Part] = []
        self._part = _Part()
        self._pieces: list[tuple[SpooledTemporaryFile[bytes], bytes]] = []
        try:
            self.parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": lambda data, start, end: _added(self._part.header, data[start:end]),
                    "on_header_value": lambda data, start, end: _added(self._part.value, data[start:end]),
                    "on_header_end": self._header,
                    "on_headers_finished": self._headers,
                    "on_part_data": self._data,
                    "on_part_end": self._end,
                    "on_end": self._all,
                },
            )
        except FormParserError as error:
            raise Refused(400, MALFORMED) from error

    def _begin(self) -> None:
        self._part = _Part()

    def _header(self) -> None:
        part = self._part
        if part.header.lower() == b"content-disposition":
            part.disposition = bytes(part.value)
        part.header.clear()
        part.value.clear()

    def _headers(self) -> None:
        part = self._part
        kind, options = parse_options_header(part.disposition)
        if kind != b"form-data" or b"name" not in options:
            raise Refused(400, MALFORMED)
        part.name = options[b"name"].decode()
        if b"filename" not in options:
            if len(self._fields) >= MOST_FIELDS:
                raise Refused(413, TOO_MANY_FIELDS)
            return
        # A name that is not UTF-8 spoils no file: it is only told apart from none.
        part.filename = options[b"filename"].decode(errors="replace")
        part.file = self._files.enter_context(SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
        self._sent.append(part)
        self._count(part)

    def _count(self, part: _Part) -> None:
        # An input in which nothing was chosen is sent too, without a name or a byte: it is no file.
        chosen = sum(bool(one.filename or one.size) for one in self._sent)
        if chosen > self._most_files or len(self._sent) > MOST_FIELDS:
            raise Refused(413, TOO_MANY_FILES, parameter=part.name, code="TOO_MANY_FILES", most=self._most_files)

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        if part.file is None:
            _added(part.text, data[start:end])
            return
        part.size += end - start
        self._count(part)
        if part.size > self._most_bytes:
            most = self._most_bytes // 1_000_000
            raise Refused(413, FILE_TOO_LARGE, parameter=part.name, code="TOO_LARGE", most=most)
        self._pieces.append((part.file, data[start:end]))

    def _end(self) -> None:
        if self._part.file is None:
            self._fields.append((self._part.name, self._part.text.decode()))

    def _all(self) -> None:
        self.whole = True

    async def flush(self) -> None:
        """Write what arrived; in a thread where it goes to the disk."""
        pieces, self._pieces = self._pieces, []
        for file, piece in pieces:
            if file.tell() + len(piece) > _IN_MEMORY:
                await asyncio.to_thread(file.write, piece)
            else:
                file.write(piece)

    def form(self) -> Form:
        sent = []
        for part in self._sent:
            if part.file is not None:
                part.file.seek(0)
                sent.append(File(part.name, part.filename or "", part.file, part.size))
        return Form(self._fields, sent)
