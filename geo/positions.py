"""Positions and shapes on the ground as callers send them, checked at the door.

RFC 7946 order, longitude first; WGS 84 degrees; seven decimals (a centimetre). What PostGIS would store but could not
give back as valid JSON (NaN, infinity), or would silently bend (latitude 91, a third dimension), is refused here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeVar

import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geo.language import Text

Shape = TypeVar("Shape", bound=BaseGeometry)

DECIMALS = 7
MAX_VERTICES = 5_000
MOST_TAKEN = 10_000
"""Vertices of a shape that is still read, to be refused in words by whoever is to keep it."""


class PositionError(ValueError):
    """What is wrong with a geometry; `path` leads to it within the geometry."""

    def __init__(self, text: Text, path: tuple[str, ...] = ()) -> None:
        self.text = text
        self.path = path
        super().__init__(text.en)


@dataclass(frozen=True, slots=True)
class Position:
    """A point in WGS 84 degrees."""

    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class Box:
    """A bounding box in WGS 84 degrees; it does not cross the antimeridian."""

    west: float
    south: float
    east: float
    north: float


NOT_A_NUMBER = Text("Tọa độ phải là số.", "A coordinate must be a finite number.")
LONGITUDE = Text("Kinh độ phải nằm giữa -180 và 180.", "A longitude lies between -180 and 180.")
LATITUDE = Text(
    "Vĩ độ phải nằm giữa -90 và 90. Thứ tự là kinh độ trước, vĩ độ sau.",
    "A latitude lies between -90 and 90. The order is longitude, then latitude.",
)
TWO_NUMBERS = Text(
    "Mỗi điểm gồm đúng hai số: kinh độ, vĩ độ.", "A position is exactly two numbers: longitude, latitude."
)
WRONG_KIND = Text("Cần một hình GeoJSON kiểu {kind}.", "A GeoJSON {kind} is expected.")
TOO_MANY_VERTICES = Text("Hình có quá nhiều đỉnh (tối đa 5.000).", "The shape has too many vertices (at most 5,000).")
INVALID_SHAPE = Text(
    "Hình không hợp lệ: đường biên tự cắt hoặc không khép kín.",
    "The shape is not valid: its outline crosses itself or is not closed.",
)
EMPTY_SHAPE = Text("Hình không có diện tích.", "The shape covers no ground.")
BOX_ORDER = Text(
    "Khung nhìn phải đi từ tây sang đông và từ nam lên bắc.", "A box runs from west to east and from south to north."
)


def _finite(value: object, path: tuple[str, ...]) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PositionError(NOT_A_NUMBER, path)
    try:
        number = float(value)
    except OverflowError:
        raise PositionError(NOT_A_NUMBER, path) from None
    if not math.isfinite(number):
        raise PositionError(NOT_A_NUMBER, path)
    return number


def longitude(value: object, path: tuple[str, ...] = ()) -> float:
    number = _finite(value, path)
    if not -180 <= number <= 180:
        raise PositionError(LONGITUDE, path)
    return round(number, DECIMALS)


def latitude(value: object, path: tuple[str, ...] = ()) -> float:
    number = _finite(value, path)
    if not -90 <= number <= 90:
        raise PositionError(LATITUDE, path)
    return round(number, DECIMALS)


def _pair(value: object, path: tuple[str, ...]) -> tuple[float, float]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise PositionError(TWO_NUMBERS, path)
    return longitude(value[0], (*path, "0")), latitude(value[1], (*path, "1"))


def _coordinates(value: object, kind: str) -> Any:
    if not isinstance(value, dict) or value.get("type") != kind:
        raise PositionError(Text(WRONG_KIND.vi.format(kind=kind), WRONG_KIND.en.format(kind=kind)), ("type",))
    return value.get("coordinates")


def position(value: object) -> Position:
    """A GeoJSON Point as a `Position`; raises `PositionError`."""
    return Position(*_pair(_coordinates(value, "Point"), ("coordinates",)))


class _Vertices:
    """Counts vertices while reading, so that a hostile shape is refused before it is built."""

    def __init__(self, most: int = MAX_VERTICES) -> None:
        self.count = 0
        self.most = most

    def line(self, value: object, path: tuple[str, ...]) -> list[tuple[float, float]]:
        if not isinstance(value, list | tuple):
            raise PositionError(TWO_NUMBERS, path)
        self.count += len(value)
        if self.count > self.most:
            raise PositionError(TOO_MANY_VERTICES, path)
        return [_pair(item, (*path, str(index))) for index, item in enumerate(value)]

    def polygon(self, value: object, path: tuple[str, ...]) -> Polygon:
        if not isinstance(value, list | tuple) or not value:
            raise PositionError(INVALID_SHAPE, path)
        rings = [self.line(ring, (*path, str(index))) for index, ring in enumerate(value)]
        for index, ring in enumerate(rings):
            if len(ring) < 4 or ring[0] != ring[-1]:
                raise PositionError(INVALID_SHAPE, (*path, str(index)))
        return Polygon(rings[0], rings[1:])


def _valid(shape: Shape) -> Shape:
    if not shapely.is_valid(shape):
        raise PositionError(INVALID_SHAPE, ("coordinates",))
    if shape.is_empty:
        raise PositionError(EMPTY_SHAPE, ("coordinates",))
    return shape


def polygon(value: object) -> Polygon:
    """A GeoJSON Polygon, valid and of at most `MAX_VERTICES`; raises `PositionError`. Nothing is repaired."""
    return _valid(_Vertices().polygon(_coordinates(value, "Polygon"), ("coordinates",)))


def multi_polygon(value: object) -> MultiPolygon:
    """A GeoJSON MultiPolygon (a lone Polygon is taken too), valid; raises `PositionError`. Nothing is repaired."""
    if isinstance(value, dict) and value.get("type") == "Polygon":
        return MultiPolygon([polygon(value)])
    parts = _coordinates(value, "MultiPolygon")
    if not isinstance(parts, list | tuple) or not parts:
        raise PositionError(EMPTY_SHAPE, ("coordinates",))
    vertices = _Vertices()
    shapes = [vertices.polygon(part, ("coordinates", str(index))) for index, part in enumerate(parts)]
    return _valid(MultiPolygon(shapes))


def areas(value: object) -> MultiPolygon:
    """A GeoJSON MultiPolygon, or a lone Polygon, whose rings are closed: neither valid nor small for certain.

    For who tells what is wrong with a shape as data (`geo/topology.py`, `sound`); raises `PositionError`.
    """
    lone = isinstance(value, dict) and value.get("type") == "Polygon"
    parts = [_coordinates(value, "Polygon")] if lone else _coordinates(value, "MultiPolygon")
    if not isinstance(parts, list | tuple) or not parts:
        raise PositionError(EMPTY_SHAPE, ("coordinates",))
    vertices = _Vertices(MOST_TAKEN)
    steps = [("coordinates",) if lone else ("coordinates", str(index)) for index in range(len(parts))]
    return MultiPolygon([vertices.polygon(part, step) for part, step in zip(parts, steps, strict=True)])


def sound(shape: MultiPolygon) -> MultiPolygon:
    """The shape, if it is valid and has no more than `MAX_VERTICES`; raises `PositionError`. Nothing is repaired."""
    count = 0
    for part, polygon in enumerate(shape.geoms):
        for ring, line in enumerate((polygon.exterior, *polygon.interiors)):
            count += len(line.coords)
            if count > MAX_VERTICES:
                raise PositionError(TOO_MANY_VERTICES, ("coordinates", str(part), str(ring)))
    return _valid(shape)


def line_string(value: object) -> LineString:
    """A GeoJSON LineString of at least two different positions; raises `PositionError`."""
    points = _Vertices().line(_coordinates(value, "LineString"), ("coordinates",))
    if len(points) < 2:
        raise PositionError(INVALID_SHAPE, ("coordinates",))
    return _valid(LineString(points))


def box(west: object, south: object, east: object, north: object) -> Box:
    """A bounding box; raises `PositionError` with the path of the side at fault."""
    made = Box(
        longitude(west, ("west",)), latitude(south, ("south",)), longitude(east, ("east",)), latitude(north, ("north",))
    )
    if made.west > made.east:
        raise PositionError(BOX_ORDER, ("west",))
    if made.south > made.north:
        raise PositionError(BOX_ORDER, ("south",))
    return made
