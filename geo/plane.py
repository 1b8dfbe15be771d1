"""A flat picture of a ward or a city in metres, for short distances: a degree's length at the middle of the shapes.

Within a city it is good to a hundredth of a distance, which is enough to say what lies within a metre of what.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

VIETNAM = (102.0, 5.0, 118.0, 24.0)
"""West, south, east, north of the country with its islands, generously."""


def degree_lengths(latitude: float) -> tuple[float, float]:
    """Metres of a degree eastward and northward. The usual series for WGS 84, as in NIMA TR8350.2."""
    phi = math.radians(latitude)
    north = 111132.954 - 559.822 * math.cos(2 * phi) + 1.175 * math.cos(4 * phi)
    east = 111412.84 * math.cos(phi) - 93.5 * math.cos(3 * phi) + 0.118 * math.cos(5 * phi)
    return east, north


@dataclass(frozen=True, slots=True)
class Plane:
    """Metres of a degree eastward and northward, and where the picture's middle is."""

    east: float
    north: float
    longitude: float
    latitude: float

    @classmethod
    def around(cls, shapes: Sequence[Any]) -> Plane:
        """The picture for these shapes."""
        west, south, east, north = shapely.total_bounds(np.array(list(shapes), dtype=object))
        middle = (float(west) + float(east)) / 2, (float(south) + float(north)) / 2
        return cls(*degree_lengths(middle[1]), *middle)

    def flat(self, points: Any) -> Any:
        """Positions (n, 2) in degrees as metres from the middle."""
        return (np.asarray(points, dtype=float) - (self.longitude, self.latitude)) * (self.east, self.north)

    def points(self, spots: Sequence[tuple[float, float]]) -> Any:
        return shapely.points(self.flat(spots)) if spots else np.array([], dtype=object)

    def lines(self, edges: Sequence[tuple[tuple[float, float], tuple[float, float]]]) -> Any:
        if not edges:
            return np.array([], dtype=object)
        return shapely.linestrings(self.flat(np.array(edges).reshape(-1, 2)).reshape(-1, 2, 2))

    def share(self, spot: tuple[float, float], one: tuple[float, float], other: tuple[float, float]) -> float:
        """How far along the line from `one` to `other` the point nearest to `spot` lies: 0 to 1 on it."""
        (x, y), (ax, ay), (bx, by) = self.flat([spot, one, other]).tolist()
        length = (bx - ax) ** 2 + (by - ay) ** 2
        return 0.0 if length == 0 else ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length

    def narrow(self, faces: Any, metres: float) -> list[bool]:
        """Which faces are nowhere wider than `metres`: taking half of it away all around leaves nothing."""
        flat = shapely.transform(faces, self.flat)
        small = shapely.area(flat) <= metres * shapely.length(flat)  # the others are wider for certain
        return [
            bool(candidate) and bool(shapely.buffer(face, -metres / 2).is_empty)
            for face, candidate in zip(flat, small, strict=True)
        ]

    def furthest(self, shape: Any, other: Any) -> float:
        """The largest distance from a vertex of one shape to the other's edge, in metres."""
        one, two = (shapely.transform(each, self.flat) for each in (shape, other))
        ways = ((one, shapely.boundary(two)), (two, shapely.boundary(one)))
        far = [shapely.distance(shapely.points(shapely.get_coordinates(each)), edge) for each, edge in ways]
        return float(max(distances.max(initial=0.0) for distances in far))
