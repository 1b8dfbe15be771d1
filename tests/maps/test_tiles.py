"""Vector tiles, decoded: what they hold is what the caller may see, where it is, and no more."""

from __future__ import annotations

import math
from typing import Any
from uuid import UUID

import mapbox_vector_tile
import pytest
import sqlalchemy as sa

from geo import cells, clusters
from geo.actor import ANONYMOUS, Actor, Role
from geo.database import Database
from geo.lifecycle import OPEN
from maps import tiles
from maps.tiles import BUFFER, EXTENT, Tile
from tests.maps.small_ward import CODE, HOSTILE, build, report
from tests.ward import square

STAFF = Actor(role=Role.STAFF, ward_code=CODE)
HERE = (108.22, 16.0)


@pytest.fixture
async def ids(database: Database) -> dict[str, UUID]:
    return await build(database)


def tile_at(zoom: int, longitude: float = HERE[0], latitude: float = HERE[1], code: str | None = None) -> Tile:
    whole = 2**zoom
    return Tile(zoom, math.floor(cells.across(longitude) * whole), math.floor(cells.down(latitude) * whole), code)


async def read(database: Database, layer: str, tile: Tile, actor: Actor = ANONYMOUS, **wanted: Any) -> list[dict]:
    statement = tiles.LAYERS[layer][1](actor, tile, **wanted)
    async with database.read() as connection:
        body = bytes((await connection.execute(statement)).scalar_one())
    decoded = mapbox_vector_tile.decode(body, default_options={"y_coord_down": True}) if body else {}
    assert set(decoded) <= {layer}
    if decoded:
        assert decoded[layer]["extent"] == EXTENT
    return decoded[layer]["features"] if decoded else []


def names(features: list[dict]) -> set[str]:
    return {feature["properties"]["name"] for feature in features}


def position(feature: dict, tile: Tile) -> tuple[float, float]:
    x, y = feature["geometry"]["coordinates"]
    whole = 2**tile.zoom
    return cells.longitude((tile.x + x / EXTENT) / whole), cells.latitude((tile.y + y / EXTENT) / whole)


@pytest.mark.parametrize("zoom", [0, 5, 8, 9, 11, 12, 14])
async def test_the_ward_is_drawn_where_it_is(database, ids, zoom):
    (feature,) = await read(database, "wards", tile_at(zoom))
    assert feature["properties"]["id"] == CODE
    assert ("name" in feature["properties"]) == (zoom >= tiles.NAMES_ZOOM)
    assert feature["geometry"]["type"] == "Polygon"
    whole, tile = EXTENT * 2**zoom, tile_at(zoom)
    xs = [tile.x * EXTENT + x for ring in feature["geometry"]["coordinates"] for x, _ in ring]
    pixel = EXTENT / 256
    assert min(xs) >= math.floor(cells.across(108.2) * whole) - pixel
    assert max(xs) <= math.ceil(cells.across(108.24) * whole) + pixel


async def test_a_boundary_that_is_edited_is_edited_at_every_zoom(database, ids):
    again = """
        WITH ended AS (
            UPDATE neighbourhood_boundary SET until = now() WHERE neighbourhood_id = :id RETURNING ward_code
        )
        INSERT INTO neighbourhood_boundary (ward_code, id, neighbourhood_id, boundary, since)
        SELECT ward_code, gen_random_uuid(), :id, :moved, now() FROM ended
    """
    moved = {"moved": square(105.2, 15.98, 105.24, 16.02)}
    async with database.write() as connection:
        await connection.execute(sa.text("UPDATE ward SET boundary = :moved"), moved)
        await connection.execute(sa.text(again), moved | {"id": ids["Tổ dân phố số 2"]})
    for zoom in (8, 9, 11, 12, 14):
        assert await read(database, "wards", tile_at(zoom)) == []
        assert len(await read(database, "wards", tile_at(zoom, 105.22))) == 1
    for zoom in (11, 12, 14):
        assert names(await read(database, "neighbourhoods", tile_at(zoom, 105.22))) == {"Tổ dân phố số 2"}
        assert names(await read(database, "neighbourhoods", tile_at(zoom, 108.219))) == {"Tổ dân phố số 10"}


@pytest.mark.parametrize("zoom", [11, 12, 13])
async def test_neighbours_share_their_edge_at_every_zoom(database, ids, zoom):
    first, second = await read(database, "neighbourhoods", tile_at(zoom))
    edges = [{tuple(point) for ring in one["geometry"]["coordinates"] for point in ring} for one in (first, second)]
    shared = edges[0] & edges[1]
    assert len({x for x, _ in shared}) == 1
    assert len(shared) >= 2


async def test_hostile_names_stay_text(database, ids):
    assert names(await read(database, "places", tile_at(13))) >= set(HOSTILE)


