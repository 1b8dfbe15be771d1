"""Boundaries kept in memory: whoever reads them reads what stands in the database."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from geo.database import Database
from geo.fragments import MARK
from tests import ward
from tests.asking import Desk

BOUNDARIES = """{ ward {
  neighbourhoods(first: 10) { nodes { name boundary past: boundary(at: "2001-01-01T00:00:00Z")
    boundaryHistory { boundary since until } team { coverageArea } } }
} }"""
REDRAW = (
    "WITH ended AS (UPDATE neighbourhood_boundary SET until = clock_timestamp()"
    " WHERE neighbourhood_id = :id AND until IS NULL RETURNING ward_code, neighbourhood_id)"
    " INSERT INTO neighbourhood_boundary (ward_code, id, neighbourhood_id, boundary, since)"
    " SELECT ward_code, gen_random_uuid(), neighbourhood_id,"
    " ST_Multi(ST_MakeEnvelope(108.2, 15.98, 108.21, 15.99, 4326)), clock_timestamp() FROM ended RETURNING id"
)


async def told(desk: Desk) -> Any:
    return (await desk.data(BOUNDARIES))["ward"]["neighbourhoods"]["nodes"]


async def test_an_edit_of_a_boundary_is_seen_at_once_wherever_it_is_read(desk: Desk) -> None:
    """Made by another process, of which this one hears nothing."""
    before = await told(desk)
    elsewhere = Database(desk.database.url, pool_size=1)
    try:
        async with elsewhere.write() as connection:
            await connection.execute(sa.text(REDRAW), {"id": desk.ward.neighbourhoods[ward.FIRST]})
    finally:
        await elsewhere.close()
    after = await told(desk)
    changed = [(was, now) for was, now in zip(before, after, strict=True) if was["boundary"] != now["boundary"]]
    assert [now["name"] for _, now in changed] == [ward.FIRST]
    ((was, now),) = changed
    assert now["boundary"] == now["team"]["coverageArea"] == now["boundaryHistory"][-1]["boundary"]
    assert [period["boundary"] for period in now["boundaryHistory"]] == [was["boundary"], now["boundary"]]
    assert min(now["boundary"]["coordinates"][0][0]) == [108.2, 15.98]


async def test_what_is_kept_is_what_postgresql_writes(desk: Desk) -> None:
    first, again = await told(desk), await told(desk)
    kept, desk.database.fragments = desk.database.fragments, None
    assert kept is not None
    assert len(kept) > 0
    assert await told(desk) == first == again


async def test_a_name_cannot_hold_a_mark(desk: Desk) -> None:
    """JSON writes the character as an escape, so nobody can have a boundary put where they like."""
    name = f"{MARK}20314:{desk.ward.neighbourhoods[ward.FIRST]}{MARK}"
    async with desk.database.write() as connection:
        await connection.execute(
            sa.text("UPDATE neighbourhood SET name = :name WHERE id = :id"),
            {"name": name, "id": desk.ward.neighbourhoods[ward.FIRST]},
        )
    assert name in [node["name"] for node in await told(desk)]
