"""A first partition: an exact coverage of any ground, compact, numbered in reading order."""

from __future__ import annotations

import json
import math
from random import Random
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon, box, shape

from geo.areas import square_metres
from geo.coverage import CUT_SQUARE_METRES
from geo.demo.ground import draw
from geo.grid import UNITS, Grid
from geo.partition import House, NoHouses, Part, TooSmall, by_houses, into_equal_parts, undrawn
from geo.partition_names import name_in, named
from geo.positions import Position
from tests.real_data import WARDS
from tests.spending import spending

WEST, SOUTH = 108.2, 15.98
WEST_UNIT, SOUTH_UNIT = 1_082_000_000, 159_800_000


def rounded(area: Any) -> MultiPolygon:
    made = shapely.transform(area, lambda points: np.rint(points * UNITS) / UNITS)
    return MultiPolygon(list(shapely.get_parts(made)))


def star(random: Random, vertices: int, radius: float, x: float = 0.0, y: float = 0.0) -> Polygon:
    """Ground around a spot, bent as rivers bend: some of it is not seen from the middle of the next bend."""
    waves = [(random.uniform(0.02, 0.3), random.randint(2, 9), random.uniform(0, 7)) for _ in range(3)]
    points = []
    for step in range(vertices):
        angle = 2 * math.pi * step / vertices
        far = radius * (1 + sum(size * math.sin(number * angle + phase) for size, number, phase in waves) / 1.1)
        points.append((WEST + x + far * math.cos(angle), SOUTH + y + far * math.sin(angle)))
    return Polygon(points)


def ward(seed: int, vertices: int, islands: int, hole: bool) -> MultiPolygon:
    random = Random(seed)
    ground: Any = star(random, vertices, 0.02)
    if hole:
        ground = shapely.difference(ground, star(random, 40, 0.004, 0.001, 0.002))
    far = [star(random, 30, 0.003, 0.06 + 0.01 * number, random.uniform(-0.02, 0.02)) for number in range(islands)]
    made = rounded(shapely.union_all([ground, *far]))
    return made if made.is_valid else rounded(star(random, 30, 0.02))


wards = st.builds(ward, st.integers(0, 10_000), st.integers(20, 400), st.integers(0, 4), st.booleans())


def drift(ground: MultiPolygon, parts: list[Part]) -> float:
    """How much ground the outline gained and lost, counted on whole numbers, where nothing is rounded."""
    grid = Grid.around([ground])
    shapes = [ground, shapely.coverage_union_all([part.area for part in parts])]
    one, other = (shapely.transform(each, lambda points: np.rint(points * UNITS) - (grid.x, grid.y)) for each in shapes)
    return grid.square_metres(shapely.symmetric_difference(one, other))


def strays(ground: MultiPolygon, parts: list[Part]) -> float:
    """How far, in units of the grid, the union's edge strays from the ground's: a gap inside strays far."""
    edge = shapely.boundary(shapely.transform(ground, lambda points: np.rint(points * UNITS) - (WEST_UNIT, SOUTH_UNIT)))
    union = shapely.coverage_union_all([part.area for part in parts])
    points = np.rint(shapely.get_coordinates(union) * UNITS) - (WEST_UNIT, SOUTH_UNIT)
    shapely.prepare(edge)
    return float(shapely.distance(edge, shapely.points(points)).max())


def stands(ground: MultiPolygon, parts: list[Part]) -> None:
    areas = [part.area for part in parts]
    assert all(area.is_valid and not area.is_empty for area in areas)
    assert shapely.coverage_is_valid(areas)
    assert drift(ground, parts) <= CUT_SQUARE_METRES * (len(parts) - 1)
    assert strays(ground, parts) < 1
    points = shapely.get_coordinates(areas)
    assert (points == np.round(points, 7)).all()
    union = {tuple(point) for point in shapely.get_coordinates(shapely.coverage_union_all(areas)).tolist()}
    assert {tuple(point) for point in shapely.get_coordinates(ground).tolist()} <= union
    assert len({part.name for part in parts}) == len(parts)


@settings(max_examples=20, deadline=None)
@given(wards, st.integers(2, 40))
def test_equal_parts_are_an_exact_coverage_of_any_ground(ground: MultiPolygon, count: int) -> None:
    parts = into_equal_parts(ground, count)
    stands(ground, parts)
    sizes = np.array([square_metres(part.area) for part in parts])
    assert len(parts) == count
    assert np.abs(sizes / sizes.mean() - 1).max() < 0.01


