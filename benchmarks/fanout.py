"""How fast a change reaches everybody who follows, and what a follower costs: `python -m benchmarks.fanout`.

Starts the real server as a process of its own, opens some thousand subscriptions over real sockets (two in five are
the staff of one ward, two in five the members of its crews, one in five residents with a tracking code), commits
changes through the API, and measures from the moment of the step (`event.at`, by the database's clock on the same
machine) to the arrival of its message. DATABASE_URL names a database with the demo ward; steps and sessions stay in it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import resource
import secrets
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import click
import httpx
import orjson

from geo import sessions
from geo.database import Database
from server.rate_settings import LIMITS

ROOT = Path(__file__).parent.parent
OPENING = 50
"""Connections that are made at the same time."""
FOLLOW = """subscription ($wardCode: String, $crewId: ID, $trackingCode: String) {
  incidentChanged(wardCode: $wardCode, crewId: $crewId, trackingCode: $trackingCode) {
    cursor incidentId refetch
    incident { id trackingCode status category { code } location dueAt crew { name } }
    event { at from to note }
  }
}"""
NOTE = "mutation ($input: NoteIncidentInput!) { noteIncident(input: $input) { __typename } }"
GOAL_P95_MS, GOAL_KB = 1_000, 30


@dataclass(frozen=True, slots=True)
class Follower:
    """What one subscriber asks for, and as whom."""

    variables: dict[str, str]
    token: str | None


@dataclass(frozen=True, slots=True)
class Incident:
    ward_code: str
    key: str
    tracking_code: str
    crew_id: str

    @property
    def id(self) -> str:
        return f"Incident:{self.ward_code}:{self.key}"


@dataclass
class Arrivals:
    """What came in: when, and the message's text."""

    at: list[float] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    ready: int = 0
    lost: int = 0

    def add(self, text: bytes) -> None:
        self.at.append(time.time())
        self.texts.append(text)


