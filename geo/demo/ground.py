"""The demo ward's ground: an outline between two rivers, and neighbourhoods that tile it exactly.

Nothing here is copied from a map. The corner points were set by hand to resemble what is published of Phường Hòa
Xuân: some 28 km² between the Cẩm Lệ river in the north and the Vĩnh Điện river in the east, dense streets in the
middle, villages among fields in the south. Exactness comes from how it is built: every line between two junctions is
made once, on the grid of 7 decimals, and the areas on both sides take the same points.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Any

import shapely
from shapely import LineString, MultiPoint, MultiPolygon, Point, Polygon

from geo.demo.chance import chance

WARD_CODE = "20314"
WARD_NAME = "Phường Hòa Xuân (bản demo)"
CENTRE = (108.2100, 15.9865)
"""Longitude, latitude of the point that examples report from."""
AREA_KM2 = 27.9
_DECIMALS = 7

# Kilometres east and north of the centre, clockwise from the north-west. The rivers are a smooth curve through their
# points; the land edge follows roads and field banks, straight from corner to corner.
_RIVERS = (
    (-2.70, 1.75), (-2.45, 2.30), (-1.90, 2.52), (-1.30, 2.42), (-0.85, 2.75), (-0.40, 3.30), (0.20, 3.42),
    (0.70, 3.12), (1.20, 3.18), (1.55, 3.60), (2.05, 3.95), (2.60, 3.78), (2.80, 3.25), (2.55, 2.70), (2.50, 2.15),
    (2.85, 1.70), (3.08, 1.15), (2.90, 0.55), (2.50, 0.20), (2.42, -0.30), (2.70, -0.85), (2.66, -1.50), (2.25, -1.95),
    (2.22, -2.55), (2.50, -3.10), (2.42, -3.70), (1.95, -4.05),
)  # fmt: skip
_LAND = (
    (1.42, -3.92), (1.20, -4.32), (0.52, -4.18), (0.30, -4.66), (-0.42, -4.80), (-0.60, -4.22), (-1.28, -4.36),
    (-1.42, -3.72), (-2.10, -3.86), (-2.36, -3.22), (-2.02, -2.66), (-2.60, -2.32), (-2.72, -1.62), (-2.30, -1.30),
    (-2.44, -0.62), (-3.02, -0.44), (-3.10, 0.22), (-2.56, 0.50), (-2.62, 1.10), (-3.00, 1.32),
)  # fmt: skip
_PIECES = 230
_URBAN, _RURAL = 76, 14
_VILLAGES = (
    "Quang Châu", "Phong Nam", "Miếu Bông", "Đông Hòa", "Tây An", "Cẩm Nam", "Dương Sơn", "Bàu Cầu", "Quá Giáng",
    "Giáng Đông", "Nhơn Thọ", "Trà Kiểm", "Cồn Mong", "Tân Hạnh",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ground:
    """The outline, and the neighbourhoods that are it exactly; `names` and `areas` are in the same order."""

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
    cells = _cells(outline, _spread(outline, random))
    areas = sorted(_merged(_pieces(outline, cells, random)), key=_reading_order)
    ward: Any = shapely.coverage_union_all(areas)
    villages = set(sorted(range(len(areas)), key=lambda i: areas[i].centroid.y)[:_RURAL])
    village_names, names, number = iter(_VILLAGES), [], 0
    for index in range(len(areas)):
        if index in villages:
            names.append(f"Thôn {next(village_names)}")
        else:
            number += 1
            names.append(f"Tổ dân phố số {number}")
    return Ground(MultiPolygon([ward]), tuple(names), tuple(MultiPolygon([area]) for area in areas))


def _outline(random: Random) -> Polygon:
    """The rivers' curve and the land edge, grown or shrunk to the ward's area; kilometres."""
    points: list[tuple[float, float]] = []
    curve = (_RIVERS[0], *_RIVERS, _RIVERS[-1])
    for before, start, end, after in zip(curve, curve[1:], curve[2:], curve[3:], strict=False):
        for step in range(9):
            t = step / 9
            # Catmull and Rom's spline
            x, y = (
                0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
                for a, b, c, d in zip(before, start, end, after, strict=True)
            )
            points.append((x + random.gauss(0, 0.005), y + random.gauss(0, 0.005)))
    land = _bent([_RIVERS[-1], *_LAND, points[0]], random)
    factor = math.sqrt(AREA_KM2 / Polygon([*points, *land[:-1]]).area)
    return Polygon([(x * factor, y * factor) for x, y in [*points, *land[:-1]]])


def _spread(outline: Polygon, random: Random) -> list[tuple[float, float]]:
    """Middles of small pieces of ground: close together in the town, far apart among the fields."""
    seeds: list[tuple[float, float]] = []
    min_x, min_y, max_x, max_y = outline.bounds
    shapely.prepare(outline)
    reach = 0.9
    while len(seeds) < _PIECES:
        for _ in range(400):
            x, y = random.uniform(min_x, max_x), random.uniform(min_y, max_y)
            apart = (reach * _spacing(x, y)) ** 2
            if outline.contains(Point(x, y)) and all((x - a) ** 2 + (y - b) ** 2 > apart for a, b in seeds):
                seeds.append((x, y))
                break
        else:
            reach *= 0.96  # no room left at this distance
    return seeds


def _spacing(east: float, north: float) -> float:
    """How far apart neighbourhoods lie there, in kilometres."""
    town = min(math.hypot(east - 0.2, (north - 1.2) * 0.8), math.hypot(east + 1.2, north - 0.2) + 0.3)
    return 0.34 + 0.15 * min(town, 3.2) + (0.26 if north < -2.0 else 0.0)


def _cells(outline: Polygon, seeds: Sequence[tuple[float, float]]) -> list[Any]:
    """Voronoi cells of the seeds within the outline, after one of Lloyd's steps has evened out slivers."""
    cells: list[Any] = []
    for _ in range(2):
        found = shapely.voronoi_polygons(MultiPoint(seeds), extend_to=outline.buffer(3), ordered=True)
        cells = [cell.intersection(outline) for cell in found.geoms]
        seeds = [(cell.centroid.x, cell.centroid.y) for cell in cells]
    return cells


