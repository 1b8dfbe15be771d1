"""What a draft of boundaries comes to: small squares, where one can see what should happen."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping

import pytest
import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon

from geo.areas import same_area, square_metres
from geo.coverage import CUT_SQUARE_METRES, BoundaryFault, Coverage, Draft, FaultKind, Key, Settled
from geo.positions import MAX_VERTICES
from geo.topology import check, merge, settle, split
from tests.geo.wards import METRE, SOUTH, WEST, area, on_grid, outline, square
from tests.spending import spending

WARD = square(0, 0, 300)
LEFT, RIGHT = square(0, 0, 150, 300), square(150, 0, 150, 300)
REFUSAL_SECONDS = 0.25


def line(*points: tuple[float, float]) -> LineString:
    return LineString([(WEST + x * METRE, SOUTH + y * METRE) for x, y in points])


def settled(areas: Mapping[Key, MultiPolygon], draft: Draft, ward: MultiPolygon = WARD) -> Settled:
    """What the draft comes to, which is a coverage inside the ward."""
    made = settle(Coverage(ward, areas), draft)
    stays = {key: area for key, area in areas.items() if key not in draft.removed}
    after = list({**stays, **made.areas}.values())
    assert shapely.coverage_is_valid(after)
    assert square_metres(shapely.difference(shapely.union_all(after), made.outline)) == 0
    return made


def refused(areas: Mapping[Key, MultiPolygon], draft: Draft, ward: MultiPolygon = WARD) -> BoundaryFault:
    with pytest.raises(BoundaryFault) as fault:
        settle(Coverage(ward, areas), draft)
    return fault.value


def test_what_is_drawn_sloppily_along_a_neighbour_and_the_ward_shares_their_edges() -> None:
    sloppy = area([(151.2, -1.1), (301.3, 0.9), (298.8, 301), (148.9, 299.2)])
    made = settled({"left": LEFT}, Draft(drawn={"right": sloppy}))
    assert same_area(made.areas["right"], RIGHT)
    assert (made.noded, made.drift_square_metres) == (frozenset(), 0)


def test_a_vertex_beside_an_edge_goes_onto_it_and_the_neighbour_gets_it_too() -> None:
    low = area([(151.5, 0), (300, 0), (300, 120), (151, 119)])
    made = settled({"left": LEFT}, Draft(drawn={"low": low}))
    assert made.noded == {"left"}
    assert square_metres(shapely.symmetric_difference(made.areas["left"], LEFT)) < 0.1
    common = set(shapely.get_coordinates(made.areas["left"])[:, 1].round(7)) & set(
        shapely.get_coordinates(made.areas["low"])[:, 1].round(7)
    )
    assert any(abs(y - (SOUTH + 119 * METRE)) < 0.5 * METRE for y in common)


def test_an_area_sent_back_as_it_was_stays_as_it_was() -> None:
    made = settled({"left": LEFT, "right": RIGHT}, Draft(redrawn={"left": LEFT}))
    assert same_area(made.areas["left"], LEFT)
    assert (made.noded, made.slivers, made.drift_square_metres) == (frozenset(), (), 0)


def test_an_overlap_is_refused_with_its_ground_and_size() -> None:
    over = square(130, 100, 100)
    fault = refused({"left": LEFT}, Draft(drawn={"over": over})).faults[0]
    assert (fault.kind, fault.keys) == (FaultKind.OVERLAP, ("over", "left"))
    expected = shapely.intersection(LEFT, over)
    assert fault.square_metres == pytest.approx(square_metres(expected), rel=0.01)
    assert square_metres(shapely.symmetric_difference(fault.geometry, expected)) < 1


def test_two_of_a_draft_that_overlap_are_refused() -> None:
    fault = refused({}, Draft(drawn={"one": square(0, 0, 100), "two": square(50, 50, 100)})).faults[0]
    assert (fault.kind, set(fault.keys)) == (FaultKind.OVERLAP, {"one", "two"})


def test_ground_beyond_the_ward_is_refused_and_a_little_is_cut_off() -> None:
    fault = refused({}, Draft(drawn={"far": square(200, 200, 150)})).faults[0]
    assert fault.kind is FaultKind.OUTSIDE_WARD
    assert fault.square_metres == pytest.approx(
        square_metres(shapely.difference(square(200, 200, 150), WARD)), rel=0.01
    )
    made = settled({}, Draft(drawn={"near": area([(100, 200), (200, 200), (200, 301.5), (100, 301.5)])}))
    assert made.areas["near"].bounds[3] == pytest.approx(WARD.bounds[3], abs=1e-7)


def test_a_hole_torn_into_drawn_ground_is_refused_and_beside_open_ground_it_is_not() -> None:
    smaller = square(0, 0, 150, 250)
    fault = refused({"left": LEFT, "right": RIGHT}, Draft(redrawn={"left": smaller})).faults[0]
    assert (fault.kind, fault.keys) == (FaultKind.GAP, ("left", "right"))
    assert fault.square_metres == pytest.approx(square_metres(square(0, 250, 150, 50)), rel=0.01)
    top = square(150, 240, 150, 60)
    made = settled({"left": LEFT, "right": top}, Draft(redrawn={"left": square(0, 0, 110, 300)}))
    assert square_metres(made.areas["left"]) == pytest.approx(square_metres(square(0, 0, 110, 300)))


def test_what_one_gives_and_another_takes_in_the_same_draft_is_no_gap() -> None:
    draft = Draft(redrawn={"left": square(0, 0, 100, 300), "right": square(100, 0, 200, 300)})
    made = settled({"left": LEFT, "right": RIGHT}, draft)
    assert made.slivers == ()


def test_ground_is_given_back_by_removing_an_area() -> None:
    made = settled({"left": LEFT, "right": RIGHT}, Draft(removed=frozenset(["left"])))
    assert (made.areas, made.outline) == ({}, WARD)


def test_slivers_are_closed_and_told() -> None:
    bowed = area([(150, 0), (300, 0), (300, 300), (150, 300), (151.8, 150)])
    made = settled({"left": LEFT}, Draft(drawn={"right": bowed}))
    assert square_metres(made.areas["right"]) == pytest.approx(square_metres(RIGHT), abs=1)
    assert made.noded <= {"left"}


def test_a_cut_puts_its_ends_into_the_neighbour_and_the_outline() -> None:
    ward = outline(3)
    west, south, east, north = ward.bounds
    first, second = split(ward, LineString([(west - METRE, south), (east + METRE, north)]))
    made = settled({"all": ward}, Draft(redrawn={"all": first}, drawn={"new": second}), ward)
    assert square_metres(shapely.symmetric_difference(shapely.union_all(list(made.areas.values())), made.outline)) == 0
    assert 0 < shapely.get_num_coordinates(made.outline) - shapely.get_num_coordinates(ward) <= 2
    assert made.drift_square_metres <= CUT_SQUARE_METRES


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ([(-10, 150), (310, 150)], 2),
        ([(-10, 100), (310, 110), (310, 200), (-10, 190)], 3),
        ([(150, 0), (150, 300)], 2),
        ([(0, 0), (300, 300)], 2),
        ([(0.9, 1.1), (299.2, 298.9)], 2),
        ([(-10, -10), (310, 310), (310, -10), (-10, 310)], 4),
        ([(-10, 150), (200, 150)], 1),
        ([(50, 50), (200, 150)], 1),
        ([(-10, 150), (200, 150), (200, 310)], 2),
        ([(100, 100), (200, 100), (200, 200), (90, 90)], 2),
        ([(400, 0), (400, 300)], 1),
    ],
)
def test_a_line_cuts_an_area_into_parts(path: list[tuple[float, float]], parts: int) -> None:
    made = split(WARD, line(*path))
    assert len(made) == parts
    assert sum(square_metres(part) for part in made) == pytest.approx(square_metres(WARD), abs=0.5)
    assert [part.area for part in made] == sorted((part.area for part in made), reverse=True)
    assert shapely.coverage_is_valid(made)


def test_a_line_through_a_hole_cuts_a_ring_in_two() -> None:
    ring = area([(0, 0), (300, 0), (300, 300), (0, 300)], [(100, 100), (100, 200), (200, 200), (200, 100)])
    made = split(ring, line((-10, 150), (310, 150)))
    assert len(made) == 2
    assert sum(square_metres(part) for part in made) == pytest.approx(square_metres(ring), abs=0.5)
    assert len(split(ring, line((-10, 150), (150, 150)))) == 1


def test_the_polygon_that_a_line_misses_stays_with_the_largest_part() -> None:
    two = MultiPolygon([*square(0, 0, 200).geoms, *square(250, 0, 50).geoms])
    largest, other = split(two, line((-10, 50), (210, 50)))
    assert (len(largest.geoms), len(other.geoms)) == (2, 1)


def test_merging_gives_one_area_with_the_vertices_of_its_edge() -> None:
    made = merge([LEFT, RIGHT])
    assert square_metres(shapely.symmetric_difference(made, WARD)) == 0
    assert len(made.geoms) == 1
    assert len(merge([square(0, 0, 50), square(100, 100, 50)]).geoms) == 2


def test_a_split_taken_back_by_a_merge_is_the_area_again() -> None:
    parts = split(RIGHT, line((140, 100), (310, 130)))
    made = settled({"left": LEFT, "right": RIGHT}, Draft(redrawn={"right": parts[0]}, drawn={"new": parts[1]}))
    areas = {"left": LEFT, **made.areas}
    again = settled(areas, Draft(redrawn={"right": merge([areas["right"], areas["new"]])}, removed=frozenset(["new"])))
    assert square_metres(shapely.symmetric_difference(again.areas["right"], RIGHT)) < 0.5


def spiky(count: int) -> MultiPolygon:
    """A star of needles."""
    turns = [number * math.tau / count for number in range(count)]
    ring = [
        (500 + (480 if n % 2 else 20) * math.cos(t), 500 + (480 if n % 2 else 20) * math.sin(t))
        for n, t in enumerate(turns)
    ]
    return area(ring)


def crossed(count: int) -> MultiPolygon:
    """A ring that jumps to and fro: nearly every edge crosses every other."""
    chance = random.Random(1)
    return area([(chance.uniform(0, 900), chance.uniform(0, 900)) for _ in range(count)])


HOSTILE = {
    "a bow-tie": area([(0, 0), (100, 100), (100, 0), (0, 100)]),
    "a hole outside its shell": area([(0, 0), (50, 0), (50, 50)], [(90, 90), (95, 90), (95, 95)]),
    "without end": MultiPolygon([Polygon([(0, 0), (math.inf, 1), (1, 1)])]),
    "nothing": MultiPolygon(),
    "a spike there and back": area([(0, 0), (100, 0), (100, 100), (200, 200), (100, 100), (0, 100)]),
    "a tangle": crossed(300),
    "5,001 vertices": on_grid(MultiPolygon([Polygon(Point(WEST, SOUTH).buffer(0.01, 1251).exterior.coords[:5001])])),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_ring_is_refused_at_once(what: str) -> None:
    ring = HOSTILE[what]
    kind = FaultKind.TOO_MANY_VERTICES if what == "5,001 vertices" else FaultKind.SELF_INTERSECTION
    ward = outline(1, 400)
    with spending() as spent:
        fault = refused({}, Draft(drawn={"it": ring}), ward)
    assert (fault.faults[0].kind, fault.faults[0].keys) == (kind, ("it",))
    assert spent.seconds < REFUSAL_SECONDS


def test_needles_upon_needles_are_refused_before_they_cost_much() -> None:
    """Both are valid alone; together nearly every edge of one crosses many of the other."""
    one = spiky(MAX_VERTICES - 2)
    other = shapely.transform(one, lambda points: points + 3 * METRE)
    ward = square(-100, -100, 1300)
    with spending() as spent:
        refused({"one": check(one)}, Draft(drawn={"other": check(on_grid(other))}), ward)
    assert spent.seconds < 1


def test_combs_across_each_other_cost_little_to_refuse() -> None:
    """Each is valid; together they have a quarter of a million crossings."""
    teeth = [spot for n in range(500) for spot in ((2 * n, 10), (2 * n, 1000), (2 * n + 1, 1000), (2 * n + 1, 10))]
    comb = area([*teeth, (1001, 0), (0, 0)])
    other = on_grid(shapely.transform(comb, lambda points: (points - (WEST, SOUTH))[:, ::-1] + (WEST, SOUTH)))
    with spending() as spent, pytest.raises(BoundaryFault):
        merge([comb, other])
    with spending() as again, pytest.raises(BoundaryFault):
        settle(Coverage(square(-10, -10, 1100), {}), Draft(drawn={"one": comb, "other": other}))
    assert spent.seconds + again.seconds < 1


def test_everything_that_stands_against_a_draft_is_told_the_largest_first() -> None:
    draft = Draft(drawn={"low": square(100, 0, 100), "high": square(140, 120, 40)})
    faults = refused({"left": LEFT}, draft).faults
    assert [fault.keys for fault in faults] == [("low", "left"), ("high", "left")]
    assert faults[0].square_metres > faults[1].square_metres


def test_a_neighbour_gets_no_more_vertices_than_an_area_may_have() -> None:
    wavy = [(150 + 20 * math.sin(n / 40), n * 300 / 2500) for n in range(2501)]
    full = area([*wavy, (0, 300), *((0, 300 - n * 300 / 2496) for n in range(1, 2496)), (0, 0)])
    assert shapely.get_num_coordinates(full) - 1 == 4998
    beside = area([(40, 40), (60, 40), (60, 60), (40, 60)])
    holed = MultiPolygon([Polygon(full.geoms[0].exterior, [beside.geoms[0].exterior])])
    draft = Draft(drawn={"in": area([(40, 40), (50, 40), (60, 40), (60, 60), (50, 60), (40, 60)])})
    fault = refused({"full": holed}, draft).faults[0]
    assert (fault.kind, fault.keys) == (FaultKind.TOO_MANY_VERTICES, ("full",))