class Socket(asyncio.Protocol):
    """A client of graphql-transport-ws that does no more than it must: it shares the machine with the server."""

    def __init__(self, follower: Follower, host: str, arrivals: Arrivals) -> None:
        self._follower = follower
        self._host = host
        self._arrivals = arrivals
        self._rest = b""
        self._open = False
        self.transport: asyncio.Transport
        self.following: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        head = (
            f"GET /graphql HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n"
        )
        bearer = f"Authorization: Bearer {self._follower.token}\r\n" if self._follower.token else ""
        transport.write((head + bearer + "\r\n").encode())

    def data_received(self, data: bytes) -> None:
        self._rest += data
        if not self._open:
            head, found, rest = self._rest.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head:
                self.following.set_exception(ConnectionError(head.decode(errors="replace")))
                return
            self._open, self._rest = True, rest
            self._send({"type": "connection_init"})
        while (taken := _frame(self._rest)) is not None:
            opcode, payload, self._rest = taken
            if opcode == 1:
                self._take(payload)
            elif opcode == 9:
                self._write(10, payload)
            elif opcode == 8 and not self.following.done():
                self.following.set_exception(ConnectionError(f"closed with {payload!r}"))

    def _take(self, payload: bytes) -> None:
        if payload.startswith(b'{"type":"connection_ack"'):
            self._send({"id": "1", "type": "subscribe", "payload": asked(self._follower)})
            self._send({"type": "ping"})
        elif payload.startswith(b'{"type":"pong"'):
            self._arrivals.ready += 1
            self.following.set_result(None)
        else:
            self._arrivals.add(payload)

    def _send(self, message: dict[str, Any]) -> None:
        self._write(1, orjson.dumps(message))

    def _write(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + size.to_bytes(2, "big")
        # A mask of zeros leaves the payload as it is.
        self.transport.write(bytes([0x80 | opcode]) + length + b"\0\0\0\0" + payload)

    def connection_lost(self, exc: Exception | None) -> None:
        self._arrivals.lost += 1
        if not self.following.done():
            self.following.set_exception(exc or ConnectionError("closed"))


def _frame(data: bytes) -> tuple[int, bytes, bytes] | None:
    """The first frame of a server: opcode, payload, and the rest."""
    if len(data) < 2:
        return None
    size, start = data[1] & 0x7F, 2
    if size == 126:
        size, start = int.from_bytes(data[2:4], "big"), 4
    elif size == 127:
        size, start = int.from_bytes(data[2:10], "big"), 10
    end = start + size
    return (data[0] & 0x0F, data[start:end], data[end:]) if len(data) >= end and len(data) >= start else None


class Stream(asyncio.Protocol):
    """A client of server-sent events."""

    def __init__(self, follower: Follower, host: str, arrivals: Arrivals) -> None:
        self._follower = follower
        self._host = host
        self._arrivals = arrivals
        self._rest = b""
        self.transport: asyncio.Transport
        self.following: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        body = orjson.dumps(asked(self._follower))
        bearer = f"Authorization: Bearer {self._follower.token}\r\n" if self._follower.token else ""
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: {self._host}\r\nAccept: text/event-stream\r\n{bearer}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        transport.write(head.encode() + body)

    def data_received(self, data: bytes) -> None:
        *events, self._rest = (self._rest + data).split(b"\n\n")
        for event in events:
            if not self.following.done():
                self._arrivals.ready += 1
                self.following.set_result(None)
            _, found, text = event.partition(b"\ndata: ")
            if found:
                self._arrivals.add(text)

    def connection_lost(self, exc: Exception | None) -> None:
        self._arrivals.lost += 1
        if not self.following.done():
            self.following.set_exception(exc or ConnectionError("closed"))


TRANSPORTS: dict[str, type[Socket] | type[Stream]] = {"ws": Socket, "sse": Stream}


def asked(follower: Follower) -> dict[str, Any]:
    return {"query": FOLLOW, "variables": follower.variables}


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a process, so far: resident memory in KB, processor seconds."""

    memory: int
    processor: float

    @classmethod
    def of(cls, process: int) -> Usage:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
        return cls(pages * resource.getpagesize() // 1024, ticks / os.sysconf("SC_CLK_TCK"))


@dataclass
class Cast:
    """Who follows what, and what will be changed."""

    followers: list[Follower]
    incidents: list[Incident]
    staff: str

    def expected(self, change: Incident) -> int:
        """How many are told of a change."""
        crew = f"Crew:{change.ward_code}:{change.crew_id}"
        followed = Counter(next(iter(follower.variables.values())) for follower in self.followers)
        return followed[change.ward_code] + followed[crew] + followed[change.tracking_code]


async def cast(url: str, count: int) -> Cast:
    """Sign the followers in: a session for each of staff and crews."""
    connection = await asyncpg.connect(url)
    try:
        ward = await connection.fetchval("SELECT code FROM ward WHERE demo ORDER BY code LIMIT 1")
        people = await connection.fetch(
            "SELECT account.id, account.role, crew_member.crew_id FROM account"
            " LEFT JOIN crew_member ON crew_member.account_id = account.id"
            " WHERE account.ward_code = $1 AND role IN ('STAFF', 'CREW_MEMBER') AND disabled_at IS NULL ORDER BY 2, 1",
            ward,
        )
        rows = await connection.fetch(
            "SELECT incident.id, tracking_code, crew_id FROM incident JOIN category"
            " ON category.ward_code = incident.ward_code AND category.id = category_id AND category.public"
            " WHERE incident.ward_code = $1 AND crew_id IS NOT NULL"
            " AND status IN ('ASSIGNED', 'ACCEPTED', 'IN_PROGRESS') ORDER BY incident.id LIMIT $2",
            ward,
            count // 5,
        )
    finally:
        await connection.close()
    staff = next(person["id"] for person in people if person["role"] == "STAFF")
    crews = [person for person in people if person["crew_id"] is not None]
    incidents = [Incident(ward, str(row["id"]), row["tracking_code"], str(row["crew_id"])) for row in rows]
    database = Database(url, pool_size=1)
    followers = []
    async with database.write() as writing:
        by_staff = await sessions.begin(writing, staff, timedelta(hours=1))
        for number in range(count):
            if number % 5 < 2:
                token = await sessions.begin(writing, staff, timedelta(hours=1))
                followers.append(Follower({"wardCode": ward}, token))
            elif number % 5 < 4:
                crew = crews[number % len(crews)]
                token = await sessions.begin(writing, crew["id"], timedelta(hours=1))
                followers.append(Follower({"crewId": f"Crew:{ward}:{crew['crew_id']}"}, token))
            else:
                followers.append(Follower({"trackingCode": incidents[number % len(incidents)].tracking_code}, None))
    await database.close()
    return Cast(followers, incidents, by_staff)


async def started(url: str, log: Path) -> tuple[asyncio.subprocess.Process, str]:
    """The server and its address."""
    given = {"DATABASE_URL": url, "PHUONGSO_PORT": "0", "PHUONGSO_HOST": "127.0.0.1", "PHUONGSO_WORKER": "false"}
    given["PHUONGSO_SECRET_KEY"] = secrets.token_urlsafe(48)
    given |= {f"PHUONGSO_{name.upper()}": "0" for name in LIMITS}  # all follow from one address
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", "server", "serve"),
        env={**os.environ, **given, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=log.open("wb"),
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        async for line in process.stdout:
            if b"Serving on " in line:
                return process, line.decode().partition("Serving on http://")[2].split()[0]
    raise RuntimeError("the server does not start")


def told(log: Path) -> str:
    return log.read_text()


async def measure(url: str, count: int, changes: int, per_second: float, transport: str) -> dict[str, Any]:
    """Everything once; figures by name."""
    made = await cast(url, count)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        try:
            process, host = await started(url, log)
        except RuntimeError:
            click.echo(told(log), err=True)
            raise
        try:
            async with httpx.AsyncClient(base_url=f"http://{host}", timeout=30) as http:
                figures = await _measured(made, process.pid, host, http, changes, per_second, transport)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            await process.wait()
            figures["stopped after s"] = round(time.monotonic() - began, 2)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        figures["lines in the server's log"] = len(told(log).splitlines())
    return figures


async def _measured(
    made: Cast, server: int, host: str, http: httpx.AsyncClient, changes: int, per_second: float, transport: str
) -> dict[str, Any]:
    arrivals = Arrivals()
    # One of each kind first: what the process needs once is not what a follower costs.
    warm = await _follow(made.followers[:5], host, arrivals, transport)
    await _change(http, made, made.incidents[:3])
    await asyncio.sleep(1)
    before = Usage.of(server)
    began = time.monotonic()
    sockets = warm + await _follow(made.followers[5:], host, arrivals, transport)
    opened = time.monotonic() - began
    await asyncio.sleep(3)
    idle = Usage.of(server)
    await asyncio.sleep(5)
    rested = Usage.of(server)
    arrivals.at.clear()
    arrivals.texts.clear()
    chosen = [made.incidents[number % len(made.incidents)] for number in range(changes)]
    for incident in chosen:
        await _change(http, made, [incident])
        await asyncio.sleep(1 / per_second)
    expected = sum(made.expected(incident) for incident in chosen)
    for _ in range(300):
        if len(arrivals.texts) >= expected:
            break
        await asyncio.sleep(0.1)
    after = Usage.of(server)
    followers = len(made.followers) - 5
    delays = _delays(arrivals)
    for socket in sockets:
        socket.transport.abort()
    cuts = statistics.quantiles(delays, n=100)
    return {
        "transport": transport,
        "subscribers": len(made.followers),
        "opened in s": round(opened, 1),
        "changes": changes,
        "expected": expected,
        "delivered": len(arrivals.texts),
        "p50 ms": round(cuts[49], 1),
        "p95 ms": round(cuts[94], 1),
        "p99 ms": round(cuts[98], 1),
        "longest ms": round(max(delays), 1),
        "KB a subscriber, quiet": round((rested.memory - before.memory) / followers, 1),
        "KB a subscriber, after": round((after.memory - before.memory) / followers, 1),
        "server MB": round(after.memory / 1024, 1),
        "quiet, % of a processor": round(100 * (rested.processor - idle.processor) / 5, 1),
        "processor ms a change": round(1000 * (after.processor - rested.processor) / changes, 1),
        "processor µs a message": round(1e6 * (after.processor - rested.processor) / max(len(arrivals.texts), 1), 1),
    }


async def _follow(followers: Sequence[Follower], host: str, arrivals: Arrivals, transport: str) -> list[Any]:
    name, _, port = host.rpartition(":")
    loop = asyncio.get_running_loop()
    sockets: list[Any] = []
    for start in range(0, len(followers), OPENING):
        part = [TRANSPORTS[transport](one, host, arrivals) for one in followers[start : start + OPENING]]
        await asyncio.gather(*(loop.create_connection(lambda one=one: one, name, int(port)) for one in part))  # type: ignore[misc]
        await asyncio.gather(*(one.following for one in part))
        sockets += part
    return sockets


async def _change(http: httpx.AsyncClient, made: Cast, incidents: Sequence[Incident]) -> None:
    for incident in incidents:
        note = {"incidentId": incident.id, "note": f"Đo {secrets.token_hex(6)}", "public": True}
        body = {"query": NOTE, "variables": {"input": note}}
        answer = await http.post("/graphql", json=body, headers={"Authorization": f"Bearer {made.staff}"})
        if answer.json() != {"data": {"noteIncident": {"__typename": "NoteIncidentPayload"}}}:
            raise RuntimeError(answer.text)


def _delays(arrivals: Arrivals) -> list[float]:
    """From the step to its message, in milliseconds."""
    delays = []
    for at, text in zip(arrivals.at, arrivals.texts, strict=True):
        body = orjson.loads(text)
        change = body.get("payload", body)["data"]["incidentChanged"]
        if change["refetch"]:
            raise RuntimeError("changes were left out")
        delays.append(1000 * (at - datetime.fromisoformat(change["event"]["at"]).timestamp()))
    return delays


def table(figures: Sequence[dict[str, Any]]) -> str:
    """Markdown: a row for each figure, a column for each transport."""
    lines = ["| | " + " | ".join(one["transport"] for one in figures) + " |", "| --- |" + " ---: |" * len(figures)]
    names = [name for name in figures[0] if name != "transport"]
    return "\n".join([*lines, *(f"| {name} | {' | '.join(str(one[name]) for one in figures)} |" for name in names)])


@click.command(context_settings={"show_default": True})
@click.option("--url", default=os.environ.get("DATABASE_URL"), required=True, help="A database with the demo ward.")
@click.option("--subscribers", default=2_000, help="How many follow.")
@click.option("--changes", default=40, help="How many steps are taken.")
@click.option("--per-second", default=2.0, help="How many of them a second, at most.")
@click.option("--transport", "transports", multiple=True, type=click.Choice(list(TRANSPORTS)), default=("ws", "sse"))
def main(url: str, subscribers: int, changes: int, per_second: float, transports: tuple[str, ...]) -> None:
    """Measure from commit to delivery, and memory, with many live subscriptions."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = subscribers + 1_000
    if soft < wanted:
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
        )
    figures = []
    for transport in transports:
        figures.append(asyncio.run(measure(url, subscribers, changes, per_second, transport)))
        click.echo(json.dumps(figures[-1], ensure_ascii=False))
    click.echo(table(figures))
    for one in figures:
        kept = (
            one["p95 ms"] < GOAL_P95_MS
            and one["KB a subscriber, after"] < GOAL_KB
            and one["delivered"] == one["expected"]
        )
        click.echo(
            f"{one['transport']}: p95 under {GOAL_P95_MS} ms, under {GOAL_KB} KB each: {'kept' if kept else 'missed'}"
        )


if __name__ == "__main__":
    main()
