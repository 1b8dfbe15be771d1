"""Files of boundaries for the editor: read as a draft by a program of its own, given out as a GeoPackage."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import shapely
from shapely.geometry import box, mapping, shape

from geo.importing import projecting
from geo.importing.draft_program import answered
from geo.importing.drafting import State, Ward, draft
from geo.importing.files import read_features
from geo.language import Language
from server.pages import boundary_files
from server.programs import ProgramFailed, answer_of
from server.room import Room
from tests.asking import Desk, Opening
from tests.geo import gis_files
from tests.real_data import WARDS
from tests.ward import CODE, FIRST, TILES

NEW = "Tổ dân phố số 11"
METRE = 0.0000093
real = pytest.mark.skipif(not WARDS.is_file(), reason="the real data are not on this machine")


@pytest.fixture(scope="module")
async def shown(opening: Opening) -> AsyncIterator[Desk]:
    """A desk whose ward nobody changes."""
    async with opening() as desk:
        yield desk


def feature(name: str | None, area: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"name": name, **properties}, "geometry": mapping(area)}


def collection(*features: Mapping[str, Any]) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


async def send(desk: Desk, content: bytes, name: str, by: str | None = "staff", **fields: str) -> httpx.Response:
    headers = {} if by is None else {"Authorization": f"Bearer {desk.tokens[by]}"}
    files = {"file": (name, content)}
    return await desk.http.post("/staff/boundaries/import", files=files, data=fields, headers=headers)


async def read(desk: Desk, content: bytes, name: str, **fields: str) -> Any:
    response = await send(desk, content, name, **fields)
    assert response.status_code == 200, response.text
    return response.json()


async def given(desk: Desk, path: str) -> httpx.Response:
    return await desk.http.get(path, headers={"Authorization": f"Bearer {desk.tokens['staff']}"})


async def test_a_file_becomes_a_draft_and_nothing_is_stored(shown: Desk) -> None:
    before = await shown.dump()
    west, south, east, north = TILES[FIRST]
    smaller = box(west, south, east, north - 0.005)
    strip = box(west, north - 0.005, east, north)
    told = await read(shown, collection(feature(FIRST, smaller), feature(NEW, strip)), "tổ dân phố.geojson")
    assert told["format"] == "GeoJSON"
    assert told["nameField"] == "name"
    first, new = told["features"]
    assert (first["state"], new["state"]) == ("REPLACES", "NEW")
    assert first["neighbourhoodId"] == f"Neighbourhood:{CODE}:{shown.ward.neighbourhoods[FIRST]}"
    assert new["neighbourhoodId"] is None
    assert new["name"] == NEW
    assert first["differsSquareMetres"] == pytest.approx(new["squareMetres"], rel=0.001)
    assert first["troubles"] == new["troubles"] == []
    assert told["spots"] == []
    # The strip's corner became a vertex of nobody's else: its edge is the stored neighbour's.
    assert shape(new["boundary"]).equals(strip)
    assert await shown.dump() == before


@pytest.mark.parametrize("form", ["geojson", "kml"])
async def test_an_export_read_again_is_unchanged(shown: Desk, form: str) -> None:
    response = await given(shown, f"/export/neighbourhoods.{form}")
    told = await read(shown, response.content, f"to-dan-pho.{form}")
    assert [one["state"] for one in told["features"]] == ["UNCHANGED"] * len(TILES)
    assert all(one["troubles"] == [] and one["differsSquareMetres"] == 0 for one in told["features"])


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:5899", "EPSG:5898"])
async def test_a_geopackage_in_either_system_read_again_is_unchanged(shown: Desk, crs: str, tmp_path: Path) -> None:
    response = await given(shown, f"/staff/boundaries/export.gpkg?crs={crs}")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/geopackage+sqlite3"
    assert response.headers["Content-Disposition"].startswith(f'attachment; filename="to-dan-pho-{CODE}-')
    path = tmp_path / "out.gpkg"
    path.write_bytes(response.content)
    file = read_features(path)
    assert {one.properties["name"] for one in file.features} == set(TILES)
    assert any("VN-2000" in note.vi for note in file.notes()) is (crs != "EPSG:4326")
    told = await read(shown, response.content, "out.gpkg")
    assert [one["state"] for one in told["features"]] == ["UNCHANGED"] * len(TILES)


async def test_only_the_desk_of_the_ward_reads_files(shown: Desk) -> None:
    content = collection(feature(NEW, box(*TILES[FIRST])))
    answers = {}
    for by in (None, "crew-clean", "team-1", "staff-other"):
        response = await send(shown, content, "a.geojson", by)
        answers[by] = response.status_code
        if by == "staff-other":  # it is read against their own ward
            assert response.json()["features"][0]["state"] == "REFUSED"
        else:
            assert response.json()["error"]["code"] in ("SIGNED_OUT", "NOT_ALLOWED")
    assert answers == {None: 401, "crew-clean": 403, "team-1": 403, "staff-other": 200}
    refused = await shown.http.get("/staff/boundaries/export.gpkg", follow_redirects=False)
    assert refused.status_code == 303


async def test_a_page_of_others_sends_nothing(shown: Desk) -> None:
    headers = {"Authorization": f"Bearer {shown.tokens['staff']}", "Sec-Fetch-Site": "cross-site"}
    files = {"file": ("a.geojson", collection(feature(NEW, box(*TILES[FIRST]))))}
    response = await shown.http.post("/staff/boundaries/import", files=files, headers=headers)
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "FOREIGN"


async def test_an_unknown_system_or_ward_is_refused(shown: Desk) -> None:
    assert (await given(shown, "/staff/boundaries/export.gpkg?crs=EPSG:3857")).status_code == 400
    response = await send(shown, collection(feature(NEW, box(*TILES[FIRST]))), "a.geojson", crs="EPSG:3857")
    assert (response.status_code, response.json()["error"]["parameter"]) == (400, "crs")
    response = await send(shown, collection(feature(NEW, box(*TILES[FIRST]))), "a.geojson", encoding="rot13")
    assert (response.status_code, response.json()["error"]["parameter"]) == (400, "encoding")


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"", "a.geojson", "trống"),
        (b"{", "a.geojson", "JSON"),
        (b'{"type":"FeatureCollection","features":[]}', "a.geojson", "không có đối tượng"),
        (b"\x00\x01\x02\x03" * 50, "a.gpkg", "Không nhận ra loại tệp"),
        (b"\x00\x00\x27\x0a" + bytes(200), "to.shp", ".zip"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><kml/>', "a.kml", "DOCTYPE"),
        (b"PK\x03\x04 cut off", "a.zip", "Tệp nén"),
        (b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":'
         b'{"type":"Polygon","coordinates":[[[NaN,16],[108.2,16],[108.2,16.1],[NaN,16]]]}}]}', "a.json", "NaN"),
    ],
)  # fmt: skip
async def test_a_bad_file_is_told_in_words(shown: Desk, content: bytes, name: str, told: str) -> None:
    response = await send(shown, content, name)
    error = response.json()["error"]
    assert response.status_code == 422
    assert error["code"] == "BAD_FILE"
    assert error["parameter"] == "file"
    assert told in error["message"]
    assert "--" not in error["message"]


async def test_no_file_and_too_large_a_file_are_refused(shown: Desk) -> None:
    headers = {"Authorization": f"Bearer {shown.tokens['staff']}"}
    response = await shown.http.post("/staff/boundaries/import", data={"crs": ""}, headers=headers)
    assert (response.status_code, response.json()["error"]["parameter"]) == (400, "file")
    response = await send(shown, b" " * 20_100_000, "a.geojson")
    assert (response.status_code, response.json()["error"]["parameter"]) == (413, "file")


async def test_a_shapefile_without_its_system_is_asked_for_it(shown: Desk, tmp_path: Path) -> None:
    tiles = [feature(name, box(*tile)) for name, tile in TILES.items()]
    vn2000 = projecting.frame("EPSG:5899")
    gis_files.layer(tmp_path / "to.shp", "ESRI Shapefile", tiles, crs=None, moved=vn2000.from_wgs84, encoding="UTF-8")
    (tmp_path / "to.prj").unlink(missing_ok=True)
    content = gis_files.zipped(tmp_path / "packed.zip", tmp_path, "to").read_bytes()
    response = await send(shown, content, "to.zip")
    error = response.json()["error"]
    assert response.status_code == 422
    assert error["code"] == "NEEDS_CRS"
    assert error["suggested"] == "EPSG:5899"
    told = await read(shown, content, "to.zip", crs=error["suggested"])
    assert [one["state"] for one in told["features"]] == ["UNCHANGED"] * len(TILES)
    assert any("VN-2000" in note for note in told["notes"])
    # By the neighbouring zone everything lies elsewhere, and is refused for that.
    told = await read(shown, content, "to.zip", crs="EPSG:5898")
    assert {one["state"] for one in told["features"]} == {"REFUSED"}


async def test_a_geopackage_of_several_layers_is_asked_for_one(shown: Desk, tmp_path: Path) -> None:
    tiles = [feature(name, box(*tile)) for name, tile in TILES.items()]
    path = gis_files.layer(tmp_path / "a.gpkg", "GPKG", tiles, layer="tổ dân phố")
    gis_files.layer(path, "GPKG", tiles[:1], layer="khác, nữa", append=True)
    response = await send(shown, path.read_bytes(), "a.gpkg")
    error = response.json()["error"]
    assert error["code"] == "NEEDS_LAYER"
    assert sorted(error["choices"]) == ["khác, nữa", "tổ dân phố"]
    told = await read(shown, path.read_bytes(), "a.gpkg", layer="khác, nữa")
    assert len(told["features"]) == 1


async def test_text_in_another_encoding_is_asked_for(shown: Desk, tmp_path: Path) -> None:
    tiles = [feature("To dan pho 99", box(*TILES[FIRST]))]
    gis_files.layer(tmp_path / "to.shp", "ESRI Shapefile", tiles, encoding="UTF-8")
    table = tmp_path / "to.dbf"
    table.write_bytes(table.read_bytes().replace(b"To dan pho 99", "Tô dân phô 99".encode("cp1258")))
    (tmp_path / "to.cpg").unlink(missing_ok=True)
    content = gis_files.zipped(tmp_path / "packed.zip", tmp_path, "to").read_bytes()
    response = await send(shown, content, "to.zip")
    assert response.json()["error"]["code"] == "NEEDS_ENCODING"
    told = await read(shown, content, "to.zip", encoding="windows-1258")
    assert told["features"][0]["name"] == "Tô dân phô 99"


async def test_the_field_of_names_may_be_chosen_and_is_found_however_it_is_written(shown: Desk) -> None:
    one = {"type": "Feature", "properties": {"Tên tổ": NEW, "GHI_CHU": "abc"}, "geometry": mapping(box(*TILES[FIRST]))}
    told = await read(shown, collection(one), "a.geojson")
    assert told["nameField"] == "Tên tổ"
    assert told["features"][0]["name"] == NEW
    told = await read(shown, collection(one), "a.geojson", nameField="GHI_CHU")
    assert told["features"][0]["name"] == "abc"
    assert sorted(told["fields"]) == ["GHI_CHU", "Tên tổ"]


async def test_a_program_that_takes_too_long_or_a_full_house_is_told(
    shown: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = collection(feature(NEW, box(*TILES[FIRST])))
    monkeypatch.setattr(boundary_files, "SECONDS", 0.01)
    response = await send(shown, content, "a.geojson")
    assert response.status_code == 422
    assert "thời gian" in response.json()["error"]["message"]
    monkeypatch.setattr(boundary_files, "_room", Room(0))
    response = await send(shown, content, "a.geojson")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "10"


def test_who_serves_pages_loads_neither_gdal_nor_proj() -> None:
    heavy = ("pyogrio", "pyproj", "geo.importing.files")
    code = f"import sys, server.app; print([one for one in {heavy} if one in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


# The rule itself, on made shapes


def made(path: Path, features: Sequence[Mapping[str, Any]], ward: Ward, **options: Any) -> Any:
    path.write_bytes(collection(*features))
    return draft(read_features(path), ward, **options)


def square() -> Ward:
    return Ward("Phường Thử", box(108.20, 15.98, 108.24, 16.02), [])


def said(one: Any) -> str:
    return " ".join(trouble.message(Language.VI) for trouble in one.troubles)


def test_a_narrow_gap_is_closed_and_told_and_a_wide_one_is_shown(tmp_path: Path) -> None:
    west, east = box(108.20, 15.98, 108.22, 16.02), box(108.22 + METRE, 15.98, 108.24, 16.02)
    drawing = made(tmp_path / "a.geojson", [feature("A", west), feature("B", east)], square(), metres=2.0)
    assert drawing.spots == ()
    assert any(one.moved is not None and 0 < one.moved.metres < 2 for one in drawing.features)
    far = box(108.22 + 50 * METRE, 15.98, 108.24, 16.02)
    drawing = made(tmp_path / "a.geojson", [feature("A", west), feature("B", far)], square(), metres=2.0)
    (gap,) = drawing.spots
    assert gap.kind == "GAP"
    assert gap.square_metres == pytest.approx(50 * 4425, rel=0.02)


def test_overlaps_and_ground_outside_are_told_with_their_size_but_may_be_taken(tmp_path: Path) -> None:
    one, other = box(108.20, 15.98, 108.221, 16.02), box(108.22, 15.98, 108.25, 16.02)
    drawing = made(tmp_path / "a.geojson", [feature("A", one), feature("B", other)], square())
    assert [each.state for each in drawing.features] == [State.NEW, State.NEW]
    assert "Chồng lấn" in said(drawing.features[0])
    assert "lên B" in said(drawing.features[0])
    assert "m² nằm ngoài Phường Thử" in said(drawing.features[1])


def test_an_area_without_a_name_is_told_and_two_of_one_name_are_not_both_taken(tmp_path: Path) -> None:
    first, second = box(108.20, 15.98, 108.22, 16.02), box(108.22, 15.98, 108.24, 16.02)
    drawing = made(tmp_path / "a.geojson", [feature(None, first), feature(None, second)], square())
    assert [each.state for each in drawing.features] == [State.NEW, State.NEW]
    assert all("Thiếu tên" in said(each) for each in drawing.features)
    drawing = made(tmp_path / "a.geojson", [feature("A", first), feature("A", second)], square())
    assert [each.state for each in drawing.features] == [State.NEW, State.REFUSED]
    assert "trùng với đối tượng 1" in said(drawing.features[1])


# Copies of the real wards, broken in one place each


@pytest.fixture(scope="module")
def city() -> Any:
    return json.loads(WARDS.read_text(encoding="utf-8"))


def as_asked(path: Path, outline: Any, **chosen: Any) -> dict[str, Any]:
    ward = {"name": "Đà Nẵng", "outline": outline.wkb_hex, "neighbourhoods": []}
    usual = {"language": "vi", "path": str(path), "crs": None, "layer": None, "encoding": None, "metres": None}
    return {**usual, "nameField": None, "ward": ward, **chosen}


def outline_of(city: Any) -> Any:
    return shapely.union_all([shape(one["geometry"]) for one in city["features"]])


def _ring(feature: Any) -> Any:
    geometry = feature["geometry"]
    first = geometry["coordinates"][0]
    ring = first if geometry["type"] == "Polygon" else max((part[0] for part in geometry["coordinates"]), key=len)
    return ring


def bow_tie(features: Any, at: int) -> None:
    ring = _ring(features[at])
    ring[5], ring[40] = ring[40], ring[5]


def swapped(features: Any, at: int) -> None:
    geometry = features[at]["geometry"]
    turned = shapely.transform(shape(geometry), lambda points: points[:, ::-1])
    features[at]["geometry"] = mapping(turned)


def too_fine(features: Any, at: int) -> None:
    angles = np.linspace(0, 2 * np.pi, 5001)
    middle = shape(features[at]["geometry"]).representative_point()
    ring = [[middle.x + 0.001 * float(np.cos(a)), middle.y + 0.001 * float(np.sin(a))] for a in angles[:-1]]
    features[at]["geometry"] = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def wrong_encoding(features: Any, at: int) -> None:
    properties = features[at]["properties"]
    properties["name"] = properties["name"].encode().decode("latin-1")


def beyond_number(features: Any, at: int) -> None:
    _ring(features[at])[3][0] = "không phải số"


def widened(features: Any, at: int) -> None:
    features[at]["geometry"] = mapping(shape(features[at]["geometry"]).buffer(20 * METRE, join_style="mitre"))


def narrowed(features: Any, at: int) -> None:
    features[at]["geometry"] = mapping(shape(features[at]["geometry"]).buffer(-20 * METRE, join_style="mitre"))


BROKEN = {
    10: (bow_tie, "INVALID", "đường biên tự cắt"),
    20: (swapped, "GEOMETRY", "kinh độ trước, vĩ độ sau"),
    30: (too_fine, "TOO_MANY_VERTICES", "5001 đỉnh, tối đa 5000"),
    40: (wrong_encoding, "TEXT", "hỏng bảng mã"),
    50: (beyond_number, "GEOMETRY", "Hình rỗng"),
}
WIDE, NARROW = 60, 75


@real
def test_of_the_real_wards_each_broken_one_is_told_and_the_others_are_taken(city: Any, tmp_path: Path) -> None:
    altered = copy.deepcopy(city)
    for at, (change, _, _) in BROKEN.items():
        change(altered["features"], at)
    widened(altered["features"], WIDE)
    narrowed(altered["features"], NARROW)
    path = tmp_path / "wards.geojson"
    path.write_text(json.dumps(altered, ensure_ascii=False), encoding="utf-8")
    drawing = answered(as_asked(path, outline_of(city)))["drawing"]
    features = drawing["features"]
    assert {one["number"] - 1 for one in features if one["state"] == "REFUSED"} == set(BROKEN)
    assert sum(one["state"] == "NEW" for one in features) == len(city["features"]) - len(BROKEN)
    for at, (_, kind, told) in BROKEN.items():
        assert {one["kind"] for one in features[at]["troubles"]} == {kind}
        assert told in " ".join(one["message"] for one in features[at]["troubles"])
    others = [one["message"] for one in features[WIDE]["troubles"] if one["kind"] == "OVERLAP"]
    assert len(others) >= 2
    assert all(one.startswith("Chồng lấn ") and " m² lên " in one for one in others)
    edge = shape(city["features"][NARROW]["geometry"]).boundary
    gaps = [one for one in drawing["spots"] if one["kind"] == "GAP" and shape(one["geometry"]).intersects(edge)]
    assert max(one["squareMetres"] for one in gaps) > 1_000


@real
def test_sound_wards_are_all_taken_and_snapping_moves_them_by_little(city: Any, tmp_path: Path) -> None:
    some = {**city, "features": city["features"][:15]}
    path = tmp_path / "wards.geojson"
    path.write_text(json.dumps(some, ensure_ascii=False), encoding="utf-8")
    drawing = answered(as_asked(path, outline_of(some), metres=2.0))["drawing"]
    assert {one["state"] for one in drawing["features"]} == {"NEW"}
    assert all(one["moved"] is None or one["moved"]["metres"] < 4 for one in drawing["features"])


@real
def test_wards_in_vn2000_without_their_system_are_asked_for_it_with_the_likely_one(city: Any, tmp_path: Path) -> None:
    features = [feature(one["properties"]["name"], shape(one["geometry"])) for one in city["features"][:8]]
    vn2000 = projecting.frame("EPSG:5899")
    gis_files.layer(
        tmp_path / "wards.shp", "ESRI Shapefile", features, crs=None, moved=vn2000.from_wgs84, geometry_type="Unknown"
    )
    path = gis_files.zipped(tmp_path / "packed.zip", tmp_path, "wards")
    with zipfile.ZipFile(path) as archive:
        assert not any(name.endswith(".prj") for name in archive.namelist())
    problem = answered(as_asked(path, outline_of(city)))["problem"]
    assert problem["asks"] == "crs"
    assert problem["suggested"] == "EPSG:5899"


async def test_a_program_dies_with_its_memory_alone(shown: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ProgramFailed):
        await answer_of(boundary_files.READING, b"{}\n", seconds=20)
    assert (await shown.http.get("/health/live")).status_code == 200
