"""Reading features from a GeoJSON file. The only module that loads GDAL: the server never imports it.

GDAL forgives much: it cuts text at a NUL, replaces lone surrogates, leaves out what it cannot parse. So the file is
first read as strict JSON, and nothing may be lost on the way.
"""

from __future__ import annotations

import math
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyogrio.raw import read

from geo.importing.features import Feature, FeatureFile, FileProblem
from geo.language import Text

MAX_BYTES = 256 * 1024 * 1024
_WGS84 = ("EPSG:4326", "OGC:CRS84", "EPSG:4979")
# How files of before RFC 7946 name it; GDAL takes a name it does not know for WGS 84 as well.
_WGS84_NAME = re.compile(r"(urn:ogc:def:crs:)?(OGC:[0-9.]*:?CRS84h?|EPSG:[0-9.]*:?(4326|4979))", re.IGNORECASE)
_BOM = b"\xef\xbb\xbf"

_MISSING = Text("Không có tệp {file}.", "There is no file {file}.")
_TOO_LARGE = Text("Tệp lớn quá {most} MB.", "The file is larger than {most} MB.")
_NOT_JSON = Text(
    "Tệp không phải là JSON đúng chuẩn (NaN, vô cực và số quá lớn cũng không được): {reason}",
    "The file is not valid JSON (nor may it hold NaN, infinity or numbers too large): {reason}",
)
_NOT_GEOJSON = Text("Tệp không phải là GeoJSON dạng FeatureCollection.", "The file is not a GeoJSON FeatureCollection.")
_NOT_A_FEATURE = Text("Mục thứ {number} không phải là một Feature.", "Item {number} is not a Feature.")
_NO_FEATURES = Text("Tệp không có đối tượng nào.", "The file holds no features.")
_CRS = Text(
    "Tệp dùng hệ tọa độ {crs}. Hãy chuyển sang WGS 84 (EPSG:4326) rồi nhập lại.",
    "The file uses the coordinate system {crs}. Convert it to WGS 84 (EPSG:4326) and import again.",
)
_UNREADABLE = Text("Không đọc được tệp: {reason}", "The file cannot be read: {reason}")


def read_features(path: Path) -> FeatureFile:
    """Everything in a GeoJSON file (RFC 7946, WGS 84). Raises `FileProblem`."""
    raw = _bytes(path)
    sources = _strict(raw)
    geometries, tables, names = _through_gdal(raw, len(sources))
    fields = (*names, "id") if "id" not in names and any("id" in source for source in sources) else names
    features = []
    for index, (source, geometry) in enumerate(zip(sources, geometries, strict=True)):
        properties = {name: _plain(values[index]) for name, values in zip(names, tables, strict=True)}
        if "id" in source:
            properties.setdefault("id", _plain(source["id"]))
        # Text comes from the strict reading, for GDAL may have cut or replaced some of it.
        kept = source.get("properties") or {}
        properties |= {name: value for name, value in kept.items() if isinstance(value, str)}
        features.append(
            Feature(
                number=index + 1,
                properties=properties,
                geometry=None if geometry is None else shapely.force_2d(geometry),
                unreadable=geometry is None and source.get("geometry") is not None,
                tall=geometry is not None and bool(shapely.has_z(geometry)),
            )
        )
    return FeatureFile(path.stem, fields, tuple(features))


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise FileProblem(_MISSING, file=str(path))
    if path.stat().st_size > MAX_BYTES:
        raise FileProblem(_TOO_LARGE, most=MAX_BYTES // 1024**2)
    try:
        return path.read_bytes().removeprefix(_BOM)
    except OSError as error:
        raise FileProblem(_UNREADABLE, reason=error.strerror or str(error)) from error


def _strict(raw: bytes) -> list[dict[str, Any]]:
    """The features as plain JSON objects."""
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise FileProblem(_NOT_JSON, reason=str(error)) from error
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise FileProblem(_NOT_GEOJSON)
    crs = document.get("crs")
    if crs is not None:
        properties = crs.get("properties") if isinstance(crs, dict) else None
        name = properties.get("name") if isinstance(properties, dict) else None
        if not isinstance(name, str) or not _WGS84_NAME.fullmatch(name):
            raise FileProblem(_CRS, crs=name or "?")
    sources = document.get("features")
    if not isinstance(sources, list):
        raise FileProblem(_NOT_GEOJSON)
    for number, source in enumerate(sources, start=1):
        if not isinstance(source, dict) or source.get("type") != "Feature":
            raise FileProblem(_NOT_A_FEATURE, number=number)
        if not isinstance(source.get("properties"), dict | None):
            raise FileProblem(_NOT_A_FEATURE, number=number)
    if not sources:
        raise FileProblem(_NO_FEATURES)
    return sources


def _through_gdal(raw: bytes, expected: int) -> tuple[list[Any], list[Any], tuple[str, ...]]:
    """Geometries, the columns of properties and their names, as GDAL reads them."""
    with warnings.catch_warnings():
        # What GDAL warns of (open rings, unknown types) is reported for each feature.
        warnings.simplefilter("ignore")
        try:
            meta, _, wkb, tables = read(raw)
            geometries = shapely.from_wkb(wkb, on_invalid="ignore")
        except (DataSourceError, DataLayerError) as error:
            raise FileProblem(_UNREADABLE, reason=str(error)) from error
    if meta["crs"] not in _WGS84:
        raise FileProblem(_CRS, crs=meta["crs"] or "?")
    if len(wkb) != expected:
        raise FileProblem(_UNREADABLE, reason=f"{len(wkb)}/{expected}")
    return list(geometries), list(tables), tuple(str(name) for name in meta["fields"])


def _plain(value: Any) -> Any:
    """A value of a column as Python's own. A column of whole numbers with gaps comes as floats: made whole again."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return value
