"""The scalars: GeoJSON geometries in and out, moments with their zone.

On the way out SQL writes them (`schema/json_text.py`), but for shapes that were never stored; on the way in they are
checked here, before any resolver runs. Of areas only the form is: whoever is to keep one says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NewType
from uuid import UUID

import orjson
import shapely
import strawberry
from graphql import GraphQLError
from shapely.geometry import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from strawberry.types.scalar import ScalarDefinition

from geo import positions
from geo.language import Text
from geo.positions import Position, PositionError
from schema.texts import language

GeoJSONPoint = NewType("GeoJSONPoint", Position)
GeoJSONLineString = NewType("GeoJSONLineString", LineString)
GeoJSONPolygon = NewType("GeoJSONPolygon", Polygon)
GeoJSONMultiPolygon = NewType("GeoJSONMultiPolygon", MultiPolygon)
GeoJSONGeometry = NewType("GeoJSONGeometry", BaseGeometry)

_RFC = "https://datatracker.ietf.org/doc/html/rfc7946#section-3.1."
MOMENT = Text(
    "Thời điểm phải theo ISO 8601 và có múi giờ, ví dụ 2026-11-22T08:00:00+07:00.",
    "A moment is ISO 8601 with its zone, such as 2026-11-22T08:00:00+07:00.",
)


ONLY_TOLD = Text("Kiểu này chỉ dùng trong câu trả lời.", "This type is for answers only.")
IDENTIFIER = Text("Cần một UUID.", "A UUID is expected.")


def _refused(text: Text, path: tuple[str, ...] = ()) -> GraphQLError:
    return GraphQLError(text.to(language.get()), extensions={"code": "BAD_INPUT", "path": list(path)})


def _geometry(name: str, section: int, read: Callable[[object], Any]) -> ScalarDefinition:
    def parse(value: object) -> Any:
        try:
            return read(value)
        except PositionError as error:
            raise _refused(error.text, error.path) from error

    made: ScalarDefinition = strawberry.scalar(
        name=name,
        description=f"A GeoJSON {name.removeprefix('GeoJSON')} (RFC 7946): WGS 84, longitude first, seven decimals.",
        specified_by_url=f"{_RFC}{section}",
        serialize=_written,
        parse_value=parse,
    )
    return made


def _written(shape: BaseGeometry) -> orjson.Fragment:
    """A shape in memory as GeoJSON; on the grid of seven decimals its numbers are as short as SQL's."""
    return orjson.Fragment(shapely.to_geojson(shape))


def _only_told(_: object) -> Any:
    raise _refused(ONLY_TOLD)


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is not None and moment.utcoffset() is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):  # OverflowError: in UTC it lies before the year 1 or after 9999
        pass
    raise _refused(MOMENT)


def _uuid(value: object) -> UUID:
    try:
        return UUID(value if isinstance(value, str) else "")
    except ValueError:
        raise _refused(IDENTIFIER) from None


SCALARS: dict[object, ScalarDefinition] = {
    GeoJSONPoint: _geometry("GeoJSONPoint", 2, positions.position),
    GeoJSONLineString: _geometry("GeoJSONLineString", 4, positions.line_string),
    GeoJSONPolygon: _geometry("GeoJSONPolygon", 6, positions.polygon),
    GeoJSONMultiPolygon: _geometry("GeoJSONMultiPolygon", 7, positions.areas),
    GeoJSONGeometry: strawberry.scalar(
        name="GeoJSONGeometry",
        description="A GeoJSON geometry of any type (RFC 7946): WGS 84, longitude first, seven decimals.",
        specified_by_url=f"{_RFC.removesuffix('.')}",
        serialize=_written,
        parse_value=_only_told,
    ),
    UUID: strawberry.scalar(name="UUID", description="A UUID (RFC 9562).", parse_value=_uuid),
    datetime: strawberry.scalar(
        name="DateTime", description="A moment, ISO 8601 with its zone; given in UTC.", parse_value=_moment
    ),
}
