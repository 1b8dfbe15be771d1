"""The real wards and places of Đà Nẵng, where they are at hand: imported whole, and located as shapely locates."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from shapely.geometry import shape

from geo import tables
from geo.database import Database
from geo.importing.files import read_features
from geo.importing.places import locate_all
from geo.locating import locate
from geo.positions import Position
from tests.conftest import Copying
from tests.geo.geojson import figures, put_places, put_wards, stored
from tests.real_data import PLACES, WARDS

POINTS = 100_000

pytestmark = pytest.mark.skipif(not WARDS.is_file(), reason="the real data are not on this machine")


class City:
    """The wards as the file has them, without our code: codes in order, shapes beside them."""

    def __init__(self, path: Path) -> None:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        features.sort(key=lambda feature: feature["properties"]["code"])
        self.codes = [feature["properties"]["code"] for feature in features]
        self.shapes = [shape(feature["geometry"]) for feature in features]

    def holders(self, points: Any) -> dict[int, list[str]]:
        """For each point, by its index, every ward that holds it, edges included, in order."""
        held: dict[int, list[str]] = {index: [] for index in range(len(points))}
        tree = shapely.STRtree(shapely.points(points))
        for ward, index in sorted(tree.query(self.shapes, predicate="covers").T.tolist()):
            held[index].append(self.codes[ward])
        return held


@pytest.fixture(scope="module")
def city() -> City:
    return City(WARDS)


@pytest.fixture(scope="module")
async def danang(copying: Copying, template: str) -> AsyncIterator[Database]:
    """A database with the city's 94 wards and its places."""
    async with copying(template) as url:
        database = Database(url)
        assert figures(await put_wards(database, WARDS)) == (94, 0, 0)
        assert figures(await put_places(database, PLACES)) == (521, 0, 0)
        yield database
        await database.close()


async def _located(database: Database, points: Any) -> list[str | None]:
    async with database.read() as connection:
        return [ward for ward, _ in await locate_all(connection, [(float(x), float(y)) for x, y in points])]


async def test_the_94_wards_are_stored_as_published(danang: Database, city: City) -> None:
    rows = await stored(danang, tables.ward)
    assert [row.code for row in rows] == city.codes
    assert {"20314": "Phường Hòa Xuân", "20333": "Đặc khu Hoàng Sa"}.items() <= {r.code: r.name for r in rows}.items()
    async with danang.read() as connection:
        query = sa.select(sa.func.ST_AsBinary(tables.ward.c.boundary)).order_by(tables.ward.c.code)
        kept = [shapely.from_wkb(bytes(row)) for row in await connection.scalars(query)]
        categories = (await connection.scalars(sa.select(tables.category.c.ward_code))).all()
    assert all(ours.equals_exact(theirs, 1e-7) for ours, theirs in zip(kept, city.shapes, strict=True))
    assert set(Counter(categories).values()) == {7}


async def test_importing_both_files_again_changes_nothing(danang: Database) -> None:
    kept = [tables.ward, tables.category, tables.place]
    before = [await stored(danang, table) for table in kept]
    assert figures(await put_wards(danang, WARDS)) == (0, 0, 94)
    assert figures(await put_places(danang, PLACES)) == (0, 0, 521)
    assert [await stored(danang, table) for table in kept] == before


async def test_every_place_is_in_the_ward_that_shapely_finds(danang: Database, city: City) -> None:
    source = {feature.properties["id"]: feature for feature in read_features(PLACES).features}
    rows = await stored(danang, tables.place)
    assert len(rows) == len(source) == 521
    keys = [row.source_key.partition(":")[2] for row in rows]
    points = [(source[key].geometry.x, source[key].geometry.y) for key in keys]
    held = city.holders(points)
    assert [row.ward_code for row in rows] == [held[index][0] for index in range(len(rows))]
    assert [row.ward_code for row in rows] == [source[key].properties["ward_code"] for key in keys]
    assert all(row.name for row in rows)


async def test_100_000_random_points_are_located_as_shapely_locates_them(danang: Database, city: City) -> None:
    chance = random.Random(20314)
    west, south, east, north = shapely.union_all(city.shapes, grid_size=0.001).bounds
    points = [(round(chance.uniform(west, east), 7), round(chance.uniform(south, north), 7)) for _ in range(POINTS)]
    held = city.holders(points)
    expected = [held[index][0] if held[index] else None for index in range(POINTS)]
    assert await _located(danang, points) == expected
    assert 5_000 < sum(code is not None for code in expected) < POINTS - 5_000


async def test_points_close_to_the_edges_are_located_as_shapely_locates_them(danang: Database, city: City) -> None:
    chance = random.Random(48)
    vertices = shapely.get_coordinates(city.shapes)
    near = [vertices[chance.randrange(len(vertices))] for _ in range(20_000)]
    points = [(round(x + chance.gauss(0, 2e-5), 7), round(y + chance.gauss(0, 2e-5), 7)) for x, y in near]
    held = city.holders(points)
    assert await _located(danang, points) == [held[index][0] if held[index] else None for index in range(len(points))]


async def test_every_point_on_a_shared_edge_has_exactly_one_answer(danang: Database, city: City) -> None:
    """Vertices that wards share, and the middles of edges that they share."""
    owners: dict[tuple[float, float], set[int]] = {}
    edges: dict[tuple[tuple[float, float], ...], set[int]] = {}
    for ward, area in enumerate(city.shapes):
        for polygon in area.geoms:
            for line in (polygon.exterior, *polygon.interiors):
                corners = [(x, y) for x, y in line.coords]
                for one, other in pairwise(corners):
                    owners.setdefault(one, set()).add(ward)
                    edges.setdefault(tuple(sorted((one, other))), set()).add(ward)
    corners = [at for at, wards in owners.items() if len(wards) > 1]
    shared = [edge for edge, wards in edges.items() if len(wards) > 1]
    middles = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in shared]
    assert len(corners) > 10_000
    assert len(middles) > 10_000
    held = city.holders(corners)
    answers = await _located(danang, corners)
    assert answers == [held[index][0] for index in range(len(corners))]
    assert any(len(held[index]) > 2 for index in range(len(corners)))
    # A third ward may reach over an edge by a hair, as published: then the lowest code of the three has the middle.
    held = city.holders(middles)
    answers = await _located(danang, middles)
    assert answers == [held[index][0] for index in range(len(middles))]
    owned = [answer in {city.codes[ward] for ward in edges[edge]} for answer, edge in zip(answers, shared, strict=True)]
    assert sum(owned) > 0.999 * len(owned)


async def test_the_example_point_lies_in_hoa_xuan_and_the_sea_in_no_ward(danang: Database) -> None:
    async with danang.read() as connection:
        assert await locate(connection, Position(108.2100, 15.9865)) == ("20314", None)
        assert await locate(connection, Position(108.6, 16.3)) is None


async def test_one_at_a_time_and_all_at_once_agree(danang: Database, city: City) -> None:
    chance = np.random.default_rng(7)
    west, south, east, north = city.shapes[city.codes.index("20314")].bounds
    points = np.round(chance.uniform((west, south), (east, north), (300, 2)), 7)
    together = await _located(danang, points)
    async with danang.read() as connection:
        alone = [await locate(connection, Position(float(x), float(y))) for x, y in points]
    assert together == [found[0] if found else None for found in alone]
    assert len(set(together)) > 3
