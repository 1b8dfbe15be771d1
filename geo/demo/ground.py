"""The demo ward's ground: an outline between two rivers, and neighbourhoods that tile it exactly.

Nothing here is copied from a map. The corner points were set by hand to resemble what is published of Phường Hòa Xuân:
some 28 km² between the Cẩm Lệ river in the north and the Vĩnh Điện river in the east, dense streets in the middle,
villages among fields in the south. Exactness comes from how it is built: every line between two junctions is made once, on
the grid of 7 decimals, and the areas on both sides take the same points.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
import shapely
from shapely import LineString, MultiPoint, MultiPolygon, Point, Polygon

from geo.demo.chance import chance

WARD_CODE = "20314"
WARD_NAME = "Phường Hòa Xuân (bản demo)"
CENTRE = (108.2100, 15.9865)
"""Longitude, latitude of the point that examples report from."""
AREA_KM2 = 27.9
_DECIMALS = 7

# Kilometres east and north of the centre, clockwise from the north-west. Two points apart: the shape; between: a smooth curve.
_CORNERS = (
    (-2.75, 2.35), (-2.10, 3.10), (-1.35, 3.35), (-0.70, 3.05), (0.05, 2.95), (0.75, 3.35), (1.35, 3.95), (2.05, 4.20),
    (2.70, 3.75), (2.85, 3.00), (2.45, 2.30), (2.40, 1.55), (2.85, 0.85), (2.95, 0.05), (2.45, -0.60), (1.90, -1.15),
    (1.95, -1.90), (2.35, -2.60), (2.15, -3.35), (1.45, -3.75), (0.80, -4.35), (0.05, -4.75), (-0.75, -4.45),
    (-1.30, -3.85), (-2.05, -3.70), (-2.60, -3.10), (-2.50, -2.25), (-2.95, -1.50), (-3.05, -0.70), (-2.60, 0.05),
    (-2.75, 0.80), (-3.05, 1.55),
)  # fmt: skip
_URBAN, _RURAL = 76, 14
_VILLAGES = (
    "Quang Châu", "Phong Nam", "Miếu Bông", "Đông Hòa", "Tây An", "Cẩm Nam", "Dương Sơn", "Bàu Cầu", "Quá Giáng",
    "Giáng Đông", "Nhơn Thọ", "Trà Kiểm", "Cồn Mong", "Tân Hạnh",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ground:
    """The outline and the neighbourhoods, `names` and `areas` in the same order; together they are the outline, exactly."""

    outline: MultiPolygon
    names: tuple[str, ...]
    areas: tuple[MultiPolygon, ...]


def kilometres(longitude: float, latitude: float) -> tuple[float, float]:
    """Kilometres east and north of the centre; good to 0.1% over a ward."""
    return (longitude - CENTRE[0]) * _KM_PER_DEGREE[0], (latitude - CENTRE[1]) * _KM_PER_DEGREE[1]


def position(east: float, north: float) -> tuple[float, float]:
    """The longitude and latitude, on the grid, of a place so many kilometres from the centre."""
    return (
        round(CENTRE[0] + east / _KM_PER_DEGREE[0], _DECIMALS),
        round(CENTRE[1] + north / _KM_PER_DEGREE[1], _DECIMALS),
    )


# Length of a degree at the centre's latitude on the WGS 84 ellipsoid.
_PHI = math.radians(CENTRE[1])
_KM_PER_DEGREE = (
    111.41284 * math.cos(_PHI) - 0.0935 * math.cos(3 * _PHI),
    111.13295 - 0.55982 * math.cos(2 * _PHI),
)


def draw() -> Ground:
    """Draw the ward. The same every time."""
    random = chance("ground")
    outline = _outline(random)
    seeds = _spread(outline, random)
    cells = _cells(outline, seeds)
    areas = _tiles(outline, cells, random)
    ward = shapely.coverage_union_all(areas)
    ordered = sorted(areas, key=_reading_order)
    villages = set(sorted(range(len(ordered)), key=lambda i: ordered[i].centroid.y)[:_RURAL])
    village_names, names, number = iter(_VILLAGES), [], 0
    for index in range(len(ordered)):
        if index in villages:
            names.append(f"Thôn {next(village_names)}")
        else:
            number += 1
            names.append(f"Tổ dân phố số {number}")
    return Ground(MultiPolygon([ward]), tuple(names), tuple(MultiPolygon([area]) for area in ordered))


def _outline(random: Random) -> Polygon:
    """A smooth closed curve through the corners, grown or shrunk to the ward's area; kilometres."""
    corners = np.array(_CORNERS)
    before, after, beyond = np.roll(corners, 1, 0), np.roll(corners, -1, 0), np.roll(corners, -2, 0)
    points = []
    for i in range(len(corners)):
        for t in np.linspace(0, 1, 12, endpoint=False):  # Catmull and Rom's spline
            points.append(
                0.5
                * (
                    2 * corners[i]
                    + (after[i] - before[i]) * t
                    + (2 * before[i] - 5 * corners[i] + 4 * after[i] - beyond[i]) * t**2
                    + (3 * corners[i] - before[i] - 3 * after[i] + beyond[i]) * t**3
                )
            )
    rough = [(x + random.gauss(0, 0.006), y + random.gauss(0, 0.006)) for x, y in points]
    polygon = Polygon(rough)
    factor = math.sqrt(AREA_KM2 / polygon.area)
    return Polygon([(x * factor, y * factor) for x, y in rough])


