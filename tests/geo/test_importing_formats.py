"""Importing every kind of file in any coordinate system: told by content, brought to WGS 84 by one pinned transform."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyproj import CRS

from geo import tables
from geo.database import Database
from geo.importing import projecting
from geo.importing.features import FeatureFile, FileProblem
from geo.importing.files import read_features
from tests.conftest import Copying
from tests.geo.geojson import EAST, WARD, WEST, feature, figures, point, put_neighbourhoods, square_ward, stored, write
from tests.geo.gis_files import kml, kml_polygon, layer, placemark, workbook, zipped

HALVES = [WEST, EAST]
VN2000 = projecting.frame("EPSG:5899")
HERE = np.array([[108.2100, 15.9865]])


@pytest.fixture
async def ward(copying: Copying, template: str, tmp_path: Path) -> AsyncIterator[Database]:
    async with square_ward(copying, template, tmp_path) as database:
        yield database


def _bounds(file: FeatureFile) -> list[tuple[float, ...]]:
    return [tuple(round(side, 7) for side in one.geometry.bounds) for one in file.features if one.geometry is not None]


def _made(folder: Path, kind: str) -> Path:
    """The two halves of the square ward in a file of this kind."""
    rings = [(one["properties"], kml_polygon(one["geometry"]["coordinates"][0])) for one in HALVES]
    placemarks = [placemark(tags["name"], ring, code=tags["code"]) for tags, ring in rings]
    match kind:
        case "geojson":
            return write(folder, HALVES)
        case "gpkg":
            return layer(folder / "halves.gpkg", "GPKG", HALVES)
        case "gpkg 5899":
            return layer(folder / "halves.gpkg", "GPKG", HALVES, crs="EPSG:5899", moved=VN2000.from_wgs84)
        case "shp":
            return layer(folder / "halves.shp", "ESRI Shapefile", HALVES, encoding="UTF-8")
        case "shp 5899":
            return layer(
                folder / "halves.shp",
                "ESRI Shapefile",
                HALVES,
                crs="EPSG:5899",
                moved=VN2000.from_wgs84,
                encoding="UTF-8",
            )
        case "zip":
            layer(folder / "halves.shp", "ESRI Shapefile", HALVES, encoding="UTF-8")
            return zipped(folder / "halves.zip", folder, "halves")
        case "kml":
            return kml(folder / "halves.kml", *placemarks)
        case _:
            with zipfile.ZipFile(folder / "halves.kmz", "w") as archive:
                archive.writestr("doc.kml", kml(folder / "halves.kml", *placemarks).read_bytes())
            return folder / "halves.kmz"


KINDS = ["geojson", "gpkg", "gpkg 5899", "shp", "shp 5899", "zip", "kml", "kmz"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_gives_the_same_features(tmp_path: Path, kind: str) -> None:
    read = read_features(_made(tmp_path, kind))
    assert [(one.properties["code"], one.properties["name"]) for one in read.features] == [
        ("1", "Tổ dân phố số 1"),
        ("2", "Tổ dân phố số 2"),
    ]
    assert _bounds(read) == [(108.20, 15.98, 108.21, 16.0), (108.21, 15.98, 108.22, 16.0)]


async def test_each_kind_after_another_changes_nothing(ward: Database, tmp_path: Path) -> None:
    """A transform and back is exact to the grid: seven decimals, a centimetre."""
    first = write(tmp_path, HALVES)
    assert figures(await put_neighbourhoods(ward, first)) == (2, 0, 0)
    before = [await stored(ward, table) for table in (tables.neighbourhood, tables.neighbourhood_boundary)]
    for number, kind in enumerate(KINDS):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert figures(await put_neighbourhoods(ward, _made(folder, kind))) == (0, 0, 2), kind
    assert [await stored(ward, table) for table in (tables.neighbourhood, tables.neighbourhood_boundary)] == before


@pytest.mark.parametrize("name", ["halves.kml", "halves.zip", "halves", "halves.gpkg!x", "halves.zip!x.vrt"])
def test_what_a_file_is_its_content_tells_not_its_name(tmp_path: Path, name: str) -> None:
    path = layer(tmp_path / "made.gpkg", "GPKG", HALVES).rename(tmp_path / name)
    assert len(read_features(path).features) == 2


def test_one_layer_of_several_is_chosen(tmp_path: Path) -> None:
    path = tmp_path / "two.gpkg"
    layer(path, "GPKG", HALVES, layer="to dan pho")
    layer(path, "GPKG", [WARD], layer="phuong", append=True)
    with pytest.raises(FileProblem, match=r"several layers: phuong, to dan pho\. .*--layer"):
        read_features(path)
    with pytest.raises(FileProblem, match="no layer “x”"):
        read_features(path, layer="x")
    assert len(read_features(path, layer="to dan pho").features) == 2


def test_one_shapefile_of_several_in_an_archive_is_chosen(tmp_path: Path) -> None:
    for stem in ("a", "b"):
        layer(tmp_path / f"{stem}.shp", "ESRI Shapefile", [WEST], encoding="UTF-8")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        for part in tmp_path.glob("[ab].*"):
            archive.write(part, part.name)
    with pytest.raises(FileProblem, match=r"several Shapefiles: a, b\."):
        read_features(tmp_path / "two.zip")
    assert len(read_features(tmp_path / "two.zip", layer="b").features) == 1


def test_one_folder_of_a_kml_is_chosen(tmp_path: Path) -> None:
    spot = "<Point><coordinates>108.2,16</coordinates></Point>"
    folders = [f"<Folder><name>{name}</name>{placemark(name, spot)}</Folder>" for name in "AB"]
    path = kml(tmp_path / "folders.kml", *folders)
    assert [one.properties["name"] for one in read_features(path).features] == ["A", "B"]
    assert [one.properties["name"] for one in read_features(path, layer="B").features] == ["B"]
    with pytest.raises(FileProblem, match="no layer “C”"):
        read_features(path, layer="C")


def test_a_table_is_no_geodata(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="for teams only"):
        read_features(workbook(tmp_path / "a.xlsx", a=[["x"], [1]]))
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    with pytest.raises(FileProblem, match="for teams only"):
        read_features(tmp_path / "a.csv")


# Coordinate systems


def test_vn_2000_is_where_the_published_figures_put_it() -> None:
    """E 549039.5 N 1768139.8 for 15.9865 N 108.2100 E; the other transform of EPSG lies 0.73 m beside it."""
    east, north = VN2000.from_wgs84(HERE)[0]
    assert (east, north) == pytest.approx((549039.5275, 1768139.8160), abs=1e-3)


@pytest.mark.parametrize("code", [3405, 3406, 4756, 5896, 5897, 5898, 5899, 9205, 9210, 9218])
def test_every_zone_of_vn_2000_goes_through_the_same_shift(code: int) -> None:
    frame = projecting.frame(f"EPSG:{code}")
    assert frame.vietnamese
    assert frame.note is not None
    assert "EPSG:6960" in frame.note.en
    grid = np.stack(np.meshgrid(np.linspace(102.5, 109.5, 15), np.linspace(8.5, 23.0, 15)), -1).reshape(-1, 2)
    grid = grid[np.abs(grid[:, 0] - (frame.to_wgs84(np.array([[500000.0, 1.7e6]]))[0][0] if frame.metric else 106)) < 4]
    back = frame.to_wgs84(frame.from_wgs84(grid))
    assert np.abs(back - grid).max() < 2e-8  # 2 mm: on the grid of seven decimals nothing moves


def test_the_transform_is_the_seven_parameters_and_nothing_else() -> None:
    """By hand: geodetic to geocentric, rotate and shift, back. Snyder's ellipsoid, EPSG method 9607."""
    a, e2 = 6378137.0, 0.0066943799901413165
    longitude, latitude = np.radians([108.2100, 15.9865])
    n = a / np.sqrt(1 - e2 * np.sin(latitude) ** 2)
    target = (
        n * np.cos(latitude) * np.cos(longitude),
        n * np.cos(latitude) * np.sin(longitude),
        n * (1 - e2) * np.sin(latitude),
    )
    shift = np.array([-191.90441429, -39.30318279, -111.45032835])
    rx, ry, rz = np.radians(np.array([-0.00928836, 0.01975479, -0.00427372]) / 3600)
    turn = np.array([[1, rz, -ry], [-rz, 1, rx], [ry, -rx, 1]]) * (1 + 0.252906278e-6)
    x, y, z = np.linalg.solve(turn, np.array(target) - shift)
    expected = projecting.frame("EPSG:4756").from_wgs84(HERE)[0]
    latitude = np.arctan2(z, np.hypot(x, y) * (1 - e2))
    for _ in range(5):
        n = a / np.sqrt(1 - e2 * np.sin(latitude) ** 2)
        latitude = np.arctan2(z + e2 * n * np.sin(latitude), np.hypot(x, y))
    assert np.degrees([np.arctan2(y, x), latitude]) == pytest.approx(expected, abs=1e-9)


