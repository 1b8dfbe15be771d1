"""Geometry at the door: what is good passes unchanged, anything else is refused with its path, and nothing crashes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import mapping

from geo.positions import (
    MAX_VERTICES,
    Box,
    Position,
    PositionError,
    box,
    line_string,
    multi_polygon,
    polygon,
    position,
)
from tests.spending import spending

LONGITUDES = st.floats(-180, 180).map(lambda x: round(x, 7))
LATITUDES = st.floats(-90, 90).map(lambda y: round(y, 7))
SHELL = [[108.0, 16.0], [108.2, 16.0], [108.2, 16.2], [108.0, 16.2], [108.0, 16.0]]


def point_of(*coordinates: object) -> dict[str, object]:
    return {"type": "Point", "coordinates": list(coordinates)}


def polygon_of(*rings: object) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": list(rings)}


@given(LONGITUDES, LATITUDES)
def test_a_position_comes_through_as_it_is(longitude: float, latitude: float) -> None:
    assert position(point_of(longitude, latitude)) == Position(longitude, latitude)


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_a_position_is_kept_to_a_centimetre(longitude: float, latitude: float) -> None:
    kept = position(point_of(longitude, latitude))
    assert abs(kept.longitude - longitude) <= 5.1e-8
    assert abs(kept.latitude - latitude) <= 5.1e-8


@given(LONGITUDES, LATITUDES, st.floats(1e-4, 1), st.floats(1e-4, 1))
def test_shapes_come_through_as_they_are(west: float, south: float, width: float, height: float) -> None:
    east, north = round(min(west + width, 180), 7), round(min(south + height, 90), 7)
    if east <= west or north <= south:
        return
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    assert json.loads(json.dumps(mapping(polygon(polygon_of(ring))))) == polygon_of(ring)
    several = {"type": "MultiPolygon", "coordinates": [[ring]]}
    assert json.loads(json.dumps(mapping(multi_polygon(several)))) == several
    assert multi_polygon(polygon_of(ring)).equals(multi_polygon(several))
    assert list(line_string({"type": "LineString", "coordinates": ring[:2]}).coords) == [(west, south), (east, south)]
    assert box(west, south, east, north) == Box(west, south, east, north)


@pytest.mark.parametrize(
    ("coordinates", "path"),
    [
        ([math.nan, 16.0], "coordinates.0"),
        ([108.0, math.nan], "coordinates.1"),
        ([math.inf, 16.0], "coordinates.0"),
        ([108.0, -math.inf], "coordinates.1"),
        (json.loads("[1e400, 16.0]"), "coordinates.0"),
        ([10**400, 16.0], "coordinates.0"),
        ([108.0, -(10**400)], "coordinates.1"),
        ([True, 16.0], "coordinates.0"),
        ([108.0, False], "coordinates.1"),
        (["108", 16.0], "coordinates.0"),
        ([108.0, "16"], "coordinates.1"),
        ([None, 16.0], "coordinates.0"),
        ([108.0, None], "coordinates.1"),
        ([[108.0], 16.0], "coordinates.0"),
        ([108.0, 91.0], "coordinates.1"),
        ([16.0, 108.0], "coordinates.1"),  # swapped
        ([180.0000001, 16.0], "coordinates.0"),
        ([108.0, -90.0000001], "coordinates.1"),
        ([108.0, 16.0, 5.0], "coordinates"),
        ([108.0], "coordinates"),
        ([], "coordinates"),
        (None, "coordinates"),
        ("108,16", "coordinates"),
        ({"0": 108.0, "1": 16.0}, "coordinates"),
        (108.0, "coordinates"),
    ],
)
def test_a_bad_position_is_refused_with_the_path_to_it(coordinates: object, path: str) -> None:
    with pytest.raises(PositionError) as refused:
        position({"type": "Point", "coordinates": coordinates})
    assert ".".join(refused.value.path) == path


@pytest.mark.parametrize(
    "value", [None, 5, "Point", [108, 16], {}, {"type": "point"}, {"type": ["Point"]}, polygon_of(SHELL)]
)
def test_what_is_no_point_is_refused_by_its_type(value: object) -> None:
    with pytest.raises(PositionError) as refused:
        position(value)
    assert refused.value.path == ("type",)
    assert "Point" in refused.value.text.vi
    assert "Point" in refused.value.text.en


SPIKE = [[108.0, 16.0], [108.2, 16.0], [108.2, 16.2], [108.2, 16.4], [108.2, 16.2], [108.0, 16.2], [108.0, 16.0]]
BOW_TIE = [[108.0, 16.0], [108.2, 16.2], [108.2, 16.0], [108.0, 16.2], [108.0, 16.0]]
FLAT = [[108.0, 16.0], [108.1, 16.0], [108.2, 16.0], [108.0, 16.0]]
POINTLIKE = [[108.0, 16.0]] * 4
OUTSIDE_HOLE = [[109.0, 16.0], [109.1, 16.0], [109.1, 16.1], [109.0, 16.1], [109.0, 16.0]]


@pytest.mark.parametrize(
    ("rings", "path"),
    [
        pytest.param([BOW_TIE], "coordinates", id="bow-tie"),
        pytest.param([SPIKE], "coordinates", id="spike"),
        pytest.param([FLAT], "coordinates", id="no area"),
        pytest.param([POINTLIKE], "coordinates", id="one point four times"),
        pytest.param([SHELL[:-1]], "coordinates.0", id="not closed"),
        pytest.param([SHELL[:2] + SHELL[:1]], "coordinates.0", id="three positions"),
        pytest.param([SHELL, OUTSIDE_HOLE], "coordinates", id="hole outside"),
        pytest.param([SHELL, SHELL], "coordinates", id="hole as large as the shell"),
        pytest.param([SHELL, OUTSIDE_HOLE[:-1]], "coordinates.1", id="hole not closed"),
        pytest.param([[*SHELL[:2], [108.2, math.nan], *SHELL[3:]]], "coordinates.0.2.1", id="NaN in a ring"),
        pytest.param([[*SHELL[:2], [108.2, 16.2, 5.0], *SHELL[3:]]], "coordinates.0.2", id="third dimension"),
        pytest.param([[*SHELL[:2], None, *SHELL[3:]]], "coordinates.0.2", id="null position"),
        pytest.param([None], "coordinates.0", id="null ring"),
        pytest.param([[]], "coordinates.0", id="empty ring"),
        pytest.param([], "coordinates", id="no ring"),
    ],
)
def test_a_bad_polygon_is_refused_with_the_path_to_it(rings: list[Any], path: str) -> None:
    with pytest.raises(PositionError) as refused:
        polygon(polygon_of(*rings))
    assert ".".join(refused.value.path) == path
    with pytest.raises(PositionError) as refused:
        multi_polygon({"type": "MultiPolygon", "coordinates": [rings]})
    assert refused.value.path[0] == "coordinates"


def test_parts_that_overlap_are_refused() -> None:
    with pytest.raises(PositionError):
        multi_polygon({"type": "MultiPolygon", "coordinates": [[SHELL], [SHELL]]})


def test_a_hole_is_kept() -> None:
    hole = [[108.05, 16.05], [108.1, 16.05], [108.1, 16.1], [108.05, 16.1], [108.05, 16.05]]
    assert polygon(polygon_of(SHELL, hole)).area == pytest.approx(0.04 - 0.0025)


def circle(vertices: int) -> list[list[float]]:
    turns = [2 * math.pi * index / (vertices - 1) for index in range(vertices - 1)]
    ring = [[108 + 0.1 * math.cos(turn), 16 + 0.1 * math.sin(turn)] for turn in turns]
    return [*ring, ring[0]]


def star(vertices: int) -> list[list[float]]:
    """A ring whose every edge crosses nearly every other: the worst for a validity check."""
    around = circle(vertices)
    ring = [around[index * (vertices // 2) % (vertices - 1)] for index in range(vertices - 1)]
    return [*ring, ring[0]]


def test_five_thousand_vertices_are_taken() -> None:
    assert shapely.get_num_coordinates(polygon(polygon_of(circle(MAX_VERTICES)))) == MAX_VERTICES


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(polygon_of(circle(MAX_VERTICES + 1)), id="one ring"),
        pytest.param(polygon_of(SHELL, circle(MAX_VERTICES - 4)), id="several rings"),
        pytest.param(polygon_of(star(MAX_VERTICES + 1)), id="a star"),
        pytest.param(polygon_of([[108.0, 16.0]] * 60_000), id="a megabyte"),
    ],
)
@pytest.mark.parametrize("read", [polygon, multi_polygon])
def test_more_vertices_are_refused_at_once(shape: dict[str, object], read: Callable[[object], object]) -> None:
    with spending() as spent, pytest.raises(PositionError) as refused:
        read(shape)
    assert spent.seconds < 0.25
    assert "5.000" in refused.value.text.vi


def test_vertices_are_counted_over_all_parts() -> None:
    parts = [[[[x + dx / 100, y] for x, y in SHELL]] for dx in range(MAX_VERTICES // 5 + 1)]
    with pytest.raises(PositionError) as refused:
        multi_polygon({"type": "MultiPolygon", "coordinates": parts})
    assert refused.value.path == ("coordinates", str(MAX_VERTICES // 5), "0")


@pytest.mark.parametrize(
    ("sides", "path"),
    [
        ((108.2, 16.0, 108.0, 16.2), ("west",)),
        ((108.0, 16.2, 108.2, 16.0), ("south",)),
        ((math.nan, 16.0, 108.2, 16.2), ("west",)),
        ((108.0, 16.0, 181.0, 16.2), ("east",)),
        ((108.0, 16.0, 108.2, 90.5), ("north",)),
        ((108.0, None, 108.2, 16.2), ("south",)),
    ],
)
def test_a_bad_box_names_the_side_at_fault(sides: tuple[object, ...], path: tuple[str, ...]) -> None:
    with pytest.raises(PositionError) as refused:
        box(*sides)  # type: ignore[arg-type]
    assert refused.value.path == path


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["type", "coordinates"]), inner),
    max_leaves=20,
)
NEARLY = st.floats(-200, 200) | st.sampled_from([108.0, 16.0, math.nan, math.inf, None, True, "1", 10**400])
NEARLY_POINTS = st.lists(NEARLY, min_size=1, max_size=3)
NEARLY_RINGS = st.lists(NEARLY_POINTS, max_size=6).map(lambda ring: ring + ring[:1])
GOOD_RINGS = st.lists(st.tuples(LONGITUDES, LATITUDES), min_size=3, max_size=8).map(lambda ring: ring + ring[:1])
COORDINATES = JSON | NEARLY_POINTS | NEARLY_RINGS | st.lists(NEARLY_RINGS | GOOD_RINGS) | st.lists(st.lists(GOOD_RINGS))
KINDS = st.sampled_from(["Point", "LineString", "Polygon", "MultiPolygon"])


@given(JSON | st.fixed_dictionaries({"type": KINDS, "coordinates": COORDINATES}))
def test_nothing_but_a_position_error_with_a_path_ever_comes_out(value: object) -> None:
    for read in (position, polygon, multi_polygon, line_string):
        try:
            shape = read(value)
        except PositionError as error:
            refused = error
        else:
            assert isinstance(shape, Position) or (shapely.is_valid(shape) and not shape.is_empty)
            continue
        assert refused.path
        assert all(isinstance(step, str) for step in refused.path)


def test_thousands_of_nested_lists_are_refused_without_recursion() -> None:
    value: object = 1
    for _ in range(50_000):
        value = [value]
    for kind, read in (("Point", position), ("Polygon", polygon), ("MultiPolygon", multi_polygon)):
        with pytest.raises(PositionError):
            read({"type": kind, "coordinates": value})
