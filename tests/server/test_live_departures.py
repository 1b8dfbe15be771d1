"""A thousand followers who are gone from one moment to the next leave nothing behind in a served process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from geo.database import Database
from tests import ward
from tests.asking import Laid
from tests.server.live import FOLLOW, PROTOCOL
from tests.ward import CODE, Reported

ROOT = Path(__file__).parent.parent.parent
DEPARTURES = 1_000
AT_ONCE = 100
OF_FOLLOWING = ("subscribers", "waiting", "connections", "following", "groups", "interests")
QUERY = {"query": FOLLOW, "variables": {"wardCode": CODE}}
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER for no seconds: closing sends RST, as when a phone's network is simply gone."""

Follow = Callable[["Served"], Awaitable[socket.socket]]


@dataclass
class Served:
    """The process, where it serves, where it is asked what is alive in it, and who may follow."""

    site: str
    observed: int
    token: str

    @property
    def port(self) -> int:
        return int(self.site.rpartition(":")[2])

    async def _asked(self, what: bytes) -> Any:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.observed)
        writer.write(what + b"\n")
        line = await reader.readline()
        writer.close()
        return json.loads(line)

    async def followed_by(self, count: int) -> None:
        """Wait until so many follow."""
        for _ in range(600):
            found = await self._asked(b"followers")
            if found == count:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"{found} follow, not {count}")

    async def at_rest(self, like: dict[str, int] | None = None) -> dict[str, int]:
        """What is alive once nothing of following is; where that is given, once it is no more than it was then."""
        for _ in range(60):
            found: dict[str, int] = await self._asked(b"all")
            idle = not any(found[name] for name in OF_FOLLOWING)
            if idle and (like is None or all(found[name] <= like[name] for name in like)):
                return found
            await asyncio.sleep(0.5)
        raise AssertionError(f"{found} are left, at first {like}")

    async def note(self, of: Reported, text: str) -> None:
        """Have something to be told to all who follow."""
        query = "mutation ($input: NoteIncidentInput!) { noteIncident(input: $input) { __typename } }"
        body = {"query": query, "variables": {"input": {"incidentId": of.id, "note": text}}}
        async with httpx.AsyncClient(
            base_url=self.site, headers={"Authorization": f"Bearer {self.token}"}, timeout=30
        ) as http:
            answer = (await http.post("/graphql", json=body)).json()
        assert answer["data"]["noteIncident"]["__typename"] == "NoteIncidentPayload", answer


@asynccontextmanager
async def observed(url: str, folder: Path, token: str) -> AsyncIterator[Served]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.server.observed", url, str(folder)),
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            site, port = [(await process.stdout.readline()).decode().strip() for _ in range(2)]
        yield Served(site, int(port), token)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            _, said = await process.communicate()
        assert process.returncode == -signal.SIGTERM, said.decode()  # uvicorn ends, then repeats the signal
        assert b"Traceback" not in said, said.decode()
        assert b"was never retrieved" not in said, said.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def opened(served: Served, said: bytes) -> socket.socket:
    """A connection that said this, and will be reset when it is closed."""
    loop = asyncio.get_running_loop()
    made = socket.socket()
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    await loop.sock_connect(made, ("127.0.0.1", served.port))
    await loop.sock_sendall(made, said)
    return made


async def heard(made: socket.socket, end: bytes) -> None:
    """Read until this was said."""
    loop = asyncio.get_running_loop()
    said = b""
    async with asyncio.timeout(30):
        while end not in said:
            more = await loop.sock_recv(made, 4096)
            assert more, said
            said += more


async def by_events(served: Served) -> socket.socket:
    """Follow over server-sent events; heard is the first comment, behind the headers."""
    body = orjson.dumps(QUERY)
    head = (
        "POST /graphql HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {served.token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    made = await opened(served, head.encode() + body)
    await heard(made, b":\n\n")
    return made


def frame(message: dict[str, Any]) -> bytes:
    """A text frame of RFC 6455 from a client, its mask all zeros."""
    text = orjson.dumps(message)
    length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + struct.pack("!H", len(text))
    return b"\x81" + length + bytes(4) + text


async def by_socket(served: Served) -> socket.socket:
    """Follow over a WebSocket; heard is the acknowledgement, and nothing is of the subscription itself."""
    head = (
        "GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: {PROTOCOL}\r\n"
        f"Authorization: Bearer {served.token}\r\n\r\n"
    )
    made = await opened(served, head.encode())
    await heard(made, b"\r\n\r\n")
    init = frame({"type": "connection_init"}) + frame({"id": "1", "type": "subscribe", "payload": QUERY})
    await asyncio.get_running_loop().sock_sendall(made, init)
    await heard(made, b"connection_ack")
    return made


@pytest.mark.parametrize("follow", [by_events, by_socket])
async def test_nothing_is_left_of_a_thousand_who_are_gone_at_once(
    copying: Any, both_wards: Laid, tmp_path: Path, follow: Follow
) -> None:
    """Some leave while they are quiet, some in the midst of being told, some before they were even taken in."""
    async with copying(both_wards.template) as url:
        database = Database(url)
        async with database.write() as connection:
            made = await ward.report(connection)
        await database.close()
        async with observed(url, tmp_path, both_wards.tokens["staff"]) as served:
            # Once round first: what is made once and kept, as a connection to the database, is no leftover.
            await depart(served, follow, made, 10, quiet=False)
            before = await served.at_rest()
            for number in range(DEPARTURES // AT_ONCE):
                await depart(served, follow, made, AT_ONCE, quiet=number % 2 == 0)
            # Beside what following makes: generators, tasks and open files of whatever kind.
            await served.at_rest(like=before)


async def depart(served: Served, follow: Follow, made: Reported, count: int, *, quiet: bool) -> None:
    """So many come and are gone; unless it is `quiet`, while they are told something, and beside them some half-way."""
    doors = asyncio.Semaphore(10)

    async def come() -> socket.socket:
        async with doors:  # who is kept waiting between two of its words is shown out
            return await follow(served)

    sockets = await asyncio.gather(*(come() for _ in range(count)))
    await served.followed_by(count)
    if not quiet:
        note = asyncio.create_task(served.note(made, f"Ghi chú {count} {id(sockets)}"))
        sockets += await asyncio.gather(
            *(opened(served, b"POST /graphql HTTP/1.1\r\nHost: x\r\nAccept:") for _ in range(5))
        )
        for one in sockets[: count // 2]:
            one.close()
        await note
    for one in sockets:
        one.close()
    await served.followed_by(0)
