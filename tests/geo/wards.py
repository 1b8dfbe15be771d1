"""Wards made up for tests of boundaries: outlines with bends, on the grid, of a size that a ward has."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon

UNITS = 10**7
WEST, SOUTH = 108.20, 16.00
METRE = 1e-5
"""Degrees of roughly a metre."""


def on_grid(shape: Any) -> Any:
    return shapely.transform(shape, lambda points: np.rint(points * UNITS) / UNITS)


def area(*rings: list[tuple[float, float]]) -> MultiPolygon:
    """An area of one polygon, its rings in metres east and north of the corner."""
    placed = [[(WEST + x * METRE, SOUTH + y * METRE) for x, y in ring] for ring in rings]
    made: MultiPolygon = on_grid(MultiPolygon([Polygon(placed[0], placed[1:])]))
    return made


def square(x: float, y: float, side: float = 100, height: float | None = None) -> MultiPolygon:
    top = y + (side if height is None else height)
    return area([(x, y), (x + side, y), (x + side, top), (x, top)])


def outline(seed: int, vertices: int = 60, radius: float = 900) -> MultiPolygon:
    """A ward with so many vertices at uneven distances from its middle."""
    chance = random.Random(seed)
    turns = sorted(chance.random() for _ in range(vertices))
    away = [radius * chance.uniform(0.6, 1.0) for _ in turns]
    pairs = zip(turns, away, strict=True)
    ring = [(1000 + r * math.cos(t * math.tau), 1000 + r * math.sin(t * math.tau)) for t, r in pairs]
    made = area(ring)
    return made if made.is_valid else outline(seed + 1_000_003, vertices, radius)