def test_no_setting_of_proj_changes_the_result() -> None:
    asks = (
        "from geo.importing.projecting import frame; import numpy as np;"
        "print(repr(frame('EPSG:5899').to_wgs84(np.array([[549039.5, 1768139.8]])).tolist()))"
    )
    settings: list[dict[str, str]] = [
        {},
        {"PROJ_NETWORK": "ON", "PROJ_NETWORK_ENDPOINT": "http://127.0.0.1:1"},
        {"PROJ_DATA": "/nonexistent", "PROJ_LIB": "/nonexistent"},
        {"PROJ_ONLY_BEST_DEFAULT": "YES", "LC_ALL": "C"},
    ]
    answers = {
        subprocess.run(
            [sys.executable, "-c", asks], env={**os.environ, **one}, capture_output=True, text=True, check=True
        ).stdout
        for one in settings
    }
    assert len(answers) == 1
    assert json.loads(answers.pop())[0] == pytest.approx([108.2099997445, 15.9864998545], abs=1e-9)


def test_the_axes_of_a_definition_do_not_turn_the_coordinates_of_a_file(tmp_path: Path) -> None:
    """EPSG:4756 and EPSG:4326 are defined with the latitude first; files hold the easting first."""
    assert [CRS.from_epsg(code).axis_info[0].direction for code in (4756, 4326)] == ["north", "north"]
    geographic = write(tmp_path, [feature(point(108.20817934, 15.98752382))])
    for named, position in (("EPSG:4756", (108.21, 15.9865)), ("EPSG:4326", (108.20817934, 15.98752382))):
        (read,) = read_features(geographic, crs=named).features
        assert (read.geometry.x, read.geometry.y) == pytest.approx(position, abs=1e-7)  # type: ignore[union-attr]
    path = write(tmp_path, [feature(point(549039.5275, 1768139.8160))])
    (read,) = read_features(path, crs="EPSG:5899").features
    assert (read.geometry.x, read.geometry.y) == pytest.approx((108.21, 15.9865), abs=1e-7)  # type: ignore[union-attr]


