"""The grid that boundaries are drawn on: whole numbers of 1e-7 degree from a corner near by, and their metres.

On whole numbers this small every comparison is exact in double precision: a vertex lies on an edge, or it does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon

from geo.plane import degree_lengths
from geo.positions import DECIMALS

UNITS = 10**DECIMALS
"""Units of the grid in a degree."""

Spot = tuple[int, int]
Ring = list[Spot]
"""The vertices of a ring in order, the first not repeated."""
Rings = list[list[Ring]]
"""The rings of each polygon of an area, the outer one first."""
Edge = tuple[Spot, Spot]
"""Two spots, the lesser first."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the grid's corner is, in units, and how many metres a unit is eastward and northward."""

    x: int
    y: int
    east: float
    north: float

    @classmethod
    def around(cls, shapes: Iterable[Any]) -> Grid:
        """The grid for these shapes; a kilometre beyond them is still near."""
        west, south, _, north = shapely.total_bounds(np.array(list(shapes), dtype=object)).tolist()
        east_length, north_length = degree_lengths((south + north) / 2)
        return cls(round(west * UNITS), round(south * UNITS), east_length / UNITS, north_length / UNITS)

    def rings(self, area: Any) -> Rings:
        """The rings of a shape in degrees; vertices that fall together with the one before are given once."""
        polygons = [
            [tidied(self._spots(line.coords)) for line in (polygon.exterior, *polygon.interiors)]
            for polygon in shapely.get_parts(area)
        ]
        return sound(polygons)

    def spots(self, line: Any) -> list[Spot]:
        """The vertices of a line in degrees, without repetitions."""
        spots = self._spots(line.coords)
        return [spot for index, spot in enumerate(spots) if index == 0 or spot != spots[index - 1]]

    def _spots(self, coords: Any) -> list[Spot]:
        points = np.rint(np.asarray(coords, dtype=float) * UNITS).astype(np.int64) - (self.x, self.y)
        return [(x, y) for x, y in points.tolist()]

    def degrees(self, shape: Any) -> Any:
        """A shape on the grid as one in degrees of 7 decimals."""
        return shapely.transform(shape, lambda points: (np.rint(points) + np.array([self.x, self.y])) / UNITS)

    def metres(self, spots: Any) -> Any:
        """Positions (n, 2) on the grid as metres from its corner."""
        return np.asarray(spots, dtype=float).reshape(-1, 2) * (self.east, self.north)

    def square_metres(self, shape: Any) -> float:
        """The area of a shape on the grid."""
        return float(shapely.area(shape)) * self.east * self.north

    def narrow(self, shape: Any, metres: float) -> bool:
        """Whether a shape on the grid is nowhere wider: taking half of it away all around leaves nothing."""
        flat = shapely.transform(shape, self.metres)
        if shapely.area(flat) > metres * shapely.length(flat):
            return False
        return bool(shapely.buffer(flat, -metres / 2, quad_segs=2).is_empty)

    def beside(self, spot: Any, edge: Edge) -> Spot:
        """The spot of the grid on an edge that a position near it goes to.

        Of the spots within some 20 cm along the edge the one that is nearest to the line, so that the line hardly
        bends; an end of the edge where that is as near as any other.
        """
        (ax, ay), (bx, by) = edge
        dx, dy = bx - ax, by - ay
        east, north = self.east**2, self.north**2
        share = ((spot[0] - ax) * dx * east + (spot[1] - ay) * dy * north) / (dx * dx * east + dy * dy * north)
        steps = max(abs(dx), abs(dy))
        foot = round(min(max(share, 0.0), 1.0) * steps)
        best, least = edge[0], float("inf")
        for step in range(max(foot - _LOOK, 0), min(foot + _LOOK, steps) + 1):
            x, y = ax + dx * step / steps, ay + dy * step / steps
            near = (round(x), round(y))
            off = abs(near[0] - x) + abs(near[1] - y) + 0.002 * abs(step - foot)
            if off < least:
                best, least = near, off
        return best


_LOOK = 18


def tidied(ring: Sequence[Spot]) -> Ring:
    """A ring without repetitions and without spikes (there and back the same way)."""
    kept: Ring = []
    for spot in ring:
        if kept and kept[-1] == spot:
            continue
        kept.append(spot)
        while len(kept) > 2 and kept[-1] == kept[-3]:
            del kept[-2:]
    while len(kept) > 1 and kept[0] == kept[-1]:
        kept.pop()
    while len(kept) > 2 and (kept[0] == kept[-2] or kept[1] == kept[-1]):
        if kept[0] == kept[-2]:
            del kept[-2:]
        else:
            del kept[:1], kept[-1:]
        while len(kept) > 1 and kept[0] == kept[-1]:
            kept.pop()
    return kept


def sound(polygons: Rings) -> Rings:
    """The polygons and holes that are more than a line."""
    return [[outer, *(hole for hole in holes if len(hole) > 2)] for outer, *holes in polygons if len(outer) > 2]


def area_of(rings: Rings) -> MultiPolygon:
    """The area of these rings, valid or not."""
    return MultiPolygon([Polygon(outer, holes) for outer, *holes in rings])


def edges_of(ring: Ring) -> list[Edge]:
    """The edges of a ring, each with its lesser end first."""
    return [
        (one, other) if one < other else (other, one) for one, other in zip(ring, [*ring[1:], ring[0]], strict=True)
    ]


def edges_of_all(shapes: Iterable[Rings]) -> set[Edge]:
    return {edge for polygons in shapes for rings in polygons for ring in rings for edge in edges_of(ring)}
