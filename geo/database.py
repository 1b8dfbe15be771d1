"""The way to the database: `read()` and `texts()` for one statement at a time, `write()` for one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

import asyncpg
from sqlalchemy import URL, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from geo.fragments import Fragments
from geo.outage import BROKEN, OUT_OF_REACH, out_of_reach
from geo.plans import Given, Plan, Statements
from geo.turns import Turns

__all__ = ["OUT_OF_REACH", "Database", "Texts", "async_url", "create_engine", "out_of_reach", "within"]

STATEMENT_MS = 7_000
"""What a statement may take. With the second that a silent server has besides, and the seconds that a connection is
waited for, whoever asks has an answer within ten."""
_WAIT_SECONDS = 4
_SILENCE_SECONDS = 1.0
_OWN_PLANS, _SHARED_PLANS = "force_custom_plan", "force_generic_plan"
_POOLS = {_OWN_PLANS: "reading", _SHARED_PLANS: "intake"}
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
        # Who waits for a lock holds a connection: half of its time is left to what it does then.
        "lock_timeout": str(statement_timeout_ms // 2),
        "application_name": "phuongso",
    }


def create_engine(url: str, *, pool_size: int = 4, statement_timeout_ms: int = STATEMENT_MS) -> AsyncEngine:
    """An engine whose sessions speak UTC and give up a statement after `statement_timeout_ms`, 0 for never.

    A broken connection is noticed before use, so the first request after a database restart succeeds. One that fell
    silent is closed: rolling back on it would wait as long again.
    """
    engine = create_async_engine(
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
    event.listen(engine.sync_engine, "handle_error", _drop_silent)
    return engine


def _drop_silent(context: ExceptionContext) -> None:
    """Have SQLAlchemy replace a connection that did not answer in time, and this one only."""
    if isinstance(context.original_exception, TimeoutError) and context.connection is not None:
        context.is_disconnect, context.invalidate_pool_on_disconnect = True, False
        driver = context.connection.connection.driver_connection
        if isinstance(driver, asyncpg.Connection):
            driver.terminate()


def _patience(statement_timeout_ms: int) -> float | None:
    """Seconds to wait for an answer: a server that has fallen silent does not time statements out itself."""
    return statement_timeout_ms / 1000 + _SILENCE_SECONDS if statement_timeout_ms else None


class Texts:
    """A connection that runs plans whose statement gives one text: as bytes, for they only pass through.

    A connection that turns out to be broken is replaced: to read again does no harm. One that fell silent is not waited
    for twice. Only one is held at a time.
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
                return await self._found(pool, plan.sql, arguments)
            except BROKEN as error:
                if not out_of_reach(error):
                    raise
                broken, self._connection = self._connection, None
                await _discard(pool, broken)
                await self._take(pool)
        return await self._found(pool, plan.sql, arguments)

    async def _found(self, pool: asyncpg.Pool, sql: str, arguments: Sequence[Any]) -> Sequence[Any]:
        try:
            found: Sequence[Any] = await self._connection.fetch(sql, *arguments)
        except TimeoutError:
            silent, self._connection = self._connection, None
            await _discard(pool, silent)
            raise
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


@dataclass(frozen=True, slots=True)
class Usage:
    """What a pool has of connections: `used` by somebody, `idle`, and the `most` there may be."""

    name: str
    used: int
    idle: int
    most: int


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
        except BROKEN:
            await _discard(pool, connection)
            if not left:
                raise
        except TimeoutError:
            await _discard(pool, connection)
            raise
        except BaseException:
            await pool.release(connection)
            raise
        else:
            return connection, transaction
    raise ConnectionError


@asynccontextmanager
async def _ended(connection: Any, transaction: Any) -> AsyncIterator[None]:
    """Commit in the end; roll back where the block raises, or hang up where that would not be heard."""
    try:
        try:
            yield
        except TimeoutError:
            raise
        except BaseException:
            await transaction.rollback()
            raise
        await transaction.commit()
    except TimeoutError:
        with suppress(asyncpg.InterfaceError):
            connection.terminate()
        raise


class Database:
    """One engine, a few bare connections, and the ways to use them. Close it when done.

    Without `keep_fragments` every boundary is written by PostgreSQL for each answer: to compare with.
    """

    def __init__(
        self, url: str, *, pool_size: int = 4, statement_timeout_ms: int = STATEMENT_MS, keep_fragments: bool = True
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
        self._resting: WeakSet[asyncpg.Connection] = WeakSet()
        event.listen(self.engine.sync_engine, "checkin", self._rests)
        event.listen(self.engine.sync_engine, "checkout", self._is_taken)
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
            async with _ended(connection, transaction):
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

    def usage(self) -> list[Usage]:
        """How many connections are open, by the pool that has them."""
        engine = self.engine.pool
        used = engine.checkedout() if isinstance(engine, AsyncAdaptedQueuePool) else 0
        idle = engine.checkedin() if isinstance(engine, AsyncAdaptedQueuePool) else 0
        found = [Usage("writing", used, idle, self._pool_size)]
        for plans, pool in self._pools.items():
            open_, resting = pool.get_size(), pool.get_idle_size()
            found.append(Usage(_POOLS[plans], open_ - resting, resting, pool.get_max_size()))
        return found

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
        for pool in self._pools.values():
            for _ in range(pool.get_idle_size()):
                if pool.get_idle_size():
                    await _discard(pool, await pool.acquire(timeout=_WAIT_SECONDS))

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.close()
        await self.engine.dispose()
