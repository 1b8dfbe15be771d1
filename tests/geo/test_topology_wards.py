"""The rules of boundaries on real shapes: the 94 wards of Đà Nẵng as the neighbourhoods of one large ward.

They are valid and overlap by half a square metre, but are not a strict coverage: the file's wards lack each other's
vertices. Saved as one draft they become one; from then on whatever is done leaves one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box, shape

from geo import topology
from geo.areas import square_metres
from geo.coverage import CUT_SQUARE_METRES, BoundaryFault, Coverage, Draft, FaultKind, Key, Settled
from geo.grid import UNITS
from geo.plane import Plane
from geo.positions import MAX_VERTICES
from tests.real_data import WARDS

HOA_XUAN = "20314"
METRE = 1 / 111_000

pytestmark = pytest.mark.skipif(not WARDS.exists(), reason="the real outlines are not part of the repository")


def rounded(area: Any) -> MultiPolygon:
    made = shapely.transform(area, lambda points: np.rint(points * UNITS) / UNITS)
    return MultiPolygon([part for part in shapely.get_parts(made) if isinstance(part, Polygon)])


def read() -> dict[Key, MultiPolygon]:
    features = json.loads(WARDS.read_text())["features"]
    return {one["properties"]["code"]: rounded(shape(one["geometry"])) for one in features}


@pytest.fixture(scope="module")
def city() -> Coverage:
    """The wards after they were saved as one draft."""
    wards = read()
    outline = rounded(shapely.union_all(list(wards.values())))
    settled = topology.settle(Coverage(outline, {}), Draft(wards))
    return Coverage(settled.outline, dict(settled.areas))


def after(before: Coverage, draft: Draft, settled: Settled) -> Coverage:
    kept = {key: area for key, area in before.areas.items() if key not in draft.removed}
    return Coverage(settled.outline, {**kept, **settled.areas})


def stands(coverage: Coverage) -> None:
    areas = list(coverage.areas.values())
    assert all(area.is_valid for area in areas)
    assert shapely.coverage_is_valid(areas)
    union = shapely.coverage_union_all(areas)
    whole = MultiPolygon([part for part in shapely.get_parts(union) if isinstance(part, Polygon)])
    assert shapely.normalize(whole) == shapely.normalize(coverage.outline)


def settle(coverage: Coverage, draft: Draft) -> Coverage:
    """What a draft comes to; neighbours outside it may only bend by the rounding of a cut's ends."""
    settled = topology.settle(coverage, draft)
    for key in settled.noded:
        bent = shapely.symmetric_difference(settled.areas[key], coverage.areas[key])
        assert square_metres(bent) <= CUT_SQUARE_METRES
    return after(coverage, draft, settled)


def diagonal(area: MultiPolygon, angle: float, aside: float = 0.0) -> LineString:
    """A line through the middle of an area in a direction, well beyond it, moved aside by degrees."""
    middle, reach = area.centroid, max(area.bounds[2] - area.bounds[0], area.bounds[3] - area.bounds[1])
    x, y = math.cos(angle), math.sin(angle)
    at = (middle.x - y * aside, middle.y + x * aside)
    line = [(at[0] + side * x * reach, at[1] + side * y * reach) for side in (-1, 1)]
    return LineString([(round(one, 7), round(other, 7)) for one, other in line])


def codes(coverage: Coverage) -> list[str]:
    return sorted(str(key) for key in coverage.areas)


def beside(coverage: Coverage, code: str) -> list[str]:
    """The areas that share an edge with one, and are not too large to be merged with it."""
    area = coverage.areas[code]
    return [
        other
        for other in codes(coverage)
        if other != code
        and shapely.length(shapely.intersection(area, coverage.areas[other])) > 0
        and shapely.get_num_coordinates([area, coverage.areas[other]]).sum() < MAX_VERTICES
    ]


def largest(area: MultiPolygon) -> Polygon:
    found: Polygon = max(area.geoms, key=lambda part: part.area)
    return found


def test_the_wards_become_a_strict_coverage_by_being_saved(city: Coverage) -> None:
    drawn = read()
    assert not shapely.coverage_is_valid(list(drawn.values()))
    assert len(city.areas) == 94
    stands(city)
    for code, area in drawn.items():
        changed = square_metres(shapely.symmetric_difference(area, city.areas[code]))
        assert changed < 2 + 1e-7 * square_metres(area), (code, changed)


def test_what_is_sent_back_as_it_stands_changes_nothing(city: Coverage) -> None:
    settled = topology.settle(city, Draft(redrawn=city.areas))
    assert settled.noded == frozenset()
    assert settled.slivers == ()
    assert settled.drift_square_metres == 0
    assert all(shapely.equals_exact(settled.areas[key], area, normalize=True) for key, area in city.areas.items())


