"""Snapping: neighbours come to share their edges, what moved is told, and what remains is listed with its size."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon, box, shape

from geo import tables
from geo.areas import overlaps, square_metres
from geo.database import Database
from geo.importing.cleaning import Group, Imported, SpotKind, clean, spots_as_geojson
from geo.importing.features import Feature, FeatureFile
from geo.importing.snapping import snap
from geo.plane import Plane
from tests.conftest import Copying
from tests.geo.geojson import SQUARE, feature, figures, put_neighbourhoods, put_wards, square_ward, stored, write
from tests.real_data import WARDS

METRE = 0.0000093
"""A metre eastward here, in degrees."""
OUTLINE = box(*SQUARE)


@pytest.fixture
async def ward(copying: Copying, template: str, tmp_path: Path) -> AsyncIterator[Database]:
    async with square_ward(copying, template, tmp_path) as database:
        yield database


def _area(*points: tuple[float, float]) -> MultiPolygon:
    return shapely.transform(MultiPolygon([Polygon(points)]), lambda each: np.round(each, 7))


def _halves(gap: float, *, extra: bool = True) -> list[MultiPolygon]:
    """The square in two halves, `gap` degrees apart (negative: overlapping); the eastern one has a vertex more."""
    west = _area((108.20, 15.98), (108.21, 15.98), (108.21, 16.0), (108.20, 16.0))
    middle = [(108.21 + gap, 15.99)] if extra else []
    east = _area((108.21 + gap, 15.98), (108.22, 15.98), (108.22, 16.0), (108.21 + gap, 16.0), *middle)
    return [west, east]


def _is_strict(areas: list[MultiPolygon]) -> bool:
    return bool(shapely.coverage_is_valid(areas)) and all(area.is_valid for area in areas)


@pytest.mark.parametrize("gap", [0.4 * METRE, -0.4 * METRE, 0.0])
@pytest.mark.parametrize("extra", [True, False])
def test_neighbours_come_to_share_their_edge(gap: float, extra: bool) -> None:
    snapped = snap(_halves(gap, extra=extra), 0.5, [], OUTLINE)
    assert _is_strict(snapped)
    assert shapely.union_all(snapped).equals(OUTLINE)
    assert all(square_metres(one) == pytest.approx(square_metres(OUTLINE) / 2, rel=1e-3) for one in snapped)


def test_what_is_wider_apart_stays_as_it_is() -> None:
    for gap in (3 * METRE, -3 * METRE):
        before = _halves(gap)
        after = snap(before, 0.5, [], OUTLINE)
        assert [one.equals(other) for one, other in zip(before, after, strict=True)] == [True, True]


def test_edges_along_the_outline_go_onto_it() -> None:
    inset = 0.3 * METRE
    area = _area((108.20 + inset, 15.98 - inset), (108.22 + inset, 15.98), (108.22, 16.0 - inset), (108.20, 16.0))
    (snapped,) = snap([area], 0.5, [], OUTLINE)
    assert snapped.equals(OUTLINE)


def test_stored_neighbours_do_not_move() -> None:
    west, east = _halves(0.4 * METRE)
    (snapped,) = snap([east], 0.5, [west], OUTLINE)
    assert overlaps([west, snapped], 0) == []
    assert shapely.union_all([west, snapped]).equals(OUTLINE)


def test_snapping_what_is_snapped_changes_nothing() -> None:
    once = snap(_halves(0.4 * METRE), 0.5, [], OUTLINE)
    again = snap(once, 0.5, [], OUTLINE)
    assert [one.equals_exact(other, 0, normalize=True) for one, other in zip(once, again, strict=True)] == [True, True]


@settings(max_examples=25)
@example(2249, 0.1)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.1, 0.3, 1.0]))
def test_a_shaken_grid_of_areas_becomes_a_coverage_again(seed: int, metres: float) -> None:
    """Each drawn by itself, corners off by up to a third of the distance, some edges with vertices of their own."""
    chance = np.random.default_rng(seed)
    side = 0.0008
    areas = []
    for column in range(3):
        for row in range(3):
            x, y = 108.2 + column * side, 15.98 + row * side
            corners = [(x, y), (x + side / 2, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y + side / 3)]
            kept = [corner for number, corner in enumerate(corners) if number not in (1, 5) or chance.random() < 0.5]
            shaken = [
                (a + chance.uniform(-1, 1) * METRE * metres / 3, b + chance.uniform(-1, 1) * METRE * metres / 3)
                for a, b in kept
            ]
            areas.append(_area(*shaken))
    snapped = snap(areas, metres, [])
    assert _is_strict(snapped)
    plane = Plane.around(areas)
    changed = [shapely.symmetric_difference(old, new) for old, new in zip(areas, snapped, strict=True)]
    assert all(plane.narrow(shapely.get_parts(changed), 2 * metres))


async def test_without_snap_nothing_is_changed_and_nothing_stored(ward: Database, tmp_path: Path) -> None:
    file = _file(tmp_path, _halves(-0.4 * METRE))
    report = await put_neighbourhoods(ward, file)
    assert not report.stored
    assert report.troubles[0].values["other"] == "Tổ 1"
    assert isinstance(report, Imported)
    assert report.cleaning is None


def _file(folder: Path, areas: list[MultiPolygon]) -> Path:
    features = [feature(shapely.geometry.mapping(area), code=str(n), name=f"Tổ {n}") for n, area in enumerate(areas, 1)]
    return write(folder, features)


async def test_snapped_neighbourhoods_are_stored_and_what_moved_is_told(ward: Database, tmp_path: Path) -> None:
    file = _file(tmp_path, _halves(-0.4 * METRE))
    report = await put_neighbourhoods(ward, file, snap=0.5)
    assert figures(report) == (2, 0, 0)
    assert isinstance(report, Imported)
    assert report.cleaning is not None
    before, after = report.cleaning.before, report.cleaning.after
    assert [(spot.kind, spot.labels) for spot in before.spots] == [(SpotKind.OVERLAP, ("Tổ 1", "Tổ 2"))]
    assert before.total(SpotKind.OVERLAP) == pytest.approx(0.4 * 2213, rel=0.02)
    assert (after.strict, after.spots) == (True, ())
    moved = report.cleaning.moved
    assert [one.feature for one in moved] == [1]
    assert sum(one.vertices for one in moved) > 0
    assert max(one.metres for one in moved) == pytest.approx(0.4, abs=0.02)
    assert abs(sum(abs(one.square_metres) for one in moved)) == pytest.approx(0.4 * 2213, rel=0.05)
    kept = await stored(ward, tables.neighbourhood_boundary)
    assert figures(await put_neighbourhoods(ward, file, snap=0.5)) == (0, 0, 2)
    assert await stored(ward, tables.neighbourhood_boundary) == kept


async def test_what_remains_is_listed_with_its_size_and_place(ward: Database, tmp_path: Path) -> None:
    gap = 5 * METRE
    report = await put_neighbourhoods(ward, _file(tmp_path, _halves(gap, extra=False)), snap=0.5)
    assert isinstance(report, Imported)
    assert report.stored  # a gap is no reason to refuse: it is told
    assert report.cleaning is not None
    (spot,) = report.cleaning.after.spots
    assert (spot.kind, spot.labels) == (SpotKind.GAP, ("Tổ 1", "Tổ 2"))
    assert spot.square_metres == pytest.approx(5 * 2213, rel=0.02)
    (written,) = json.loads(spots_as_geojson([spot]))["features"]
    assert written["properties"] == {
        "kind": "GAP",
        "name": "Khoảng trống",
        "of": ["Tổ 1", "Tổ 2"],
        "square_metres": round(spot.square_metres, 4),
    }
    assert shape(written["geometry"]).equals(spot.shape)


def test_ground_outside_and_overlaps_are_listed_without_snapping_too() -> None:
    west, east = _halves(-3 * METRE)
    beyond = shapely.transform(east, lambda points: np.add(points, (3 * METRE, 0)))
    areas = {1: west, 2: east, 3: beyond}
    features = tuple(Feature(number, {}, area) for number, area in areas.items())
    group = Group(areas, {1: "a", 2: "b", 3: "c"}, {}, OUTLINE)
    file, cleaning = clean(FeatureFile("x", (), features), [group], None)
    assert file.features == features
    assert cleaning.before is cleaning.after
    assert {(spot.kind, spot.labels) for spot in cleaning.after.spots} == {
        (SpotKind.OVERLAP, ("a", "b")),
        (SpotKind.OVERLAP, ("b", "c")),
        (SpotKind.OUTSIDE, ("c",)),
    }


@pytest.mark.skipif(not WARDS.is_file(), reason="the real data are not on this machine")
async def test_the_94_wards_become_a_strict_coverage_but_for_one_real_gap(database: Database) -> None:
    report = await put_wards(database, WARDS, snap=0.5)
    assert figures(report) == (94, 0, 0)
    assert isinstance(report, Imported)
    assert report.cleaning is not None
    before, after = report.cleaning.before, report.cleaning.after
    assert (before.strict, before.unmatched, len(before.spots)) == (False, 2, 4)
    assert (before.total(SpotKind.GAP), before.total(SpotKind.OVERLAP)) == pytest.approx((411.2, 0.52), abs=0.1)
    assert (after.strict, after.unmatched) == (True, 0)
    (gap,) = after.spots
    assert gap.labels == ("20542 Xã Phú Thuận", "20611 Xã Thu Bồn", "20656 Xã Nông Sơn")
    assert gap.square_metres == pytest.approx(410.5, abs=0.1)
    assert 0 < len(report.cleaning.moved) < 20
    assert max(one.metres for one in report.cleaning.moved) <= 1
    async with database.read() as connection:
        query = sa.select(sa.func.ST_AsBinary(tables.ward.c.boundary))
        kept: Any = [shapely.from_wkb(bytes(row)) for row in await connection.scalars(query)]
    assert shapely.coverage_is_valid(kept)
