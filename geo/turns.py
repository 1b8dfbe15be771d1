"""Turns at what is done one at a time: whoever waits for theirs waits without a connection, and not for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakValueDictionary

WAIT_SECONDS = 5.0


class Turns:
    """Turns of one process: one at a time for each key, and `most` at a time for all of them together.

    A lock in the database is waited for on a connection. There are few, and others need them: so no more than `most`
    wait there, and those behind them wait here.
    """

    def __init__(self, most: int) -> None:
        self._all = asyncio.Semaphore(most)
        self._keys: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, key: str, wait_seconds: float = WAIT_SECONDS) -> AsyncIterator[None]:
        """The turn of `key`. Raises `TimeoutError`, as a database does that is too busy, after `wait_seconds`."""
        async with AsyncExitStack() as held:
            async with asyncio.timeout(wait_seconds):
                await held.enter_async_context(self._keys.setdefault(key, asyncio.Lock()))
                await held.enter_async_context(self._all)
            yield
