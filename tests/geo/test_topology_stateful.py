"""Any sequence of edits leaves a coverage whose union is the ward's outline: thousands of random ones, and undo."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from shapely.geometry import LineString, MultiPolygon, Polygon

from geo.areas import square_metres
from geo.coverage import CUT_SQUARE_METRES, BoundaryFault, Coverage, Draft, Key
from geo.positions import MAX_VERTICES
from geo.topology import merge, settle, split
from tests.geo.wards import METRE, UNITS, on_grid, outline

MOST_AREAS = 24
TRIED: Counter[tuple[str, bool]] = Counter()
"""How often each edit was settled, and how often refused."""
USUALLY = {
    "give up": 1.0,
    "draw": 1.0,
    "merge": 0.95,
    "split": 0.9,
    "undo": 0.9,
    "insert": 0.5,
    "redraw": 0.5,
    "move": 0.5,
}
CHANCE = st.integers(0, 2**32 - 1)
Areas = dict[Key, MultiPolygon]


def spots(area: MultiPolygon) -> list[tuple[float, float]]:
    return [(x, y) for x, y in shapely.get_coordinates(area).tolist()]


def with_ring(area: MultiPolygon, change: Callable[[list[tuple[float, float]]], list[tuple[float, float]]]) -> Any:
    """The area with each ring's vertices, the first not repeated, given through `change`; None where one is no ring."""
    polygons = []
    for polygon in area.geoms:
        rings = [change([(x, y) for x, y in ring.coords[:-1]]) for ring in (polygon.exterior, *polygon.interiors)]
        if any(len(ring) < 3 for ring in rings):
            return None
        polygons.append(Polygon(rings[0], rings[1:]))
    return MultiPolygon(polygons)


