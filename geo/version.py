"""Which version of the tables this code is written for, and which a database has.

By the names of the migrations, not by Alembic: a serving process asks for nothing else of it, and would carry it along.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

FOLDER = Path(__file__).parent / "migrations"
_FOUND = sa.text("SELECT version_num FROM alembic_version")


@cache
def expected() -> str:
    """The revision that `geo.migrating.upgrade` brings a database to."""
    return max(path.name.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9][0-9][0-9][0-9]_*.py"))


async def found(connection: AsyncConnection) -> str | None:
    """The revision that this database is at; None where no migration was ever finished."""
    revision: str | None = await connection.scalar(_FOUND)
    return revision
