"""A real server in the test's own loop, and clients that speak its protocols over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import pytest
import sqlalchemy as sa
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from geo.database import Database
from server.app import create_app
from server.events import Hub
from server.live import Live
from server.settings import Settings
from tests import ward
from tests.asking import SERVER_KEY, UNLIMITED, Laid
from tests.ward import Reported

PROTOCOL = Subprotocol("graphql-transport-ws")
FOLLOW = """
subscription ($wardCode: String, $crewId: ID, $trackingCode: String, $secret: String, $after: String) {
  incidentChanged(wardCode: $wardCode, crewId: $crewId, trackingCode: $trackingCode, secret: $secret, after: $after) {
    cursor incidentId refetch
    incident { id status description crew { name } }
    event { to note actor public }
  }
}"""


async def eventually(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until it holds."""
    for _ in range(int(seconds * 100)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to that")


@dataclass
class Station:
    """A server with both wards of `tests/ward.py`, its address, and a token of every account."""

    app: Starlette
    host: str
    ward: ward.Ward
    tokens: dict[str, str]

    @property
    def live(self) -> Live:
        live: Live = self.app.state.live
        return live

    @property
    def hub(self) -> Hub:
        return self.live.hub

    @property
    def database(self) -> Database:
        database: Database = self.app.state.database
        return database

    @asynccontextmanager
    async def socket(self, by: str | None = None, init: bool = True, **options: Any) -> AsyncIterator[Socket]:
        """A client of account `by`, past `connection_ack` unless `init` is false."""
        options.setdefault("subprotocols", [PROTOCOL])
        async with connect(f"ws://{self.host}/graphql", **options) as connection:
            socket = Socket(connection)
            if init:
                payload = {} if by is None else {"payload": {"authorization": f"Bearer {self.tokens[by]}"}}
                await socket.send(type="connection_init", **payload)
                assert await socket.receive() == {"type": "connection_ack"}
            yield socket

    async def report(self, **values: Any) -> Reported:
        async with self.database.write() as connection:
            return await ward.report(connection, **values)

    async def step(self, of: Reported, by: str, mutation: str, **values: Any) -> None:
        """Take a step by the API."""
        name = mutation[0].upper() + mutation[1:]
        query = f"mutation ($input: {name}Input!) {{ {mutation}(input: $input) {{ __typename }} }}"
        body = {"query": query, "variables": {"input": {"incidentId": of.id, **values}}}
        headers = {"Authorization": f"Bearer {self.tokens[by]}"}
        async with httpx.AsyncClient(base_url=f"http://{self.host}") as http:
            answer = (await http.post("/graphql", json=body, headers=headers)).json()
        assert answer["data"][mutation]["__typename"] == f"{name}Payload", answer

    async def execute(self, statement: str, **values: Any) -> None:
        async with self.database.write() as connection:
            await connection.execute(sa.text(statement), values)

    async def followers(self, count: int) -> None:
        """Wait until so many follow."""
        await eventually(lambda: len(self.hub) == count)


@dataclass
class Socket:
    """A client of `graphql-transport-ws`."""

    connection: ClientConnection
    waiting: dict[str, list[Any]] = field(default_factory=dict)

    async def send(self, **message: Any) -> None:
        await self.connection.send(orjson.dumps(message).decode())

    async def receive(self, seconds: float = 30) -> Any:
        async with asyncio.timeout(seconds):
            text = await self.connection.recv()
        assert isinstance(text, str)
        return orjson.loads(text)

    async def follow(self, id_: str = "1", query: str = FOLLOW, **variables: Any) -> None:
        await self.send(id=id_, type="subscribe", payload={"query": query, "variables": variables})

    async def change(self, seconds: float = 30) -> Any:
        """The next change told, whichever subscription it is for."""
        message = await self.receive(seconds)
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]["incidentChanged"]

    async def silent(self, seconds: float = 0.4) -> bool:
        """Whether nothing comes."""
        try:
            await self.receive(seconds)
        except TimeoutError:
            return True
        return False

    async def close_code(self, seconds: float = 30) -> int | None:
        """With which code the server closes, whatever it says before."""
        async with asyncio.timeout(seconds):
            await self.connection.wait_closed()
        return self.connection.close_code


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[str]:
    """The application on a port of its own; gives host and port."""
    config = uvicorn.Config(
        app, port=0, log_config=None, ws=WebSocketsSansIOProtocol, ws_max_size=64 * 1024, ws_per_message_deflate=False
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve())
    try:
        await eventually(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"127.0.0.1:{port}"
    finally:
        app.state.live.hub.stop()
        server.should_exit = True
        await running


@asynccontextmanager
async def station(url: str, laid: ward.Ward, tokens: dict[str, str], **settings: Any) -> AsyncIterator[Station]:
    told = {"database_url": url, "secret_key": SERVER_KEY, "worker": False}
    app = create_app(Settings(**UNLIMITED | told | settings))
    async with serving(app) as host:
        yield Station(app, host, laid, tokens)


Stations = Callable[..., AbstractAsyncContextManager[Station]]


@pytest.fixture(scope="session")
def stations(copying: Any, both_wards: Laid) -> Stations:
    """`stations(**settings)` is a station for the length of a block, on a database of its own."""

    @asynccontextmanager
    async def open_station(**settings: Any) -> AsyncIterator[Station]:
        async with (
            copying(both_wards.template) as address,
            station(address, both_wards.ward, both_wards.tokens, **settings) as opened,
        ):
            yield opened

    return open_station


@pytest.fixture
async def live(stations: Stations) -> AsyncIterator[Station]:
    """A station of this test's own."""
    async with stations() as opened:
        yield opened
