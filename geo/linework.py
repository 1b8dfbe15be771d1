"""Shapes as rings on the grid: edges get vertices, and vertices move, in all shapes that share them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from geo.grid import Edge, Grid, Ring, Rings, Spot, edges_of, sound, tidied

_AROUND = 1_000
"""Units of the grid, some ten metres: further away than any edge bends."""

Window = tuple[int, int, int, int]
"""West, south, east, north on the grid."""
EVERYWHERE = (-(2**62), -(2**62), 2**62, 2**62)


class Tangle(Exception):
    """Lines that come together so often, or so closely, that no shared edges can be made of them; where, if known."""

    def __init__(self, spot: Spot | None = None) -> None:
        self.spot = spot
        super().__init__()


@dataclass(slots=True)
class Linework:
    """Shapes as rings on the grid: the `moving` ones are drawn, the `still` ones stand (the ward's outline too)."""

    grid: Grid
    moving: list[Rings]
    still: list[Rings]
    standing: set[Edge]
    """The edges that the coverage has had, and what they became."""
    before: frozenset[Spot]
    """The vertices that it had."""
    window: Window | None = None
    """Where we look; everywhere without one."""
    bent: set[Edge] = field(default_factory=set)
    """The edges that got a vertex here, in pieces."""
    _inserts: dict[Edge, set[Spot]] = field(default_factory=dict)

    def each(self) -> Iterator[tuple[int, list[Ring], int]]:
        """Every ring with its owner, and where it is kept: the moving first, then the still."""
        for owner, polygons in enumerate([*self.moving, *self.still]):
            for rings in polygons:
                for index in range(len(rings)):
                    yield owner, rings, index

    def owners(self) -> dict[Spot, set[int]]:
        """Every vertex in the window once, and which shapes have it."""
        found: dict[Spot, set[int]] = {}
        west, south, east, north = self.window or EVERYWHERE
        for owner, rings, index in self.each():
            for spot in rings[index]:
                if west <= spot[0] <= east and south <= spot[1] <= north:
                    found.setdefault(spot, set()).add(owner)
        return found

    def edges(self) -> dict[Edge, set[int]]:
        """Every edge that reaches into the window once, and which shapes have it."""
        found: dict[Edge, set[int]] = {}
        west, south, east, north = self.window or EVERYWHERE
        for owner, rings, index in self.each():
            for edge in edges_of(rings[index]):
                (ax, ay), (bx, by) = edge
                if ax <= east and bx >= west and (ay <= north or by <= north) and (ay >= south or by >= south):
                    found.setdefault(edge, set()).add(owner)
        return found

    def look_at(self, edges: Iterable[Edge]) -> bool:
        """Look only at where these edges are and what is near them; whether there are any."""
        ends = np.array(list(edges), dtype=np.int64).reshape(-1, 2)
        if not len(ends):
            return False
        west, south = (ends.min(axis=0) - _AROUND).tolist()
        east, north = (ends.max(axis=0) + _AROUND).tolist()
        self.window = west, south, east, north
        return True

    def insert(self, edge: Edge, spot: Spot) -> None:
        """Let an edge get a vertex, in all shapes that have it, with the next `apply`."""
        if spot not in edge:
            self._inserts.setdefault(edge, set()).add(spot)

    def apply(self, goes: dict[Spot, Spot] | None = None) -> bool:
        """Give the edges their new vertices, then move vertices of the moving shapes. Whether anything changed."""
        inserts, self._inserts = self._inserts, {}
        if not inserts and not goes:
            return False
        for edge in inserts.keys() & self.standing:
            pieces = edges_of(_with(list(edge), inserts))
            self.standing.update(pieces)
            self.bent.update(pieces)
        for owner, rings, index in self.each():
            ring = _with(rings[index], inserts) if inserts else rings[index]
            if goes and owner < len(self.moving):
                ring = [goes.get(spot, spot) for spot in ring]
            if owner < len(self.moving):
                rings[index] = tidied(ring)
            elif ring is not rings[index]:
                rings[index] = _unpinched(ring, rings[index])
        self.moving = [sound(polygons) for polygons in self.moving]
        return True


def _with(ring: Ring, inserts: dict[Edge, set[Spot]]) -> Ring:
    """The ring with the new vertices of its edges; itself where it gets none."""
    if inserts.keys().isdisjoint(edges_of(ring)):
        return ring
    made: Ring = []
    for one, other in pairwise([*ring, ring[0]]):
        made.append(one)
        edge = (one, other) if one < other else (other, one)
        if edge in inserts:
            dx, dy = other[0] - one[0], other[1] - one[1]
            made += sorted(inserts[edge], key=lambda spot: (spot[0] - one[0]) * dx + (spot[1] - one[1]) * dy)
    return made


def _unpinched(ring: Ring, before: Ring) -> Ring:
    """A ring that stands, with its new vertices; a `Tangle` where they make it touch itself (a cutting line may)."""
    if len(set(ring)) < len(ring) and len(set(before)) == len(before) > 2:
        raise Tangle(next(spot for index, spot in enumerate(ring) if spot in ring[:index]))
    return ring
