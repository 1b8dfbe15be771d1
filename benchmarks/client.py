"""The load generator: a lean HTTP/1.1 client in a process of its own, so that its work is not the server's."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection as Pipe
from typing import Any, cast

import httptools
import uvloop

from benchmarks.load import Check, Load, Outcome, WrongAnswer, answering, drive
from benchmarks.requests import Request, refreshed

_LEAST = 30
"""Bytes of the shortest answer that can be right: an empty tile apart, none is nearly as short."""


class HttpConnection(asyncio.Protocol):
    """One connection, kept alive; one request at a time."""

    def __init__(self) -> None:
        self._parser: Any = None
        self._transport: asyncio.Transport | None = None
        self._answered: asyncio.Future[None] | None = None
        self.status = 0
        self.parts: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(exc or ConnectionResetError("the server closed the connection"))

    def on_body(self, body: bytes) -> None:
        self.parts.append(body)

    def on_message_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(None)

    async def ask(self, wire: bytes) -> None:
        """Send a request; `status` and `parts` then hold the answer."""
        assert self._transport is not None
        self._parser = httptools.HttpResponseParser(self)
        self.parts = []
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(wire)
        await self._answered

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Client:
    """Asks one server for the requests of every case."""

    def __init__(self, port: int, requests: Mapping[str, Sequence[Request]]) -> None:
        self._port = port
        host = f"127.0.0.1:{port}"
        self._wires = {case: [request.wire(host) for request in asked] for case, asked in requests.items()}
        self._fresh = {case: any(request.fresh for request in asked) for case, asked in requests.items()}

    async def answer(self, order: Load | Check) -> Outcome | list[tuple[int, bytes]]:
        count = order.concurrency if isinstance(order, Load) else 1
        connections = [await self._connected() for _ in range(count)]
        try:
            if isinstance(order, Check):
                return await self._bodies(connections[0], order)
            return await self._loaded(connections, order)
        finally:
            for connection in connections:
                connection.close()

    async def _connected(self) -> HttpConnection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(HttpConnection, "127.0.0.1", self._port)
        return connection

    async def _bodies(self, connection: HttpConnection, check: Check) -> list[tuple[int, bytes]]:
        found = []
        wires = self._wires[check.case]
        for number in check.numbers:
            await connection.ask(refreshed(wires[number % len(wires)]))
            found.append((connection.status, b"".join(connection.parts)))
        return found

    async def _loaded(self, connections: list[HttpConnection], load: Load) -> Outcome:
        wires, fresh = self._wires[load.case], self._fresh[load.case]

        def sender(connection: HttpConnection) -> Any:
            async def send(number: int) -> None:
                wire = wires[number % len(wires)]
                await connection.ask(refreshed(wire) if fresh else wire)
                length = sum(map(len, connection.parts))
                if connection.status not in (200, 204) or (connection.status == 200 and length < _LEAST):
                    raise WrongAnswer(f"{load.case} {number}: {connection.status}, {connection.parts!r:.500}")
                if connection.parts and connection.parts[0].startswith((b'{"errors"', b'{"data":null')):
                    raise WrongAnswer(f"{load.case} {number}: {connection.parts!r:.500}")

            return send

        return await drive([sender(connection) for connection in connections], load)


def run(pipe: Pipe, port: int, requests: Mapping[str, Sequence[Request]]) -> None:
    """The process: answers orders from the pipe."""
    with suppress(KeyboardInterrupt):
        uvloop.run(answering(pipe, Client(port, requests).answer))
