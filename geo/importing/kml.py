"""Reading KML and KMZ: placemarks with their names, data and shapes, strictly.

GDAL reads a coordinate that is no number as zero and cannot say which one it was, so this reader is our own. What a KML
points to elsewhere (network links, pictures, styles) is never fetched.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree  # nosec B405 - only after check_xml

import shapely
from shapely.errors import GEOSException
from shapely.geometry import GeometryCollection, LinearRing, LineString, MultiPoint, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geo.importing.features import Feature, FileProblem, check_count
from geo.importing.recognising import check_text, check_xml, names_in, unpacked
from geo.language import Text

_NOT_KML = Text("Tệp XML này không phải là KML.", "This XML file is no KML.")
_LINKED = Text(
    "KML này chỉ dẫn tới tệp ở nơi khác (NetworkLink). Hãy xuất chính dữ liệu rồi nhập lại.",
    "This KML only points to a file elsewhere (NetworkLink). Export the data themselves and import again.",
)
_NUMBER = Text("Tọa độ “{text}” không phải là số.", "The coordinates “{text}” are not numbers.")
_RING = Text("Vòng không khép kín hoặc có dưới bốn điểm.", "A ring is not closed, or has fewer than four points.")
_NO_POINTS = Text("Hình thiếu tọa độ.", "The geometry lacks coordinates.")
# What Python takes for a number besides (1_08, digits of other scripts) is none in KML.
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_SHAPES = ("Point", "LineString", "LinearRing", "Polygon", "MultiGeometry")


class _Fault(Exception):
    def __init__(self, text: Text) -> None:
        self.text = text


def kml_in(path: Path) -> bytes:
    """The document of a KMZ: `doc.kml`, else its first KML."""
    names = sorted(name for name in names_in(path) if name.lower().endswith(".kml"))
    main = next((name for name in names if name.lower() == "doc.kml"), names[0])
    return unpacked(path, main, text=True)


def read_kml(raw: bytes, layer: str | None) -> tuple[list[Feature], list[str], list[str]]:
    """Features, names of fields and names of folders; with `layer`, of that folder only. Raises `FileProblem`."""
    check_text(len(raw))
    check_xml(raw)
    root = ElementTree.fromstring(raw)  # noqa: S314 - checked above: no DOCTYPE, no entities, not deep  # nosec
    if _tag(root) != "kml":
        raise FileProblem(_NOT_KML)
    folders = [name for folder in root.iter() if _tag(folder) == "Folder" and (name := _text(folder, "name"))]
    start = root
    if layer is not None:
        start = next((one for one in root.iter() if _tag(one) == "Folder" and _text(one, "name") == layer), root)
    check_count(sum(1 for _ in _placemarks(start)))
    features = [_feature(number, one) for number, one in enumerate(_placemarks(start), start=1)]
    if not features and any(_tag(one) == "NetworkLink" for one in root.iter()):
        raise FileProblem(_LINKED)
    fields = dict.fromkeys(name for feature in features for name in feature.properties)
    return features, list(fields), folders


def _placemarks(element: ElementTree.Element) -> Iterator[ElementTree.Element]:
    return (one for one in element.iter() if _tag(one) == "Placemark")


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _child(element: ElementTree.Element, name: str) -> ElementTree.Element | None:
    return next((one for one in element if _tag(one) == name), None)


def _text(element: ElementTree.Element, name: str) -> str | None:
    found = _child(element, name)
    return (found.text or "").strip() or None if found is not None else None


def _feature(number: int, placemark: ElementTree.Element) -> Feature:
    properties: dict[str, Any] = {}
    if (own := placemark.get("id")) is not None:
        properties["id"] = own
    for name in ("name", "description", "address", "phoneNumber"):
        if (value := _text(placemark, name)) is not None:
            properties["phone" if name == "phoneNumber" else name] = value
    for one in placemark.iter():
        key = one.get("name")
        if key and _tag(one) == "Data":
            properties[key] = _text(one, "value")
        elif key and _tag(one) == "SimpleData":
            properties[key] = (one.text or "").strip() or None
    shape = next((one for one in placemark if _tag(one) in _SHAPES), None)
    if shape is None:
        return Feature(number, properties, None)
    try:
        made = _shape(shape)
    except _Fault as fault:
        return Feature(number, properties, None, unreadable=True, fault=fault.text)
    except (GEOSException, ValueError):
        return Feature(number, properties, None, unreadable=True)
    return Feature(number, properties, shapely.force_2d(made), tall=bool(shapely.has_z(made)))


def _shape(element: ElementTree.Element) -> BaseGeometry:
    kind = _tag(element)
    if kind == "MultiGeometry":
        return _collected([_shape(one) for one in element if _tag(one) in _SHAPES])
    if kind == "Polygon":
        rings = [_ring(one) for side in ("outerBoundaryIs", "innerBoundaryIs") for one in _sides(element, side)]
        if not rings or not _sides(element, "outerBoundaryIs"):
            raise _Fault(_NO_POINTS)
        return Polygon(rings[0], rings[1:])
    points = _points(element)
    if kind == "Point":
        if len(points) != 1:
            raise _Fault(_NO_POINTS)
        return Point(points[0])
    return LineString(points)


def _collected(parts: list[BaseGeometry]) -> BaseGeometry:
    if len(parts) == 1:
        return parts[0]
    if parts and all(isinstance(one, Polygon | MultiPolygon) for one in parts):
        return MultiPolygon([polygon for one in parts for polygon in getattr(one, "geoms", [one])])
    points = [one for one in parts if isinstance(one, Point)]
    if points and len(points) == len(parts):
        return MultiPoint(points)
    if not parts:
        raise _Fault(_NO_POINTS)
    return GeometryCollection(parts)


def _sides(polygon: ElementTree.Element, side: str) -> list[ElementTree.Element]:
    return [ring for one in polygon if _tag(one) == side for ring in one if _tag(ring) == "LinearRing"]


def _ring(element: ElementTree.Element) -> LinearRing:
    points = _points(element)
    if len(points) < 4 or points[0][:2] != points[-1][:2]:
        raise _Fault(_RING)
    return LinearRing(points)


def _points(element: ElementTree.Element) -> list[tuple[float, ...]]:
    text = _text(element, "coordinates")
    if text is None:
        raise _Fault(_NO_POINTS)
    points = [_point(part) for part in text.split()]
    if len({len(point) for point in points}) > 1:
        points = [point[:2] for point in points]
    return points


def _point(text: str) -> tuple[float, ...]:
    parts = text.split(",")
    numbers = tuple(float(part) for part in parts if _DECIMAL.fullmatch(part))
    if not 2 <= len(numbers) <= 3 or len(numbers) != len(parts) or not all(map(math.isfinite, numbers)):
        told = {"text": text[:60].replace("{", "(").replace("}", ")")}
        raise _Fault(Text(_NUMBER.vi.format(**told), _NUMBER.en.format(**told)))
    return numbers
