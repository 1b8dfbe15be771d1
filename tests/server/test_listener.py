"""The connection that listens: what wakes it, and that a link which fell silent is noticed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from sqlalchemy import make_url

from geo import changes
from geo.database import Database
from server import listener
from server.listener import Bell, Listener, bell_of
from tests.server.live import eventually


class Link:
    """Passes bytes on to the database, until it is cut without a word."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self.cut = False
        self.made = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.made += 1
        there, back = await asyncio.open_connection(*self._to)
        ways = [self._pass(reader, back), self._pass(there, writer)]
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*ways)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                if not self.cut:
                    writer.write(data)
                    await writer.drain()
        writer.close()


@asynccontextmanager
async def linked(url: str) -> AsyncIterator[tuple[Database, Link]]:
    parts = make_url(url)
    link = Link(parts.host or "127.0.0.1", parts.port or 5432)
    async with await asyncio.start_server(link.take, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        database = Database(parts.set(host="127.0.0.1", port=port).render_as_string(hide_password=False))
        yield database, link
        await database.close()


@asynccontextmanager
async def running(listening: Listener) -> AsyncIterator[None]:
    task = asyncio.create_task(listening.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_bell_rings_for_all_and_not_for_each_commit(database: Database) -> None:
    heard = 0

    def hear() -> None:
        nonlocal heard
        heard += 1

    other = Database(database.url)
    bell = bell_of(other)
    other.committed.append(bell)
    listening = Listener(database, {changes.CHANNEL: hear})
    async with running(listening):
        await eventually(lambda: listening.connected)
        before = heard
        for _ in range(50):
            async with other.write():
                pass
        await bell.close()
        await eventually(lambda: heard > before)
        await asyncio.sleep(0.1)
        assert 1 <= heard - before < 25
    await other.close()


async def test_a_bell_without_a_database_is_no_trouble_to_who_commits() -> None:
    async def broken() -> None:
        raise ConnectionRefusedError

    bell = Bell(broken)
    bell()
    bell()
    await bell.close()


async def test_a_link_that_falls_silent_is_noticed_and_made_anew(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not make_url(database_url).host:
        pytest.skip("the database is on a Unix socket, which does not fall silent")
    monkeypatch.setattr(listener, "_HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr(listener, "_PATIENCE_SECONDS", 0.5)
    heard = asyncio.Event()
    async with linked(database_url) as (database, link):
        listening = Listener(database, {changes.CHANNEL: heard.set})
        async with running(listening):
            await eventually(lambda: listening.connected)
            made = link.made
            heard.clear()
            link.cut = True
            await eventually(lambda: not listening.connected)
            link.cut = False
            await eventually(lambda: listening.connected)
            assert link.made > made
            assert heard.is_set()
