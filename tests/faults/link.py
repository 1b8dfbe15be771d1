"""A link to the database that can fall silent, be slow, or be cut: TCP on this machine's own address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy import URL, make_url


class Link:
    """Passes bytes on to PostgreSQL, each piece after `delay` seconds, until it falls silent."""

    def __init__(self, url: str) -> None:
        self._to = make_url(url)
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._silenced: set[asyncio.StreamWriter] = set()
        self._silent = False
        self.delay = 0.0
        self.made = 0
        self.port = 0

    def url(self) -> str:
        """Where to connect instead."""
        to = URL.create("postgresql", self._to.username, self._to.password, "127.0.0.1", self.port, self._to.database)
        return to.render_as_string(hide_password=False)

    def silence(self) -> None:
        """Swallow all that is sent from now on. Connections that are open now stay so, and silent, for good."""
        self._silent = True
        self._silenced |= self._writers

    def speak(self) -> None:
        """Pass on what comes over new connections."""
        self._silent = False

    def cut(self) -> None:
        """End every connection at once, as a firewall does that forgot them."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        folder, port = self._to.query.get("host"), self._to.query.get("port") or self._to.port or 5432
        if isinstance(folder, str) and folder.startswith("/"):
            return await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.{port}")
        return await asyncio.open_connection(self._to.host or "127.0.0.1", int(str(port)))

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Begin with one connection. The task is ours: asyncio's own servers complain of one that is cancelled."""
        self.made += 1
        self._writers.add(writer)
        task = asyncio.create_task(self._take(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await self._open()
        except OSError:
            writer.transport.abort()
            return
        self._writers.add(back)
        try:
            async with asyncio.TaskGroup() as ways:
                ways.create_task(self._pass(reader, back))
                ways.create_task(self._pass(there, writer))
        finally:
            for one in (writer, back):
                self._writers.discard(one)
                self._silenced.discard(one)
                one.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                if self.delay:
                    await asyncio.sleep(self.delay)
                if self._silent:
                    self._silenced.add(writer)
                if writer not in self._silenced:
                    writer.write(data)
                    await writer.drain()
        writer.close()

    async def close(self) -> None:
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def linked(url: str) -> AsyncIterator[Link]:
    """A link to the database at `url`, for the length of a block."""
    link = Link(url)
    server = await asyncio.start_server(link.take, "127.0.0.1", 0)
    link.port = server.sockets[0].getsockname()[1]
    try:
        yield link
    finally:
        server.close()
        await link.close()
        await server.wait_closed()
