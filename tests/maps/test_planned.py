"""The map's statements are planned once, and each window, tile and ward gets its own answer."""

from __future__ import annotations

import orjson
import pytest

from geo.actor import ANONYMOUS, Actor
from geo.cells import across, down
from geo.lifecycle import OPEN, Status
from geo.positions import Box
from maps import layers, planned, tiles
from maps.tiles import Tile
from maps.window import Window
from tests.geo.conftest import Laid
from tests.geo.desk import report_of, send
from tests.ward import CODE, IN_FIRST, IN_SECOND, OTHER

WHOLE, PART = Box(108.0, 15.9, 108.4, 16.1), Box(108.2, 15.98, 108.22, 15.99)
WINDOWS = [Window(zoom, box) for zoom in (10, 13, 17) for box in (WHOLE, PART)]
FILTERS: list[tuple[list[Status] | None, list[str] | None]] = [
    (None, None),
    (list(OPEN), None),
    (None, ["ENVIRONMENT"]),
    ([Status.RECEIVED], ["ENVIRONMENT", "SECURITY"]),
]
TILES = [
    Tile(zoom, int(across(IN_FIRST[0]) * 2**zoom) + step, int(down(IN_FIRST[1]) * 2**zoom), code)
    for zoom in (6, 12, 16)
    for step in (0, 1)
    for code in (None, CODE, OTHER)
]


@pytest.fixture
async def busy(laid: Laid) -> Laid:
    for at, category in ((IN_FIRST, "ENVIRONMENT"), (IN_FIRST, "SECURITY"), (IN_SECOND, "ENVIRONMENT")):
        await send(laid, report_of(category=category, location=type(report_of().location)(*at)))
    return laid


def callers(laid: Laid) -> list[Actor]:
    return [ANONYMOUS, *(laid.actors[name] for name in ("staff", "staff-other", "crew-clean"))]


async def test_every_window_is_answered_by_plan_as_by_its_own_statement(busy: Laid) -> None:
    async with busy.database.texts() as texts, busy.database.read() as connection:
        for actor in callers(busy):
            for code in (CODE, OTHER):
                for window in WINDOWS:
                    for statuses, kinds in FILTERS:
                        asked = (actor, code, window, statuses, kinds)
                        for plan, given, statement in (
                            (*planned.points(*asked), layers.incident_points(*asked)),
                            (*planned.clusters(*asked), layers.incident_clusters(*asked)),
                        ):
                            (row,) = await texts.rows(plan, given)
                            (own,) = await connection.execute(statement)
                            assert orjson.loads(row.body) == orjson.loads(own.body)
                            assert row.total == own.total
                        heat = await texts.fetch(*planned.heat(*asked))
                        (own,) = await connection.execute(layers.incident_heat(*asked))
                        assert sorted(orjson.loads(heat or b"")) == sorted(orjson.loads(own.body))
                kinds = await texts.fetch(*planned.kinds(actor, code))
                (own,) = await connection.execute(layers.incident_kinds(actor, code))
                assert orjson.loads(kinds or b"") == orjson.loads(own.body)


async def test_every_tile_is_answered_by_plan_as_by_its_own_statement(busy: Laid) -> None:
    found = set()
    async with busy.database.texts() as texts, busy.database.read() as connection:
        for actor in callers(busy):
            for tile in TILES:
                for name, (least, statement) in tiles.LAYERS.items():
                    if tile.zoom < least:
                        continue
                    (row,) = await texts.rows(*planned.tile(actor, name, tile, None, None))
                    ((body,),) = await connection.execute(statement(actor, tile))
                    assert row.body == bytes(body)
                    found |= {name} if row.body else set()
    assert found == set(tiles.LAYERS)


async def test_wards_and_layers_share_plans(busy: Laid) -> None:
    async with busy.database.texts() as texts:
        for code in (CODE, OTHER, "99999"):
            found = await texts.fetch(*planned.code(ANONYMOUS, code))
            assert found == (None if code == "99999" else code.encode())
        for name, statement in layers.LAYERS.items():
            bodies = [await texts.fetch(*planned.layer(ANONYMOUS, name, code)) for code in (CODE, OTHER)]
            ((own,),) = await busy.rows(statement(ANONYMOUS, CODE))
            assert orjson.loads(bodies[0] or b"") == orjson.loads(own)
            assert bodies[0] != bodies[1]
    plans = [planned.layer(ANONYMOUS, "ward", code)[0] for code in (CODE, OTHER)]
    assert plans[0] is plans[1]
