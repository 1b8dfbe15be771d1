"""Ground for many wards: one bent lattice of points, of which wards and neighbourhoods are blocks.

The lattice spans the region. A smooth bend and a small jitter move its points, never so far that two edges cross, and
every point is computed once; so blocks that lie beside each other share their points to the last decimal, and any
division of the lattice into blocks is a coverage without gap or overlap. Points are whole numbers of 1e-7 degrees.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.demo.chance import chance
from geo.demo.scales import Region, Scale
from geo.tables import SRID

UNITS = 10_000_000
"""Steps of the grid of seven decimals in one degree."""
Points = NDArray[np.int64]
Block = tuple[int, int, int, int]
"""West, east, north, south: lines of the lattice; columns grow to the east, rows to the south."""
_STEPS_PER_NEIGHBOURHOOD = 12  # along a side: some fifty points around
_JITTER = 0.15
# Amplitude, wavelength along and across, phase; in cells. The slopes add up to less than one, so nothing folds.
_BENDS = (
    ((3.0, 190.0, 70.0, 1.0), (1.2, 110.0, 29.0, 2.0)),
    ((3.0, 70.0, 190.0, 4.0), (1.2, 29.0, 110.0, 5.0)),
)
_MARGIN = 8.0  # cells: more than the bends reach


def parts(total: int, weights: Sequence[float]) -> list[int]:
    """`total` divided as the weights are, in whole numbers, each at least one."""
    spare = total - len(weights)
    if spare < 0:
        raise ValueError("fewer things than places for them")
    exact = np.cumsum(np.asarray(weights) / math.fsum(weights) * spare)
    ends = np.concatenate(([0], np.floor(exact[:-1] + 0.5), [spare])).astype(int)
    return [int(size) + 1 for size in np.diff(ends)]


def bricks(block: Block, count: int, topic: str) -> list[Block]:
    """Divide a block into `count` blocks as a wall of bricks is: rows of slightly different sizes, north to south."""
    random = chance(topic)
    west, east, north, south = block
    rows = max(1, round(math.sqrt(count * (south - north) / (east - west))))
    counts = parts(count, [1.0] * rows)
    made: list[Block] = []
    top = north
    for number, height in zip(
        counts, parts(south - north, [n * random.uniform(0.8, 1.2) for n in counts]), strict=True
    ):
        left = west
        for width in parts(east - west, [random.uniform(0.75, 1.25) for _ in range(number)]):
            made.append((left, left + width, top, top + height))
            left += width
        top += height
    return made


@dataclass(frozen=True, slots=True)
class Plot:
    """A ward's ground: its block of the lattice, the blocks of its neighbourhoods, and the points of both."""

    number: int
    """From one, north to south and west to east."""
    block: Block
    neighbourhoods: tuple[Block, ...]
    points: Points
    """Rows, columns, (longitude, latitude): the lattice's points from the block's north-west corner on."""

    def ring(self, block: Block) -> NDArray[np.float64]:
        """The closed outline of a block of this ward, in degrees, clockwise."""
        west, east = block[0] - self.block[0], block[1] - self.block[0]
        north, south = block[2] - self.block[2], block[3] - self.block[2]
        points = self.points
        sides = (
            points[north, west:east],
            points[north:south, east],
            points[south, east:west:-1],
            points[south:north:-1, west],
            points[north : north + 1, west],
        )
        degrees: NDArray[np.float64] = np.concatenate(sides) / UNITS
        return degrees

    def cells(self) -> NDArray[np.int64]:
        """For each cell of the block the position in `neighbourhoods` of the one that holds it."""
        west, east, north, south = self.block
        holders = np.empty((south - north, east - west), np.int64)
        for position, (left, right, top, bottom) in enumerate(self.neighbourhoods):
            holders[top - north : bottom - north, left - west : right - west] = position
        return holders

    def positions(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> Points:
        """Longitudes and latitudes, in units, of places given in cells from the north-west corner."""
        column, row = x.astype(np.int64), y.astype(np.int64)
        # A little off the edges, so that rounding keeps a place in its cell.
        s = np.clip(x - column, 0.01, 0.99)[:, None]
        t = np.clip(y - row, 0.01, 0.99)[:, None]
        points = self.points
        upper = points[row, column] * (1 - s) + points[row, column + 1] * s
        lower = points[row + 1, column] * (1 - s) + points[row + 1, column + 1] * s
        return np.rint(upper * (1 - t) + lower * t).astype(np.int64)


def multipolygon(ring: NDArray[np.float64]) -> bytes:
    """One outline as PostGIS's extended well-known binary."""
    head = struct.pack("<BIIIBIII", 1, 6 | 0x20000000, SRID, 1, 1, 3, 1, len(ring))
    return head + ring.astype("<f8").tobytes()


def plots(scale: Scale) -> Iterator[Plot]:
    """The wards of a scale, one row of them after the other; the same every time."""
    side = round(_STEPS_PER_NEIGHBOURHOOD * math.sqrt(scale.neighbourhoods / scale.wards))
    rows = max(1, round(math.sqrt(scale.wards * _tallness(scale.region))))
    across = -(-scale.wards // rows)
    lattice = _Lattice(scale.region, columns=across * side, rows=rows * side)
    wards = bricks((0, lattice.columns, 0, lattice.rows), scale.wards, f"{scale.seed}:wards")
    random = chance(f"{scale.seed}:neighbourhoods")
    counts = parts(scale.neighbourhoods, [random.uniform(0.6, 1.4) for _ in wards])
    band: Points = np.empty((0, lattice.columns + 1, 2), np.int64)
    north = south = 0
    for number, (block, count) in enumerate(zip(wards, counts, strict=True), start=1):
        if block[3] != south:
            # The line that the rows share is computed once: two computations may round apart.
            last = band[-1:]
            north, south = block[2], block[3]
            band = np.concatenate((last, lattice.lines(north + len(last), south)))
        points = band[:, block[0] : block[1] + 1]
        neighbourhoods = tuple(bricks(block, count, f"{scale.seed}:ward {number}"))
        yield Plot(number, block, neighbourhoods, points)


def _tallness(region: Region) -> float:
    """The region's height by its mean width; a degree counts the same either way, which is near enough here."""
    knots = region.knots
    return (knots[0][0] - knots[-1][0]) / float(np.mean([east - west for _, west, east in knots]))


class _Lattice:
    """The bent lattice over a region."""

    def __init__(self, region: Region, *, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        knots = np.asarray(region.knots[::-1])
        latitudes = np.linspace(knots[0, 0], knots[-1, 0], 1201)
        self._latitudes = latitudes
        self._west = _smooth(np.interp(latitudes, knots[:, 0], knots[:, 1]))
        self._east = _smooth(np.interp(latitudes, knots[:, 0], knots[:, 2]))
        # Rows lie closer together where the region is narrow, so that wards keep a bearable shape.
        density = (self._east - self._west) ** -0.5
        steps = np.concatenate(([0.0], np.cumsum((density[1:] + density[:-1]) / 2)))
        self._height = steps / steps[-1]

    def lines(self, first: int, last: int) -> Points:
        """The points of rows `first` to `last`, both included."""
        x, y = np.meshgrid(np.arange(self.columns + 1.0), np.arange(first, last + 1.0))
        along = [sum(a * np.sin(2 * np.pi * (x / p + y / q) + phase) for a, p, q, phase in bends) for bends in _BENDS]
        number = (y * (self.columns + 1) + x).astype(np.uint64)
        x, y = x + along[0] + _jitter(number, 1), y + along[1] + _jitter(number, 2)
        u = (x + _MARGIN) / (self.columns + 2 * _MARGIN)
        v = (y + _MARGIN) / (self.rows + 2 * _MARGIN)
        latitude = np.interp(1 - v, self._height, self._latitudes)
        west = np.interp(latitude, self._latitudes, self._west)
        east = np.interp(latitude, self._latitudes, self._east)
        degrees = np.stack((west + u * (east - west), latitude), axis=-1)
        units: Points = np.rint(degrees * UNITS).astype(np.int64)
        return units


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    kernel = np.ones(61) / 61
    for _ in range(2):
        values = np.convolve(np.pad(values, 30, mode="edge"), kernel, mode="valid")
    return values


def _jitter(number: NDArray[np.uint64], salt: int) -> Any:
    """A chance offset for each point, from its number alone (the finaliser of splitmix64)."""
    mixed = number * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt * 0x632BE59BD9B4E019 % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) / 2**53 * (2 * _JITTER) - _JITTER
