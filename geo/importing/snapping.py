"""Bringing drawn areas together where their edges nearly meet: named steps, each bounded by a distance. Pure.

Areas drawn one by one leave slivers between neighbours. In order: vertices go to vertices of neighbours, edges bend to
neighbours' vertices (which they get as their own), and what gaps and overlaps are left no wider than the distance go to
one of the areas beside them. What stands already (stored neighbours, the ward's outline) does not move. Each
step moves by no more than the distance; where edges differ by over half of it, the steps may add up to more. A sliver
may be long. Nothing is ever "made valid", and an area that would not stay valid stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon

from geo.plane import Plane
from geo.positions import DECIMALS

GRID = 10.0**-DECIMALS
_PASSES = 3

Spot = tuple[float, float]
Ring = list[Spot]
Owner = int
"""The index of an area; what is fixed comes after the areas."""


def snap(areas: Sequence[MultiPolygon], metres: float, fixed: Sequence[Any], outline: Any = None) -> list[MultiPolygon]:
    """The areas (valid, on the grid) brought together within `metres`; `fixed` are neighbours that stay as they are.

    `outline` is the ground that the areas should fill: where they reach beyond it, or leave a gap along it, by no more
    than `metres`, they are cut or widened.
    """
    plane = Plane.around([*areas, *fixed])
    standing = [*fixed, *([outline] if outline is not None else [])]
    moving = [_rings(area) for area in areas]
    still = [_rings(shape) for shape in standing]
    _to_vertices(moving, still, metres, plane)
    for _ in range(_PASSES):
        if not _to_edges(moving, still, metres, plane):
            break
    drawn = [_area(rings) or area for rings, area in zip(moving, areas, strict=True)]
    return _faces_shared(list(areas), drawn, list(fixed), outline, metres, plane)


def _rings(shape: Any) -> list[list[Ring]]:
    """The rings of each polygon of a shape, without the repeated last vertex; the outer one first."""
    return [
        [[(float(x), float(y)) for x, y in ring.coords[:-1]] for ring in (polygon.exterior, *polygon.interiors)]
        for polygon in shapely.get_parts(shape)
    ]


def _area(polygons: list[list[Ring]]) -> MultiPolygon | None:
    """The area of these rings, or None where they make no valid one any more."""
    made = []
    for outer, *holes in polygons:
        if len(outer) < 3:
            continue  # drawn together to nothing
        made.append(Polygon(outer, [hole for hole in holes if len(hole) > 2]))
    area = MultiPolygon(made)
    return area if made and area.is_valid else None


def _each(shapes: Sequence[list[list[Ring]]]) -> Iterator[tuple[Owner, list[Ring], int]]:
    """Every ring with its owner and where it is kept."""
    for owner, polygons in enumerate(shapes):
        for rings in polygons:
            for index in range(len(rings)):
                yield owner, rings, index


def _owners(shapes: Sequence[list[list[Ring]]]) -> dict[Spot, set[Owner]]:
    found: dict[Spot, set[Owner]] = {}
    for owner, rings, index in _each(shapes):
        for spot in rings[index]:
            found.setdefault(spot, set()).add(owner)
    return found


def _to_vertices(moving: list[Any], still: list[Any], metres: float, plane: Plane) -> None:
    """Each vertex that stands alone goes to the nearest vertex of a neighbour."""
    owners = _owners([*moving, *still])
    spots = sorted(owners)
    fixed = [any(owner >= len(moving) for owner in owners[spot]) for spot in spots]
    where = plane.points(spots)
    left, right = shapely.STRtree(where).query(where, predicate="dwithin", distance=metres)
    once = left < right
    left, right = left[once], right[once]
    order = np.argsort(shapely.distance(where[left], where[right]), kind="stable")
    goes: dict[int, int] = {}
    kept: set[int] = set()
    for one, other in zip(left[order].tolist(), right[order].tolist(), strict=True):
        # Of two, the one that more areas share stays; what is fixed always does.
        keeper, mover = sorted((one, other), key=lambda at: (not fixed[at], -len(owners[spots[at]]), at))
        if fixed[mover] or mover in goes or mover in kept or keeper in goes:
            continue
        if owners[spots[keeper]] & owners[spots[mover]]:
            continue  # two vertices of one area never become one
        goes[mover] = keeper
        kept.add(keeper)
        owners[spots[keeper]] |= owners[spots[mover]]
    if goes:
        _move(moving, {spots[mover]: spots[keeper] for mover, keeper in goes.items()})


def _to_edges(moving: list[Any], still: list[Any], metres: float, plane: Plane) -> bool:
    """Edges take up the vertices of others beside them; vertices beside a fixed edge go onto it. Whether any did."""
    owners = _owners([*moving, *still])
    spots = sorted(owners)
    tree = shapely.STRtree(plane.points(spots))
    everything = [*moving, *still]
    edges = [
        (owner, rings, index, number, one, other)
        for owner, rings, index in _each(everything)
        for number, (one, other) in enumerate(pairwise([*rings[index], rings[index][0]]))
    ]
    lines = plane.lines([(one, other) for *_, one, other in edges])
    hits, near = tree.query(lines, predicate="dwithin", distance=metres)
    taken: dict[tuple[int, int], list[tuple[int, float, Spot]]] = {}
    onto: dict[Spot, Spot] = {}
    for hit, at in zip(hits.tolist(), near.tolist(), strict=True):
        owner, rings, index, number, one, other = edges[hit]
        spot = spots[at]
        if owner in owners[spot]:
            continue
        share = plane.share(spot, one, other)
        if not 0 < share < 1:
            continue  # beside its end: that is for vertices
        if owner < len(moving):
            taken.setdefault((id(rings), index), []).append((number, share, spot))
        elif not any(keeper >= len(moving) for keeper in owners[spot]):
            foot = (one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1]))
            onto.setdefault(spot, (round(foot[0], DECIMALS), round(foot[1], DECIMALS)))
    onto = {spot: foot for spot, foot in onto.items() if spot != foot}
    for _owner, rings, index in _each(moving):
        ring = rings[index]
        for number, _, spot in sorted(taken.get((id(rings), index), []), reverse=True):
            if spot not in ring:  # never twice in one ring
                ring.insert(number + 1, spot)
    _move(moving, onto)
    return bool(taken or onto)


def _move(moving: list[Any], to: Mapping[Spot, Spot]) -> None:
    for _owner, rings, index in _each(moving):
        went = [to.get(spot, spot) for spot in rings[index]]
        rings[index] = [spot for before, spot in pairwise([went[-1], *went]) if spot != before]


@dataclass(frozen=True, slots=True)
class _Ground:
    """The faces that all edges cut the ground into, and which areas hold each."""

    faces: Any
    points: Any
    holders: list[list[int]]
    inside: list[bool]


def _faces_shared(
    before: list[MultiPolygon], areas: list[MultiPolygon], fixed: list[Any], outline: Any, metres: float, plane: Plane
) -> list[MultiPolygon]:
    """The areas made anew from the faces between all edges, so that what they share is the same line for both."""
    ground = _ground(areas, fixed, outline)
    was = _held(ground.points, [*before, *fixed])
    narrow = plane.narrow(ground.faces, metres)
    neighbours = _neighbours(ground, len(areas))
    parts: list[list[int]] = [[] for _ in areas]
    for face, holders in enumerate(ground.holders):
        ours = [holder for holder in holders if holder < len(areas)]
        if len(holders) != 1 and len(was[face]) == 1:
            # A bent edge crossed another: the ground goes back to whose it was.
            ours = [holder for holder in was[face] if holder < len(areas)]
        elif narrow[face] and len(holders) > 1:
            ours = ours[:1] if len(ours) == len(holders) else []
        elif narrow[face] and not ground.inside[face]:
            ours = []
        elif narrow[face] and not holders:
            ours = neighbours.get(face, [])
        for holder in ours:
            parts[holder].append(face)
    return [_joined(ground.faces[np.array(part, dtype=int)], area) for part, area in zip(parts, before, strict=True)]


def _ground(areas: list[MultiPolygon], fixed: list[Any], outline: Any) -> _Ground:
    shapes = np.array([*areas, *fixed], dtype=object)
    edges = [*shapely.boundary(shapes), *([shapely.boundary(outline)] if outline is not None else [])]
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all(edges, grid_size=GRID)]))
    points = shapely.point_on_surface(faces)
    inside = [True] * len(faces)
    if outline is not None:
        shapely.prepare(outline)
        inside = shapely.covers(outline, points).tolist()
    return _Ground(faces, points, _held(points, shapes), inside)


def _held(points: Any, shapes: Any) -> list[list[int]]:
    """For each point, which shapes hold it."""
    holders: list[list[int]] = [[] for _ in points]
    for face, holder in zip(*shapely.STRtree(shapes).query(points, predicate="intersects").tolist(), strict=True):
        holders[face].append(holder)
    return [sorted(held) for held in holders]


def _neighbours(ground: _Ground, count: int) -> dict[int, list[int]]:
    """For each face that nobody holds, the area that it has most edge in common with."""
    free = [face for face, held in enumerate(ground.holders) if not held and ground.inside[face]]
    if not free:
        return {}
    tree = shapely.STRtree(ground.faces)
    best: dict[int, list[int]] = {}
    for face in free:
        common: dict[int, float] = {}
        for other in tree.query(ground.faces[face], predicate="touches").tolist():
            held = ground.holders[other]
            if len(held) == 1 and held[0] < count:
                length = float(shapely.length(shapely.intersection(ground.faces[face], ground.faces[other])))
                common[held[0]] = common.get(held[0], 0.0) + length
        if common and max(common.values()) > 0:
            best[face] = [max(sorted(common), key=lambda holder: common[holder])]
    return best


def _joined(faces: Any, before: MultiPolygon) -> MultiPolygon:
    """One area of its faces; as it was where they make no valid one."""
    if not len(faces):
        return before
    joined = shapely.transform(shapely.union_all(faces), lambda points: np.round(points, DECIMALS))
    area = MultiPolygon([part for part in shapely.get_parts(joined) if isinstance(part, Polygon)])
    return area if area.is_valid and not area.is_empty else before
