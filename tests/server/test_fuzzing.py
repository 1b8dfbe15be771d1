"""A thousand requests that nobody thought of, to a served process: no fault, no trace of one, no memory taken.

`make fuzz` sends as many as FUZZ_CASES says, others each time.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import pytest
import sqlalchemy as sa

from geo import tables
from geo.database import Database
from tests import ward
from tests.asking import Laid
from tests.server.fuzzing import Served, Tally, documents, register, served
from tests.ward import CODE

_WRONG = re.compile("Traceback|ERROR|CRITICAL|Exception")
CASES = int(os.environ.get("FUZZ_CASES", "1000"))
MOST_MIB = 512
ANSWERED = 0.5
"""The share of documents that reach what they ask for, and are answered with data or a typed refusal."""


@pytest.fixture(scope="module")
async def address(copying: Any, both_wards: Laid) -> AsyncIterator[str]:
    async with copying(both_wards.template) as url:
        yield url


@pytest.fixture(scope="module")
async def ids(address: str) -> list[str]:
    """Of what is there, with a few incidents."""
    found = [f"Ward:{CODE}"]
    database = Database(address, pool_size=1)
    async with database.write() as connection:
        for at in (ward.IN_FIRST, ward.IN_FIRST, ward.IN_SECOND):
            await ward.report(connection, at=at)
        for table in (tables.place, tables.crew, tables.team, tables.neighbourhood, tables.incident, tables.account):
            rows = sa.select(table.c.id).where(table.c.ward_code == CODE).order_by("id").limit(3)
            found += [f"{table.name.capitalize()}:{CODE}:{row.id}" for row in await connection.execute(rows)]
    await database.close()
    return found


@pytest.fixture(scope="module")
def server(address: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    with served(address, tmp_path_factory.mktemp("fuzzing")) as found:
        yield found


def signed_in(address: str, laid: Laid) -> dict[str, str]:
    """The headers of the ward's staff, in a session of their own."""

    async def begun() -> str:
        database = Database(address, pool_size=1)
        try:
            async with database.write() as connection:
                return await ward.token(connection, laid.ward, "staff")
        finally:
            await database.close()

    return {"Authorization": f"Bearer {asyncio.run(begun())}"}


def test_a_thousand_documents_are_no_fault_to_strangers_and_staff(
    server: Served, address: str, both_wards: Laid, ids: list[str]
) -> None:
    register(ids)
    callers: dict[str, dict[str, str]] = {"nobody": {}, "staff": {}}
    tallies = {name: Tally() for name in callers}
    turn = 0
    with httpx.Client(base_url=server.site, timeout=60) as http:
        callers["staff"] = signed_in(address, both_wards)

        def send(document: str) -> None:
            nonlocal turn
            turn += 1
            name = list(callers)[turn % 2]
            response = http.post("/graphql", json={"query": document}, headers=callers[name])
            if response.status_code == 401:  # among the mutations are some that end sessions
                callers[name] = signed_in(address, both_wards)
                response = http.post("/graphql", json={"query": document}, headers=callers[name])
            tallies[name].take(response, document)

        documents(CASES, send)
    for name, tally in tallies.items():
        print(name, tally)
        assert tally.answered > tally.sent * ANSWERED
    assert sum(tally.sent for tally in tallies.values()) >= CASES * 0.9
    quiet(server)


def quiet(server: Served) -> None:
    assert server.process.poll() is None
    assert server.peak_mib() < MOST_MIB
    wrong = [line for line in server.log.read_text().splitlines() if _WRONG.search(line)]
    assert wrong == []


