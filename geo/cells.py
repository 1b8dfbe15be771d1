"""The cells of ground in which incidents are counted: Web Mercator halved again and again, the same for every map.

At level L the world is a square of 2^L by 2^L cells, counted from the north-west: a cell is a web map's tile of zoom L,
and its four quarters are cells of the next level. So cells do not move while a map does, and what is counted in the
quarters adds up to the whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from geo.plans import Given, Ordinate, late_box, slot
from geo.positions import Box

BITS = 30
"""The level of `ground_x` and `ground_y`, the functions of the migrations: 4 cm on the equator."""

TOP = 3
"""The coarsest level at which incidents are kept counted: an eighth of the world."""
BASE = 12
"""Every ward is kept counted down to this level: ten kilometres, more than most wards measure."""
FINEST = 18
"""The finest level kept at all: 150 metres."""

ANY = ""
"""In place of a status: the sum over all of them, which is what most maps ask for."""

UNITS = 10_000_000
"""Whole numbers of 1e-7 degrees, as positions are rounded at the door: their sums are exact."""


def across(longitude: float) -> float:
    """How far east of the antimeridian, as a part of the world's width."""
    return (longitude + 180) / 360


def down(latitude: float) -> float:
    """How far south of the map's northern edge (85.05°), as a part of its height; less than 0 beyond the edge."""
    kept = max(-89.0, min(89.0, latitude))
    return 0.5 - math.log(math.tan(math.pi / 4 + math.radians(kept) / 2)) / (2 * math.pi)


def longitude(part: float) -> float:
    return part * 360 - 180


def latitude(part: float) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * part))))


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a level from `west` to `east` and from `north` to `south`, both ends included."""

    level: int
    west: int
    north: int
    east: int
    south: int

    @property
    def columns(self) -> list[int]:
        return list(range(self.west, self.east + 1))

    @property
    def box(self) -> Box:
        """Their ground in degrees. The outermost cells reach to the ends of the earth, as they do when counted."""
        whole = 1 << self.level
        return Box(
            longitude(self.west / whole),
            -90.0 if self.south == whole - 1 else latitude((self.south + 1) / whole),
            longitude((self.east + 1) / whole),
            90.0 if self.north == 0 else latitude(self.north / whole),
        )


@dataclass(frozen=True, slots=True)
class LateCells:
    """Cells of a known level that are not known while a statement is made: slots, filled from what `read` gives."""

    level: int
    read: Callable[[Given], Cells]

    @property
    def columns(self) -> Any:
        return slot("cells_columns", sa.ARRAY(sa.Integer()), lambda given: self.read(given).columns)

    @property
    def north(self) -> Any:
        return slot("cells_north", sa.Integer(), lambda given: self.read(given).north)

    @property
    def south(self) -> Any:
        return slot("cells_south", sa.Integer(), lambda given: self.read(given).south)

    @property
    def box(self) -> Box:
        # As ordinates: what is kept counted is found by the cells' numbers, whatever ground they cover.
        return late_box("cells_box", lambda given: self.read(given).box, Ordinate())


def covering(box: Box, level: int) -> Cells:
    """The cells of a level that a box touches."""
    return Cells(
        level,
        _index(across(box.west), level),
        _index(down(box.north), level),
        _index(across(box.east), level),
        _index(down(box.south), level),
    )


def within_tile(zoom: int, x: int, y: int, finer: int, margin: int) -> Cells:
    """The cells `finer` levels below a tile, and so many more on each side, as far as the world goes."""
    last = (1 << zoom + finer) - 1
    west, north = x << finer, y << finer
    east, south = west + (1 << finer) - 1, north + (1 << finer) - 1
    return Cells(
        zoom + finer,
        max(0, west - margin),
        max(0, north - margin),
        min(last, east + margin),
        min(last, south + margin),
    )


def _index(part: float, level: int) -> int:
    whole = 1 << level
    return min(max(math.floor(part * whole), 0), whole - 1)


def column_of(location: Any, level: int) -> sa.ColumnElement[int]:
    """In SQL, the cell's number from the west of a point."""
    return _coarser(sa.func.ground_x(location), level)


def line_of(location: Any, level: int) -> sa.ColumnElement[int]:
    """In SQL, the cell's number from the north of a point."""
    return _coarser(sa.func.ground_y(location), level)


def _coarser(finest: Any, level: int) -> sa.ColumnElement[int]:
    shifted: sa.ColumnElement[int] = finest.op(">>", return_type=sa.Integer())(
        sa.cast(sa.literal(BITS - level), sa.Integer)
    )
    return shifted


def units(ordinate: Any) -> sa.ColumnElement[int]:
    """In SQL, degrees as a whole number of units."""
    return sa.cast(sa.func.round(ordinate * sa.literal_column(f"{UNITS}")), sa.BigInteger)


def degrees(number: Any) -> sa.ColumnElement[Any]:
    """In SQL, units as degrees."""
    return sa.cast(number, sa.Double) / sa.literal_column(f"{UNITS}::float8", sa.Double)
