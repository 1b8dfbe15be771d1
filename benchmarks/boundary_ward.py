"""A ward with many neighbourhoods of many vertices, made by code: a wall of bricks with crooked joints.

Every joint between two corners is drawn once and used by both sides, on whole units of 1e-7 degrees, so the bricks are
an exact coverage. Rows are shifted by half a brick: inside the wall three areas share each corner.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID

import asyncpg
import shapely
import sqlalchemy as sa
from shapely.geometry import MultiPolygon, Polygon

from geo import accounts, sessions, tables
from geo.database import Database
from geo.grid import UNITS
from geo.ids import new_id
from geo.passwords import hash_password
from geo.seeds import seed_categories, team_name
from geo.tables import SRID, AccountRole

CODE = "20314"
WEST, SOUTH = 1_081_500_000, 159_400_000
WIDTH, HEIGHT = 50_000, 90_000
"""Of a brick, in units: some 530 by 1,000 metres."""
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)

Unit = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Wall:
    """The bricks row by row, from the south-west, and corners that three of them share."""

    areas: list[MultiPolygon]
    corners: list[tuple[tuple[float, float], tuple[int, ...]]]
    """Position, and the places in `areas` of those that share it."""

    @property
    def outline(self) -> MultiPolygon:
        union = shapely.coverage_union_all(self.areas)
        return MultiPolygon([part for part in shapely.get_parts(union) if isinstance(part, Polygon)])


def wall(rows: int, columns: int, vertices: int) -> Wall:
    """`rows` times `columns` bricks of about so many vertices each; the same every time."""
    random = Random(20314)
    lying, standing = vertices // 8, vertices // 4
    joints: dict[tuple[Unit, Unit], list[Unit]] = {}

    def joint(one: Unit, other: Unit) -> list[Unit]:
        """From one corner to the other, both included; corners are in half bricks and rows."""
        if one > other:
            return joint(other, one)[::-1]
        if (one, other) not in joints:
            count = standing if one[0] == other[0] else lying
            joints[one, other] = _crooked(_corner(one), _corner(other), count, random)
        return joints[one, other]

    areas, found = [], []
    for row in range(rows):
        ends = [0, *range(2, 2 * columns, 2), 2 * columns]
        if row % 2:
            ends = [0, *range(3, 2 * columns, 2), 2 * columns]
        for left, right in pairwise(ends):
            low = [(at, row) for at in range(left, right + 1)]
            high = [(at, row + 1) for at in range(right, left - 1, -1)]
            ring = [*low, *high, low[0]]
            spots = [spot for one, other in pairwise(ring) for spot in joint(one, other)[:-1]]
            found.append(set(ring))
            areas.append(MultiPolygon([Polygon([(x / UNITS, y / UNITS) for x, y in spots])]))
    at: dict[Unit, list[int]] = {}
    for number, ring_of in enumerate(found):
        for corner in ring_of:
            at.setdefault(corner, []).append(number)
    corners = [
        ((_corner(corner)[0] / UNITS, _corner(corner)[1] / UNITS), tuple(whose))
        for corner, whose in sorted(at.items())
        if len(whose) == 3
    ]
    return Wall(areas, corners)


def _corner(at: Unit) -> Unit:
    return WEST + at[0] * WIDTH // 2, SOUTH + at[1] * HEIGHT


def _crooked(one: Unit, other: Unit, count: int, random: Random) -> list[Unit]:
    """A line of `count` steps that bends to both sides of the straight one, by up to a twentieth of its length."""
    waves = [(random.uniform(-1, 1), number, random.uniform(0, 6)) for number in (1, 2, 5)]
    dx, dy = other[0] - one[0], other[1] - one[1]
    line = [one]
    for step in range(1, count):
        share = step / count
        aside = math.sin(math.pi * share) * sum(
            size * math.sin(number * 6 * share + phase) for size, number, phase in waves
        )
        aside = 0.015 * aside
        line.append((round(one[0] + dx * share - dy * aside), round(one[1] + dy * share + dx * aside)))
    return [*line, other]


async def lay(database: Database, wall_: Wall) -> tuple[list[UUID], str]:
    """Store the ward with its neighbourhoods, teams and one clerk: their ids in the wall's order, the clerk's token."""
    ids = [new_id() for _ in wall_.areas]
    shape = sa.func.ST_GeomFromWKB(sa.bindparam("wkb", type_=sa.LargeBinary), SRID)
    async with database.write() as connection:
        ward = {"code": CODE, "name": "Phường đo thử", "wkb": wall_.outline.wkb}
        await connection.execute(sa.insert(tables.ward).values(boundary=shape), [ward])
        await seed_categories(connection, CODE)
        names = [f"Tổ dân phố số {number}" for number in range(1, len(ids) + 1)]
        of = [{"ward_code": CODE, "id": id_, "name": name} for id_, name in zip(ids, names, strict=True)]
        await connection.execute(sa.insert(tables.neighbourhood), of)
        periods = [
            {"ward_code": CODE, "id": new_id(), "neighbourhood_id": id_, "since": LONG_AGO, "wkb": area.wkb}
            for id_, area in zip(ids, wall_.areas, strict=True)
        ]
        await connection.execute(sa.insert(tables.neighbourhood_boundary).values(boundary=shape), periods)
        teams = [
            {"ward_code": CODE, "id": new_id(), "neighbourhood_id": id_, "name": team_name(name)}
            for id_, name in zip(ids, names, strict=True)
        ]
        await connection.execute(sa.insert(tables.team), teams)
        clerk = await accounts.create(
            connection,
            username="staff",
            password_hash=hash_password("phuongso-benchmark"),
            name="Cán bộ đo thử",
            role=AccountRole.STAFF,
            ward_code=CODE,
        )
        token = await sessions.begin(connection, clerk, timedelta(hours=1))
    return ids, token


async def analyse(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("ANALYZE")
    await connection.close()
