"""A first partition of a ward, or of the ground in it that is not drawn yet: a proposal to edit. Pure.

What comes out is an exact coverage on the grid of 7 decimals, whose union is the ground. Where a cut ends on the
ground's outline the outline gets a vertex of the grid, the nearest to its line within 20 cm along it; the neighbours
on its other side get the same vertex when the proposal is settled as a draft (`geo/topology.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry import MultiPolygon

from geo.coverage import SLIVER_SQUARE_METRES
from geo.grid import UNITS, Grid
from geo.halving import arranged, equal_parts, landing
from geo.partition_names import named
from geo.positions import Position

FEWEST_PARTS, MOST_PARTS = 2, 200
SMALLEST_PART = SLIVER_SQUARE_METRES
"""Square metres of a part: anything smaller would be taken for a sliver."""
_ONE_SPOT = 5.0
"""Houses so few metres apart stand on one spot: they make one neighbourhood."""


class NoHouses(Exception):
    """There is no house on the ground to begin from."""


class TooSmall(Exception):
    """The ground is gone, or too small for so many parts: `most` is how many it has room for."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(f"room for {most}")


@dataclass(frozen=True, slots=True)
class House:
    """A cultural house: what it is called and where it stands."""

    name: str
    position: Position


@dataclass(frozen=True, slots=True)
class Part:
    """A neighbourhood as proposed."""

    name: str
    area: MultiPolygon


def undrawn(outline: Any, areas: Sequence[Any]) -> MultiPolygon:
    """The ground within `outline` that none of the `areas` hold; what would be a sliver is left out."""
    if not areas:
        return MultiPolygon(list(shapely.get_parts(outline)))
    grid = Grid.around([outline])
    held = shapely.union_all([_on(grid, area) for area in areas], grid_size=1)
    left = shapely.get_parts(shapely.difference(_on(grid, outline), held, grid_size=1))
    kept = [part for part in left if grid.square_metres(part) > SLIVER_SQUARE_METRES]
    whole: MultiPolygon = grid.degrees(MultiPolygon(kept))
    return whole


def by_houses(ground: MultiPolygon, houses: Sequence[House], taken: Collection[str] = ()) -> list[Part]:
    """The ground divided so that each spot belongs to the house that is nearest to it (Voronoi's diagram).

    Houses elsewhere do not count, and those on one spot count as one. Ground cut off from its own house by a bend of
    the outline goes to the part it hangs on; an island without a house stays with the nearest. Named after the houses,
    never as something in `taken`. Raises `NoHouses`.
    """
    if ground.is_empty:
        raise TooSmall(0)
    grid = Grid.around([ground])
    shape = _on(grid, ground)
    shapely.prepare(shape)
    spots: dict[tuple[float, float], str] = {}
    for house in houses:
        spot = (house.position.longitude * UNITS - grid.x, house.position.latitude * UNITS - grid.y)
        beside = [other for other in spots if _apart(grid, spot, other) <= _ONE_SPOT]
        if not beside and shapely.intersects_xy(shape, *spot):
            spots[spot] = house.name
    if not spots:
        raise NoHouses
    return _parts(grid, _nearest(grid, shape, list(spots)), list(spots.values()), taken)


def into_equal_parts(ground: MultiPolygon, count: int, taken: Collection[str] = ()) -> list[Part]:
    """The ground as `count` compact parts of equal area, within 1 %.

    Each is in one piece where the ground allows it. Raises `TooSmall`; `count` is at least 1.
    """
    if ground.is_empty:
        raise TooSmall(0)
    grid = Grid.around([ground])
    shape = _on(grid, ground)
    most = int(grid.square_metres(shape) / SMALLEST_PART)
    if count > most:
        raise TooSmall(most)
    pieces = equal_parts(shape, count, grid)
    return _parts(grid, _together(shape, pieces), [None] * count, taken)


def _on(grid: Grid, shape: Any) -> Any:
    return shapely.transform(shape, lambda points: np.rint(points * UNITS) - (grid.x, grid.y))


def _apart(grid: Grid, one: tuple[float, float], other: tuple[float, float]) -> float:
    return float(np.hypot((one[0] - other[0]) * grid.east, (one[1] - other[1]) * grid.north))


def _parts(grid: Grid, shapes: Sequence[Any], houses: Sequence[str | None], taken: Collection[str]) -> list[Part]:
    """The shapes as parts in reading order: rows from north to south, each from the west."""
    points = grid.metres(shapely.get_coordinates(shapely.centroid(np.array(shapes, dtype=object))))
    height = float(np.sqrt(np.mean([grid.square_metres(shape) for shape in shapes])))
    order = _read(points.tolist(), height)
    names = named([houses[at] for at in order], taken)
    areas = shapely.orient_polygons(np.array([shapes[at] for at in order], dtype=object))
    return [
        Part(name, MultiPolygon(list(shapely.get_parts(grid.degrees(area)))))
        for name, area in zip(names, areas, strict=True)
    ]


