"""Bringing what is drawn together with what stands, until edges meet in shared vertices only. Pure.

In order: new vertices go to vertices near by, else onto edges near by; new edges take up the vertices near by; where
edges still cross, both get the crossing as a vertex. What stands already never moves: its edges only get vertices, on
the spot of the grid nearest to them. Edges and vertices that the coverage has already are left alone, so an area that
is sent back as it was stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import shapely

from geo.grid import Edge, Grid, Spot, edges_of_all
from geo.linework import Linework, Tangle

MOST_PAIRS = 20_000
"""More neighbours within the snapping distance than any map has: to go on would take seconds."""
MOST_CROSSINGS = 400
"""More crossings than anybody draws."""
_PASSES = 12
_CHUNK = 64
_ON = 2.5
"""Units of the grid: an edge that was cut more than once has bent by so much at most, and its cuts are on it."""
_TOUCH = 1.0
"""Units of the grid: nearer to each other than this a line and a vertex cannot be told apart once they are rounded."""


def bring_together(work: Linework, metres: float, left: Iterable[Edge]) -> None:
    """Snap within `metres` and node, also around the edges that the moving shapes `left`. Raises `Tangle`."""
    edges = edges_of_all(work.moving)
    if work.look_at(edge for edge in edges if edge not in work.standing):
        _to_vertices(work, metres)
        _onto_edges(work, metres)
        _take_up(work, metres)
    work.look_at(edges.union(left))
    node(work, metres)


def node(work: Linework, metres: float) -> None:
    """Give edges that cross or touch a vertex there, until none do any more. Raises `Tangle`.

    A crossing that is within `metres` of an end of the edge that was there before goes to that end.
    """
    for _ in range(_PASSES):
        if not _cross(work, metres):
            return
    raise Tangle


def _pairs(
    tree: Any, shapes: Any, predicate: str, distance: float | None = None, most: int = MOST_PAIRS
) -> tuple[Any, Any]:
    """Which `shapes` meet which of the tree's; asked piece by piece, so that a hostile drawing is noticed early."""
    left, right, count = [], [], 0
    for start in range(0, len(shapes), _CHUNK):
        part = shapes[start : start + _CHUNK]
        one, other = tree.query(part, predicate=predicate, distance=distance)
        left.append(one + start)
        right.append(other)
        count += len(one)
        if count > most + 8 * (start + len(part)):
            raise Tangle
    nothing = np.zeros(0, dtype=np.int64)
    return np.concatenate([nothing, *left]), np.concatenate([nothing, *right])


def _points(grid: Grid, spots: Sequence[Spot]) -> Any:
    return shapely.points(grid.metres(spots)) if spots else np.zeros(0, dtype=object)


def _lines(grid: Grid, edges: Sequence[Edge]) -> Any:
    return shapely.linestrings(grid.metres(edges).reshape(-1, 2, 2)) if edges else np.zeros(0, dtype=object)


def _new_spots(work: Linework, owners: dict[Spot, set[int]]) -> list[Spot]:
    """The vertices that only moving shapes have, and that were not there before."""
    count = len(work.moving)
    return sorted(
        spot for spot, whose in owners.items() if spot not in work.before and all(owner < count for owner in whose)
    )


def _to_vertices(work: Linework, metres: float) -> None:
    """Each new vertex goes to the nearest vertex of another shape."""
    owners = work.owners()
    new = _new_spots(work, owners)
    spots = sorted(owners)
    is_new = set(new)
    where = _points(work.grid, spots)
    near, found = _pairs(shapely.STRtree(where), _points(work.grid, new), "dwithin", metres)
    distances = shapely.distance(_points(work.grid, new)[near], where[found])
    goes: dict[Spot, Spot] = {}
    kept: set[Spot] = set()
    for at in np.argsort(distances, kind="stable").tolist():
        mover, keeper = new[int(near[at])], spots[int(found[at])]
        if mover == keeper or mover in goes or mover in kept or keeper in goes:
            continue
        if owners[mover] & owners[keeper]:
            continue  # two vertices of one area never become one
        if keeper in is_new and (len(owners[keeper]), keeper) < (len(owners[mover]), mover):
            continue  # of two new ones the less shared goes: its turn comes as the other of this pair
        goes[mover] = keeper
        kept.add(keeper)
        owners[keeper] |= owners[mover]
    work.apply(goes)


def _onto_edges(work: Linework, metres: float) -> None:
    """Each new vertex beside an edge of another shape that was there before goes onto it; both share it then."""
    owners, edges = work.owners(), work.edges()
    standing = [edge for edge in edges if edge in work.standing]
    new = _new_spots(work, owners)
    lines = _lines(work.grid, standing)
    near, found = _pairs(shapely.STRtree(lines), _points(work.grid, new), "dwithin", metres)
    distances = shapely.distance(_points(work.grid, new)[near], lines[found])
    goes: dict[Spot, Spot] = {}
    placed: set[Spot] = set()
    for at in np.argsort(distances, kind="stable").tolist():
        spot, edge = new[int(near[at])], standing[int(found[at])]
        if spot in placed or owners[spot] & edges[edge]:
            continue
        foot = spot if _off(edge, spot) < _ON else work.grid.beside(spot, edge)
        if foot in edge:
            continue  # beside its end: too near to be told apart from it
        if owners[spot] & owners.get(foot, set()):
            continue
        placed.add(spot)
        work.insert(edge, foot)
        if foot != spot:
            goes[spot] = foot
    work.apply(goes)


