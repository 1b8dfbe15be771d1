"""Alembic's entry: runs the migrations against a database, or writes their SQL (`--sql`) for review."""

from __future__ import annotations

import asyncio

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.engines import create_engine
from geo.tables import metadata

_LOCK = 0x5048554F4E47  # "PHUONG"


async def _alone(connection: AsyncConnection) -> None:
    """Wait until nobody else migrates this database; the end of the session lets the next one in.

    It asks again and again instead of queueing: who queues is within a statement, which an index that is built
    CONCURRENTLY would wait for.
    """
    while not await connection.scalar(text(f"SELECT pg_try_advisory_lock({_LOCK})")):
        await connection.commit()
        await asyncio.sleep(0.2)
    await connection.commit()


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


async def _online(url: str) -> None:
    engine = create_engine(url, pool_size=1, statement_timeout_ms=0)
    try:
        async with engine.connect() as connection:
            # A migration that cannot get its lock soon gives up instead of queueing every request behind it. For the
            # whole session: each migration is a transaction of its own.
            await connection.execute(text("SET lock_timeout = '5s'"))
            await connection.commit()
            await _alone(connection)
            await connection.run_sync(_run)
    finally:
        await engine.dispose()


def _offline() -> None:
    # Named parameters, for with the others every % of a statement would be written twice.
    dialect_opts = {"paramstyle": "named"}
    context.configure(
        dialect_name="postgresql", dialect_opts=dialect_opts, target_metadata=metadata, literal_binds=True
    )
    with context.begin_transaction():
        context.execute("SET lock_timeout = '5s'")
        context.run_migrations()


if context.is_offline_mode():
    _offline()
else:
    _url = context.config.get_main_option("sqlalchemy.url")
    if _url is None:
        raise CommandError("sqlalchemy.url must name the database")
    asyncio.run(_online(_url))
