"""Areas side by side: how large they are, where they overlap, whether two are the same. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import shapely
from shapely.geometry.base import BaseGeometry

from geo.plane import degree_lengths


def square_metres(shape: BaseGeometry) -> float:
    """The area of a shape in degrees, in m²: a plane at its middle, good to 0.1% up to the size of a ward."""
    if shape.is_empty:
        return 0.0
    east, north = degree_lengths((shape.bounds[1] + shape.bounds[3]) / 2)
    return float(shape.area) * north * east


def overlaps(shapes: Sequence[BaseGeometry], at_least: float) -> list[tuple[int, int, float]]:
    """Pairs of `shapes` whose insides meet on more than `at_least` m²: (lower index, higher index, m²), in order.

    With 0, any common ground counts, as in the database's own rule.
    """
    pairs = shapely.STRtree(shapes).query(shapes, predicate="intersects").T.tolist()
    found = []
    for one, other in sorted((a, b) for a, b in pairs if a < b):
        if shapely.relate_pattern(shapes[one], shapes[other], "T********"):
            common = square_metres(shapely.intersection(shapes[one], shapes[other]))
            if at_least == 0 or common > at_least:
                found.append((one, other, common))
    return found


def same_area(one: BaseGeometry, other: BaseGeometry) -> bool:
    """Whether two shapes have the same rings, wherever their vertices begin."""
    return bool(shapely.normalize(one) == shapely.normalize(other))


def shown(metres: float) -> str:
    """Square metres for people: whole ones where there are many."""
    return f"{metres:.0f}" if metres >= 10 else f"{metres:.4g}"