def _pieces(outline: Polygon, cells: Sequence[Any], random: Random) -> list[Polygon]:
    """The cells in degrees on the grid, their shared edges bent the way streets and ditches bend."""
    # Their union is noded: it meets itself only at end points.
    edges: Any = shapely.line_merge(shapely.union_all([cell.boundary for cell in cells]))
    arcs = []
    for arc in edges.geoms:
        points = list(arc.coords)
        if outline.exterior.distance(arc.interpolate(0.5, normalized=True)) > 1e-6:
            points = _bent(points, random)
        arcs.append(LineString([position(x, y) for x, y in points]))
    made: Any = shapely.polygonize(arcs)
    return list(made.geoms)


def _merged(pieces: Sequence[Polygon]) -> list[Polygon]:
    """The pieces joined into neighbourhoods: the smallest for its place joins the one it shares most edge with."""
    groups = dict(enumerate(pieces))
    weights = {key: _weight(piece) for key, piece in groups.items()}
    shared: dict[int, dict[int, float]] = {key: {} for key in groups}
    for one, other in shapely.STRtree(pieces).query(pieces, predicate="touches").T.tolist():
        if length := pieces[one].intersection(pieces[other]).length:
            shared[one][other] = length
    while len(groups) > _URBAN + _RURAL:
        smallest = min(groups, key=lambda key: (weights[key], key))
        for other in sorted(shared[smallest], key=lambda key: (-shared[smallest][key] / weights[key] ** 0.7, key)):
            union: Any = shapely.coverage_union(groups[smallest], groups[other])
            if union.geom_type == "Polygon" and not union.interiors:
                break
        else:
            raise AssertionError("a piece that no neighbour can take")
        groups[other] = union
        weights[other] = _weight(union)
        for neighbour, length in shared.pop(smallest).items():
            del shared[neighbour][smallest]
            if neighbour != other:
                shared[other][neighbour] = shared[neighbour][other] = shared[other].get(neighbour, 0.0) + length
        del groups[smallest], weights[smallest]
    return list(groups.values())


def _weight(area: Polygon) -> float:
    """How large an area is for where it lies."""
    return float(area.area) / _spacing(*kilometres(area.centroid.x, area.centroid.y)) ** 2


def _bent(points: list[tuple[float, float]], random: Random) -> list[tuple[float, float]]:
    """A line with its middle moved aside, three times over; the ends stay."""
    for _ in range(3):
        bent = [points[0]]
        for (ax, ay), (bx, by) in pairwise(points):
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
