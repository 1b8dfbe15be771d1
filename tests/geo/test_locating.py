"""What governs a position: the database agrees with shapely, and every point has at most one answer."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from shapely.geometry import MultiPolygon, Point, box

from geo import tables
from geo.database import Database
from geo.ids import new_id
from geo.locating import locality, locate, locate_within
from geo.positions import Position
from tests import ward
from tests.geo.conftest import Laid

SIZE = 8
Tiling = dict[UUID, MultiPolygon]


def tiling(rng: random.Random) -> Tiling:
    """A square degree cut into bent quadrangles that share corners and edges exactly, as a ward's neighbourhoods do."""
    corner = np.array([[(x, y) for y in range(SIZE + 1)] for x in range(SIZE + 1)], dtype=float)
    for x in range(1, SIZE):
        for y in range(1, SIZE):
            corner[x, y] += (rng.uniform(-0.3, 0.3), rng.uniform(-0.3, 0.3))
    corner = np.round(corner / SIZE + (108, 15), 7)
    ids = [new_id() for _ in range(SIZE * SIZE)]
    rng.shuffle(ids)
    cells = [[(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)] for x in range(SIZE) for y in range(SIZE)]
    return {
        id_: MultiPolygon([shapely.Polygon([tuple(corner[at]) for at in cell])])
        for id_, cell in zip(ids, cells, strict=True)
    }


def points_of(tiles: Tiling, rng: random.Random) -> Iterator[tuple[float, float]]:
    for _ in range(1_500):
        yield round(rng.uniform(107.9, 109.1), 7), round(rng.uniform(14.9, 16.1), 7)
    for tile in tiles.values():
        ring = list(tile.geoms[0].exterior.coords)
        yield from ring
        for (x1, y1), (x2, y2) in itertools.pairwise(ring):
            yield (x1 + x2) / 2, (y1 + y2) / 2  # on or beside a shared edge, as near as a double gets


async def store(database: Database, tiles: Tiling) -> None:
    async with database.write() as connection:
        await connection.execute(
            sa.insert(tables.ward).values(code="20314", name="P", boundary=ward.square(108, 15, 109, 16))
        )
        for number, (id_, tile) in enumerate(tiles.items()):
            of = {"ward_code": "20314"}
            await connection.execute(sa.insert(tables.neighbourhood).values(**of, id=id_, name=f"Tổ {number}"))
            drawn = {"boundary": f"SRID=4326;{tile.wkt}", "since": ward.REPORTED, "neighbourhood_id": id_}
            await connection.execute(sa.insert(tables.neighbourhood_boundary).values(**of, id=new_id(), **drawn))


@pytest.mark.parametrize("seed", [1, 2])
async def test_locating_agrees_with_shapely_on_every_point(database: Database, seed: int) -> None:
    rng = random.Random(seed)
    tiles = tiling(rng)
    await store(database, tiles)
    points = list(points_of(tiles, rng))
    longitudes, latitudes = zip(*points, strict=True)
    pairs = sa.func.unnest(sa.cast(list(longitudes), sa.ARRAY(sa.Float)), sa.cast(list(latitudes), sa.ARRAY(sa.Float)))
    numbered = pairs.table_valued("x", "y", with_ordinality="n").render_derived(name="p")
    # Named as text: as a column, it would be drawn into the innermost subquery's FROM.
    at = sa.func.ST_SetSRID(sa.func.ST_MakePoint(sa.literal_column("p.x"), sa.literal_column("p.y")), 4326)
    found = locality(at).lateral("found")
    query = sa.select(numbered.c.n, found).select_from(numbered.outerjoin(found, sa.true()))
    async with database.read() as connection:
        answers = (await connection.execute(query)).all()
    assert len(answers) == len(points), "no point has two answers"
    outline, on_edges = box(108, 15, 109, 16), 0
    for n, ward_code, neighbourhood_id in answers:
        point = Point(points[n - 1])
        holders = sorted(id_ for id_, tile in tiles.items() if tile.covers(point))
        on_edges += len(holders) > 1
        assert ward_code == ("20314" if outline.covers(point) else None)
        assert neighbourhood_id == (holders[0] if holders else None)
    assert on_edges > 100, "the points on shared edges were tried"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (ward.IN_FIRST, (ward.CODE, {ward.FIRST})),
        ((108.22, 15.985), (ward.CODE, {ward.FIRST, ward.SECOND})),
        ((108.22, 16.0), (ward.CODE, set(ward.TILES))),
        ((108.20, 15.98), (ward.CODE, {ward.FIRST})),
        ((108.24, 15.99), (ward.CODE, {ward.SECOND})),
        (ward.IN_OTHER, (ward.OTHER, None)),
        (ward.IN_THE_SEA, None),
        ((108.1999999, 15.99), None),
    ],
)
async def test_a_point_on_an_edge_belongs_to_the_lowest(standing: Laid, at: tuple[float, float], expected: Any) -> None:
    async with standing.database.read() as connection:
        found = await locate(connection, Position(*at))
    if expected is None or found is None:
        assert found is expected
        return
    code, names = expected
    assert found[0] == code
    if names is not None:
        assert found[1] == min(standing.ward.neighbourhoods[name] for name in names)


async def test_a_named_ward_holds_its_whole_edge(standing: Laid) -> None:
    edge = Position(108.24, 16.0)
    async with standing.database.read() as connection:
        covered, neighbourhood_id = await locate_within(connection, ward.CODE, edge)
        beside, theirs = await locate_within(connection, ward.OTHER, edge)
        assert await locate_within(connection, "99999", edge) == (False, None)
        assert await locate_within(connection, ward.CODE, Position(*ward.IN_OTHER)) == (False, None)
    ours = [standing.ward.neighbourhoods[name] for name in (ward.SECOND, "Tổ dân phố Đông Hòa")]
    assert (covered, neighbourhood_id) == (True, min(ours))
    assert beside
    assert theirs is not None
    assert theirs not in ours


async def test_an_old_boundary_governs_nothing(laid: Laid) -> None:
    async with laid.database.write() as connection:
        await connection.execute(sa.update(tables.neighbourhood_boundary).values(until=sa.func.now()))
    async with laid.database.read() as connection:
        assert await locate(connection, Position(*ward.IN_FIRST)) == (ward.CODE, None)