def test_swapped_coordinates_are_told_feature_by_feature(tmp_path: Path) -> None:
    path = write(tmp_path, [feature(point(1768139.8, 549039.5)), feature(point(549039.5, 1768139.8))])
    swapped, right = read_features(path, crs="EPSG:5899").features
    assert swapped.geometry is None
    assert swapped.fault is not None
    assert "may be swapped (easting comes first)" in swapped.fault.en
    assert right.geometry is not None


@pytest.mark.parametrize("given", ["EPSG:5899", "urn:ogc:def:crs:EPSG::5899"])
def test_an_old_geojson_that_names_its_system_is_believed(tmp_path: Path, given: str) -> None:
    crs = {"type": "name", "properties": {"name": given}}
    read = read_features(write(tmp_path, [feature(point(549039.5275, 1768139.8160))], crs=crs))
    assert [round(side, 6) for side in _bounds(read)[0][:2]] == [108.21, 15.9865]
    (note,) = read.notes()
    assert "VN-2000 to WGS 84 (2), EPSG:6960" in note.en


def test_metres_without_a_system_are_refused_with_what_to_do(tmp_path: Path) -> None:
    path = write(tmp_path, [feature(point(549039.5, 1768139.8))])
    with pytest.raises(FileProblem, match=r"\(549039.5, 1768139.8\) are metres, not degrees.*--crs EPSG:5899"):
        read_features(path)
    with pytest.raises(FileProblem, match="are metres, not degrees"):
        read_features(path, crs="EPSG:4326")
    bare = layer(tmp_path / "bare.shp", "ESRI Shapefile", HALVES, crs=None, moved=VN2000.from_wgs84, encoding="UTF-8")
    with pytest.raises(FileProblem, match="are metres, not degrees"):
        read_features(bare)
    assert _bounds(read_features(bare, crs="EPSG:5899")) == _bounds(read_features(write(tmp_path, HALVES)))


def test_a_shapefile_without_a_system_must_be_told_one(tmp_path: Path) -> None:
    path = layer(tmp_path / "bare.shp", "ESRI Shapefile", HALVES, crs=None, encoding="UTF-8")
    with pytest.raises(FileProblem, match=r"does not say its coordinate system\. .*--crs EPSG:5899"):
        read_features(path)
    assert len(read_features(path, crs="EPSG:4326").features) == 2


