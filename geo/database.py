"""The way to the database: `read()` and `texts()` for one statement at a time, `write()` for one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakSet

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import AsyncAdaptedQueuePool

from geo.engines import STATEMENT_MS, create_engine
from geo.fragments import Fragments
from geo.plans import Given, Plan, Statements
from geo.pools import Pools, Texts, Usage
from geo.turns import Turns


class _Within:
    """Runs plans in a transaction of SQLAlchemy's, which begins with its first statement."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def rows(self, plan: Plan, given: Given) -> Sequence[Any]:
        result = await self._connection.exec_driver_sql(plan.sql, tuple(plan.arguments(given)))
        return result.all() if result.returns_rows else []


def within(connection: AsyncConnection) -> Statements:
    """A way to run plans inside a transaction of `Database.write()`."""
    return _Within(connection)


class Database:
    """One engine, a few bare connections, and the ways to use them. Close it when done."""

    def __init__(self, url: str, *, pool_size: int = 4, statement_timeout_ms: int = STATEMENT_MS) -> None:
        self.url = url
        self.engine = create_engine(url, pool_size=pool_size, statement_timeout_ms=statement_timeout_ms)
        self._pool_size = pool_size
        self.pools = Pools(url, pool_size, statement_timeout_ms)
        self.turns = Turns(max(pool_size // 2, 1))
        """Turns at what waits for a lock: half of the connections are left to all else."""
        self._resting: WeakSet[asyncpg.Connection] = WeakSet()
        event.listen(self.engine.sync_engine, "checkin", self._rests)
        event.listen(self.engine.sync_engine, "checkout", self._is_taken)
        self.fragments: Fragments | None = Fragments()
        """Without them every boundary is written by PostgreSQL for each answer: to compare with."""
        self._reader = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self.committed: list[Callable[[], None]] = []
        """Called after each commit of `write()`, such as to wake those who follow what happens. They never raise."""

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading: each statement is its own snapshot, and no BEGIN or COMMIT crosses the wire."""
        async with self._reader.connect() as connection:
            yield connection

    def texts(self) -> Texts:
        """A way to run plans, on bare asyncpg connections; close it when done, or use it in `async with`."""
        return Texts(self.pools, self.fragments)

    @asynccontextmanager
    async def together(self) -> AsyncIterator[Statements]:
        """One transaction of plans, as `write()` is one of statements; text columns come as bytes.

        What is written is found by keys and lists of keys, for which one plan serves all values: to plan it anew each
        time, and the foreign keys' checks with it, would double what a report costs.
        """
        async with self.pools.together() as statements:
            yield statements
        self._tell_committed()

    @asynccontextmanager
    async def write(self, *, silent: bool = False) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed when the block ends, rolled back when it raises.

        `silent` where no step of an incident is written: nobody is woken then.
        """
        async with self.engine.begin() as connection:
            yield connection
        if not silent:
            self._tell_committed()

    def _tell_committed(self) -> None:
        for told in self.committed:
            told()

    def usage(self) -> list[Usage]:
        """How many connections are open, by the pool that has them."""
        engine = self.engine.pool
        used = engine.checkedout() if isinstance(engine, AsyncAdaptedQueuePool) else 0
        idle = engine.checkedin() if isinstance(engine, AsyncAdaptedQueuePool) else 0
        return [Usage("writing", used, idle, self._pool_size), *self.pools.usage()]

    def _rests(self, connection: DBAPIConnection | None, record: Any) -> None:
        if connection is not None:
            self._resting.add(record.driver_connection)

    def _is_taken(self, _connection: DBAPIConnection, record: Any, _proxy: Any) -> None:
        self._resting.discard(record.driver_connection)

    async def renew(self) -> None:
        """Drop the connections that nobody uses: the way to the database fell silent, and would stay so for them.

        Whoever got one would wait in vain for seconds. Those in use are given up as their answers do not come.
        """
        for resting in list(self._resting):
            resting.terminate()
        await self.pools.renew()

    async def close(self) -> None:
        """Close every connection."""
        await self.pools.close()
        await self.engine.dispose()
