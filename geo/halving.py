"""Ground divided into parts of equal area, each in one piece where the ground allows it. Pure.

By halves: a straight line, the shortest of several directions that leaves the right share of the ground on one side,
then each side anew. Where a line meets bent ground more than twice it would cut off odd bits; they stay with the
ground they hang on, and the line moves until the shares are right again.

Everything is in whole units of a `Grid`, so that what one cut ends on is exactly what the next begins from.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.grid import Grid

_DIRECTIONS = 12
_STEPS = 44
"""Halvings of the range in which a line is looked for: to a hair's breadth over the widest ward."""
_TRIES = 8
_TOLERANCE = 0.001
"""Of a part's area: how far a cut may miss its share; all cuts above a part together by less than three times it."""
_ROOMY = 20_000.0
"""Square metres of a part from which on a cut may end up to 20 cm beside where it should, for the outline's sake."""

Numbers = NDArray[np.float64]


def equal_parts(ground: Any, count: int, grid: Grid) -> list[Any]:
    """`ground`, a valid shape on the grid, as `count` shapes on the grid that lie side by side.

    They share their edges, but may lack each other's vertices on them: `arranged` together they are a coverage.
    """
    return _divided(ground, count, grid, _Effort())


def arranged(lines: Any) -> Any:
    """The faces (an array) that lines on the grid enclose, where all that cross meet in vertices on the grid."""
    return shapely.get_parts(shapely.polygonize([shapely.union_all(lines, grid_size=1)]))


def landing(spot: Any, edge: Any, grid: Grid, roomy: bool) -> tuple[int, int]:
    """Where on the grid a cut ends that meets an edge at a spot: so that the edge bends as little as can be."""
    if not roomy:
        return round(spot[0]), round(spot[1])
    (ax, ay), (bx, by) = edge
    return grid.beside(spot, ((round(ax), round(ay)), (round(bx), round(by))))


@dataclass(slots=True)
class _Effort:
    """How much looking for lines is left. When it is used up, what is still to be cut is cut straight through."""

    left: int = 120_000
    """Vertices to lay a line across, with what each trial costs by itself."""

    def spent(self, vertices: int) -> bool:
        self.left -= vertices + 150
        return self.left < 0


def _divided(ground: Any, count: int, grid: Grid, effort: _Effort) -> list[Any]:
    if count == 1:
        return [ground]
    low, high, share = _Piece(ground, grid, effort).halves(count)
    return _divided(low, share, grid, effort) + _divided(high, count - share, grid, effort)


@dataclass(frozen=True, slots=True)
class _Line:
    """A straight line across a piece: those with `along` · spot less than `at` lie on its low side. In metres."""

    along: tuple[float, float]
    at: float