QUERY = orjson.dumps({"query": "{ __typename }"})
BODIES = {
    "a query": QUERY,
    "nothing": b"",
    "half": QUERY[:-3],
    "null": b"null",
    "a number": b"1e999",
    "a list": b"[" + QUERY + b"]",
    "deep": b"[" * 100_000,
    "deep objects": b'{"query":' * 50_000,
    "no utf-8": b'{"query":"\xff\xfe"}',
    "utf-16": QUERY.decode().encode("utf-16"),
    "a mark before it": b"\xef\xbb\xbf" + QUERY,
    "a surrogate": b'{"query":"\\ud800"}',
    "a NUL": b'{"query":"{ __typename }\\u0000"}',
    "twice the same key": b'{"query":"{ a }","query":"{ __typename }"}',
    "a form": b"query=%7B__typename%7D&query[]=1",
    "two mebibytes": b'{"query":"' + b" " * 2_000_000 + b'"}',
    "parts": b'--x\r\nContent-Disposition: form-data; name="query"\r\n\r\n{a}\r\n--x--\r\n',
    "gibberish": bytes(range(256)) * 20,
}
TYPES = (
    "application/json",
    "application/json; charset=utf-16",
    "application/json; charset=\x7f",
    "application/json;;;=",
    "APPLICATION/JSON; charset=UTF-8",
    "application/graphql",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "text/plain",
    "",
    "x" * 5_000,
    "\xff/\xfe",
)
HEADERS: tuple[dict[str, str], ...] = (
    {"Accept": "text/event-stream"},
    {"Accept": "q=0;;,,/;*/"},
    {"Accept": "\xe1" * 500},
    {"Accept-Language": "x" * 4_000 + ",en;q=nan"},
    {"Cookie": "session=" + "x" * 6_000},
    {"Cookie": "=;=;session==\xff; device=;device=\x01".replace("\x01", "~")},
    {"Authorization": "Bearer " + "\xff" * 50},
    {"Authorization": "Bearer"},
    {"X-Forwarded-For": "1.2.3.4, ::1%lo, [::, " + "9" * 500},
    {"Content-Encoding": "gzip"},
    {"Origin": "http://[::1", "Sec-Fetch-Site": "\xff"},
    {"X-Request-Id": "a\tb" + "é" * 300},
    {"traceparent": "00-" + "f" * 100},
    {"Last-Event-ID": "\xff" * 300},
    {"Expect": "100-continue"},
    {f"X-{n}": "y" * 500 for n in range(60)},
)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
def test_bodies_and_headers_that_are_none_are_no_fault(server: Served, method: str) -> None:
    with httpx.Client(base_url=server.site, timeout=60) as http:

        def send(body: bytes, kind: str, headers: dict[str, str], chunked: bool) -> None:
            content: Any = iter([body[start : start + 50_000] for start in range(0, len(body), 50_000)])
            raw = [(b"content-type", kind.encode("latin-1"))]
            raw += [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
            response = http.request(method, "/graphql", content=content if chunked else body, headers=raw)
            assert response.status_code < 500, (response.status_code, body[:100], kind, headers)

        for body in BODIES.values():
            for chunked in (False, True):
                send(body, "application/json", {}, chunked)
        for kind in TYPES:
            send(QUERY, kind, {}, False)
            send(BODIES["gibberish"], kind, {}, True)
        for headers in HEADERS:
            send(QUERY, "application/json", headers, False)
        for asked in ("query=%ff%fe", "query=" + "%7B" * 3_000, "query[]=1&query=a&query=b", "variables=%5B", "&&==;"):
            response = http.request(method, f"/graphql?{asked}")
            assert response.status_code < 500
    quiet(server)


POST = b"POST /graphql HTTP/1.1\r\nHost: x\r\n"
GET = b"GET /graphql HTTP/1.1\r\nHost: x\r\n"
RAW = {
    "no request": b"\x16\x03\x01\x02\x00\x01",
    "a header of 8 MiB": POST + b"X: " + b"y" * 8_000_000 + b"\r\n\r\n",
    "a path of 8 MiB": b"GET /graphql?query=" + b"y" * 8_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "100,000 headers": POST + b"" + b"A: b\r\n" * 100_000 + b"\r\n",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    "length and chunks": (POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "a chunk of no length": POST + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n",
    "a chunk of 2**64": POST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    "a length of -1": POST + b"Content-Length: -1\r\n\r\n",
    "a length of 10**30": POST + b"Content-Length: 1" + b"0" * 30 + b"\r\n\r\n",
    "half a body": POST + b"Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
    "a bad upgrade": GET + b"Upgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    "an upgrade to h2c": GET + b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n",
    "no host": b"GET /graphql HTTP/1.1\r\n\r\n",
    "HTTP/1.0": b"GET /graphql?query={__typename} HTTP/1.0\r\n\r\n",
    "a host that is none": b"GET / HTTP/1.1\r\nHost: \xff[[]::@/\r\nOrigin: http://[\r\n\r\n",
    "an address that is whole": b"GET http://evil.example/graphql HTTP/1.1\r\nHost: x\r\n\r\n",
}


TOO_LONG = ("a header of 8 MiB", "a path of 8 MiB", "100,000 headers")


@pytest.mark.parametrize("what", RAW)
def test_what_is_no_http_is_no_fault(server: Served, what: str) -> None:
    parts = urlsplit(server.site)
    with socket.create_connection((parts.hostname, parts.port or 80), 20) as connection:
        answer = b""
        try:
            connection.sendall(RAW[what])
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65_536):
                answer += piece
        except (ConnectionError, BrokenPipeError):
            pass
    assert not answer.startswith(b"HTTP/1.1 5"), answer[:500]
    if what in TOO_LONG:
        assert answer.startswith((b"HTTP/1.1 431", b"HTTP/1.1 400")) or not answer
    assert httpx.get(f"{server.site}/graphql", params={"query": "{ __typename }"}).json()["data"]
    quiet(server)
