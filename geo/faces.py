"""The ground that all edges cut a ward into, and whose each piece becomes: what is a sliver, what is a fault. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon

from geo.coverage import SLIVER_METRES, SLIVER_SQUARE_METRES, FaultKind
from geo.grid import Grid, Ring, Rings, Spot, edges_of


@dataclass(frozen=True, slots=True)
class Finding:
    """A piece of ground, on the grid, that is not simply one area's, and the areas concerned by their numbers."""

    kind: FaultKind
    ground: Any
    drawn: tuple[int, ...]
    standing: tuple[int, ...]


@dataclass(slots=True)
class Ground:
    """The faces between all edges, and what becomes of each."""

    grid: Grid
    faces: Any
    parts: list[list[int]]
    """The faces of each drawn area."""
    slivers: list[Finding]
    faults: list[Finding]


def cut(shapes: Iterable[Rings]) -> Any:
    """The faces between the edges of shapes that meet in their ends only."""
    rings = [ring for polygons in shapes for rings in polygons for ring in rings]
    ends = Counter(spot for edge in {edge for ring in rings for edge in edges_of(ring)} for spot in edge)
    ways = {way for ring in rings for way in _ways(ring, ends)}
    lines: Any = [LineString(way) for way in ways]
    return shapely.get_parts(shapely.polygonize(lines))


def _ways(ring: Ring, ends: Counter[Spot]) -> Iterator[tuple[Spot, ...]]:
    """A ring in pieces from one meeting of edges to the next, each the same whichever ring it is taken from."""
    meetings = [index for index, spot in enumerate(ring) if ends[spot] != 2]
    if not meetings:
        start = ring.index(min(ring))
        meetings = [start]
    turned = [*ring[meetings[0] :], *ring[: meetings[0] + 1]]
    stops = [index - meetings[0] for index in meetings[1:]]
    for start, stop in pairwise([0, *stops, len(ring)]):
        way = tuple(turned[start : stop + 1])
        yield min(way, way[::-1])


def share_out(
    grid: Grid,
    faces: Any,
    drawn: Sequence[MultiPolygon],
    standing: Sequence[MultiPolygon],
    outline: MultiPolygon,
    torn_from: Any,
) -> Ground:
    """Who gets which face. `torn_from` is the ground that the areas now redrawn had; all shapes are on the grid.

    An overlap goes to the area that stands, or to the first of those drawn; ground beyond the outline to nobody; a gap
    to the drawn area with the longest edge along it: each if it is a sliver, else it is a fault. A gap counts as one
    where it lay in drawn ground: other ground may be left undrawn.
    """
    ground = Ground(grid, faces, [[] for _ in drawn], [], [])
    points = shapely.point_on_surface(faces)
    holders, keepers = _held(points, drawn), _held(points, standing)
    inside = np.zeros(len(faces), dtype=bool)
    inside[shapely.STRtree(points).query(outline, predicate="covers")] = True
    free: list[int] = []
    for face, (ours, theirs) in enumerate(zip(holders, keepers, strict=True)):
        if not ours:
            if inside[face] and not theirs:
                free.append(face)
        elif not inside[face]:
            _note(ground, FaultKind.OUTSIDE_WARD, face, ours, [])
        elif theirs:
            _note(ground, FaultKind.OVERLAP, face, ours, theirs)
        else:
            if len(ours) > 1:
                _note(ground, FaultKind.OVERLAP, face, ours, [])
            ground.parts[ours[0]].append(face)
    _close(ground, free, {face: theirs[0] for face, theirs in enumerate(keepers) if theirs}, torn_from)
    return ground


def joined(faces: Any, part: Sequence[int]) -> MultiPolygon:
    """One area of these faces, with every vertex that they have."""
    if not part:
        return MultiPolygon()
    area = shapely.coverage_union_all(faces[np.array(part, dtype=int)])
    return MultiPolygon([one for one in shapely.get_parts(area) if isinstance(one, Polygon)])


