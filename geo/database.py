"""The way to the database: `read()` and `texts()` for one statement at a time, `write()` for one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
from sqlalchemy import URL, make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from geo.fragments import Fragments
from geo.plans import Given, Plan, Statements
from geo.turns import Turns

_WAIT_SECONDS = 10
_SILENCE_SECONDS = 5
_OWN_PLANS, _SHARED_PLANS = "force_custom_plan", "force_generic_plan"
_STATEMENTS = 128
"""Prepared statements that a connection keeps: more than an application asks for in earnest."""


def async_url(url: str) -> URL:
    """`postgresql://…` as SQLAlchemy's asyncpg dialect wants it. A socket's folder goes into `?host=`."""
    return make_url(url).set(drivername="postgresql+asyncpg")


def _session(statement_timeout_ms: int) -> dict[str, str]:
    """How our sessions are set.

    JIT is off: our statements take milliseconds, compiling them would take longer. A page read at random costs as one
    read in order, as it does in memory and on solid disks: else fifty neighbourhoods are found by reading thousands.
    Every execution is planned for its own values: the plan that PostgreSQL settles on after five executions knows
    nothing of the box asked for, and counted 100,000 incidents of a map's window in 1,300 ms instead of 90.
    """
    return {
        "timezone": "UTC",
        "jit": "off",
        "random_page_cost": "1.1",
        "plan_cache_mode": _OWN_PLANS,
        "statement_timeout": str(statement_timeout_ms),
        "application_name": "phuongso",
    }


def create_engine(url: str, *, pool_size: int = 4, statement_timeout_ms: int = 10_000) -> AsyncEngine:
    """An engine whose sessions speak UTC and give up a statement after `statement_timeout_ms`.

    A broken connection is noticed before use, so the first request after a database restart succeeds.
    """
    return create_async_engine(
        async_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_WAIT_SECONDS,
        pool_pre_ping=True,
        hide_parameters=True,  # what people tell of themselves is no matter for a log
        connect_args={
            "server_settings": _session(statement_timeout_ms),
            "timeout": _WAIT_SECONDS,
            "command_timeout": _patience(statement_timeout_ms),
        },
    )


def _patience(statement_timeout_ms: int) -> float | None:
    """Seconds to wait for an answer: a server that has fallen silent does not time statements out itself."""
    return statement_timeout_ms / 1000 + _SILENCE_SECONDS if statement_timeout_ms else None


class Texts:
    """A connection that runs plans whose statement gives one text: as bytes, for they only pass through.

    A connection that turns out to be broken is replaced: to read again does no harm. Only one is held at a time.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Any = None
        self._pool: asyncpg.Pool | None = None

    async def fetch(self, plan: Plan, given: Given) -> bytes | None:
        """The JSON text that `plan` selects, with boundaries in place of their marks; None where there is no row."""
        text: bytes | None = next(iter(await self.rows(plan, given)), (None,))[0]
        fragments = self._database.fragments
        return text if text is None or fragments is None else await fragments.filled(text, self.rows)

    async def rows(self, plan: Plan, given: Given) -> Sequence[Any]:
        """The rows of one execution."""
        arguments = plan.arguments(given)
        pool = await self._database.pool(_SHARED_PLANS if plan.shared else _OWN_PLANS)
        if self._connection is None or self._pool is not pool:
            await self._take(pool)
        # After a restart of the database every connection of the pool is broken, and each may be the next.
        for _ in range(pool.get_max_size()):
            try:
                found: Sequence[Any] = await self._connection.fetch(plan.sql, *arguments)
            except _BROKEN as error:
                if not out_of_reach(error):
                    raise
                broken, self._connection = self._connection, None
                await _discard(pool, broken)
                await self._take(pool)
            else:
                return found
        found = await self._connection.fetch(plan.sql, *arguments)
        return found

    async def _take(self, pool: asyncpg.Pool) -> None:
        await self.close()
        self._connection = await pool.acquire(timeout=_WAIT_SECONDS)
        self._pool = pool

    async def __aenter__(self) -> Texts:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Give the connection back."""
        connection, self._connection = self._connection, None
        if connection is not None and self._pool is not None:
            await self._pool.release(connection)


class _Bare:
    """Runs plans on a bare asyncpg connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def rows(self, plan: Plan, given: Given) -> Sequence[Any]:
        found: Sequence[Any] = await self._connection.fetch(plan.sql, *plan.arguments(given))
        return found


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


