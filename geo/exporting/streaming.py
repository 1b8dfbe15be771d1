"""Long reads, apart from the short ones: connections of their own, few at once, rows as they come.

A pool's connection is for milliseconds and gives up a statement after ten seconds. An export may take minutes: it opens
a connection of its own and closes it at its end, in one read-only transaction whose rows come through a cursor.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from geo.database import async_url
from geo.exporting.writing import Document

AT_ONCE = 2
"""Exports at the same time in one process."""
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

    def __init__(self, url: str, *, at_once: int = AT_ONCE) -> None:
        self.running = 0
        self._whose: set[str] = set()
        self._at_once = at_once
        self._engine = create_async_engine(
            async_url(url),
            poolclass=NullPool,
            hide_parameters=True,
            connect_args={"server_settings": _SETTINGS, "timeout": 10},
        )

    @contextmanager
    def place(self, who: str) -> Iterator[None]:
        """One of the few places, for the length of a block. Raises `TooMany` at once where there is none.

        Each has one at a time: who exports slowly must not keep all others from it.
        """
        if self.running >= self._at_once or who in self._whose:
            raise TooMany
        self.running += 1
        self._whose.add(who)
        try:
            yield
        finally:
            self.running -= 1
            self._whose.discard(who)

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
