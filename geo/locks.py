"""Turns among all processes: locks of the database, by what is done one at a time, held until a transaction ends."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

BOUNDARIES = "neighbourhood_boundary"
"""With a ward's code: to change its boundaries, in the editor or by a file."""
PLACES = "importing places"
"""To compare places with a file and write them, by a command or a table of the desk."""
TEAMS = "importing teams"
"""The same of teams and their members."""


async def take(connection: AsyncConnection, what: str, *which: str) -> None:
    """Wait for who does the same now (`what`, and of that `which` one); others then wait until we are done."""
    names = map(sa.func.hashtext, (what, *which))
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(*names)))
