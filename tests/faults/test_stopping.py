"""SIGTERM: what was begun is ended, or cut in the end; nobody new is let in; followers are sent elsewhere."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from uuid import uuid4

import asyncpg
import httpx
import orjson
from websockets.asyncio.client import connect

from tests import ward
from tests.faults.clients import REPORT
from tests.faults.house import House, loaded
from tests.server.live import PROTOCOL

GRACE_SECONDS = 10
STOPPED_SECONDS = GRACE_SECONDS + 4
MANY = """
INSERT INTO place (ward_code, id, kind, name, location)
SELECT '20314', gen_random_uuid(), 'MARKET', 'Chợ ' || n || repeat(' rất dài', 100),
       ST_SetSRID(ST_MakePoint(108.21, 15.99), 4326)
  FROM generate_series(1, 20000) AS n"""


async def _refuses(host: str, port: int) -> bool:
    """Whether new connections are refused, soon."""
    for _ in range(40):
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            return True
        writer.close()
        await asyncio.sleep(0.05)
    return False


async def test_requests_under_way_are_answered_or_cut_and_nobody_new_is_let_in(house: House) -> None:
    database = await house.new_database()
    await house.execute(MANY, database)
    key = uuid4()
    given = {
        "requestKey": str(key),
        "category": "ENVIRONMENT",
        "location": {"type": "Point", "coordinates": list(ward.IN_FIRST)},
        "description": "Rác",
    }
    body = orjson.dumps({"query": REPORT, "variables": {"input": given}})
    # Longer than anybody waits for a lock elsewhere: the machine may be slow to close what is to be closed first.
    patient = {"PHUONGSO_STATEMENT_SECONDS": "20"}
    async with house.running("serve", house.cluster.url(database), **loaded(patient)) as server:
        host, port = server.site.removeprefix("http://").split(":")
        holder = await asyncpg.connect(house.cluster.administrator_url(database))
        held = holder.transaction()
        await held.start()
        await holder.execute("SELECT FROM ward WHERE code = $1 FOR UPDATE", ward.CODE)
        async with httpx.AsyncClient(base_url=server.site, timeout=30) as http:
            # One who reads nothing of what they asked for, and one who never sends the rest.
            deaf = socket.socket()
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect((host, int(port)))
            deaf.sendall(b"GET /export/places.csv HTTP/1.1\r\nHost: x\r\n\r\n")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(
                b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
            )
            follower = await connect(f"ws://{host}:{port}/graphql", subprotocols=[PROTOCOL])
            # Last, for it waits for its lock no longer than any may.
            reported = asyncio.create_task(
                http.post("/graphql", content=body, headers={"Content-Type": "application/json"})
            )
            await house.eventually("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'", database)

            began = time.monotonic()
            server.signal(signal.SIGTERM)
            await follower.wait_closed()
            assert follower.close_code == 1012
            assert await _refuses(host, int(port))
            server.signal(signal.SIGTERM)
            await held.rollback()
            answer = await reported
            assert answer.status_code == 200
            assert answer.json()["data"]["reportIncident"]["__typename"] == "ReportIncidentPayload"
            assert await server.ended() == 0
            took = time.monotonic() - began
            assert took < STOPPED_SECONDS, f"{took:.1f} s: {server.said}"
            assert b"HTTP/1.1 200" not in await reader.read()
            writer.close()
            deaf.close()
        await holder.close()
    (row,) = await house.execute(
        "SELECT count(*) AS n FROM incident WHERE request_key_hash = sha256(convert_to($1, 'UTF8'))", database, str(key)
    )
    assert row["n"] == 1
