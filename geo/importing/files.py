"""Reading features from a file of geodata, whatever its kind: what it is, is told by its content.

Everything comes out in WGS 84, longitude first, two-dimensional. GDAL forgives much: it cuts text at a NUL, replaces
lone surrogates, leaves out what it cannot parse. So GeoJSON is first read as strict JSON, the other kinds are looked
over before, and nothing may be lost on the way.
"""

from __future__ import annotations

import codecs
import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import shapely

from geo.importing import projecting
from geo.importing.features import Feature, FeatureFile, FileProblem, UnknownSystem, check_count
from geo.importing.geopackage import check_geopackage, check_saved, rows_with_shapes
from geo.importing.kml import kml_in, read_kml
from geo.importing.recognising import BOM, Format, check_text, content, recognise
from geo.importing.shapefile import Parts, parts_beside, parts_in_zip
from geo.importing.through_gdal import UNREADABLE, Layer, choose, in_encoding, plain, read_layer
from geo.language import Text
from geo.plane import VIETNAM

# How files of before RFC 7946 name WGS 84.
_WGS84_NAME = re.compile(r"(urn:ogc:def:crs:)?(OGC:[0-9.]*:?CRS84h?|EPSG:[0-9.]*:?(4326|4979))", re.IGNORECASE)
_UNDEFINED = re.compile("undefined|unknown", re.IGNORECASE)
_OURS = ("type", "id", "properties", "geometry")
"""The members of a feature that mean anything."""
_METRES = 1_000.0
"""Beyond this many degrees a position is no mistake in degrees: it is in metres."""

_NOT_JSON = Text(
    "Tệp không phải là JSON đúng chuẩn (NaN, vô cực và số quá lớn cũng không được): {reason}",
    "The file is not valid JSON (nor may it hold NaN, infinity or numbers too large): {reason}",
)
_NOT_GEOJSON = Text("Tệp không phải là GeoJSON dạng FeatureCollection.", "The file is not a GeoJSON FeatureCollection.")
_NESTED = Text("GeoJSON lồng quá nhiều lớp.", "The GeoJSON is nested too deeply.")
_NOT_A_FEATURE = Text("Mục thứ {number} không phải là một Feature.", "Item {number} is not a Feature.")
_NO_FEATURES = Text("Tệp không có đối tượng nào.", "The file holds no features.")
_CRS = Text("Không hiểu hệ tọa độ “{crs}” của tệp.", "The file's coordinate system “{crs}” is not known.")
_CRS_ELSEWHERE = Text(
    "Mục crs của tệp có kiểu “{kind}”; chỉ nhận kiểu “name”. Không có gì được tải từ nơi khác.",
    "The file's crs member is of type “{kind}”; only “name” is accepted. Nothing is fetched from elsewhere.",
)
_IN_PART = Text(
    "Tệp chỉ chứa một phần dữ liệu (exceededTransferLimit): máy chủ đã dừng ở giới hạn của nó. Hãy xuất lại toàn bộ.",
    "The file holds only a part of the data (exceededTransferLimit): the server stopped at its limit. Export all.",
)
_NO_CRS = Text(
    "Tệp không cho biết hệ tọa độ. Hãy nêu bằng --crs, ví dụ --crs EPSG:5899 (VN-2000, kinh tuyến trục 107°45′) hoặc "
    "--crs EPSG:4326 (WGS 84).",
    "The file does not say its coordinate system. Name it with --crs, such as --crs EPSG:5899 (VN-2000, meridian "
    "107°45′) or --crs EPSG:4326 (WGS 84).",
)
_IN_METRES = Text(
    "Tọa độ ({x}, {y}) là mét, không phải độ. {hint}", "The coordinates ({x}, {y}) are metres, not degrees. {hint_en}"
)
_HINT = Text(
    "Nếu là VN-2000, hãy thêm --crs EPSG:5899 (kinh tuyến trục 107°45′).",
    "If they are VN-2000, add --crs EPSG:5899 (meridian 107°45′).",
)
_OTHER_CRS = Text(
    "Tệp nêu hệ tọa độ {crs}, khác với --crs {given}.",
    "The file names the coordinate system {crs}, not that of --crs {given}.",
)
_ABROAD = Text(
    "Vị trí {x}, {y} không thuộc Việt Nam trong hệ {crs}; có thể hai tọa độ đã bị đổi chỗ (phải ghi hướng đông trước) "
    "hoặc sai kinh tuyến trục.",
    "The position {x}, {y} is not in Vietnam by {crs}; the two numbers may be swapped (easting comes first), or the "
    "meridian is another.",
)
_LOST = Text("Vị trí {x}, {y} không có trong hệ {crs}.", "The position {x}, {y} does not exist in {crs}.")
_ASSUMED = Text(
    "Tệp không cho biết bảng mã văn bản; đã đọc theo {encoding}.",
    "The file does not say its encoding; it was read as {encoding}.",
)
_READ_AS = Text("Văn bản được đọc theo bảng mã {encoding}.", "The text was read as {encoding}.")
_BAD_ENCODING = Text("Không biết bảng mã “{encoding}”.", "The encoding “{encoding}” is not known.")
_NO_GEODATA = Text(
    "Tệp này không chứa hình. CSV và XLSX chỉ dùng cho danh sách tổ.",
    "This file holds no shapes. CSV and XLSX are for teams only.",
)