async def test_an_officials_home_is_for_those_who_work_there(database, ids):
    assert "Nhà riêng" not in names(await read(database, "places", tile_at(13)))
    assert "Nhà riêng" in names(await read(database, "places", tile_at(13), STAFF))


async def test_a_tile_of_one_ward_holds_nothing_of_another(database, ids):
    await report(database, *HERE)
    await build(database, code="20320", demo=False)
    for layer in tiles.LAYERS:
        both = await read(database, layer, tile_at(16))
        one = await read(database, layer, tile_at(16, code="20320"))
        assert len(one) < len(both) or not both
        assert all(feature["properties"].get("ward", "20320") == "20320" for feature in one)
    assert await read(database, "wards", tile_at(5, code="99999")) == []


async def test_private_incidents_are_counted_only_for_who_may_see_them(database, ids):
    await report(database, *HERE)
    await report(database, *HERE, category="SECURITY")
    for settled in (False, True):
        for zoom in (0, 5, 11, 15, 16, 18):
            for actor, expected in ((ANONYMOUS, 1), (STAFF, 2), (Actor(role=Role.STAFF, ward_code="20320"), 1)):
                found = await read(database, "incidents", tile_at(zoom), actor)
                assert sum(feature["properties"]["n"] for feature in found) == expected, (zoom, actor)
        if not settled:
            await clusters.refresh_all(database)


async def test_incidents_are_filtered(database, ids):
    await report(database, *HERE)
    await report(database, *HERE, status="REJECTED", category="TRAFFIC")
    for zoom in (5, 17):
        assert sum(f["properties"]["n"] for f in await read(database, "incidents", tile_at(zoom), statuses=OPEN)) == 1
        traffic = await read(database, "incidents", tile_at(zoom), kinds=["TRAFFIC"])
        assert sum(feature["properties"]["n"] for feature in traffic) == 1


async def test_near_incidents_stand_for_themselves_without_their_words(database, ids):
    id_ = await report(database, *HERE, published=True)
    (feature,) = await read(database, "incidents", tile_at(17))
    expected = {"id": str(id_), "n": 1, "ward": CODE, "kind": "ENVIRONMENT", "status": "RECEIVED"}
    assert feature["properties"] == expected
    assert position(feature, tile_at(17)) == pytest.approx(HERE, abs=1e-6)


async def test_near_but_too_many_they_are_counted(database, ids, monkeypatch):
    monkeypatch.setattr(tiles, "SINGLES", 3)
    for n in range(5):
        await report(database, HERE[0] + 1e-5, HERE[1] - 1e-6 * n)
    found = await read(database, "incidents", tile_at(17))
    assert sum(feature["properties"]["n"] for feature in found) == 5
    assert all("status" not in feature["properties"] for feature in found)


@pytest.mark.parametrize("zoom", [12, 15, 16])
async def test_tiles_beside_each_other_agree_at_their_edge(database, ids, zoom):
    """What lies in the margin of both is in both, at the same place; within the tiles each incident is counted once."""
    middle = tile_at(zoom)
    edge = cells.longitude(middle.x / 2**zoom)
    for n in range(-20, 20):
        await report(database, edge + n * 4e-6, HERE[1] + n * 1e-6)
    left, right = Tile(zoom, middle.x - 1, middle.y), middle
    shown = [{f["properties"]["id"]: f for f in await read(database, "incidents", tile)} for tile in (left, right)]
    common = shown[0].keys() & shown[1].keys()
    assert common
    for id_ in common:
        assert shown[0][id_]["properties"] == shown[1][id_]["properties"]
        one, other = (found[id_]["geometry"]["coordinates"] for found in shown)
        assert (one[0] - EXTENT, one[1]) == tuple(other)
    all_of_them = {id_: feature["properties"]["n"] for found in shown for id_, feature in found.items()}
    assert sum(all_of_them.values()) == 40
    for found in shown:
        for feature in found.values():
            assert all(-BUFFER <= at <= EXTENT + BUFFER for at in feature["geometry"]["coordinates"])


@pytest.mark.parametrize("layer", tiles.LAYERS)
@pytest.mark.parametrize("corner", [(0, 0, 0), (1, 1, 0), (22, 2**22 - 1, 0), (22, 0, 2**22 - 1), (3, 7, 7)])
async def test_any_tile_of_the_world_is_answered(database, ids, layer, corner):
    await report(database, 108.2, 90)
    await report(database, 180, -90)
    found = await read(database, layer, Tile(*corner))
    assert layer != "incidents" or corner[0] or sum(feature["properties"]["n"] for feature in found) <= 2


async def test_a_tile_never_holds_more_than_its_bound(database, ids, monkeypatch):
    monkeypatch.setattr(tiles, "MOST", 2)
    assert len(await read(database, "places", tile_at(13))) == 2