def test_a_system_other_than_the_file_names_is_refused(tmp_path: Path) -> None:
    path = layer(tmp_path / "a.gpkg", "GPKG", HALVES)
    with pytest.raises(FileProblem, match=r"names the coordinate system WGS 84 .*not that of --crs EPSG:5899"):
        read_features(path, crs="EPSG:5899")
    assert len(read_features(path, crs="EPSG:4326").features) == 2
    with pytest.raises(FileProblem, match="“nonsense” is not known"):
        read_features(write(tmp_path, HALVES), crs="nonsense")


@pytest.mark.parametrize("code", [32648, 32649, 3857])
def test_other_systems_are_converted_and_the_way_is_told(tmp_path: Path, code: int) -> None:
    frame = projecting.frame(f"EPSG:{code}")
    path = layer(tmp_path / "a.gpkg", "GPKG", HALVES, crs=f"EPSG:{code}", moved=frame.from_wgs84)
    read = read_features(path)
    assert _bounds(read) == _bounds(read_features(write(tmp_path, HALVES)))
    assert f"EPSG:{code}" in read.notes()[0].en


def test_the_prj_of_arcgis_and_towgs84_are_understood() -> None:
    written = CRS.from_epsg(5899).to_wkt("WKT1_ESRI")
    assert projecting.frame(written).from_wgs84(HERE) == pytest.approx(VN2000.from_wgs84(HERE), abs=1e-6)
    tmerc = "+proj=tmerc +lat_0=0 +lon_0=107.75 +k=0.9999 +x_0=500000 +y_0=0 +ellps=WGS84 +units=m +type=crs"
    for turns in ("-0.00928836,0.01975479,-0.00427372", "0.00928836,-0.01975479,0.00427372"):
        own = projecting.frame(f"{tmerc} +towgs84=-191.90441429,-39.30318279,-111.45032835,{turns},0.252906278")
        assert own.from_wgs84(HERE) == pytest.approx(VN2000.from_wgs84(HERE), abs=1e-6)


# Text


def _latin(folder: Path, encoding: str, stated: str | None) -> Path:
    path = layer(folder / "old.shp", "ESRI Shapefile", HALVES, encoding=encoding)
    cpg = path.with_suffix(".cpg")
    cpg.unlink(missing_ok=True)
    if stated is not None:
        cpg.write_text(stated)
    return path


@pytest.mark.parametrize("stated", ["1258", "CP1258", "ANSI 1258", "windows-1258"])
def test_a_shapefile_in_windows_1258_is_read_by_what_it_says(tmp_path: Path, stated: str) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    names = ["Tô\u0309 dân phô\u0301 sô\u0301 1", "Tô\u0309 dân phô\u0301 sô\u0301 2"]
    kept = [name.encode("cp1258").decode("latin-1") for name in names]
    features = [{**one, "properties": {"name": name}} for one, name in zip(HALVES, kept, strict=True)]
    path = layer(folder / "old.shp", "ESRI Shapefile", features, encoding="ISO-8859-1")
    path.with_suffix(".cpg").write_text(stated)
    read = read_features(path)
    assert [one.properties["name"] for one in read.features] == names  # brought to NFC when it is checked
    assert "cp1258" in read.notes()[0].en


def test_what_was_assumed_of_an_encoding_is_told(tmp_path: Path) -> None:
    path = _latin(tmp_path, "UTF-8", None)
    (tmp_path / "old.dbf").write_bytes(_without_language((tmp_path / "old.dbf").read_bytes()))
    (note,) = read_features(path).notes()
    assert note.en == "The file does not say its encoding; it was read as utf-8."


def _without_language(table: bytes) -> bytes:
    return table[:29] + b"\x00" + table[30:]


def test_text_that_is_not_in_the_encoding_is_refused_not_replaced(tmp_path: Path) -> None:
    features: list[Any] = [{**WEST, "properties": {"name": "Đà Nẵng".encode("cp1258", "replace").decode("latin-1")}}]
    path = layer(tmp_path / "old.shp", "ESRI Shapefile", features, encoding="ISO-8859-1")
    path.with_suffix(".cpg").write_text("UTF-8")
    with pytest.raises(FileProblem, match=r"not in utf-8.*--encoding, such as windows-1258"):
        read_features(path)
    with pytest.raises(FileProblem, match="“nonsense” is not known"):
        read_features(path, encoding="nonsense")