class _Piece:
    """A piece of ground to be cut in two."""

    def __init__(self, shape: Any, grid: Grid, effort: _Effort) -> None:
        self.shape = shape
        self.grid = grid
        self.effort = effort
        self.parts = shapely.get_parts(shape)
        self.edges = _edges(shape)
        flat = self.edges * (grid.east, grid.north)
        angles = np.arange(_DIRECTIONS) * np.pi / _DIRECTIONS
        self.ways = np.stack((np.cos(angles), np.sin(angles)), axis=1)
        ends = flat @ self.ways.T  # (edges, 2, directions)
        across = flat @ np.stack((-self.ways[:, 1], self.ways[:, 0]))
        self.low = ends.min(axis=1).T
        self.high = ends.max(axis=1).T
        self.rise = (across[:, 1] - across[:, 0]).T
        self.ends, self.across = ends, across
        self.area = grid.square_metres(shape)

    def halves(self, count: int) -> tuple[Any, Any, int]:
        """Two shapes, and how many of `count` equal parts the first comes to."""
        middle = count // 2
        tolerance = self.area / count * _TOLERANCE
        roomy = self.area / count > _ROOMY
        shares = [middle, count - middle, count // 3, count - count // 3, 1, count - 1]
        for share in dict.fromkeys(one for one in shares if 0 < one < count):
            for way in self._shortest(self.area * share / count):
                if self.effort.left < 0:
                    break
                found = self._connected(way, self.area * share / count, tolerance, roomy)
                if found is not None:
                    return *found, share
        wanted = self.area * middle / count
        line = self._line(self._shortest(wanted)[0], wanted)
        faces = arranged([shapely.boundary(self.shape), *self._chords(line, roomy)])
        faces = faces[self._held(faces)]
        below = self._is_below(faces, line)
        return shapely.union_all(faces[below]), shapely.union_all(faces[~below]), middle

    def _areas(self, at: Numbers) -> Numbers:
        """The area below a line in each direction: by Green's theorem, the sum of min(u, at) dv around the shape."""
        at = at[:, None]
        width = self.high - self.low
        part = np.clip((at - self.low) / np.where(width > 0, width, 1.0), 0.0, 1.0)
        part = np.where(width > 0, part, (self.low < at).astype(float))
        mean = part * (self.low + np.minimum(self.high, at)) / 2 + (1 - part) * at
        below: Numbers = (mean * self.rise).sum(axis=1)
        return below

    def _lines(self, wanted: float) -> Numbers:
        """For each direction where the line lies that has so much area below it."""
        low, high = self.low.min(axis=1), self.high.max(axis=1)
        for _ in range(_STEPS):
            middle = (low + high) / 2
            less = self._areas(middle) < wanted
            low, high = np.where(less, middle, low), np.where(less, high, middle)
        found: Numbers = (low + high) / 2
        return found

    def _line(self, way: int, wanted: float) -> _Line:
        x, y = self.ways[way].tolist()
        return _Line((x, y), float(self._lines(wanted)[way]))

    def _crossed(self, way: int, at: float) -> Any:
        """The edges that a line crosses, in order along it, and the share of each at which it does."""
        one, other = self.ends[:, 0, way], self.ends[:, 1, way]
        crossed = np.flatnonzero((one < at) != (other < at))
        share = (at - one[crossed]) / (other[crossed] - one[crossed])
        where = self.across[crossed, 0, way] * (1 - share) + self.across[crossed, 1, way] * share
        order = np.argsort(where, kind="stable")
        return crossed[order], share[order], where[order]

    def _shortest(self, wanted: float) -> list[int]:
        """The directions in which a line with so much area below it is shortest within the ground come first."""
        lengths = []
        for way, at in enumerate(self._lines(wanted).tolist()):
            where = self._crossed(way, at)[2]
            lengths.append(float((where[1::2] - where[::2]).sum()) * (1 + 0.05 * (len(where) // 2 - 1)))
        return sorted(range(_DIRECTIONS), key=lambda way: (lengths[way], way))

    def _chords(self, line: _Line, roomy: bool) -> list[Any]:
        """The stretches of a line within the ground, from grid to grid."""
        way = int(np.argmax(self.ways @ np.array(line.along)))
        crossed, share, _ = self._crossed(way, line.at)
        spots = []
        for number, part in zip(crossed.tolist(), share.tolist(), strict=True):
            edge = self.edges[number]
            spot = (edge[0] + (edge[1] - edge[0]) * part).tolist()
            spots.append(landing(spot, edge.tolist(), self.grid, roomy))
        pairs = zip(spots[::2], spots[1::2], strict=True)
        return [shapely.linestrings([one, other]) for one, other in pairs if one != other]

    def _held(self, faces: Any) -> Any:
        """Which faces are ground, and not a hole in it."""
        shapely.prepare(self.shape)
        return shapely.intersects(self.shape, shapely.point_on_surface(faces))

    def _is_below(self, faces: Any, line: _Line) -> Any:
        inside = self.grid.metres(shapely.get_coordinates(shapely.point_on_surface(faces)))
        return inside @ np.array(line.along) < line.at

    def _connected(self, way: int, wanted: float, tolerance: float, roomy: bool) -> tuple[Any, Any] | None:
        """The piece in two of which each hangs together, the first of the `wanted` area; None where no line does it."""
        aim = wanted
        for _ in range(_TRIES):
            if not 0 < aim < self.area or self.effort.spent(len(self.edges)):
                return None
            line = self._line(way, aim)
            chords = self._chords(line, roomy)
            if not chords:
                return None
            faces = arranged([shapely.boundary(self.shape), *chords])
            faces = faces[self._held(faces)]
            below = self._is_below(faces, line)
            if below.all() or not below.any():
                return None
            ours = below if len(faces) == 2 else self._hanging(faces, below, chords)
            got = float(shapely.area(faces[ours]).sum()) * self.grid.east * self.grid.north
            if abs(got - wanted) <= tolerance:
                return self._only_between(faces, ours, chords)
            aim += wanted - got
        return None

    def _hanging(self, faces: Any, below: Any, chords: list[Any]) -> Any:
        """Which faces go with the largest below: it, and all that hangs on the largest above by it alone."""
        areas = shapely.area(faces)
        largest = int(np.argmax(np.where(below, areas, -1)))
        opposite = int(np.argmax(np.where(below, -1, areas)))
        beside: list[set[int]] = [set() for _ in faces]
        for chord in chords:
            middle = shapely.line_interpolate_point(chord, 0.5, normalized=True)
            near = np.flatnonzero(shapely.dwithin(faces, middle, 1.0)).tolist()
            for one in near:
                beside[one].update(near)
        for one, other in self._bridges(faces):
            beside[one].add(other)
            beside[other].add(one)
        reached, waiting = {opposite}, [opposite]
        while waiting:
            for other in beside[waiting.pop()] - reached - {largest}:
                reached.add(other)
                waiting.append(other)
        return np.array([number not in reached for number in range(len(faces))])

    def _bridges(self, faces: Any) -> list[tuple[int, int]]:
        """Between islands the shortest ways that hold them all together, as pairs of faces."""
        return [
            (int(np.argmin(shapely.distance(faces, one))), int(np.argmin(shapely.distance(faces, other))))
            for one, other in self._ways
        ]

    @cached_property
    def _ways(self) -> list[tuple[Any, Any]]:
        """The ends of the shortest ways between the islands (Prim's tree)."""
        found: list[tuple[Any, Any]] = []
        left = list(range(1, len(self.parts)))
        near = dict.fromkeys(left, (float("inf"), 0))
        newest = 0
        while left:
            distances = shapely.distance(self.parts[left], self.parts[newest]).tolist()
            near.update({one: min(near[one], (far, newest)) for one, far in zip(left, distances, strict=True)})
            one = min(left, key=lambda part: near[part])
            way = shapely.shortest_line(self.parts[near[one][1]], self.parts[one])
            ends = [shapely.points(spot) for spot in shapely.get_coordinates(way)]
            found.append((ends[0], ends[1]))
            left.remove(one)
            newest = one
        return found

    def _only_between(self, faces: Any, ours: Any, chords: list[Any]) -> tuple[Any, Any]:
        """The two sides, cut along those chords only that part them."""
        middles = [shapely.line_interpolate_point(chord, 0.5, normalized=True) for chord in chords]
        parting = [
            chord
            for chord, middle in zip(chords, middles, strict=True)
            if len(set(ours[shapely.dwithin(faces, middle, 1.0)].tolist())) == 2
        ]
        if len(parting) < len(chords) or len(faces) > 2:
            whole = faces
            faces = arranged([shapely.boundary(self.shape), *parting])
            faces = faces[self._held(faces)]
            inside = shapely.point_on_surface(faces)
            ours = np.array([bool(ours[int(np.argmin(shapely.distance(whole, point)))]) for point in inside])
        return shapely.multipolygons(faces[ours]), shapely.multipolygons(faces[~ours])


def _edges(shape: Any) -> Numbers:
    """The edges (n, 2, 2) of a shape, the ground always on the same hand."""
    rings, numbers = shapely.get_coordinates(
        shapely.get_rings(shapely.orient_polygons(shapely.get_parts(shape), exterior_cw=False)), return_index=True
    )
    same = numbers[1:] == numbers[:-1]
    edges: Numbers = np.stack((rings[:-1][same], rings[1:][same]), axis=1)
    return edges