@pytest.mark.parametrize("angle", [0.1, 0.9, 1.7, 2.5])
def test_a_cut_of_hoa_xuan_drifts_five_square_metres_at_most(city: Coverage, angle: float) -> None:
    ward = city.areas[HOA_XUAN]
    alone = Coverage(ward, {HOA_XUAN: ward})
    for aside in (-0.012, -0.004, 0.0, 0.008):
        parts = topology.split(ward, diagonal(ward, angle, aside))
        assert len(parts) > 1
        assert shapely.coverage_is_valid(parts)
        draft = Draft(dict(enumerate(parts[1:])), {HOA_XUAN: parts[0]})
        settled = topology.settle(alone, draft)
        assert settled.drift_square_metres <= CUT_SQUARE_METRES
        stands(after(alone, draft, settled))


def some(city: Coverage, seed: int) -> Iterator[tuple[Random, str]]:
    """Three wards, other ones for each seed."""
    random = Random(seed)
    for code in random.sample(codes(city), 3):
        yield random, code


@pytest.mark.parametrize("seed", range(2))
def test_splitting_and_merging_leave_a_coverage_whose_union_is_the_outline(city: Coverage, seed: int) -> None:
    for random, code in some(city, seed):
        line = diagonal(city.areas[code], random.uniform(0, math.pi))
        parts = topology.split(city.areas[code], line)
        assert len(parts) > 1
        new: dict[Key, MultiPolygon] = {f"{code}-{number}": part for number, part in enumerate(parts[1:])}
        split = settle(city, Draft(new, {code: parts[0]}))
        stands(split)
        merged = settle(split, Draft(redrawn={code: topology.merge(parts)}, removed=frozenset(new)))
        stands(merged)
        assert square_metres(shapely.symmetric_difference(merged.areas[code], city.areas[code])) <= CUT_SQUARE_METRES


@pytest.mark.parametrize("seed", range(2))
def test_merging_with_a_neighbour_leaves_a_coverage(city: Coverage, seed: int) -> None:
    for random, code in some(city, seed):
        others = beside(city, code)
        if not others:
            continue  # islands
        other = random.choice(others)
        merged = topology.merge([city.areas[code], city.areas[other]])
        stands(settle(city, Draft(redrawn={code: merged}, removed=frozenset([other]))))


def moved(area: MultiPolygon, spot: tuple[float, float], to: tuple[float, float]) -> MultiPolygon:
    made: MultiPolygon = shapely.transform(
        area, lambda points: np.array([to if tuple(point) == spot else point for point in points.tolist()])
    )
    return made


@pytest.mark.parametrize("seed", range(2))
def test_a_corner_moved_in_all_its_wards_leaves_a_coverage(city: Coverage, seed: int) -> None:
    random = Random(seed)
    holders: dict[tuple[float, float], list[str]] = {}
    for code in codes(city):
        for spot in {(x, y) for x, y in shapely.get_coordinates(city.areas[code]).tolist()}:
            holders.setdefault(spot, []).append(code)
    edge = shapely.boundary(city.outline)
    corners = sorted(spot for spot, whose in holders.items() if len(whose) > 2)
    done = 0
    for spot in random.sample(corners, 20):
        if edge.distance(Point(spot)) < 0.001:
            continue
        to = (round(spot[0] + random.uniform(-3, 3) * METRE, 7), round(spot[1] + random.uniform(-3, 3) * METRE, 7))
        redrawn: dict[Key, MultiPolygon] = {code: moved(city.areas[code], spot, to) for code in holders[spot]}
        if all(area.is_valid for area in redrawn.values()):
            stands(settle(city, Draft(redrawn=redrawn)))
            done += 1
        if done == 3:
            break
    assert done == 3


@pytest.mark.parametrize("seed", range(2))
def test_a_ward_given_up_and_drawn_again_sloppily_fits_where_it_was(city: Coverage, seed: int) -> None:
    for random, code in some(city, seed):
        without = Coverage(city.outline, {key: area for key, area in city.areas.items() if key != code})

        def sloppy(points: Any, random: Random = random) -> Any:
            away = [[random.uniform(-0.7, 0.7) * METRE for _ in range(2)] for _ in points]
            shaken = np.round(points + np.array(away), 7)
            shaken[-1] = shaken[0] if tuple(points[0]) == tuple(points[-1]) else shaken[-1]
            return shaken

        polygons = []
        for part in city.areas[code].geoms:
            rings = [sloppy(np.array(ring.coords)) for ring in (part.exterior, *part.interiors)]
            polygons.append(Polygon(rings[0], rings[1:]))
        drawn = MultiPolygon(polygons)
        if not drawn.is_valid:
            continue  # shaken into a knot: refused, as elsewhere
        stands(settle(without, Draft({code: drawn})))