def read_features(
    path: Path, *, layer: str | None = None, crs: str | None = None, encoding: str | None = None
) -> FeatureFile:
    """Everything in a file, or in one `layer` of it. Raises `FileProblem`.

    `crs` names the coordinate system of a file that does not, `encoding` that of its text.
    """
    raw = content(path)
    kind = recognise(raw, path)
    match kind:
        case Format.GEOJSON:
            found, named = _geojson(raw.removeprefix(BOM))
        case Format.KML | Format.KMZ:
            features, fields, folders = read_kml(kml_in(path) if kind is Format.KMZ else raw, layer)
            if layer is not None:
                choose(folders, layer)
            found, named = FeatureFile(path.stem, tuple(fields), tuple(features)), "OGC:CRS84"
        case Format.GEOPACKAGE:
            check_saved(path)
            found, named = _geopackage(raw, layer)
        case Format.SHAPEFILE:
            found, named = _shapefile(parts_beside(path), encoding)
        case Format.ZIPPED_SHAPEFILE:
            found, named = _shapefile(parts_in_zip(path, layer), encoding)
        case _:
            raise FileProblem(_NO_GEODATA)
    if not found.features:
        raise FileProblem(_NO_FEATURES)
    # GeoJSON and KML are WGS 84 by their specifications, whatever they do not say.
    usual = None if kind in (Format.GEOPACKAGE, Format.SHAPEFILE, Format.ZIPPED_SHAPEFILE) else "OGC:CRS84"
    return _in_wgs84(replace(found, stem=path.stem), named, crs, usual)


def _in_wgs84(file: FeatureFile, named: str | None, given: str | None, usual: str | None) -> FeatureFile:
    """The file with its coordinates in WGS 84."""
    if named is not None and given is not None and named != usual:
        stated, wanted = projecting.frame(named), projecting.frame(given)
        if stated.name != wanted.name:
            raise FileProblem(_OTHER_CRS, crs=stated.name, given=given)
    chosen = given or named or usual
    if chosen is None:
        raise UnknownSystem(_metres(file) or _NO_CRS)
    frame = projecting.frame(chosen)
    if not frame.metric and (told := _metres(file)) is not None:
        raise UnknownSystem(told)
    features = tuple(_moved(feature, frame) for feature in file.features)
    remarks = (*file.remarks, frame.note) if frame.note else file.remarks
    return replace(file, features=features, remarks=remarks)


def _metres(file: FeatureFile) -> Text | None:
    """What to say of coordinates that are all far too large for degrees."""
    shapes = [feature.geometry for feature in file.features if feature.geometry is not None]
    points = shapely.get_coordinates(shapes)
    if not len(points) or not bool((np.abs(points).max(axis=1) > _METRES).all()):
        return None
    values = {"x": f"{points[0][0]:.1f}", "y": f"{points[0][1]:.1f}", "hint": _HINT.vi, "hint_en": _HINT.en}
    return Text(_IN_METRES.vi.format(**values), _IN_METRES.en.format(**values))


def _moved(feature: Feature, frame: projecting.Frame) -> Feature:
    shape = feature.geometry
    if shape is None or shape.is_empty:
        return feature
    before = shapely.get_coordinates(shape)
    if not np.isfinite(before).all():
        return feature  # told as such when it is checked
    after = frame.to_wgs84(before)
    west, south, east, north = VIETNAM
    lost = ~np.isfinite(after).all(axis=1)
    if frame.vietnamese:
        lost |= (after[:, 0] < west) | (after[:, 0] > east) | (after[:, 1] < south) | (after[:, 1] > north)
    if lost.any():
        x, y = before[int(np.argmax(lost))]
        values = {"x": f"{x:.1f}", "y": f"{y:.1f}", "crs": frame.name}
        text = _ABROAD if frame.vietnamese else _LOST
        fault = Text(text.vi.format(**values), text.en.format(**values))
        return replace(feature, geometry=None, unreadable=True, fault=fault)
    return replace(feature, geometry=shapely.set_coordinates(shapely.from_wkb(shape.wkb), after))


# GeoJSON


def _geojson(raw: bytes) -> tuple[FeatureFile, str | None]:
    sources, named = _strict(raw)
    layer = read_layer(_bare(sources), "GeoJSON")
    if len(layer.geometries) != len(sources):
        raise FileProblem(UNREADABLE, reason=f"{len(layer.geometries)}/{len(sources)}")
    names = layer.names
    fields = (*names, "id") if "id" not in names and any("id" in source for source in sources) else names
    features = []
    for feature, source in zip(_features(layer), sources, strict=True):
        properties = dict(feature.properties)
        if "id" in source:
            properties.setdefault("id", plain(source["id"]))
        # Text comes from the strict reading, for GDAL may have cut or replaced some of it.
        kept = source.get("properties") or {}
        properties |= {name: value for name, value in kept.items() if isinstance(value, str)}
        unreadable = feature.geometry is None and source.get("geometry") is not None
        features.append(replace(feature, properties=properties, unreadable=unreadable))
    return FeatureFile("", fields, tuple(features)), named