@settings(max_examples=20, deadline=None)
@given(wards, st.integers(0, 10_000), st.integers(1, 40))
def test_parts_by_houses_are_an_exact_coverage_that_each_hold_their_house(
    ground: MultiPolygon, seed: int, count: int
) -> None:
    random = Random(seed)
    west, south, east, north = ground.bounds
    houses: list[House] = []
    while len(houses) < count:
        spot = Position(round(random.uniform(west, east), 7), round(random.uniform(south, north), 7))
        if ground.contains(shapely.Point(spot.longitude, spot.latitude)):
            houses.append(House(f"Nhà văn hóa thôn {len(houses)}", spot))
    parts = {part.name: part.area for part in by_houses(ground, houses)}
    stands(ground, [Part(name, area) for name, area in parts.items()])
    grid = Grid.around([ground])
    for number, house in enumerate(houses):
        own = parts.get(f"Thôn {number}")
        stands_at = shapely.Point(house.position.longitude, house.position.latitude)
        if own is None:  # it stands where another does
            assert any(grid_metres(grid, house.position, other.position) <= 5 for other in houses[:number])
        else:
            assert own.distance(stands_at) * UNITS <= 1


def grid_metres(grid: Grid, one: Position, other: Position) -> float:
    return math.hypot(
        (one.longitude - other.longitude) * UNITS * grid.east, (one.latitude - other.latitude) * UNITS * grid.north
    )


def rectangle(width: float, height: float, x: float = 0.0, y: float = 0.0) -> MultiPolygon:
    return rounded(box(WEST + x, SOUTH + y, WEST + x + width, SOUTH + y + height))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 30))
def test_parts_of_ground_in_one_piece_are_in_one_piece(seed: int, count: int) -> None:
    ground = rounded(star(Random(seed), 200, 0.02))
    assert all(len(part.area.geoms) == 1 for part in into_equal_parts(ground, count))


def test_parts_of_a_ground_like_a_horseshoe_are_in_one_piece() -> None:
    arms = [(0, 0), (0.03, 0), (0.03, 0.02), (0.02, 0.02), (0.02, 0.004), (0.01, 0.004), (0.01, 0.02), (0, 0.02)]
    ground = rounded(Polygon([(WEST + x, SOUTH + y) for x, y in arms]))
    for count in (2, 3, 5, 8):
        parts = into_equal_parts(ground, count)
        stands(ground, parts)
        assert all(len(part.area.geoms) == 1 for part in parts), count


def test_a_small_island_goes_with_the_part_beside_it() -> None:
    ground = rounded(shapely.union_all([rectangle(0.02, 0.01), rectangle(0.001, 0.001, x=0.0205, y=0.004)]))
    parts = into_equal_parts(ground, 4)
    stands(ground, parts)
    [split] = [part.area for part in parts if len(part.area.geoms) > 1]
    assert split.geoms[0].distance(split.geoms[1]) == pytest.approx(0.0005, abs=1e-6)


def test_parts_are_compact() -> None:
    parts = into_equal_parts(rectangle(0.04, 0.02), 32)
    roundness = [4 * math.pi * part.area.area / part.area.length**2 for part in parts]
    assert min(roundness) > 0.6  # a square has 0.79, a strip three times as long as wide 0.59


def test_two_hundred_parts_of_three_thousand_vertices_take_bounded_time() -> None:
    ground = rounded(star(Random(5), 3_000, 0.03))
    with spending() as spent:
        parts = into_equal_parts(ground, 200)
    assert spent.seconds < 2
    stands(ground, parts)


def test_looking_for_lines_ends_on_ground_that_no_line_divides_well() -> None:
    teeth = [(WEST + 0.0001 * step, SOUTH + (0.02 if step % 4 in (1, 2) else 0.0001)) for step in range(1_200)]
    comb = rounded(Polygon([(WEST, SOUTH), *teeth, (WEST + 0.12, SOUTH)]))
    assert comb.is_valid
    with spending() as spent:
        parts = into_equal_parts(comb, 150)
    assert spent.seconds < 4
    stands(comb, parts)


def test_a_single_house_takes_all_the_ground() -> None:
    ground = rectangle(0.02, 0.01)
    [part] = by_houses(ground, [House("Nhà sinh hoạt cộng đồng tổ dân phố số 5", Position(WEST + 0.01, SOUTH + 0.005))])
    assert part.name == "Tổ dân phố số 5"
    assert part.area.equals(ground)


def test_houses_on_one_spot_make_one_neighbourhood_and_those_elsewhere_none() -> None:
    here = Position(WEST + 0.005, SOUTH + 0.005)
    beside = Position(WEST + 0.00502, SOUTH + 0.005)
    there = Position(WEST + 0.015, SOUTH + 0.005)
    outside = Position(WEST + 0.03, SOUTH + 0.005)
    houses = [House("thôn Một", here), House("thôn Hai", beside), House("thôn Ba", there), House("thôn Xa", outside)]
    assert [part.name for part in by_houses(rectangle(0.02, 0.01), houses)] == ["Thôn Một", "Thôn Ba"]


