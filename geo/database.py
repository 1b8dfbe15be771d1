"""The way to the database: `read()` for one statement at a time, `write()` for one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine


def async_url(url: str) -> URL:
    """`postgresql://…` as SQLAlchemy's asyncpg dialect wants it. A socket's folder goes into `?host=`."""
    return make_url(url).set(drivername="postgresql+asyncpg")


def create_engine(url: str, *, pool_size: int = 4, statement_timeout_ms: int = 10_000) -> AsyncEngine:
    """An engine whose sessions speak UTC and give up a statement after `statement_timeout_ms`.

    JIT is off: our statements take milliseconds, compiling them would take longer. Every execution is planned for its
    own values: the plan that PostgreSQL settles on after five executions knows nothing of the box or the statuses
    asked for, and counted 100,000 incidents of a map's window in 1,300 ms instead of 90. A broken connection is
    noticed before use, so the first request after a database restart succeeds.
    """
    settings = {
        "timezone": "UTC",
        "jit": "off",
        "plan_cache_mode": "force_custom_plan",
        "statement_timeout": str(statement_timeout_ms),
        "application_name": "phuongso",
    }
    return create_async_engine(
        async_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=True,
        hide_parameters=True,  # what people tell of themselves is no matter for a log
        connect_args={"server_settings": settings, "timeout": 10},
    )


class Database:
    """One engine and the two ways to use it. Close it when done."""

    def __init__(self, url: str, *, pool_size: int = 4, statement_timeout_ms: int = 10_000) -> None:
        self.url = url
        self.engine = create_engine(url, pool_size=pool_size, statement_timeout_ms=statement_timeout_ms)
        self._reader = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self.committed: list[Callable[[], None]] = []
        """Called after each commit of `write()`, such as to wake those who follow what happens. They never raise."""

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading: each statement is its own snapshot, and no BEGIN or COMMIT crosses the wire."""
        async with self._reader.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        async with self.engine.begin() as connection:
            yield connection
        for told in self.committed:
            told()

    async def close(self) -> None:
        await self.engine.dispose()