def _strict(raw: bytes) -> tuple[list[dict[str, Any]], str | None]:
    """The features as plain JSON objects, and the coordinate system that an old file names."""
    check_text(len(raw))
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise FileProblem(_NOT_JSON, reason=str(error)) from error
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise FileProblem(_NOT_GEOJSON)
    beside = document.get("properties")  # where newer servers of Esri put it
    if any(isinstance(one, dict) and one.get("exceededTransferLimit") is True for one in (document, beside)):
        raise FileProblem(_IN_PART)
    crs = document.get("crs")
    named = None
    if crs is not None:
        kind = crs.get("type") if isinstance(crs, dict) else None
        if kind != "name":
            raise FileProblem(_CRS_ELSEWHERE, kind=str(kind)[:60])
        properties = crs.get("properties") if isinstance(crs, dict) else None
        named = properties.get("name") if isinstance(properties, dict) else None
        if not isinstance(named, str):
            raise FileProblem(_CRS, crs="?")
        named = "OGC:CRS84" if _WGS84_NAME.fullmatch(named) else named
    sources = document.get("features")
    if not isinstance(sources, list):
        raise FileProblem(_NOT_GEOJSON)
    check_count(len(sources))
    for number, source in enumerate(sources, start=1):
        if not isinstance(source, dict) or source.get("type") != "Feature":
            raise FileProblem(_NOT_A_FEATURE, number=number)
        if not isinstance(source.get("properties"), dict | None):
            raise FileProblem(_NOT_A_FEATURE, number=number)
    if not sources:
        raise FileProblem(_NO_FEATURES)
    return sources, named


def _bare(sources: Sequence[dict[str, Any]]) -> bytes:
    """The features for GDAL without anything it could follow.

    It fetches what a crs links to, in the collection and in each geometry, in whatever case the member is written. The
    coordinate system is read by us, so GDAL is told none.
    """
    try:
        features = [
            {
                name: _bare_geometry(value) if name == "geometry" else value
                for name, value in source.items()
                if name in _OURS
            }
            for source in sources
        ]
        return orjson.dumps({"type": "FeatureCollection", "features": features})
    except (orjson.JSONEncodeError, RecursionError) as error:  # fewer levels are written than read
        raise FileProblem(_NESTED) from error


def _bare_geometry(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    bare = {name: value[name] for name in ("type", "coordinates") if name in value}
    parts = value.get("geometries")
    if isinstance(parts, list):
        bare["geometries"] = [_bare_geometry(part) for part in parts]
    return bare


# Through GDAL


def _features(layer: Layer) -> list[Feature]:
    rows = zip(layer.geometries, layer.given, strict=True)
    return [
        Feature(
            number=index + 1,
            properties={name: plain(values[index]) for name, values in zip(layer.names, layer.columns, strict=True)},
            geometry=None if geometry is None else shapely.force_2d(geometry),
            unreadable=given and geometry is None,
            tall=geometry is not None and bool(shapely.has_z(geometry)),
        )
        for index, (geometry, given) in enumerate(rows)
    ]


def _geopackage(raw: bytes, layer: str | None) -> tuple[FeatureFile, str | None]:
    with tempfile.TemporaryDirectory(prefix="phuongso-") as folder:
        # A copy under a name of ours: the name means nothing to GDAL, and nothing is written beside the original.
        copy = Path(folder) / "file.gpkg"
        copy.write_bytes(raw)
        chosen = choose(check_geopackage(copy), layer)
        found = read_layer(copy, "GPKG", layer=chosen)
        kept = rows_with_shapes(copy, chosen)
    if len(kept) == len(found.given):
        found = replace(found, given=tuple(kept))
    named = None if found.crs is None or _UNDEFINED.search(found.crs) else found.crs
    return FeatureFile("", found.names, tuple(_features(found))), named


def _shapefile(parts: Parts, encoding: str | None) -> tuple[FeatureFile, str | None]:
    stated = parts.stated_encoding()
    chosen = _encoding(encoding or stated or "utf-8")
    with tempfile.TemporaryDirectory(prefix="phuongso-") as folder:
        found = in_encoding(read_layer(parts.write(Path(folder)), "ESRI Shapefile", encoding="ISO-8859-1"), chosen)
    remarks: Sequence[Text] = ()
    if stated is None or encoding is not None or chosen != "utf-8":
        text = _ASSUMED if stated is None and encoding is None else _READ_AS
        remarks = (Text(text.vi.format(encoding=chosen), text.en.format(encoding=chosen)),)
    return FeatureFile("", found.names, tuple(_features(found)), tuple(remarks)), found.crs


def _encoding(name: str) -> str:
    try:
        "a".encode(name)  # some codecs are not of text, or only ever fail
        return codecs.lookup(name).name
    except (LookupError, ValueError) as error:
        raise FileProblem(_BAD_ENCODING, encoding=name) from error
