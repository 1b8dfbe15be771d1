"""The database that is measured: made ready for it, and what a measurement added taken out again.

Only databases whose every ward is a demonstration ward are touched. What stays changed: crews are on duty and have
room, the busiest crews have a page of work, and each of those has an account of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.cases import CREW_PAGE, Source
from benchmarks.drawing import ground
from geo import accounts, sessions, tables
from geo.database import Database
from geo.ids import new_id
from geo.lifecycle import IN_HAND
from geo.tables import AccountRole

MOST_CREWS = 200
_ROOM = 1_000
_HOUR = timedelta(hours=12)
_NO_PASSWORD = "!"  # no hash at all: nobody signs in with it


class NotADemoError(Exception):
    """The database holds wards that are not for demonstration."""


async def connect(url: str) -> asyncpg.Connection:
    """A connection of the harness itself, told apart by its name."""
    return await asyncpg.connect(
        url.replace("+asyncpg", ""),
        server_settings={"application_name": "bench-harness", "jit": "off", "timezone": "UTC"},
    )


async def prepare(url: str) -> Source:
    """Make crews ready, sign their members in, and draw what requests are made of. Raises `NotADemoError`."""
    connection = await connect(url)
    if await connection.fetchval("SELECT coalesce(bool_and(demo), false) FROM ward") is not True:
        await connection.close()
        raise NotADemoError("Only databases of demonstration wards are measured: a measurement changes them.")
    drawn = await ground(connection)
    database = Database(url, pool_size=1, statement_timeout_ms=0)
    try:
        async with database.write() as writing:
            await writing.execute(sa.update(tables.crew).values(capacity=_ROOM, on_duty=True))
            await writing.execute(sa.text("SET CONSTRAINTS ALL IMMEDIATE"))
            crews = await _busiest(connection)
            tokens = []
            for ward, crew in crews:
                await _fill(writing, ward, crew)
                tokens.append(await sessions.begin(writing, await _member(writing, ward, crew), _HOUR))
    finally:
        await database.close()
    await connection.execute("ANALYZE incident")
    return Source(connection, drawn, tuple(tokens))


async def _busiest(connection: asyncpg.Connection) -> list[tuple[str, UUID]]:
    rows = await connection.fetch(
        "SELECT ward_code, crew_id, count(*) AS held FROM incident WHERE status = ANY($1)"
        " GROUP BY ward_code, crew_id ORDER BY held DESC, ward_code, crew_id LIMIT $2",
        [str(status) for status in IN_HAND],
        MOST_CREWS,
    )
    return [(row["ward_code"], row["crew_id"]) for row in rows]


async def _fill(connection: AsyncConnection, ward: str, crew: UUID) -> None:
    """Give a crew with less than a page of work more of it, from what was closed in its ward."""
    table = tables.incident
    of_crew = sa.and_(table.c.ward_code == ward, table.c.crew_id == crew, table.c.status.in_(IN_HAND))
    held = await connection.scalar(sa.select(sa.func.count()).select_from(table).where(of_crew)) or 0
    if held >= CREW_PAGE:
        return
    taken = (
        sa.select(table.c.id)
        .where(table.c.ward_code == ward, table.c.status == "CLOSED")
        .order_by(table.c.reported_at.desc(), table.c.id)
        .limit(CREW_PAGE + 10 - held)
    )
    back = {"status": "ASSIGNED", "crew_id": crew, "resolved_at": None, "closed_at": None, "satisfaction": None}
    await connection.execute(sa.update(table).where(table.c.ward_code == ward, table.c.id.in_(taken)).values(**back))


async def _member(connection: AsyncConnection, ward: str, crew: UUID) -> UUID:
    member = tables.crew_member
    known: UUID | None = await connection.scalar(
        sa.select(member.c.account_id).where(member.c.ward_code == ward, member.c.crew_id == crew).limit(1)
    )
    if known is not None:
        return known
    made = await accounts.create(
        connection,
        username=f"bench-{new_id()}",
        password_hash=_NO_PASSWORD,
        name="Đo tốc độ",
        role=AccountRole.CREW_MEMBER,
        ward_code=ward,
        crew_id=crew,
    )
    return made


async def now(connection: asyncpg.Connection) -> datetime:
    """The database's clock: reports from then on are the measurement's."""
    moment: datetime = await connection.fetchval("SELECT clock_timestamp()")
    return moment


async def clean(connection: asyncpg.Connection, since: datetime) -> int:
    """Take out the reports since then, with all that refers to them; gives how many. History is append-only otherwise.

    Served by `ix_incident_newest`: every ward is asked by name.
    """
    named = "SELECT array(SELECT code FROM ward)"
    async with connection.transaction():
        wards = await connection.fetchval(named)
        keys = await connection.fetch(
            "SELECT ward_code, id FROM incident WHERE ward_code = ANY($1) AND reported_at >= $2", wards, since
        )
        if not keys:
            return 0
        await connection.execute("ALTER TABLE incident_event DISABLE TRIGGER incident_event_append_only")
        which = [key["ward_code"] for key in keys], [key["id"] for key in keys]
        pairs = "(SELECT * FROM unnest($1::text[], $2::uuid[]))"
        for table in await _referring(connection):
            await connection.execute(f"DELETE FROM {table} WHERE (ward_code, incident_id) IN {pairs}", *which)  # noqa: S608
        await connection.execute(f"DELETE FROM incident WHERE (ward_code, id) IN {pairs}", *which)  # noqa: S608
        await connection.execute("ALTER TABLE incident_event ENABLE TRIGGER incident_event_append_only")
    return len(keys)


async def _referring(connection: asyncpg.Connection) -> list[str]:
    """The tables with a row for an incident, those that refer to others of them first.

    Not what the map's counts have yet to bring in: a report that came and went is counted up and down again.
    """
    rows = await connection.fetch(
        "SELECT c.oid::regclass::text AS name FROM pg_class c"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND (SELECT count(*) FROM pg_attribute a"
        "  WHERE a.attrelid = c.oid AND attname IN ('ward_code', 'incident_id')) = 2"
    )
    order = {table.name: number for number, table in enumerate(tables.metadata.sorted_tables)}
    names: list[str] = [row["name"] for row in rows if row["name"] != tables.incident_cell_change.name]
    return sorted(names, key=lambda name: -order.get(name, len(order)))