class Editing(RuleBasedStateMachine):
    """A clerk at work, now neatly, now wildly: the whole ward is drawn at every moment."""

    def __init__(self) -> None:
        super().__init__()
        self.outline = MultiPolygon()
        self.areas: Areas = {}
        self.past: list[tuple[MultiPolygon, Areas]] = []
        self.names = itertools.count(1)

    @initialize(seed=st.integers(0, 50))
    def a_ward_in_four(self, seed: int) -> None:
        self.outline = outline(seed)
        west, south, east, north = self.outline.bounds
        x, y = (west + east) / 2, (south + north) / 2
        self.areas = {0: self.outline}
        self.cut(0, [(west - METRE, y), (east + METRE, y + 40 * METRE)])
        self.cut(0, [(x, south - METRE), (x + 30 * METRE, north + METRE)])

    def settle(self, what: str, draft: Draft) -> bool:
        try:
            settled = settle(Coverage(self.outline, self.areas), draft)
        except BoundaryFault as fault:
            TRIED[what, False] += 1
            event(f"{what} refused: {fault.faults[0].kind}")
            return False
        TRIED[what, True] += 1
        gained = len(spots(settled.outline)) - len(spots(self.outline))
        assert settled.drift_square_metres <= CUT_SQUARE_METRES * gained / 2  # a cut has two ends
        self.past.append((self.outline, self.areas))
        kept = {key: area for key, area in self.areas.items() if key not in draft.removed}
        self.outline, self.areas = settled.outline, {**kept, **settled.areas}
        return True

    def one(self, chance: random.Random) -> Key:
        return chance.choice(sorted(self.areas, key=str))

    def cut(self, key: Key, line: list[tuple[float, float]]) -> None:
        try:
            largest, *others = split(self.areas[key], LineString(line))
        except BoundaryFault:
            event("no cut: a tangle")
            return
        if others and len(self.areas) + len(others) <= MOST_AREAS:
            drawn = {f"n{next(self.names)}": part for part in others}
            self.settle("split", Draft(redrawn={key: largest}, drawn=drawn))

    @rule(seed=CHANCE, bends=st.integers(2, 5))
    def split_by_a_line(self, seed: int, bends: int) -> None:
        """Across, ending inside, crossing several times, or crossing itself, as it comes."""
        chance = random.Random(seed)
        key = self.one(chance)
        west, south, east, north = self.areas[key].bounds
        wide, high = east - west, north - south
        line = [
            (chance.uniform(west - wide / 4, east + wide / 4), chance.uniform(south - high / 4, north + high / 4))
            for _ in range(bends)
        ]
        self.cut(key, line)

    @precondition(lambda self: len(self.areas) > 2)
    @rule(seed=CHANCE)
    def merge_neighbours(self, seed: int) -> None:
        chance = random.Random(seed)
        key = self.one(chance)
        beside = [
            other
            for other in sorted(self.areas, key=str)
            if other != key and shapely.relate_pattern(self.areas[other], self.areas[key], "****1****")
        ]
        if beside:
            other = chance.choice(beside)
            try:
                whole = merge([self.areas[key], self.areas[other]])
            except BoundaryFault:
                return
            self.settle("merge", Draft(redrawn={key: whole}, removed=frozenset([other])))

    def shared(self, spot: tuple[float, float]) -> list[Key]:
        return [key for key, area in self.areas.items() if spot in spots(area)]

    @rule(seed=CHANCE, reach=st.sampled_from([0.1, 1.0, 10.0, 100.0]), alone=st.booleans())
    def move_a_vertex(self, seed: int, reach: float, alone: bool) -> None:
        """In all areas that share it, or, carelessly, in one."""
        chance = random.Random(seed)
        spot = chance.choice(spots(self.areas[self.one(chance)]))
        to = tuple(round(one + chance.uniform(-reach, reach) * METRE, 7) for one in spot)
        holders = self.shared(spot)
        whose = holders[:1] if alone else holders
        moved = {
            key: with_ring(self.areas[key], lambda ring: [to if one == spot else one for one in ring]) for key in whose
        }
        self.settle("careless move" if alone or reach > 10 else "move", Draft(redrawn=moved))

    @rule(seed=CHANCE)
    def insert_a_vertex(self, seed: int) -> None:
        chance = random.Random(seed)
        ring = spots(self.areas[self.one(chance)])
        at = chance.randrange(len(ring) - 1)
        one, other = ring[at], ring[at + 1]
        share = chance.uniform(0.2, 0.8)
        off = chance.choice([0.0, 0.0, 1.5, 20.0]) * METRE
        spot = (
            round(one[0] + share * (other[0] - one[0]) + off, 7),
            round(one[1] + share * (other[1] - one[1]) - off, 7),
        )

        def inserted(ring: list[tuple[float, float]]) -> list[tuple[float, float]]:
            made = []
            for here, there in zip(ring, [*ring[1:], ring[0]], strict=True):
                made += [here, spot] if {here, there} == {one, other} else [here]
            return made

        holders = [key for key in self.shared(one) if other in spots(self.areas[key])]
        self.settle("insert", Draft(redrawn={key: with_ring(self.areas[key], inserted) for key in holders}))

    @rule(seed=CHANCE)
    def delete_a_vertex(self, seed: int) -> None:
        chance = random.Random(seed)
        spot = chance.choice(spots(self.areas[self.one(chance)]))
        without = {
            key: with_ring(self.areas[key], lambda ring: [one for one in ring if one != spot])
            for key in self.shared(spot)
        }
        if all(area is not None for area in without.values()):
            self.settle("delete", Draft(redrawn=without))

    @rule(seed=CHANCE)
    def redraw_an_area_sloppily(self, seed: int) -> None:
        """Every vertex off by up to a metre and a half."""
        chance = random.Random(seed)
        key = self.one(chance)

        def off(ring: list[tuple[float, float]]) -> list[tuple[float, float]]:
            return [(x + chance.uniform(-1, 1) * METRE, y + chance.uniform(-1, 1) * METRE) for x, y in ring]

        self.settle("redraw", Draft(redrawn={key: on_grid(with_ring(self.areas[key], off))}))

    @rule(seed=CHANCE)
    def give_up_an_area_and_draw_it_again(self, seed: int) -> None:
        key = self.one(random.Random(seed))
        given_up = self.areas[key]
        if self.settle("give up", Draft(removed=frozenset([key]))):
            assert self.settle("draw", Draft(drawn={f"n{next(self.names)}": given_up}))
            del self.past[-1]  # the ground that was nobody's in between is not what the invariant is about

    @precondition(lambda self: self.past)
    @rule(steps=st.integers(1, 3))
    def undo(self, steps: int) -> None:
        """What was is brought back as one more draft."""
        _, before = self.past[-min(steps, len(self.past))]
        now = self.areas
        changed = {key: area for key, area in before.items() if key in now and not area.equals_exact(now[key])}
        again = {key: area for key, area in before.items() if key not in now}
        draft = Draft(drawn=again, redrawn=changed, removed=frozenset(now.keys() - before.keys()))
        if draft.drawn or draft.redrawn:
            self.settle("undo", draft)

    @invariant()
    def a_coverage_of_the_ward(self) -> None:
        areas = list(self.areas.values())
        assert shapely.coverage_is_valid(areas)
        assert all(area.is_valid and shapely.get_num_coordinates(area) <= MAX_VERTICES for area in areas)
        points = shapely.get_coordinates([*areas, self.outline])
        assert np.array_equal(points, np.rint(points * UNITS) / UNITS)
        union = shapely.coverage_union_all(areas)
        assert square_metres(shapely.symmetric_difference(union, self.outline)) == 0


def test_editing() -> None:
    """What a clerk means is done, too: a rule that refused everything would keep any coverage valid."""
    TRIED.clear()
    run_state_machine_as_test(
        Editing,
        settings=settings(
            max_examples=60,
            stateful_step_count=50,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],  # the steps of a failure are told; to shorten them would take minutes
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
    done = {what: TRIED[what, True] / (TRIED[what, True] + TRIED[what, False]) for what, _ in TRIED}
    assert sum(TRIED.values()) > 1_000
    assert {what: share for what, share in done.items() if share < USUALLY.get(what, 0)} == {}
