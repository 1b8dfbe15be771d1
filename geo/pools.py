"""Bare asyncpg connections, for plans: SQLAlchemy's own way of executing costs as much as a small query does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import asyncpg

from geo.engines import OWN_PLANS, SHARED_PLANS, WAIT_SECONDS, async_url, patience_of, session_of
from geo.fragments import Fragments
from geo.outage import BROKEN, out_of_reach
from geo.plans import Given, Plan, Statements

_NAMES = {OWN_PLANS: "reading", SHARED_PLANS: "intake"}
_STATEMENTS = 128
"""Prepared statements that a connection keeps: more than an application asks for in earnest."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a pool has of connections: `used` by somebody, `idle`, and the `most` there may be."""

    name: str
    used: int
    idle: int
    most: int


class Pools:
    """The pools of a database: one of connections that plan each execution, one of those that share plans."""

    def __init__(self, url: str, size: int, statement_timeout_ms: int) -> None:
        self._url = async_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._size = size
        self._session = session_of(statement_timeout_ms)
        self._patience = patience_of(statement_timeout_ms)
        self._open: dict[str, asyncpg.Pool] = {}
        self._opening = asyncio.Lock()

    async def of(self, plans: str) -> asyncpg.Pool:
        """The pool of connections that plan so; opened when first needed."""
        if plans not in self._open:
            async with self._opening:
                if plans not in self._open:
                    self._open[plans] = await self._opened(plans)
        return self._open[plans]

    async def _opened(self, plans: str) -> asyncpg.Pool:
        return await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=self._size,
            max_inactive_connection_lifetime=0,
            statement_cache_size=_STATEMENTS,
            max_cached_statement_lifetime=0,
            timeout=WAIT_SECONDS,
            command_timeout=self._patience,
            server_settings=self._session | {"plan_cache_mode": plans},
            init=_texts_as_bytes,
            reset=_nothing_to_reset,
            record_class=_Row,
        )

    @asynccontextmanager
    async def together(self) -> AsyncIterator[Statements]:
        """One transaction of plans that are shared; text columns come as bytes."""
        pool = await self.of(SHARED_PLANS)
        connection, transaction = await _begun(pool)
        try:
            async with _ended(connection, transaction):
                yield _Bare(connection)
        finally:
            await pool.release(connection)

    def usage(self) -> list[Usage]:
        """How many connections are open, by the pool that has them."""
        found = []
        for plans, pool in self._open.items():
            open_, resting = pool.get_size(), pool.get_idle_size()
            found.append(Usage(_NAMES[plans], open_ - resting, resting, pool.get_max_size()))
        return found

    async def renew(self) -> None:
        """Drop the connections that nobody uses."""
        for pool in self._open.values():
            for _ in range(pool.get_idle_size()):
                if pool.get_idle_size():
                    await _discard(pool, await pool.acquire(timeout=WAIT_SECONDS))

    async def close(self) -> None:
        """Close all of them."""
        for pool in self._open.values():
            await pool.close()


class Texts:
    """A connection that runs plans whose statement gives one text: as bytes, for they only pass through.

    A connection that turns out to be broken is replaced: to read again does no harm. One that fell silent is not waited
    for twice. Only one is held at a time.
    """

    def __init__(self, pools: Pools, fragments: Fragments | None) -> None:
        self._pools = pools
        self._fragments = fragments
        self._connection: Any = None
        self._pool: asyncpg.Pool | None = None

    async def fetch(self, plan: Plan, given: Given) -> bytes | None:
        """The JSON text that `plan` selects, with boundaries in place of their marks; None where there is no row."""
        text: bytes | None = next(iter(await self.rows(plan, given)), (None,))[0]
        return text if text is None or self._fragments is None else await self._fragments.filled(text, self.rows)

    async def rows(self, plan: Plan, given: Given) -> Sequence[Any]:
        """The rows of one execution."""
        arguments = plan.arguments(given)
        pool = await self._pools.of(SHARED_PLANS if plan.shared else OWN_PLANS)
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
        self._connection = await pool.acquire(timeout=WAIT_SECONDS)
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
        connection = await pool.acquire(timeout=WAIT_SECONDS)
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