def _read(points: Sequence[Sequence[float]], height: float) -> list[int]:
    """The order in which middles are read: a row reaches half an area's height down from its northernmost middle."""
    rows: list[list[int]] = []
    for at in sorted(range(len(points)), key=lambda at: -points[at][1]):
        if not rows or points[rows[-1][0]][1] - points[at][1] > height / 2:
            rows.append([])
        rows[-1].append(at)
    return [at for row in rows for at in sorted(row, key=lambda at: points[at][0])]


def _together(shape: Any, pieces: Sequence[Any]) -> list[Any]:
    """The pieces with each other's vertices on the edges that they share.

    Where a piece's edge was cut twice, the second cut from the first one's end, a hair's breadth lies between it and
    its neighbour's straight edge: that goes to the piece it has most edge in common with.
    """
    faces = arranged(shapely.boundary(np.array(pieces, dtype=object)))
    inside = shapely.point_on_surface(faces)
    holders: dict[int, int] = {}
    for face, holder in zip(*shapely.STRtree(pieces).query(inside, predicate="intersects").tolist(), strict=True):
        holders.setdefault(face, holder)
    shapely.prepare(shape)
    ground = [face for face, held in enumerate(shapely.intersects(shape, inside)) if held or face in holders]
    whose = [holders.get(face, -1) for face in ground]
    at_home = {number for number, face in enumerate(ground) if face in holders}
    return _gathered(faces[ground], _hung(faces[ground], whose, at_home), len(pieces))


def _gathered(faces: Any, holders: Sequence[int], count: int) -> list[Any]:
    """For each holder its faces in one shape."""
    whose = np.array(holders)
    return [shapely.coverage_union_all(faces[whose == holder]) for holder in range(count)]


def _nearest(grid: Grid, shape: Any, spots: Sequence[tuple[float, float]]) -> list[Any]:
    """For each spot the ground that is nearest to it, in one piece where it can be."""
    if len(spots) == 1:
        return [shape]
    edges = _edges_between(grid, shape, spots)
    faces = arranged([shapely.boundary(shape), *edges])
    inside = shapely.point_on_surface(faces)
    ground = shapely.intersects(shape, inside)
    faces, inside = faces[ground], inside[ground]
    houses = shapely.points(grid.metres(spots))
    tree = shapely.STRtree(houses)
    holders = tree.nearest(shapely.transform(inside, grid.metres)).tolist()
    at_home = set(shapely.STRtree(faces).query(shapely.points(spots), predicate="intersects")[1].tolist())
    return _gathered(faces, _hung(faces, holders, at_home), len(spots))


def _edges_between(grid: Grid, shape: Any, spots: Sequence[tuple[float, float]]) -> list[Any]:
    """The edges of Voronoi's diagram within the ground, from grid to grid."""
    flat = shapely.transform(shape, grid.metres)
    diagram = shapely.voronoi_polygons(shapely.multipoints(grid.metres(spots)), extend_to=flat, only_edges=True)
    lines = shapely.transform(diagram, lambda points: points / (grid.east, grid.north))
    within = shapely.get_parts(shapely.intersection(lines, shape))
    ends = [(line.coords[i], line.coords[i + 1]) for line in within for i in range(len(line.coords) - 1)]
    rings = [ring.coords for ring in shapely.get_rings(shapely.get_parts(shape))]
    outline = [(ring[i], ring[i + 1]) for ring in rings for i in range(len(ring) - 1)]
    tree = shapely.STRtree(shapely.linestrings(outline))
    made = []
    for pair in ends:
        spots_on_grid = []
        for spot in pair:
            near = int(tree.nearest(shapely.points(spot)))
            on_it = shapely.distance(tree.geometries[near], shapely.points(spot)) < 0.01
            spots_on_grid.append(landing(spot, outline[near] if on_it else (spot, spot), grid, roomy=bool(on_it)))
        if spots_on_grid[0] != spots_on_grid[1]:
            made.append(shapely.linestrings(spots_on_grid))
    return made


def _hung(faces: Any, holders: list[int], at_home: set[int]) -> list[int]:
    """Whose each face is, when those not `at_home` go to the part that they have most edge in common with.

    To their own holder's, where that is one of them.
    """
    whose = list(holders)
    settled = set(at_home)
    tree = shapely.STRtree(faces)
    waiting = [face for face in range(len(faces)) if face not in settled]
    while waiting:
        later = []
        for face in waiting:
            common: dict[int, float] = {}
            for other in tree.query(faces[face], predicate="touches").tolist():
                if other in settled:
                    length = float(shapely.length(shapely.intersection(faces[face], faces[other])))
                    common[whose[other]] = common.get(whose[other], 0.0) + length
            if not common or max(common.values()) == 0:
                later.append(face)
                continue
            whose[face] = (
                holders[face] if common.get(holders[face]) else max(common, key=lambda one: (common[one], -one))
            )
            settled.add(face)
        if len(later) == len(waiting):
            break  # islands: they stay with the nearest house
        waiting = later
    return whose