def _off(edge: Edge, spot: Spot) -> float:
    """How many units a spot is beside the line of an edge; infinite where it is not beside the edge itself."""
    (ax, ay), (bx, by) = edge
    dx, dy = bx - ax, by - ay
    along = (spot[0] - ax) * dx + (spot[1] - ay) * dy
    length: int = dx * dx + dy * dy
    if not 0 < along < length:
        return float("inf")
    return float(abs((spot[0] - ax) * dy - (spot[1] - ay) * dx) / length**0.5)


def _take_up(work: Linework, metres: float) -> None:
    """New edges take up the vertices of other shapes beside them."""
    owners, edges = work.owners(), work.edges()
    new = [edge for edge in edges if edge not in work.standing]
    spots = sorted(owners)
    near, found = _pairs(shapely.STRtree(_points(work.grid, spots)), _lines(work.grid, new), "dwithin", metres)
    for line, point in zip(near.tolist(), found.tolist(), strict=True):
        edge, spot = new[line], spots[point]
        if not owners[spot] & edges[edge] and _off(edge, spot) < float("inf"):
            work.insert(edge, spot)
    work.apply()


def _cross(work: Linework, metres: float) -> bool:
    """Where edges meet elsewhere than in their ends, let both have a vertex there. Whether any did."""
    edges = list(work.edges())
    if not edges:
        return False
    ends = np.array(edges, dtype=np.int64)
    lines: Any = shapely.linestrings(ends.astype(float))
    _touch(work, edges, ends, lines)
    # What stood before and has not bent crosses nothing that stood before.
    asked = np.array([edge not in work.standing or edge in work.bent for edge in edges])
    index = np.flatnonzero(asked)
    one, other = _pairs(shapely.STRtree(lines), lines[index], "intersects", most=MOST_CROSSINGS)
    one = index[one]
    once = (one < other) | ~asked[other]
    one, other = one[once], other[once]
    a, b, c, d = ends[one, 0], ends[one, 1], ends[other, 0], ends[other, 1]
    shared = _same(a, c) | _same(a, d) | _same(b, c) | _same(b, d)
    apart = np.sign(_side(a, b, c)) * np.sign(_side(a, b, d)), np.sign(_side(c, d, a)) * np.sign(_side(c, d, b))
    for at in np.flatnonzero(~shared & (apart[0] < 0) & (apart[1] < 0)).tolist():
        _meet(work, edges[int(one[at])], edges[int(other[at])], metres)
    return work.apply()


def _touch(work: Linework, edges: list[Edge], ends: Any, lines: Any) -> None:
    """Let edges have the vertices on them; where edge or vertex is new also those hardly off, lest a needle remain."""
    spots = sorted({spot for edge in edges for spot in edge})
    where = np.array(spots, dtype=np.int64)
    points: Any = shapely.points(where.astype(float))
    line, point = _pairs(shapely.STRtree(points), lines, "dwithin", _TOUCH)
    a, b, c = ends[line, 0], ends[line, 1], where[point]
    beside = _between(a, b, c)
    on = _side(a, b, c) == 0
    for at in np.flatnonzero(beside).tolist():
        edge, spot = edges[int(line[at])], spots[int(point[at])]
        if on[at] or edge not in work.standing or spot not in work.before:
            work.insert(edge, spot)


def _meet(work: Linework, one: Edge, other: Edge, metres: float) -> None:
    """Give two edges that cross their crossing, on the one of them that was there before."""
    if one not in work.standing:
        one, other = other, one
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = *one, *other
    along = (cx - ax) * (dy - cy) - (cy - ay) * (dx - cx)
    across = (bx - ax) * (dy - cy) - (by - ay) * (dx - cx)
    share = along / across
    crossing = (ax + share * (bx - ax), ay + share * (by - ay))
    away = np.hypot(*work.grid.metres(np.subtract(one, crossing)).T)
    if away.min() <= metres:
        # Two edges that meet in a narrow corner would else both get the same spot beside its tip.
        spot = one[int(away.argmin())]
    elif one in work.standing:
        spot = work.grid.beside(crossing, one)
    else:
        spot = (round(crossing[0]), round(crossing[1]))
    for edge in (one, other):
        work.insert(edge, spot)


def _side(a: Any, b: Any, c: Any) -> Any:
    """Positive where c is left of the way from a to b, negative to the right, 0 on it: exact."""
    return (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])


def _same(a: Any, b: Any) -> Any:
    return (a == b).all(axis=1)


def _between(a: Any, b: Any, c: Any) -> Any:
    """Whether c, on the line through a and b, lies between them."""
    along = ((c - a) * (b - a)).sum(axis=1)
    return (along > 0) & (along < ((b - a) ** 2).sum(axis=1))