def test_without_a_house_on_the_ground_there_is_nothing_to_begin_from() -> None:
    with pytest.raises(NoHouses):
        by_houses(rectangle(0.02, 0.01), [House("thôn Xa", Position(WEST + 0.03, SOUTH))])


def test_ground_behind_a_bend_goes_to_the_part_it_hangs_on() -> None:
    """Two arms side by side: the tip of the left one is nearest to the house in the right one, across the water."""
    arms = [(0, 0), (0.011, 0), (0.011, 0.03), (0.006, 0.03), (0.006, 0.002), (0.005, 0.002), (0.005, 0.03), (0, 0.03)]
    ground = rounded(Polygon([(WEST + x, SOUTH + y) for x, y in arms]))
    houses = [
        House("thôn A", Position(WEST + 0.001, SOUTH + 0.005)),
        House("thôn B", Position(WEST + 0.007, SOUTH + 0.028)),
    ]
    parts = by_houses(ground, houses)
    stands(ground, parts)
    assert all(len(part.area.geoms) == 1 for part in parts)


def test_more_parts_than_there_is_room_for_are_refused() -> None:
    with pytest.raises(TooSmall) as refused:
        into_equal_parts(rectangle(0.0003, 0.0003), 200)
    assert 5 < refused.value.most < 20
    assert len(into_equal_parts(rectangle(0.0003, 0.0003), refused.value.most)) == refused.value.most
    with pytest.raises(TooSmall):
        into_equal_parts(MultiPolygon(), 2)


def test_what_is_not_drawn_yet_is_divided_without_touching_what_is() -> None:
    demo = draw()
    kept, gone = demo.areas[:60], demo.areas[60:]
    ground = undrawn(demo.outline, kept)
    assert square_metres(ground) == pytest.approx(sum(map(square_metres, gone)), rel=1e-4)
    parts = into_equal_parts(ground, 12)
    stands(ground, parts)
    ours = shapely.union_all([part.area for part in parts])
    assert square_metres(shapely.intersection(ours, shapely.union_all(kept))) <= CUT_SQUARE_METRES * 11
    assert undrawn(demo.outline, demo.areas).is_empty
    assert undrawn(demo.outline, []) == demo.outline


def test_numbers_run_from_the_north_west_to_the_south_east() -> None:
    parts = into_equal_parts(rectangle(0.03, 0.03), 9)
    assert [part.name for part in parts] == [f"Tổ dân phố số {number}" for number in range(1, 10)]
    first, last = parts[0].area.centroid, parts[-1].area.centroid
    assert first.x < last.x
    assert first.y > last.y


@pytest.mark.parametrize(
    ("house", "name"),
    [
        ("Nhà sinh hoạt cộng đồng tổ dân phố số 5", "Tổ dân phố số 5"),
        ("Nhà SHCĐ TDP 12", "Tổ dân phố 12"),
        ("Nhà văn hóa Thôn Hà My Đông A", "Thôn Hà My Đông A"),
        ("Nhà văn hoá thôn Phong Nam, xã Hòa Châu", "Thôn Phong Nam"),
        ("Nhà sinh hoạt khu dân cư số 3 (cơ sở 2)", "Khu dân cư số 3"),
        ("NHÀ VĂN HÓA TỔ DÂN PHỐ SỐ 7 - Hòa Xuân", "Tổ dân phố số 7"),
        ("NHÀ VĂN HÓA THÔN PHONG NAM", "Thôn Phong Nam"),
        ("Nhà văn hóa thôn", None),
        ("Nhà thiếu nhi", None),
        ("Trường Trung học phổ thông", None),
    ],
)
def test_a_house_names_its_neighbourhood(house: str, name: str | None) -> None:
    assert name_in(house) == name


def test_no_two_names_are_alike() -> None:
    houses = ["TDP số 2", "tổ dân phố số 2", None, "thôn Cũ", None]
    assert named(houses, taken=["Tổ dân phố số 1", "Thôn Cũ"]) == [
        "Tổ dân phố số 2",
        "Tổ dân phố số 3",
        "Tổ dân phố số 4",
        "Tổ dân phố số 5",
        "Tổ dân phố số 6",
    ]


@pytest.mark.skipif(not WARDS.exists(), reason="the real outlines are not part of the repository")
def test_real_wards_are_divided_exactly() -> None:
    features = json.loads(WARDS.read_text())["features"]
    named_wards = {one["properties"]["code"]: one for one in features}
    for code in sorted(named_wards)[::12]:
        ground = rounded(shape(named_wards[code]["geometry"]))
        stands(ground, into_equal_parts(ground, 30))
