"""A served process with followers: how it stops, and that those who do not listen cannot hold it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.server.live import FOLLOW, PROTOCOL

ROOT = Path(__file__).parent.parent.parent
WARD = "20314"


STOPPED_SECONDS = 6
"""It takes one or two. Open requests would have ten, were there no end put to what follows."""


def served(url: str, folder: Path) -> tuple[subprocess.Popen[bytes], Path]:
    given = {"DATABASE_URL": url, "PHUONGSO_SECRET_KEY": "k" * 32, "PHUONGSO_PORT": "0"}
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "server", "serve"],
            env=os.environ | given | {"PHUONGSO_VAR": str(folder), "PHUONGSO_WORKER": "false"},
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    return process, log


async def test_a_served_process_stops_soon_and_sends_its_followers_elsewhere(demo_url: str, tmp_path: Path) -> None:
    process, log = served(demo_url, tmp_path)
    try:
        site = await serving_at(log)
        host = site.removeprefix("http://")
        request = orjson.dumps({"id": "1", "type": "subscribe", "payload": ward_of(FOLLOW)}).decode()
        sockets = []
        for _ in range(20):
            socket = await connect(f"ws://{host}/graphql", subprotocols=[PROTOCOL])
            await socket.send('{"type":"connection_init"}')
            assert await socket.recv() == '{"type":"connection_ack"}'
            await socket.send(request)
            sockets.append(socket)
        deaf = sockets[0]
        deaf.transport.pause_reading()
        with suppress(TimeoutError):  # answers that it does not take fill what waits for it
            async with asyncio.timeout(1):
                while True:
                    await deaf.send('{"type":"ping"}')
        async with httpx.AsyncClient(timeout=20) as http:
            headers = {"Accept": "text/event-stream"}
            async with http.stream("POST", f"{site}/graphql", json=ward_of(FOLLOW), headers=headers) as stream:
                assert stream.status_code == 200
                began = time.monotonic()
                process.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(process.wait, 15) == 0
                assert time.monotonic() - began < STOPPED_SECONDS
                assert "event: complete" not in "".join([text async for text in stream.aiter_text()])
        for socket in sockets[1:]:
            await socket.wait_closed()
            assert socket.close_code == 1012
        deaf.transport.abort()
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in told(log)


def ward_of(query: str) -> dict[str, object]:
    return {"query": query, "variables": {"wardCode": WARD}}


async def serving_at(log: Path) -> str:
    for _ in range(3_000):
        said = told(log)
        if "Serving on " in said:
            return said.partition("Serving on ")[2].split()[0]
        await asyncio.sleep(0.02)
    raise AssertionError(f"it does not serve: {told(log)}")


def told(log: Path) -> str:
    return log.read_text()


async def test_a_refused_handshake_is_no_error_of_the_server(demo_url: str, tmp_path: Path) -> None:
    process, log = served(demo_url, tmp_path)
    try:
        host = (await serving_at(log)).removeprefix("http://")
        nothing = {"Authorization": "Bearer nothing"}
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{host}/graphql", subprotocols=[PROTOCOL], additional_headers=nothing)
        assert refused.value.response.status_code == 401
        assert b"errors" in refused.value.response.body
        foreign = {"Cookie": "session=x", "Origin": "https://elsewhere.example"}
        async with connect(f"ws://{host}/graphql", subprotocols=[PROTOCOL], additional_headers=foreign) as socket:
            await socket.wait_closed()
        assert socket.close_code == 4403
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 15) == 0
    finally:
        process.kill()
        process.wait()
    assert "ERROR" not in told(log)