def _spread(outline: Polygon, random: Random) -> list[tuple[float, float]]:
    """Seeds of the neighbourhoods: close together in the town, far apart among the fields."""
    seeds: list[tuple[float, float]] = []
    min_x, min_y, max_x, max_y = outline.bounds
    while len(seeds) < _URBAN + _RURAL:
        for _ in range(4000):
            x, y = random.uniform(min_x, max_x), random.uniform(min_y, max_y)
            if not outline.contains(Point(x, y)):
                continue
            reach = _REACH * _spacing(x, y)
            if all((x - a) ** 2 + (y - b) ** 2 > reach**2 for a, b in seeds):
                seeds.append((x, y))
                if len(seeds) == _URBAN + _RURAL:
                    break
        else:
            raise AssertionError("the seeds are spaced too far apart for their number")
    return seeds


_REACH = 0.78


def _spacing(east: float, north: float) -> float:
    """How far apart neighbourhoods lie there, in kilometres."""
    town = min(math.hypot(east - 0.2, (north - 1.2) * 0.8), math.hypot(east + 1.2, north - 0.2) + 0.3)
    return 0.36 + 0.14 * min(town, 3.2) + (0.30 if north < -2.2 else 0.0)


def _cells(outline: Polygon, seeds: Sequence[tuple[float, float]]) -> list[Any]:
    """Voronoi cells of the seeds within the outline, after two of Lloyd's steps have evened out slivers."""
    cells: list[Any] = []
    for _ in range(3):
        found = shapely.voronoi_polygons(MultiPoint(seeds), extend_to=outline.buffer(3), ordered=True)
        cells = [cell.intersection(outline) for cell in found.geoms]
        seeds = [(cell.centroid.x, cell.centroid.y) for cell in cells]
    return cells


def _tiles(outline: Polygon, cells: Sequence[Any], random: Random) -> list[Polygon]:
    """The cells as areas on the grid, their shared edges bent the way streets and ditches bend."""
    edges = shapely.union_all([cell.boundary for cell in cells])  # noded: meets itself only at end points
    arcs = []
    for arc in shapely.line_merge(edges).geoms:
        middle = arc.interpolate(0.5, normalized=True)
        points = list(arc.coords)
        if outline.exterior.distance(middle) > 1e-6:
            points = _bent(points, random)
        arcs.append(LineString([position(x, y) for x, y in points]))
    tiles = [tile for tile in shapely.polygonize(arcs).geoms if tile.area > 0]
    if len(tiles) != len(cells):
        raise AssertionError(f"{len(cells)} cells became {len(tiles)} areas")
    return tiles


def _bent(points: list[tuple[float, float]], random: Random) -> list[tuple[float, float]]:
    """A line with its middle moved aside, three times over; the ends stay."""
    for _ in range(3):
        bent = [points[0]]
        for (ax, ay), (bx, by) in zip(points, points[1:], strict=False):
            length = math.hypot(bx - ax, by - ay)
            if length > 0.09:
                aside = random.uniform(-0.055, 0.055)
                bent.append(((ax + bx) / 2 - (by - ay) * aside, (ay + by) / 2 + (bx - ax) * aside))
            bent.append((bx, by))
        points = bent
    return points


def _reading_order(area: Polygon) -> tuple[float, float]:
    """From north to south in bands of 800 m, back and forth, so that neighbours have numbers close to each other."""
    east, north = kilometres(area.centroid.x, area.centroid.y)
    band = -round(north / 0.8)
    return band, east if band % 2 == 0 else -east
