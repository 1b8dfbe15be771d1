"""One connection that listens, and the bell that wakes those who do.

A notification carries nothing: it only says that looking is worth while. So any number of them may be lost, and
whoever follows looks by itself every few seconds too.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import asyncpg

from geo import changes
from geo.database import Database
from geo.engines import async_url
from geo.outage import out_of_reach

_LOG = logging.getLogger(__name__)
_HEARTBEAT_SECONDS = 1.5
_PATIENCE_SECONDS = 2.0
"""What a database that is there answers within, however busy it is. A link that fell silent is found out in a heartbeat
and this, and made anew: within five seconds in all."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.5
_BETWEEN_RINGS = 0.02


class Listener:
    """A direct connection to the database, for as long as `run` does. `heard` says what each channel calls.

    It is none of a pool's: LISTEN belongs to one session. A link that was cut without a word is noticed by the
    heartbeat; after each reconnection all of `heard` are called, for what was rung meanwhile.
    """

    def __init__(self, followed: Database, heard: Mapping[str, Callable[[], None]]) -> None:
        self._followed = followed
        self._url = async_url(followed.url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._heard = heard
        self._connection: Any = None
        self._turn = asyncio.Lock()
        self._pause = _FIRST_PAUSE

    @property
    def connected(self) -> bool:
        return self._connection is not None

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                await self._listen()
            except Exception as error:
                if out_of_reach(error):
                    _LOG.warning("listening was interrupted: %s", type(error).__name__)
                else:
                    _LOG.exception("listening failed")
            # Processes that lost the same database do not come back all at once.
            await asyncio.sleep(self._pause * random.uniform(0.5, 1.5))  # noqa: S311
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    async def _listen(self) -> None:
        settings = {"application_name": "phuongso-listener"}
        connection = await asyncpg.connect(self._url, timeout=_PATIENCE_SECONDS, server_settings=settings)
        lost = asyncio.Event()
        try:
            connection.add_termination_listener(lambda *_: lost.set())
            for channel in self._heard:
                await connection.add_listener(channel, self._called)
            for heard in self._heard.values():
                heard()
            self._connection, self._pause = connection, _FIRST_PAUSE
            while not await _within(lost, _HEARTBEAT_SECONDS):
                async with self._turn:
                    try:
                        await connection.execute("SELECT", timeout=_PATIENCE_SECONDS)
                    except TimeoutError:
                        await self._followed.renew()
                        raise
            raise ConnectionResetError
        finally:
            self._connection = None
            connection.terminate()

    def _called(self, _connection: Any, _pid: int, channel: str, _payload: object) -> None:
        self._heard[channel]()

    async def ring(self) -> None:
        """Wake everybody who listens; without a connection they will have to look by themselves."""
        if self._connection is not None:
            async with self._turn:
                connection = self._connection
                if connection is not None:
                    try:
                        await connection.execute(changes.RING, timeout=_PATIENCE_SECONDS)
                    except TimeoutError:
                        await self._followed.renew()
                        connection.terminate()  # else the heartbeat would wait as long again to find out the same
                        raise


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


class Bell:
    """Rings after commits, at once and then at most fifty times a second: one of `Database.committed`."""

    def __init__(self, ring: Callable[[], Awaitable[None]]) -> None:
        self._ring = ring
        self._ringing: asyncio.Task[None] | None = None
        self._again = False

    def __call__(self) -> None:
        self._again = True
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.create_task(self._until_quiet())

    async def _until_quiet(self) -> None:
        while self._again:
            self._again = False
            try:
                await self._ring()
            except Exception as error:
                if out_of_reach(error):
                    _LOG.debug("nobody was woken: %s", type(error).__name__)
                else:
                    _LOG.exception("nobody was woken")
            await asyncio.sleep(_BETWEEN_RINGS)

    async def close(self) -> None:
        """Ring what is still to be rung."""
        if self._ringing is not None:
            await self._ringing


def bell_of(changed: Database) -> Bell:
    """The bell of a process that changes incidents and does not listen, such as the worker."""

    async def ring() -> None:
        async with changed.read() as connection:
            await connection.exec_driver_sql(changes.RING)

    return Bell(ring)
