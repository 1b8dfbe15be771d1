"""Long reads, apart from the short ones: connections of their own, few at once, rows as they come.

A pool's connection is for milliseconds and gives up a statement after ten seconds. An export may take minutes: it opens
a connection of its own and closes it at its end, in one read-only transaction whose rows come through a cursor.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from geo.engines import async_url
from geo.exporting.writing import Document

AT_ONCE = 2
"""Exports at the same time in one process for all who have no account, and as many for those who have one: strangers
who read slowly must not keep staff from theirs."""
WAIT_SECONDS = 1.0
"""How long a place is waited for. Who has just read the end of one export may ask for the next before the first has
given back what it held."""
BATCH = 200
"""Rows held at once."""
_SETTINGS = {
    "timezone": "UTC",
    "jit": "off",
    "plan_cache_mode": "force_custom_plan",
    "application_name": "phuongso export",
    # For one batch, not for the whole export.
    "statement_timeout": "60000",
    # Where a reader stalls and nobody asks for the next batch.
    "idle_in_transaction_session_timeout": "120000",
}


class TooMany(Exception):
    """As many exports run already as may."""


class Exports:
    """The way to the database for long reads."""

    def __init__(self, url: str) -> None:
        self._whose: set[tuple[bool, str]] = set()
        self._left = asyncio.Condition()
        self._engine = create_async_engine(
            async_url(url),
            poolclass=NullPool,
            hide_parameters=True,
            connect_args={"server_settings": _SETTINGS, "timeout": 10},
        )

    @property
    def running(self) -> int:
        """How many there are now."""
        return len(self._whose)

    @asynccontextmanager
    async def place(self, who: str, *, known: bool = False) -> AsyncIterator[None]:
        """One of the few places, for the length of a block; `known` callers have places of their own.

        Each has one at a time: who exports slowly must not keep all others from it. Raises `TooMany` where none becomes
        free within a moment.
        """
        mine = (known, who)

        def free() -> bool:
            return mine not in self._whose and sum(one[0] == known for one in self._whose) < AT_ONCE

        async with self._left:
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await self._left.wait_for(free)
            except TimeoutError:
                raise TooMany from None
            self._whose.add(mine)
        try:
            yield
        finally:
            self._whose.discard(mine)
            async with self._left:
                self._left.notify_all()

    @asynccontextmanager
    async def rows(self, statement: sa.Select[Any], batch: int = BATCH) -> AsyncIterator[AsyncIterator[Any]]:
        """Batches of the statement's rows, read only as fast as they are taken."""
        async with self._engine.connect() as connection:
            await connection.execution_options(postgresql_readonly=True)
            async with connection.stream(statement, execution_options={"yield_per": batch}) as result:
                yield result.partitions(batch)

    @asynccontextmanager
    async def text(self, document: Document, batch: int = BATCH) -> AsyncIterator[AsyncGenerator[bytes, None]]:
        """The document in pieces of `batch` rows."""
        async with self.rows(document.rows, batch) as batches:
            pieces = _pieces(document, batches)
            try:
                yield pieces
            finally:
                await pieces.aclose()

    async def close(self) -> None:
        await self._engine.dispose()


async def _pieces(document: Document, batches: AsyncIterator[Any]) -> AsyncGenerator[bytes, None]:
    yield document.head.encode()
    before = document.first
    async for batch in batches:
        yield (before + document.between.join(row[0] for row in batch)).encode()
        before = document.between
    yield document.tail.encode()
