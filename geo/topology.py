"""The rules of neighbourhoods on the ground: valid, inside the ward, edges shared, no overlap, no torn gap. Pure.

Everything becomes one draft of drawn, redrawn and removed areas, and `settle` says what it comes to, all or nothing.
Splitting and merging make the areas of such a draft. Nothing is ever "made valid": what people draw is brought together
within a small distance, what is left of slivers is closed and told, and anything larger is refused with its ground.

A gap is refused where the draft tears it into ground that was drawn, and no ground that was not drawn lies beside it:
ground may be left undrawn, and given back by removing an area.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon, Point, box

from geo.areas import square_metres
from geo.coverage import (
    MOST_PARTS,
    SNAP_METRES,
    BoundaryFault,
    Coverage,
    Draft,
    Fault,
    FaultKind,
    Key,
    Settled,
    Sliver,
)
from geo.faces import Finding, Ground, cut, joined, share_out, together
from geo.grid import UNITS, Edge, Grid, Spot, area_of, edges_of_all
from geo.linework import Linework, Tangle
from geo.noding import bring_together, node
from geo.positions import MAX_VERTICES
from geo.resting import resting_collector

_NEAR = 2 * SNAP_METRES / 100_000  # degrees
_AT = re.compile(r"\[(\S+) (\S+)\]")


def check(area: MultiPolygon, key: Key = None) -> MultiPolygon:
    """The area on the grid of 7 decimals. Raises `BoundaryFault` for too many vertices, or one that crosses itself."""
    count = int(shapely.get_num_coordinates(area)) - int(shapely.get_num_interior_rings(shapely.get_parts(area)).sum())
    count -= int(shapely.get_num_geometries(area))
    if count > MAX_VERTICES:
        raise BoundaryFault(Fault(FaultKind.TOO_MANY_VERTICES, box(*area.bounds), 0.0, (key,)))
    if area.is_empty or not np.isfinite(shapely.get_coordinates(area)).all():
        raise BoundaryFault(Fault(FaultKind.SELF_INTERSECTION, Point(), 0.0, (key,)))
    rounded: MultiPolygon = shapely.transform(area, lambda points: np.rint(points * UNITS) / UNITS)
    if not rounded.is_valid:
        raise BoundaryFault(Fault(FaultKind.SELF_INTERSECTION, _where(rounded), 0.0, (key,)))
    return rounded


@resting_collector()
def settle(coverage: Coverage, draft: Draft) -> Settled:
    """What a draft comes to in a ward. Raises `BoundaryFault` with everything that stands against it.

    `coverage.areas` may leave out areas whose box touches neither the box of an area of the draft nor of what that was.
    """
    proposed = _checked({**draft.redrawn, **draft.drawn})
    if not proposed:
        return Settled(coverage.outline, {}, frozenset(), (), 0.0)
    was = [coverage.areas[key] for key in draft.redrawn if key in coverage.areas]
    gone = [coverage.areas[key] for key in draft.removed if key in coverage.areas]
    near = _near(coverage, draft, [*proposed.values(), *was])
    grid = Grid.around([coverage.outline, *proposed.values()])
    keys, neighbours = list(proposed), list(near)
    still = [grid.rings(shape) for shape in (*near.values(), coverage.outline)]
    moving = [grid.rings(proposed[key]) for key in keys]
    left = edges_of_all(grid.rings(area) for area in (*was, *gone))
    standing = edges_of_all(still) | left
    before = frozenset(spot for edge in standing for spot in edge)
    work = Linework(grid, moving, [[list(polygon) for polygon in rings] for rings in still], standing, before)
    plain = [area_of(rings) for rings in moving]
    try:
        bring_together(work, SNAP_METRES, left)
    except Tangle as tangle:
        raise BoundaryFault(_tangled(grid, tangle, proposed)) from None
    drawn = [_valid(area_of(rings), instead) for rings, instead in zip(work.moving, plain, strict=True)]
    *neighbouring, outline = (area_of(rings) for rings in work.still)
    torn_from = shapely.union_all([area_of(grid.rings(area)) for area in was]) if was else None
    ground = share_out(grid, cut([*work.moving, *work.still]), drawn, neighbouring, outline, torn_from)
    faults = [_fault(grid, finding, keys, neighbours) for finding in ground.faults]
    areas = {key: _finished(ground, number, key, faults) for number, key in enumerate(keys)}
    if faults:
        raise BoundaryFault(*faults)
    noded = _checked(
        {
            key: grid.degrees(area)
            for key, area, rings, old in zip(neighbours, neighbouring, work.still, still, strict=False)
            if rings != old
        }
    )
    _confirm(near, {**areas, **noded})
    whole = coverage.outline if work.still[-1] == still[-1] else grid.degrees(outline)
    drift = square_metres(shapely.symmetric_difference(coverage.outline, whole)) if whole is not coverage.outline else 0
    return Settled(whole, {**areas, **noded}, frozenset(noded), _slivers(ground, keys, neighbours), drift)


def split(area: MultiPolygon, line: LineString) -> list[MultiPolygon]:
    """The parts that a line cuts an area into, the largest first; the area alone where it cuts nothing off.

    The line may cross several times, and itself; an end that hangs inside cuts nothing. Where it meets the edge the
    parts get a vertex on the grid's spot nearest to it, which lies up to some 20 cm along the edge. Slivers stay with
    the part beside them. Raises `BoundaryFault` for an area or a line in a tangle.
    """
    area = check(area)
    grid = Grid.around([area])
    rings = grid.rings(area)
    standing = edges_of_all([rings])
    path = _ends_snapped(grid, grid.spots(line), standing)
    there_and_back = [*path, *path[-2:0:-1]]
    before = frozenset(spot for edge in standing for spot in edge)
    work = Linework(grid, [], [rings, [[there_and_back]]] if len(path) > 1 else [rings], standing, before)
    try:
        node(work, SNAP_METRES)
    except Tangle as tangle:
        raise BoundaryFault(_tangled(grid, tangle, {None: area})) from None
    faces = cut(work.still)
    whole = area_of(work.still[0])
    inside = faces[shapely.STRtree(shapely.point_on_surface(faces)).query(whole, predicate="covers")]
    if len(inside) > MOST_PARTS + len(area.geoms):
        raise BoundaryFault(_tangled(grid, Tangle(), {None: area}))
    parts = sorted((grid.degrees(part) for part in together(grid, inside, whole)), key=lambda part: -part.area)
    return parts if len(parts) > 1 else [area]


def merge(areas: Sequence[MultiPolygon]) -> MultiPolygon:
    """The ground of several areas as one, with the vertices of its edge. Raises `BoundaryFault` for unsound ones."""
    sound = [check(area) for area in areas]
    grid = Grid.around(sound)
    rings = [grid.rings(area) for area in sound]
    standing = edges_of_all(rings)
    work = Linework(grid, [], rings, standing, frozenset(spot for edge in standing for spot in edge))
    try:
        node(work, SNAP_METRES)
    except Tangle as tangle:
        raise BoundaryFault(_tangled(grid, tangle, dict(enumerate(sound)))) from None
    faces = cut(work.still)
    points = shapely.STRtree(shapely.point_on_surface(faces))
    held = {face for shape in work.still for face in points.query(area_of(shape), predicate="covers").tolist()}
    return check(grid.degrees(joined(faces, sorted(held))))


def _confirm(near: Mapping[Key, MultiPolygon], made: Mapping[Key, MultiPolygon]) -> None:
    """Refuse what would end a coverage: above all an area that touches itself in a vertex it shares."""
    after = {**near, **made}
    unmatched = shapely.coverage_invalid_edges(list(after.values()))
    wrong = [(key, edge) for key, edge in zip(after, unmatched, strict=True) if not edge.is_empty]
    if wrong and shapely.coverage_is_valid(list(near.values())):
        faults = (Fault(FaultKind.SELF_INTERSECTION, edge, 0.0, (key,)) for key, edge in wrong)
        raise BoundaryFault(*faults)


def _checked(proposed: Mapping[Key, MultiPolygon]) -> dict[Key, MultiPolygon]:
    faults: list[Fault] = []
    fine: dict[Key, MultiPolygon] = {}
    for key, area in proposed.items():
        try:
            fine[key] = check(area, key)
        except BoundaryFault as fault:
            faults += fault.faults
    if faults:
        raise BoundaryFault(*faults)
    return fine


def _near(coverage: Coverage, draft: Draft, changed: Sequence[MultiPolygon]) -> dict[Key, MultiPolygon]:
    """The areas that stay, and whose box comes near what changes."""
    stay = {k: a for k, a in coverage.areas.items() if k not in draft.redrawn and k not in draft.removed}
    keys = list(stay)
    boxes = [box(*np.add(area.bounds, (-_NEAR, -_NEAR, _NEAR, _NEAR))) for area in changed]
    touched = set(shapely.STRtree(list(stay.values())).query(boxes)[1].tolist())
    return {key: stay[key] for index, key in enumerate(keys) if index in touched}


def _where(shape: Any) -> Point:
    """Where a shape crosses or touches itself."""
    found = _AT.search(str(shapely.is_valid_reason(shape)))
    return Point(float(found[1]), float(found[2])) if found else Point(shape.bounds[:2])


def _tangled(grid: Grid, tangle: Tangle, proposed: Mapping[Key, MultiPolygon]) -> Fault:
    bounds = shapely.total_bounds(np.array(list(proposed.values()), dtype=object))
    place = box(*bounds) if tangle.spot is None else grid.degrees(Point(tangle.spot))
    return Fault(FaultKind.SELF_INTERSECTION, place, 0.0, tuple(proposed))


def _valid(area: MultiPolygon, instead: MultiPolygon) -> MultiPolygon:
    """An area that says which faces it holds: where bringing it together made it cross itself, as it was drawn."""
    return area if area.is_valid and not area.is_empty else instead


def _finished(ground: Ground, number: int, key: Key, faults: list[Fault]) -> MultiPolygon:
    """One drawn area as it is to be kept; what stands against it goes to `faults`."""
    area: MultiPolygon = ground.grid.degrees(joined(ground.faces, ground.parts[number]))
    if area.is_empty:
        if not any(key in fault.keys for fault in faults):
            faults.append(Fault(FaultKind.OVERLAP, area, 0.0, (key,)))
        return area
    try:
        return check(area, key)
    except BoundaryFault as fault:
        faults += fault.faults
        return area


def _fault(grid: Grid, finding: Finding, keys: Sequence[Key], neighbours: Sequence[Key]) -> Fault:
    whose = (*(keys[one] for one in finding.drawn), *(neighbours[one] for one in finding.standing))
    return Fault(finding.kind, grid.degrees(finding.ground), grid.square_metres(finding.ground), whose)


def _slivers(ground: Ground, keys: Sequence[Key], neighbours: Sequence[Key]) -> tuple[Sliver, ...]:
    told = (_fault(ground.grid, finding, keys, neighbours) for finding in ground.slivers)
    return tuple(Sliver(one.kind, one.square_metres, one.keys) for one in told)


def _ends_snapped(grid: Grid, path: list[Spot], standing: set[Edge]) -> list[Spot]:
    """A cutting line whose vertices beside the area's edge are on it: on a vertex first, else on the edge's foot."""
    edges = sorted(standing)
    spots = sorted({spot for edge in edges for spot in edge})
    vertices = shapely.STRtree(shapely.points(grid.metres(spots)))
    lines = shapely.STRtree(shapely.linestrings(grid.metres(edges).reshape(-1, 2, 2)))
    points = shapely.points(grid.metres(path))
    goes: dict[int, Spot] = {}
    for tree, kind in ((vertices, spots), (lines, edges)):
        near, found = tree.query_nearest(points, max_distance=SNAP_METRES, all_matches=False)
        for at, target in zip(near.tolist(), found.tolist(), strict=True):
            if at not in goes:
                one: Any = kind[target]
                goes[at] = grid.beside(path[at], one) if kind is edges else one
    snapped = [goes.get(at, spot) for at, spot in enumerate(path)]
    return [spot for at, spot in enumerate(snapped) if at == 0 or spot != snapped[at - 1]]
