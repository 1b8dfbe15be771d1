"""Deliberately broken and hostile files: each fault is named, nothing is stored, little time and memory is spent."""

from __future__ import annotations

import json
import resource
import struct
import threading
import zipfile
from collections.abc import AsyncIterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from geo.database import Database
from geo.importing import features as limits
from geo.importing import recognising, through_gdal
from geo.importing.features import FileProblem
from geo.importing.files import read_features
from geo.importing.sheets import read_rows
from geo.importing.troubles import TroubleKind
from geo.language import Language
from geo.tables import metadata
from tests.conftest import Copying
from tests.geo.geojson import (
    EAST,
    WEST,
    feature,
    point,
    polygon,
    put_neighbourhoods,
    put_places,
    put_wards,
    ring,
    said,
    square_ward,
    stored,
    write,
)
from tests.geo.gis_files import altered, kml, kml_polygon, layer, placemark, workbook, zipped
from tests.spending import spending

BOW_TIE = {
    "type": "Polygon",
    "coordinates": [[[108.2, 15.98], [108.21, 16], [108.21, 15.98], [108.2, 16], [108.2, 15.98]]],
}
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture(scope="module")
async def ward(copying: Copying, template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """The square ward, for tests after which nothing more is in it."""
    async with square_ward(copying, template, tmp_path_factory.mktemp("ward")) as database:
        before = [await stored(database, table) for table in metadata.sorted_tables]
        yield database
        assert [await stored(database, table) for table in metadata.sorted_tables] == before


def _problem(path: Path, **options: Any) -> str:
    with pytest.raises(FileProblem) as caught:
        read_features(path, **options)
    assert caught.value.message(Language.VI) != caught.value.message(Language.EN)
    return str(caught.value)


# Every fault of every feature


async def test_every_fault_of_every_feature_is_named_in_both_languages(ward: Database, tmp_path: Path) -> None:
    far = polygon(108.2, 90.5, 108.21, 91)
    features = [
        feature(BOW_TIE, code="1", name="Hình nơ"),
        feature(None, name="Không mã"),
        feature(point(108.2, 16), code="3"),
        feature(far, code="4", name="Hoµ Xu©n"),
        feature({"type": "Polygon", "coordinates": []}, code="5", name="a\x07b"),
        feature(polygon(108.2, 15.98, 108.25, 16), code="6", name="x" * 201),
        feature(polygon(108.30, 15.98, 108.31, 16), code="7", name="Ở xa"),
        feature({"type": "Polygon", "coordinates": [ring(108.2, 15.98, 108.21, 16)[:-1]]}, code="8", name="Há»a XuÃ¢n"),
        feature({"type": "Polygon", "coordinates": [[["a", 1], [2, 3], [4, 5], ["a", 1]]]}, code="9", name="Chữ"),
    ]
    report = await put_neighbourhoods(ward, write(tmp_path, features))
    kinds = TroubleKind
    assert said(report) == [
        (1, kinds.INVALID),
        (2, kinds.CODE),
        (2, kinds.GEOMETRY),
        (3, kinds.NAME),
        (3, kinds.GEOMETRY),
        (4, kinds.TEXT),
        (4, kinds.GEOMETRY),
        (5, kinds.TEXT),
        (5, kinds.GEOMETRY),
        (6, kinds.TEXT),
        (6, kinds.OUTSIDE),
        (7, kinds.OUTSIDE),
        (8, kinds.TEXT),
        (8, kinds.GEOMETRY),
        (9, kinds.GEOMETRY),
    ]
    assert not report.stored
    for trouble in report.troubles:
        vietnamese, english = trouble.message(Language.VI), trouble.message(Language.EN)
        assert vietnamese
        assert english
        assert vietnamese != english


async def test_what_is_no_finite_number_is_refused_in_every_kind_of_file(ward: Database, tmp_path: Path) -> None:
    for number, value in enumerate(("NaN", "Infinity", "1e400")):
        text = json.dumps({"type": "FeatureCollection", "features": [feature(point("?", 16))]}).replace('"?"', value)
        assert "not valid JSON" in _problem(write(tmp_path, text, f"{number}.geojson"))
    for value in ("NaN", "inf", "1e999", "abc", "108.2;", "1_08.2", "１０８.２"):
        spot = f"<Point><coordinates>{value},16</coordinates></Point>"
        path = kml(tmp_path / "a.kml", placemark("x", spot, kind="MARKET"))
        report = await put_places(ward, path)
        assert said(report) == [(1, TroubleKind.GEOMETRY)]
        assert f"The coordinates “{value},16” are not numbers" in report.troubles[0].message(Language.EN)
    fine = feature(point(108.2, 16.0), kind="MARKET", name="x")
    path = layer(tmp_path / "a.shp", "ESRI Shapefile", [fine], encoding="UTF-8")
    raw = path.read_bytes()  # the first point begins after two headers and its type
    path.write_bytes(raw[:112] + struct.pack("<d", float("nan")) + raw[120:])
    assert said(await put_places(ward, path)) == [(1, TroubleKind.GEOMETRY)]


async def test_heights_are_dropped_and_told_in_every_kind_of_file(ward: Database, tmp_path: Path) -> None:
    spot = "<Point><coordinates>108.205,15.99,12</coordinates></Point>"
    tall = feature(point(108.205, 15.99, 12.0), kind="MARKET", name="x")
    paths = [
        kml(tmp_path / "a.kml", placemark("x", spot, kind="MARKET")),
        layer(tmp_path / "a.gpkg", "GPKG", [tall], geometry_type="Point Z"),
        layer(tmp_path / "a.shp", "ESRI Shapefile", [tall], geometry_type="Point Z", encoding="UTF-8"),
        write(tmp_path, [tall]),
    ]
    for path in paths:
        read = read_features(path)
        assert read.features[0].geometry is not None
        assert not read.features[0].geometry.has_z
        assert any("1 features have heights" in note.en for note in read.notes()), path


async def test_mixed_kinds_of_geometry_are_named_one_by_one(ward: Database, tmp_path: Path) -> None:
    line = {"type": "LineString", "coordinates": [[108.2, 15.98], [108.21, 16]]}
    collection = {"type": "GeometryCollection", "geometries": [point(108.2, 16), line]}
    features = [
        feature(each, code=str(n), name=f"Tổ {n}") for n, each in enumerate((point(108.2, 16), line, collection))
    ]
    expected = [(1, TroubleKind.GEOMETRY), (2, TroubleKind.GEOMETRY), (3, TroubleKind.GEOMETRY)]
    assert said(await put_neighbourhoods(ward, write(tmp_path, features))) == expected
    path = layer(tmp_path / "mixed.gpkg", "GPKG", features, geometry_type="Unknown")
    assert said(await put_neighbourhoods(ward, path)) == expected


async def test_duplicate_codes_and_names_are_named_with_the_other_feature(ward: Database, tmp_path: Path) -> None:
    twins = [WEST, {**EAST, "properties": {**EAST["properties"], "code": "1"}}]
    for path in (write(tmp_path, twins), layer(tmp_path / "twins.gpkg", "GPKG", twins)):
        report = await put_neighbourhoods(ward, path)
        assert said(report) == [(2, TroubleKind.CODE)]
        assert "that of feature 1, too" in report.troubles[0].message(Language.EN)


async def test_a_ring_that_is_not_closed_is_told_in_a_kml(ward: Database, tmp_path: Path) -> None:
    open_ring = ring(108.2, 15.98, 108.21, 16)[:-1]
    shapes = [
        kml_polygon(open_ring),
        kml_polygon(open_ring[:2]),
        "<Polygon></Polygon>",
        "<MultiGeometry></MultiGeometry>",
    ]
    path = kml(tmp_path / "a.kml", *(placemark(f"Tổ {n}", shape, code=str(n)) for n, shape in enumerate(shapes)))
    report = await put_neighbourhoods(ward, path)
    assert said(report) == [(number, TroubleKind.GEOMETRY) for number in (1, 2, 3, 4)]


async def test_a_ward_abroad_is_refused_whatever_the_system(ward: Database, tmp_path: Path) -> None:
    systems: list[dict[str, Any]] = [{}, {"crs": {"type": "name", "properties": {"name": "EPSG:4326"}}}]
    for crs in systems:
        abroad = feature(polygon(15.98, 108.2 - 90, 16, 108.22 - 90), code="20315", name="Ở xa")
        assert said(await put_wards(ward, write(tmp_path, [abroad], **crs))) == [(1, TroubleKind.OUTSIDE)]
    metres = polygon(548_000, 1_768_000, 549_000, 1_769_000)  # of VN-2000, under another name
    mercator = {"type": "name", "properties": {"name": "EPSG:3857"}}
    path = write(tmp_path, [feature(metres, code="20315", name="Ở xa")], crs=mercator)
    assert said(await put_wards(ward, path)) == [(1, TroubleKind.OUTSIDE)]


# Cut off


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("kind", ["geojson", "gpkg", "zip", "kml", "xlsx"])
def test_a_file_cut_off_is_refused(tmp_path: Path, kind: str, part: float) -> None:
    many = [feature(polygon(108.2, 15.98, 108.21, 16), code=str(n), name=f"Tổ {n}" * 20) for n in range(300)]
    match kind:
        case "geojson":
            path = write(tmp_path, many)
        case "gpkg":
            path = layer(tmp_path / "a.gpkg", "GPKG", many)
        case "zip":
            layer(tmp_path / "a.shp", "ESRI Shapefile", many, encoding="UTF-8")
            path = zipped(tmp_path / "a.zip", tmp_path, "a")
        case "kml":
            path = kml(tmp_path / "a.kml", *(placemark(str(n), kml_polygon(ring(1, 2, 3, 4))) for n in range(300)))
        case _:
            path = workbook(tmp_path / "a.xlsx", a=[[n, "x" * n] for n in range(300)])
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(FileProblem):
        read_rows(path) if kind == "xlsx" else read_features(path)


def test_every_missing_or_short_part_of_a_shapefile_is_named_at_once(tmp_path: Path) -> None:
    path = layer(tmp_path / "a.shp", "ESRI Shapefile", [WEST, EAST], encoding="UTF-8")
    whole = {part.suffix: part.read_bytes() for part in tmp_path.glob("a.*")}
    (tmp_path / "a.shx").unlink()
    (tmp_path / "a.dbf").unlink()
    path.write_bytes(whole[".shp"][:150])
    told = _problem(path)
    for fault in ("a.shx is missing", "a.dbf is missing", f"the .shp is cut off: 150 of {len(whole['.shp'])} bytes"):
        assert fault in told
    path.write_bytes(whole[".shp"])
    (tmp_path / "a.shx").write_bytes(whole[".shx"])
    (tmp_path / "a.dbf").write_bytes(whole[".dbf"][:-20])
    assert "the .dbf is cut off" in _problem(path)
    fewer = layer(tmp_path / "b.shp", "ESRI Shapefile", [WEST], encoding="UTF-8").with_suffix(".dbf")
    (tmp_path / "a.dbf").write_bytes(fewer.read_bytes())
    assert "2 shapes but 1 rows" in _problem(path)


def test_an_empty_file_of_any_name_is_refused(tmp_path: Path) -> None:
    for name in ("a.geojson", "a.gpkg", "a.shp", "a.kml", "a.zip", "a.csv", "a.xlsx"):
        (tmp_path / name).write_bytes(b"")
        _problem(tmp_path / name)
        with pytest.raises(FileProblem):
            read_rows(tmp_path / name)


# Hostile


@pytest.mark.parametrize(
    "address",
    ["/vsicurl/http://127.0.0.1:1/a.geojson", "/vsimem/a", "http://127.0.0.1:1/a.geojson", "zip://a.zip", "WFS:http://127.0.0.1:1",
     "PG:host=127.0.0.1", '{"type":"FeatureCollection"}', "/dev/zero", "/proc/self/fd", "/"],
)  # fmt: skip
def test_only_plain_files_are_opened(address: str) -> None:
    assert "There is no file" in _problem(Path(address))


def test_files_that_lead_to_other_files_are_not_opened(tmp_path: Path) -> None:
    secret = write(tmp_path, [WEST], "secret.geojson")
    layers = f"<OGRVRTLayer name='OGRGeoJSON'><SrcDataSource>{secret}</SrcDataSource></OGRVRTLayer>"
    vrt = f"<OGRVRTDataSource>{layers}</OGRVRTDataSource>"
    for name, text in {
        "a.vrt": vrt,
        "a.kml": vrt,
        "a.gpx": "<gpx></gpx>",
        "a.gml": '<gml:FeatureCollection xmlns:gml="x"/>',
        "a.json": f'{{"type": "gdal_vector_pipeline", "command_line": "gdal vector read {secret}"}}',
        "a.map": f"Name,{secret}\n",
        "b.kml": '<kml xmlns="http://www.opengis.net/kml/2.2"><NetworkLink><Link><href>http://127.0.0.1:1/</href></Link></NetworkLink></kml>',
    }.items():
        path = tmp_path / name
        path.write_text(text)
        told = _problem(path)
        assert any(words in told for words in ("no KML", "not a GeoJSON", "only points to", "for teams only")), told


def test_no_coordinate_system_is_fetched_from_elsewhere(tmp_path: Path) -> None:
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        href = f"http://127.0.0.1:{server.server_port}/crs"
        for kind, member in (("link", "href"), ("url", "url"), ("LINK", "href")):
            crs = {"type": kind, "properties": {"name": "EPSG:4326", member: href, "type": "proj4"}}
            assert f"of type “{kind}”" in _problem(write(tmp_path, [WEST], crs=crs))
            read_features(write(tmp_path, [WEST], CRS=crs))
            inside = {**WEST, "crs": crs, "geometry": {**WEST["geometry"], "crs": crs}}
            assert read_features(write(tmp_path, [inside])).features[0].geometry is not None
        server.shutdown()
    assert asked == []


def test_geojson_nested_deeply_is_refused(tmp_path: Path) -> None:
    deep = json.loads("[" * 300 + "1" + "]" * 300)
    shape: dict[str, Any] = point(108.2, 16)
    for _ in range(400):
        shape = {"type": "GeometryCollection", "geometries": [shape]}
    for one in (feature(None, x=deep), feature({"type": "Polygon", "coordinates": deep}), feature(shape)):
        assert "nested too deeply" in _problem(write(tmp_path, [one]))


def test_a_part_of_the_data_is_refused(tmp_path: Path) -> None:
    for members in ({"exceededTransferLimit": True}, {"properties": {"exceededTransferLimit": True}}):
        assert "only a part of the data" in _problem(write(tmp_path, [WEST], **members))


def test_entities_and_deep_nesting_in_xml_are_refused(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY l0 "ha">{laughs}]><kml><name>&l9;</name></kml>'
    outside = '<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY f SYSTEM "file:///etc/passwd">]><kml><name>&f;</name></kml>'
    for text in (bomb, outside):
        (tmp_path / "a.kml").write_text(text)
        assert "declares a DOCTYPE or entities" in _problem(tmp_path / "a.kml")
    (tmp_path / "a.kml").write_text("<kml>" + "<Folder>" * 200_000)
    assert "nested deeper than 100" in _problem(tmp_path / "a.kml")
    (tmp_path / "a.kml").write_bytes(b'<?xml version="1.0" encoding="no-such"?><kml/>')
    assert "encoding that is not known" in _problem(tmp_path / "a.kml")


@pytest.mark.parametrize("name", ["layer.shp", "doc.kml", "xl/worksheets/sheet1.xml"])
def test_an_archive_that_unpacks_to_very_much_costs_little(tmp_path: Path, name: str) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<a/>")
        with archive.open(name, "w", force_zip64=True) as member:
            for _ in range(300):
                member.write(bytes(1024 * 1024))
    assert path.stat().st_size < 1_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with spending() as spent, pytest.raises(FileProblem, match="unpacks to too much"):
        read_rows(path) if name.startswith("xl") else read_features(path)
    assert spent.seconds < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_what_would_take_very_much_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (limits.MAX_FEATURES, recognising.MAX_TEXT, recognising.MAX_ELEMENTS) == (200_000, 64 * 1024**2, 2_000_000)
    spots = [feature(point(108.2, 16), name=str(number)) for number in range(3)]
    marks = [placemark("x", "<Point><coordinates>108.2,16</coordinates></Point>") for _ in range(3)]
    layer(tmp_path / "a.shp", "ESRI Shapefile", spots, encoding="UTF-8")
    texts = [write(tmp_path, spots), kml(tmp_path / "a.kml", *marks), tmp_path / "a.kmz"]
    with zipfile.ZipFile(texts[2], "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(texts[1], "doc.kml")
    paths = [*texts, tmp_path / "a.shp", layer(tmp_path / "a.gpkg", "GPKG", spots)]
    monkeypatch.setattr(limits, "MAX_FEATURES", 3)
    assert [len(read_features(path).features) for path in paths] == [3] * 5
    monkeypatch.setattr(limits, "MAX_FEATURES", 2)
    assert all("more than 2 features" in _problem(path) for path in paths)
    monkeypatch.setattr(recognising, "MAX_ELEMENTS", 10)
    assert "more than 10 elements" in _problem(texts[1])
    monkeypatch.setattr(recognising, "MAX_TEXT", 200)
    assert all("GeoJSON or KML is larger" in _problem(path) for path in texts)


@pytest.mark.parametrize("way", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_an_archive_compressed_in_another_way_is_refused(tmp_path: Path, way: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.kmz", "w", way) as archive:
        archive.writestr("doc.kml", "<kml/>")
    assert "compressed in a way that is not accepted" in _problem(tmp_path / "a.kmz")


@pytest.mark.parametrize("encoding", ["hex", "undefined", "rot13", "no-such"])
def test_an_encoding_that_is_none_of_text_is_named(tmp_path: Path, encoding: str) -> None:
    path = layer(tmp_path / "a.shp", "ESRI Shapefile", [WEST], encoding="UTF-8")
    assert f"The encoding “{encoding}” is not known" in _problem(path, encoding=encoding)
    (tmp_path / "a.csv").write_text("code,name\n1,a\n")
    with pytest.raises(FileProblem):
        read_rows(tmp_path / "a.csv", encoding=encoding)


def test_a_coordinate_system_named_in_no_utf8_is_read_all_the_same(tmp_path: Path) -> None:
    path = layer(tmp_path / "a.shp", "ESRI Shapefile", [WEST], encoding="UTF-8")
    stated = path.with_suffix(".prj").read_text().replace("GCS_WGS_1984", "Hệ tọa độ")
    path.with_suffix(".prj").write_bytes(stated.encode("utf-16-le"))
    assert "does not say its coordinate system" in _problem(path)
    assert len(read_features(path, crs="EPSG:4326").features) == 1
    path.with_suffix(".prj").write_bytes(stated.replace("Hệ tọa độ", "Hé").encode("latin-1"))
    assert len(read_features(path).features) == 1


def test_what_only_the_library_could_explain_is_a_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise UnboundLocalError("x")

    monkeypatch.setattr(through_gdal, "read", fails)
    assert "cannot be read: UnboundLocalError" in _problem(write(tmp_path, [WEST]))


@pytest.mark.parametrize("ending", ["-wal", "-journal"])
def test_a_geopackage_not_saved_to_the_end_is_refused(tmp_path: Path, ending: str) -> None:
    path = layer(tmp_path / "a.gpkg", "GPKG", [WEST])
    beside = tmp_path / f"a.gpkg{ending}"
    beside.write_bytes(b"")
    assert len(read_features(path).features) == 1
    beside.write_bytes(b"rows")
    assert f"Beside the file there is “a.gpkg{ending}”" in _problem(path)


def test_an_archive_that_lies_about_its_size_is_damaged_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "lie.kmz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", b"<kml>" + bytes(50_000_000))
    raw = path.read_bytes()
    size = (50_000_005).to_bytes(4, "little")
    assert raw.count(size) == 2
    path.write_bytes(raw.replace(size, (100).to_bytes(4, "little")))
    assert "damaged" in _problem(path)


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        ([f"CREATE VIEW evil AS {ENDLESS}"], "the VIEW “evil”"),
        (
            ["ALTER TABLE halves RENAME TO kept", "CREATE VIEW halves AS SELECT * FROM kept"],
            "the VIEW “halves”",
        ),
        (["CREATE VIRTUAL TABLE t USING fts4(x)"], "the VIRTUAL TABLE “t”"),
        (
            ["ALTER TABLE halves ADD COLUMN evil TEXT GENERATED ALWAYS AS (hex(zeroblob(500000000))) VIRTUAL"],
            "the GENERATED COLUMN “halves.evil”",
        ),
        (["DROP TABLE gpkg_contents"], "is no GeoPackage"),
        (["UPDATE halves SET name = 'a' || char(0) || 'b'"], "Column “name” of layer “halves” holds text with a NUL"),
    ],
)
def test_a_geopackage_that_is_more_than_tables_is_refused(tmp_path: Path, statements: list[str], told: str) -> None:
    path = altered(layer(tmp_path / "halves.gpkg", "GPKG", [WEST, EAST]), *statements)
    with spending() as spent:
        assert told in _problem(path)
    assert spent.seconds < 2


async def test_a_shape_cut_off_in_a_geopackage_cannot_be_read(ward: Database, tmp_path: Path) -> None:
    nothing = feature(None, code="3", name="Tổ dân phố số 3")
    for number, value in enumerate(("substr(geom, 1, 60)", "x''")):
        path = layer(tmp_path / f"a{number}.gpkg", "GPKG", [WEST, EAST, nothing])
        altered(path, f"UPDATE a{number} SET geom = {value} WHERE fid = 1")  # noqa: S608
        report = await put_neighbourhoods(ward, path)
        told = [(trouble.feature, trouble.message(Language.EN)) for trouble in report.troubles]
        assert [(feature, text[:24]) for feature, text in told] == [
            (1, "The geometry cannot be r"),
            (3, "The feature has no geome"),
        ]


def test_text_in_a_geopackage_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    path = layer(tmp_path / "halves.gpkg", "GPKG", [WEST, EAST])
    altered(path, "UPDATE halves SET name = CAST(x'486fe161' AS TEXT)")
    assert "UTF-8" in _problem(path)


def test_nothing_is_written_beside_the_file(tmp_path: Path) -> None:
    path = altered(layer(tmp_path / "halves.gpkg", "GPKG", [WEST, EAST]), "PRAGMA journal_mode = WAL")
    before = {part.name: part.read_bytes() for part in tmp_path.iterdir()}
    assert len(read_features(path).features) == 2
    assert {part.name: part.read_bytes() for part in tmp_path.iterdir()} == before