class _Row(asyncpg.Record):  # type: ignore[misc]
    """A row whose columns are attributes."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


_BROKEN = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server's farewell came in the middle of our question
    asyncpg.AdminShutdownError,
    ConnectionError,
)
OUT_OF_REACH = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OperationalError,
    InterfaceError,
    PoolTimeoutError,
    OSError,
    TimeoutError,
)
"""What using a database may raise that is away, has just come back, is full, or takes too long."""


def out_of_reach(error: BaseException | None) -> bool:
    """Whether the database could not be used: not what asyncpg calls an argument that is wrong, a ValueError too."""
    return isinstance(error, OUT_OF_REACH) and not isinstance(error, ValueError)


async def _texts_as_bytes(connection: Any) -> None:
    await connection.set_type_codec("text", schema="pg_catalog", encoder=str.encode, decoder=bytes, format="binary")


async def _nothing_to_reset(_: Any) -> None:
    """What a plan does leaves no trace in its session; asking for a reset would be a round trip."""


async def _discard(pool: asyncpg.Pool, connection: Any) -> None:
    """Give back a connection that is of no more use; the pool may have noticed already."""
    with suppress(asyncpg.InterfaceError):
        connection.terminate()
    await pool.release(connection)


async def _begun(pool: asyncpg.Pool) -> tuple[Any, Any]:
    """A connection and its transaction, which has begun. Those that turn out to be broken are replaced."""
    for left in reversed(range(pool.get_max_size() + 1)):
        connection = await pool.acquire(timeout=_WAIT_SECONDS)
        transaction = connection.transaction()
        try:
            await transaction.start()
        except _BROKEN:
            await _discard(pool, connection)
            if not left:
                raise
        except BaseException:
            await pool.release(connection)
            raise
        else:
            return connection, transaction
    raise ConnectionError


@asynccontextmanager
async def _ended(transaction: Any) -> AsyncIterator[None]:
    """Commit in the end; roll back where the block raises."""
    try:
        yield
    except BaseException:
        await transaction.rollback()
        raise
    await transaction.commit()


class Database:
    """One engine, a few bare connections, and the ways to use them. Close it when done.

    Without `keep_fragments` every boundary is written by PostgreSQL for each answer: to compare with.
    """

    def __init__(
        self, url: str, *, pool_size: int = 4, statement_timeout_ms: int = 10_000, keep_fragments: bool = True
    ) -> None:
        self.url = url
        self.engine = create_engine(url, pool_size=pool_size, statement_timeout_ms=statement_timeout_ms)
        self._pool_size = pool_size
        self._session = _session(statement_timeout_ms)
        self._patience = _patience(statement_timeout_ms)
        self._pools: dict[str, asyncpg.Pool] = {}
        self.turns = Turns(max(pool_size // 2, 1))
        """Turns at what waits for a lock: half of the connections are left to all else."""
        self._opening = asyncio.Lock()
        self.fragments = Fragments() if keep_fragments else None
        self._reader = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self.committed: list[Callable[[], None]] = []
        """Called after each commit of `write()`, such as to wake those who follow what happens. They never raise."""

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading: each statement is its own snapshot, and no BEGIN or COMMIT crosses the wire."""
        async with self._reader.connect() as connection:
            yield connection

    def texts(self) -> Texts:
        """A way to run plans, on bare asyncpg connections; close it when done, or use it in `async with`.

        Beside the engine, because SQLAlchemy's own way of executing costs as much as a small query does.
        """
        return Texts(self)

    @asynccontextmanager
    async def together(self) -> AsyncIterator[Statements]:
        """One transaction of plans, as `write()` is one of statements; text columns come as bytes.

        What is written is found by keys and lists of keys, for which one plan serves all values: to plan it anew each
        time, and the foreign keys' checks with it, would double what a report costs.
        """
        pool = await self.pool(_SHARED_PLANS)
        connection, transaction = await _begun(pool)
        try:
            async with _ended(transaction):
                yield _Bare(connection)
        finally:
            await pool.release(connection)
        self._tell_committed()

    async def pool(self, plans: str) -> asyncpg.Pool:
        """The pool of bare connections that plan so; opened when first needed."""
        if plans not in self._pools:
            async with self._opening:
                if plans not in self._pools:
                    self._pools[plans] = await self._open(plans)
        return self._pools[plans]

    async def _open(self, plans: str) -> asyncpg.Pool:
        url = async_url(self.url).set(drivername="postgresql")
        return await asyncpg.create_pool(
            url.render_as_string(hide_password=False),
            min_size=0,
            max_size=self._pool_size,
            max_inactive_connection_lifetime=0,
            statement_cache_size=_STATEMENTS,
            max_cached_statement_lifetime=0,
            timeout=_WAIT_SECONDS,
            command_timeout=self._patience,
            server_settings=self._session | {"plan_cache_mode": plans},
            init=_texts_as_bytes,
            reset=_nothing_to_reset,
            record_class=_Row,
        )

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

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.close()
        await self.engine.dispose()
