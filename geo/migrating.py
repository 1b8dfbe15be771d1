"""Bring a database to the tables of this version, or back, with Alembic."""

from __future__ import annotations

import asyncio

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from geo import working_time
from geo.engines import create_engine
from geo.version import FOLDER


def alembic_config(url: str | None = None) -> Config:
    """Alembic's configuration for the database at `url`; without one, for writing SQL only."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    if url is not None:
        config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Apply every migration up to `revision`, and fill in the working time of offices.

    Runs its own event loop: call it from plain code or from a thread.
    """
    command.upgrade(alembic_config(url), revision)
    asyncio.run(_fill(url))


async def _fill(url: str) -> None:
    """Put into the tables what they need from the start, where they are new enough to have it."""
    engine = create_engine(url, pool_size=1)
    try:
        async with engine.begin() as connection:
            if await connection.scalar(text("SELECT to_regclass('working_time') IS NOT NULL")):
                await working_time.fill(connection)
    finally:
        await engine.dispose()


def downgrade(url: str, revision: str) -> None:
    """Undo migrations down to `revision` ('base' removes everything)."""
    command.downgrade(alembic_config(url), revision)