@pytest.mark.parametrize("seed", range(2))
def test_a_long_run_of_edits_leaves_a_coverage(city: Coverage, seed: int) -> None:
    random, now = Random(seed), city
    for step in range(12):
        code = random.choice(codes(now))
        others = beside(now, code)
        if random.random() < 0.6 or not others:
            parts = topology.split(now.areas[code], diagonal(now.areas[code], random.uniform(0, math.pi)))
            new: dict[Key, MultiPolygon] = {f"{code}/{step}.{number}": part for number, part in enumerate(parts[1:])}
            now = settle(now, Draft(new, {code: parts[0]}))
        else:
            other = random.choice(others)
            merged = topology.merge([now.areas[code], now.areas[other]])
            now = settle(now, Draft(redrawn={code: merged}, removed=frozenset([other])))
    stands(now)


# --- broken copies


def only(fault: BoundaryFault, kind: FaultKind) -> Any:
    assert {one.kind for one in fault.faults} == {kind}, fault
    return fault.faults[0]


def test_a_copy_that_reaches_over_its_neighbour_is_refused_with_that_ground(city: Coverage) -> None:
    ward = city.areas[HOA_XUAN]
    spill = rounded(shapely.difference(ward.buffer(40 * METRE), shapely.boundary(city.outline).buffer(50 * METRE)))
    drawn = rounded(shapely.intersection(shapely.union(ward, spill), city.outline))
    truth = square_metres(shapely.difference(drawn, ward))
    with pytest.raises(BoundaryFault) as refused:
        topology.settle(city, Draft(redrawn={HOA_XUAN: drawn}))
    assert {one.kind for one in refused.value.faults} == {FaultKind.OVERLAP}
    assert sum(one.square_metres for one in refused.value.faults) == pytest.approx(truth, rel=0.1)
    assert all(one.keys[0] == HOA_XUAN and len(one.keys) > 1 for one in refused.value.faults)


def test_a_copy_with_a_bite_taken_out_inside_is_refused_as_a_gap(city: Coverage) -> None:
    ward = city.areas[HOA_XUAN]
    inside = largest(ward).representative_point()
    bite = box(inside.x, inside.y, inside.x + 0.001, inside.y + 0.001)
    with pytest.raises(BoundaryFault) as refused:
        topology.settle(city, Draft(redrawn={HOA_XUAN: rounded(shapely.difference(ward, bite))}))
    gap = only(refused.value, FaultKind.GAP)
    assert gap.square_metres == pytest.approx(square_metres(bite), rel=1e-3)
    assert shapely.equals_exact(shapely.normalize(gap.geometry.envelope), shapely.normalize(bite), 1e-6)


def test_a_copy_moved_out_to_sea_is_refused_as_outside(city: Coverage) -> None:
    drawn = rounded(box(108.5, 15.9, 108.51, 15.91))
    assert not shapely.intersects(drawn, city.outline)
    with pytest.raises(BoundaryFault) as refused:
        topology.settle(city, Draft({"new": drawn}))
    outside = only(refused.value, FaultKind.OUTSIDE_WARD)
    assert outside.square_metres == pytest.approx(square_metres(drawn), rel=1e-3)


def test_a_copy_with_two_vertices_swapped_is_refused_where_it_crosses(city: Coverage) -> None:
    ring = [(x, y) for x, y in largest(city.areas[HOA_XUAN]).exterior.coords]
    ring[100], ring[140] = ring[140], ring[100]
    with pytest.raises(BoundaryFault) as refused:
        topology.settle(city, Draft(redrawn={HOA_XUAN: MultiPolygon([Polygon(ring)])}))
    crossing = only(refused.value, FaultKind.SELF_INTERSECTION)
    assert crossing.geometry.geom_type == "Point"
    plane = Plane.around([city.areas[HOA_XUAN]])
    assert crossing.keys == (HOA_XUAN,)
    assert square_metres(box(*crossing.geometry.buffer(1 / plane.east).bounds)) > 0
    assert crossing.geometry.distance(city.areas[HOA_XUAN]) < 0.02


def test_a_copy_with_too_many_vertices_is_refused(city: Coverage) -> None:
    dense = shapely.segmentize(city.areas[HOA_XUAN], 0.00002)
    assert shapely.get_num_coordinates(dense) > 5_001
    with pytest.raises(BoundaryFault) as refused:
        topology.settle(city, Draft(redrawn={HOA_XUAN: rounded(dense)}))
    only(refused.value, FaultKind.TOO_MANY_VERTICES)


def test_the_same_ward_drawn_twice_is_refused_as_an_overlap(city: Coverage) -> None:
    with pytest.raises(BoundaryFault) as refused:
        topology.settle(city, Draft({"again": city.areas[HOA_XUAN]}))
    twice = only(refused.value, FaultKind.OVERLAP)
    assert set(twice.keys) == {"again", HOA_XUAN}
    assert twice.square_metres == pytest.approx(square_metres(city.areas[HOA_XUAN]), rel=1e-3)