def together(grid: Grid, faces: Any, whole: MultiPolygon) -> list[MultiPolygon]:
    """The parts that an area was cut into: slivers join the face beside them, polygons left whole the largest part."""
    polygons = shapely.get_parts(whole)
    of = shapely.STRtree(polygons).query_nearest(shapely.point_on_surface(faces), all_matches=False)[1].tolist()
    count = {polygon: of.count(polygon) for polygon in of}
    order = sorted(range(len(faces)), key=lambda face: -faces[face].area)
    cuts = [face for face in order if count[of[face]] > 1]
    main = [face for face in cuts if not _is_sliver(grid, faces[face])]
    if not main:
        return [whole]
    parts = {face: [face] for face in main}
    for face in order:
        if face not in parts:
            common = {one: shapely.length(shapely.intersection(faces[face], faces[one])) for one in main}
            beside = max(main, key=lambda one: common[one]) if face in cuts else main[0]
            parts[beside].append(face)
    return [joined(faces, part) for part in parts.values()]


def _held(points: Any, shapes: Sequence[Any]) -> list[list[int]]:
    """For each point, which shapes hold it."""
    holders: list[list[int]] = [[] for _ in points]
    tree = shapely.STRtree(points)
    for number, shape in enumerate(shapes):
        for face in tree.query(shape, predicate="covers").tolist():
            holders[face].append(number)
    return holders


def _is_sliver(grid: Grid, face: Any) -> bool:
    return grid.square_metres(face) <= SLIVER_SQUARE_METRES and grid.narrow(face, SLIVER_METRES)


def _note(ground: Ground, kind: FaultKind, face: int, drawn: list[int], standing: list[int]) -> None:
    shape = ground.faces[face]
    finding = Finding(kind, shape, tuple(drawn), tuple(standing))
    (ground.slivers if _is_sliver(ground.grid, shape) else ground.faults).append(finding)


def _close(ground: Ground, free: list[int], kept: dict[int, int], torn_from: Any) -> None:
    """Give gaps that are slivers to the drawn area beside them; a larger hole torn into drawn ground is a fault.

    `kept` are the faces of the areas that stand.
    """
    tree = shapely.STRtree(ground.faces)
    owner = {face: number for number, part in enumerate(ground.parts) for face in part}
    slivers = [face for face in free if _is_sliver(ground.grid, ground.faces[face])]
    for face in set(free).difference(slivers):
        if torn_from is not None and _is_torn(ground, face, torn_from):
            ours, theirs = _beside(ground, tree, face, owner), _beside(ground, tree, face, kept)
            whose = tuple([] if ours is None else [ours]), tuple([] if theirs is None else [theirs])
            ground.faults.append(Finding(FaultKind.GAP, ground.faces[face], *whose))
    found = True
    while found:  # one may lie behind another
        found = False
        for face in slivers:
            beside = None if face in owner else _beside(ground, tree, face, owner)
            if beside is not None:
                ground.slivers.append(Finding(FaultKind.GAP, ground.faces[face], (beside,), ()))
                ground.parts[beside].append(face)
                owner[face] = beside
                found = True


def _is_torn(ground: Ground, face: int, torn_from: Any) -> bool:
    """Whether a face is all ground that was drawn: a gap that opens onto ground not drawn yet is no hole."""
    shape = ground.faces[face]
    if not shapely.intersects(shape, torn_from):
        return False
    return all(_is_sliver(ground.grid, part) for part in shapely.get_parts(shapely.difference(shape, torn_from)))


def _beside(ground: Ground, tree: Any, face: int, owner: dict[int, int]) -> int | None:
    """Of the areas that own faces the one with the longest edge along this face."""
    lengths: dict[int, float] = {}
    for other in tree.query(ground.faces[face], predicate="touches").tolist():
        if other in owner:
            common = shapely.intersection(ground.faces[face], ground.faces[other])
            lengths[owner[other]] = lengths.get(owner[other], 0.0) + float(shapely.length(common))
    longest = max(lengths.values(), default=0.0)
    return min(one for one, length in lengths.items() if length == longest) if longest > 0 else None
