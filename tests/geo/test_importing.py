"""Importing GeoJSON: what is wrong is named feature by feature, and nothing is stored then; twice is once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from geo import areas, tables
from geo.database import Database
from geo.importing.features import FileProblem
from geo.importing.files import read_features
from geo.importing.troubles import TroubleKind
from geo.language import Language
from geo.seeds import CATEGORIES
from tests.conftest import Copying
from tests.geo.geojson import (
    EAST,
    SQUARE,
    WARD,
    WEST,
    feature,
    figures,
    point,
    polygon,
    put_neighbourhoods,
    put_wards,
    ring,
    said,
    square_ward,
    stored,
    write,
)


@pytest.fixture(scope="module")
async def bare(copying: Copying, template: str) -> AsyncIterator[Database]:
    """A database without a ward, for tests after which it is still so."""
    async with copying(template) as url:
        opened = Database(url)
        yield opened
        await opened.close()


@pytest.fixture
async def ward(copying: Copying, template: str, tmp_path: Path) -> AsyncIterator[Database]:
    """A database with the square ward."""
    async with square_ward(copying, template, tmp_path) as database:
        yield database


@pytest.fixture(scope="module")
async def bare_ward(
    copying: Copying, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Database]:
    """A database with the square ward, for tests after which it is still so."""
    async with square_ward(copying, template, tmp_path_factory.mktemp("ward")) as database:
        yield database


# Files as a whole


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty document"),
        ("this is no JSON", "line 1 column"),
        ('{"type": "FeatureCollection", "features": [', "unexpected end"),
        ("null", "FeatureCollection"),
        ("[]", "FeatureCollection"),
        ("12", "FeatureCollection"),
        ('{"type": "Topology", "objects": {}}', "FeatureCollection"),
        ('{"type": "FeatureCollection", "features": {}}', "FeatureCollection"),
        ('{"type": "FeatureCollection", "features": []}', "no features"),
        ('{"type": "FeatureCollection", "features": [7]}', "Item 1"),
        (
            '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": [1], "geometry": null}]}',
            "Item 1",
        ),
        ("[" * 100_000, "depth limit"),
    ],
)
def test_a_file_that_is_not_geojson_says_so(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(FileProblem, match=message) as caught:
        read_features(write(tmp_path, content))
    assert caught.value.message(Language.VI).startswith("Tệp") or "Mục" in caught.value.message(Language.VI)


@pytest.mark.parametrize("number", ["1e400", "NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_have_are_refused_with_their_place(tmp_path: Path, number: str) -> None:
    content = '{"type": "FeatureCollection",\n"features": [{"type": "Feature", "properties": {}, "geometry": '
    content += f'{{"type": "Point", "coordinates": [{number}, 16]}}}}]}}'
    with pytest.raises(FileProblem, match="line 2 column"):
        read_features(write(tmp_path, content))


def test_lone_surrogates_are_refused(tmp_path: Path) -> None:
    text = json.dumps({"type": "FeatureCollection", "features": [feature(point(108.2, 16), name="Chợ")]})
    with pytest.raises(FileProblem, match="surrogate"):
        read_features(write(tmp_path, text.replace("Ch\\u1ee3", "Ch\\ud800")))


def test_a_missing_file_and_a_folder_say_so(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.geojson", tmp_path):
        with pytest.raises(FileProblem, match="There is no file"):
            read_features(path)


@pytest.mark.parametrize("name", ["EPSG:999999", "nonsense", 4326, None])
def test_a_coordinate_system_that_is_none_is_refused(tmp_path: Path, name: Any) -> None:
    crs = {"type": "name", "properties": {"name": name}}
    with pytest.raises(FileProblem, match="coordinate system"):
        read_features(write(tmp_path, [WARD], crs=crs))


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"])
def test_wgs_84_may_be_named(tmp_path: Path, name: str) -> None:
    crs = {"type": "name", "properties": {"name": name}}
    assert len(read_features(write(tmp_path, [WARD], crs=crs)).features) == 1


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = write(tmp_path, [WARD])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_features(path).features[0].properties["code"] == "20314"


def test_a_field_that_the_file_lacks_is_named_with_those_it_has(tmp_path: Path) -> None:
    file = read_features(write(tmp_path, [WARD]))
    with pytest.raises(FileProblem, match=r"no field “ma”.* code, name"):
        file.field("ma", ())


def test_numbers_as_codes_stay_whole_beside_gaps(tmp_path: Path) -> None:
    file = read_features(write(tmp_path, [feature(None, code=20314), feature(None, code=None)]))
    assert [one.properties["code"] for one in file.features] == [20314, None]


# Wards


async def test_a_ward_comes_with_its_categories_and_once_only(database: Database, tmp_path: Path) -> None:
    file = write(tmp_path, [WARD])
    assert figures(await put_wards(database, file)) == (1, 0, 0)
    categories = await stored(database, tables.category)
    assert {row.code for row in categories} == {seed.code for seed in CATEGORIES}
    before = await stored(database, tables.ward)
    assert figures(await put_wards(database, file)) == (0, 0, 1)
    assert await stored(database, tables.ward) == before
    assert await stored(database, tables.category) == categories


async def test_properties_are_found_by_option_and_text_becomes_nfc(database: Database, tmp_path: Path) -> None:
    file = write(
        tmp_path, [feature(polygon(*SQUARE), MA=20314, TEN="  Phu\u031bo\u031b\u0300ng Hoa\u0300 Xua\u0302n ")]
    )
    assert figures(await put_wards(database, file, code_field="MA", name_field="TEN")) == (1, 0, 0)
    [ward] = await stored(database, tables.ward)
    assert (ward.code, ward.name) == ("20314", "Phường Hoà Xuân")


def another(geometry: Any, **others: Any) -> dict[str, Any]:
    return feature(geometry, **{"code": "20001", "name": "A", **others})


BROKEN = {
    "bow-tie": (
        another({"type": "Polygon", "coordinates": [[[108, 16], [108.1, 16.1], [108.1, 16], [108, 16.1], [108, 16]]]}),
        TroubleKind.INVALID, "đường biên tự cắt tại 108.05, 16.05",
    ),
    "hole outside": (
        another({"type": "Polygon", "coordinates": [ring(108, 16, 108.1, 16.1), ring(109, 16, 109.1, 16.1)]}),
        TroubleKind.INVALID, "lỗ nằm ngoài đường biên",
    ),
    "open ring": (
        another({"type": "Polygon", "coordinates": [ring(108, 16, 108.1, 16.1)[:-1]]}),
        TroubleKind.GEOMETRY, "vòng không khép kín",
    ),
    "empty": (another({"type": "Polygon", "coordinates": []}), TroubleKind.GEOMETRY, "Hình rỗng"),
    "none": (another(None), TroubleKind.GEOMETRY, "không có hình"),
    "a point": (another(point(108, 16)), TroubleKind.GEOMETRY, "trong tệp là Point"),
    "swapped": (another(polygon(15.9, 108.0, 16.0, 108.1)), TroubleKind.GEOMETRY, "Trái Đất"),
    "letters": (
        another({"type": "Polygon", "coordinates": [[["a", "b"], ["c", "d"]]]}),
        TroubleKind.GEOMETRY, "Không đọc được hình",
    ),
    "huge": (another(polygon(108, 16, 1e300, 17)), TroubleKind.GEOMETRY, "Trái Đất"),
    "no code": (another(polygon(108, 16, 108.1, 16.1), code=None), TroubleKind.CODE, "Thiếu mã"),
    "bad code": (another(polygon(108, 16, 108.1, 16.1), code="2031"), TroubleKind.CODE, "năm chữ số"),
    "no name": (another(polygon(108, 16, 108.1, 16.1), name=" "), TroubleKind.NAME, "Thiếu tên"),
    "NUL": (another(polygon(108, 16, 108.1, 16.1), name="A\0B"), TroubleKind.TEXT, "ký tự điều khiển"),
    "long": (another(polygon(108, 16, 108.1, 16.1), name="A" * 201), TroubleKind.TEXT, "dài quá 200"),
    "same code": (another(polygon(108, 16, 108.1, 16.1), code="20314"), TroubleKind.CODE, "trùng với đối tượng 1"),
    "overlap": (
        another(polygon(108.21, 15.98, 108.23, 16.0)),
        TroubleKind.OVERLAP, "20314 Phường Thử",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", list(BROKEN))
async def test_one_broken_ward_keeps_the_whole_file_out(bare: Database, tmp_path: Path, case: str) -> None:
    broken, kind, words = BROKEN[case]
    report = await put_wards(bare, write(tmp_path, [WARD, broken]))
    assert said(report) == [(2, kind)]
    assert words in report.troubles[0].message(Language.VI)
    assert report.troubles[0].message(Language.EN) != report.troubles[0].message(Language.VI)
    assert not report.stored
    assert await stored(bare, tables.ward) == await stored(bare, tables.category) == []


async def test_broken_wards_can_be_left_out(database: Database, tmp_path: Path) -> None:
    broken = [feature(one["geometry"], **one["properties"]) for one, _, _ in BROKEN.values()]
    report = await put_wards(database, write(tmp_path, [WARD, *broken]), skip_invalid=True)
    assert (report.stored, report.added, report.skipped) == (True, 1, len(BROKEN))
    assert [row.code for row in await stored(database, tables.ward)] == ["20314"]


async def test_an_overlap_is_measured_in_square_metres(database: Database, tmp_path: Path) -> None:
    second = feature(polygon(108.219, 15.98, 108.24, 16.0), code="20001", name="B")
    report = await put_wards(database, write(tmp_path, [WARD, second]))
    async with database.read() as connection:
        shape = sa.func.ST_GeogFromText("POLYGON((108.219 15.98,108.22 15.98,108.22 16,108.219 16,108.219 15.98))")
        truth = await connection.scalar(sa.select(sa.func.ST_Area(shape)))
    assert float(str(report.troubles[0].values["square_metres"])) == pytest.approx(truth, rel=1e-3)


async def test_wards_may_differ_by_rounding_but_not_by_more(database: Database, tmp_path: Path) -> None:
    # 1e-7 degrees by 0.02 degrees is some 24 m²/1000 wide: 0.0107 m by 2213 m, well over a square metre
    def beside(west: float, tall: float) -> dict[str, Any]:
        return feature(polygon(west, 15.98, 108.24, 15.98 + tall), code="20001", name="B")

    assert (await put_wards(database, write(tmp_path, [WARD, beside(108.2199999, 0.0005)]))).stored
    async with database.write() as connection:
        await connection.execute(sa.delete(tables.rejection_template))
        await connection.execute(sa.delete(tables.category))
        await connection.execute(sa.delete(tables.ward))
    report = await put_wards(database, write(tmp_path, [WARD, beside(108.2199999, 0.02)]))
    assert said(report) == [(2, TroubleKind.OVERLAP)]


async def test_of_three_in_a_row_only_the_middle_one_gives_way(database: Database, tmp_path: Path) -> None:
    middle = feature(polygon(108.21, 15.98, 108.23, 16.0), code="20001", name="B")
    last = feature(polygon(108.225, 15.98, 108.24, 16.0), code="20002", name="C")
    report = await put_wards(database, write(tmp_path, [WARD, middle, last]), skip_invalid=True)
    assert said(report) == [(2, TroubleKind.OVERLAP)]
    assert [row.code for row in await stored(database, tables.ward)] == ["20002", "20314"]


async def test_a_refused_renewal_leaves_its_old_outline_in_the_way(database: Database, tmp_path: Path) -> None:
    await put_wards(database, write(tmp_path, [WARD]))
    bow_tie = {**BROKEN["bow-tie"][0], "properties": {"code": "20314", "name": "Phường Thử"}}
    there = feature(polygon(*SQUARE), code="20002", name="C")
    report = await put_wards(database, write(tmp_path, [bow_tie, there]), skip_invalid=True)
    assert said(report) == [(1, TroubleKind.INVALID), (2, TroubleKind.OVERLAP)]


async def test_the_demo_ward_is_not_overwritten(database: Database, tmp_path: Path) -> None:
    await put_wards(database, write(tmp_path, [WARD]))
    async with database.write() as connection:
        await connection.execute(sa.update(tables.ward).values(demo=True))
    report = await put_wards(
        database, write(tmp_path, [feature(polygon(*SQUARE), code="20314", name="Phường Hòa Xuân")])
    )
    assert said(report) == [(1, TroubleKind.CODE)]
    assert "demo" in report.troubles[0].message(Language.VI)


async def test_a_new_outline_must_hold_the_neighbourhoods_that_are_there(database: Database, tmp_path: Path) -> None:
    await put_wards(database, write(tmp_path, [WARD]))
    await put_neighbourhoods(database, write(tmp_path, [WEST, EAST]))
    smaller = feature(polygon(108.20, 15.98, 108.215, 16.00), code="20314", name="Phường Thử")
    report = await put_wards(database, write(tmp_path, [smaller]))
    assert said(report) == [(1, TroubleKind.OUTSIDE)]
    assert "Tổ dân phố số 2" in report.troubles[0].message(Language.VI)
    larger = feature(polygon(108.19, 15.98, 108.23, 16.00), code="20314", name="Phường Thử")
    assert figures(await put_wards(database, write(tmp_path, [larger]))) == (0, 1, 0)


# Neighbourhoods


async def test_neighbourhoods_find_their_ward_and_get_a_team(ward: Database, tmp_path: Path) -> None:
    assert figures(await put_neighbourhoods(ward, write(tmp_path, [WEST, EAST]))) == (2, 0, 0)
    rows = await stored(ward, tables.neighbourhood)
    assert [(row.ward_code, row.code, row.name, row.version) for row in rows] == [
        ("20314", "1", "Tổ dân phố số 1", "1"),
        ("20314", "2", "Tổ dân phố số 2", "1"),
    ]
    teams = await stored(ward, tables.team)
    assert {row.neighbourhood_id: row.name for row in teams} == {
        row.id: f"Tổ công nghệ số cộng đồng {row.name}" for row in rows
    }


async def test_the_same_boundaries_twice_change_nothing(ward: Database, tmp_path: Path) -> None:
    await put_neighbourhoods(ward, write(tmp_path, [WEST, EAST]))
    kept = [tables.neighbourhood, tables.neighbourhood_boundary, tables.team]
    before = [await stored(ward, table) for table in kept]
    assert figures(await put_neighbourhoods(ward, write(tmp_path, [WEST, EAST]))) == (0, 0, 2)
    turned = feature(polygon(*SQUARE), code="1", name="Tổ dân phố số 1")
    corners = WEST["geometry"]["coordinates"][0][:-1]
    turned["geometry"]["coordinates"] = [[*corners[2:], *corners[:2], corners[2]]]  # begins at another corner
    assert figures(await put_neighbourhoods(ward, write(tmp_path, [turned, EAST]))) == (0, 0, 2)
    assert [await stored(ward, table) for table in kept] == before


async def test_a_moved_boundary_ends_one_period_and_begins_the_next(ward: Database, tmp_path: Path) -> None:
    await put_neighbourhoods(ward, write(tmp_path, [WEST, EAST]))
    west = feature(polygon(108.20, 15.98, 108.212, 16.00), code="1", name="Tổ dân phố số 1")
    east = feature(polygon(108.212, 15.98, 108.22, 16.00), code="2", name="Tổ dân phố số Hai")
    assert figures(await put_neighbourhoods(ward, write(tmp_path, [west, east], "later.geojson"))) == (0, 2, 0)
    rows = await stored(ward, tables.neighbourhood)
    assert [(row.code, row.name, row.version) for row in rows] == [
        ("1", "Tổ dân phố số 1", "2"),
        ("2", "Tổ dân phố số Hai", "2"),
    ]
    periods = await stored(ward, tables.neighbourhood_boundary)
    for row in rows:
        old, new = sorted((p for p in periods if p.neighbourhood_id == row.id), key=lambda p: p.since)
        assert old.until == new.since
        assert new.until is None
        assert (old.reason, new.reason) == ("Nhập từ tệp file", "Nhập từ tệp later")


async def test_names_may_change_hands(ward: Database, tmp_path: Path) -> None:
    await put_neighbourhoods(ward, write(tmp_path, [WEST, EAST]))
    west = {**WEST, "properties": {"code": "1", "name": "Tổ dân phố số 2"}}
    east = {**EAST, "properties": {"code": "2", "name": "Tổ dân phố số 1"}}
    assert figures(await put_neighbourhoods(ward, write(tmp_path, [west, east]))) == (0, 2, 0)
    rows = await stored(ward, tables.neighbourhood)
    assert [(row.code, row.name, row.version) for row in sorted(rows, key=lambda row: row.code)] == [
        ("1", "Tổ dân phố số 2", "2"),
        ("2", "Tổ dân phố số 1", "2"),
    ]
    *_, latest = sorted(await stored(ward, tables.boundary_edit), key=lambda row: row.at)
    assert (latest.redrawn, latest.renamed.count("-")) == ("{}", 2 * 4)  # two ids


async def test_without_codes_the_name_tells_them_apart(ward: Database, tmp_path: Path) -> None:
    plain = [feature(one["geometry"], name=one["properties"]["name"]) for one in (WEST, EAST)]
    assert figures(await put_neighbourhoods(ward, write(tmp_path, plain))) == (2, 0, 0)
    assert figures(await put_neighbourhoods(ward, write(tmp_path, plain))) == (0, 0, 2)
    assert figures(await put_neighbourhoods(ward, write(tmp_path, [WEST, EAST]))) == (0, 2, 0)  # the codes are new
    assert figures(await put_neighbourhoods(ward, write(tmp_path, plain))) == (0, 0, 2)  # and stay


def third(geometry: Any, **others: Any) -> dict[str, Any]:
    return feature(geometry, **{"code": "3", "name": "Ba", **others})


BAD_NEIGHBOURS = {
    "overlap in the file": (third(polygon(108.209, 15.98, 108.22, 16.00)),
                            TroubleKind.OVERLAP, "Tổ dân phố số 1"),
    "overlap by a hair": (third(polygon(108.2099999, 15.98, 108.22, 15.9800001)),
                          TroubleKind.OVERLAP, "Tổ dân phố số 1"),
    "outside": (third(polygon(108.21, 15.98, 108.23, 16.00)), TroubleKind.OUTSIDE, "m² nằm ngoài"),
    "nowhere near": (third(polygon(110, 15.98, 110.1, 16.00)), TroubleKind.OUTSIDE, "m² nằm ngoài"),
    "same name": (third(polygon(108.21, 15.98, 108.22, 16.00), name="Tổ dân phố số 1"), TroubleKind.NAME, "1"),
    "same code": (third(polygon(108.21, 15.98, 108.22, 16.00), code="1"), TroubleKind.CODE, "đối tượng 1"),
    "no code": (third(polygon(108.21, 15.98, 108.22, 16.00), code=None), TroubleKind.CODE, "Thiếu mã"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(BAD_NEIGHBOURS))
async def test_one_broken_neighbourhood_keeps_the_whole_file_out(
    bare_ward: Database, tmp_path: Path, case: str
) -> None:
    broken, kind, words = BAD_NEIGHBOURS[case]
    report = await put_neighbourhoods(bare_ward, write(tmp_path, [WEST, broken]))
    assert said(report) == [(2, kind)]
    assert words in report.troubles[0].message(Language.VI)
    assert await stored(bare_ward, tables.neighbourhood) == await stored(bare_ward, tables.team) == []


async def test_broken_neighbourhoods_can_be_left_out(ward: Database, tmp_path: Path) -> None:
    broken = [one for one, _, _ in BAD_NEIGHBOURS.values()]
    report = await put_neighbourhoods(ward, write(tmp_path, [WEST, *broken]), skip_invalid=True)
    assert (figures(report), report.skipped) == ((1, 0, 0), len(broken))


async def test_a_neighbourhood_in_no_ward_says_where_it_lies(ward: Database, tmp_path: Path) -> None:
    await put_wards(
        ward, write(tmp_path, [feature(polygon(108.22, 15.98, 108.24, 16.0), code="20001", name="Bên cạnh")])
    )
    away = feature(polygon(110.0, 15.98, 110.1, 16.00), code="3", name="Ba")
    report = await put_neighbourhoods(ward, write(tmp_path, [away]))
    assert said(report) == [(1, TroubleKind.OUTSIDE)]
    assert "110.05, 15.99 không thuộc phường nào" in report.troubles[0].message(Language.VI)


async def test_what_stands_already_is_respected(ward: Database, tmp_path: Path) -> None:
    await put_neighbourhoods(ward, write(tmp_path, [WEST]))
    over = feature(polygon(108.205, 15.98, 108.22, 16.00), code="9", name="Chín")
    namesake = feature(polygon(108.21, 15.98, 108.22, 16.00), code="8", name="Tổ dân phố số 1")
    report = await put_neighbourhoods(ward, write(tmp_path, [over, namesake]))
    assert said(report) == [(1, TroubleKind.OVERLAP), (2, TroubleKind.NAME)]
    assert len(await stored(ward, tables.neighbourhood)) == 1


async def test_too_many_vertices_are_refused(ward: Database, tmp_path: Path) -> None:
    top = [[108.22 - 0.02 * i / 5000, 16.00] for i in range(5001)]
    crowded = {"type": "Polygon", "coordinates": [[[108.20, 15.98], [108.22, 15.98], *top, [108.20, 15.98]]]}
    report = await put_neighbourhoods(ward, write(tmp_path, [feature(crowded, code="1", name="Một")]))
    assert said(report) == [(1, TroubleKind.TOO_MANY_VERTICES)]
    assert "5004 đỉnh, tối đa 5000" in report.troubles[0].message(Language.VI)


async def test_a_ward_that_is_not_here_is_named(ward: Database, tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="no ward 20999"):
        await put_neighbourhoods(ward, write(tmp_path, [WEST]), ward_code="20999")


async def test_heights_are_dropped_and_said(ward: Database, tmp_path: Path) -> None:
    tall = [[*corner, 12.5] for corner in WEST["geometry"]["coordinates"][0]]
    high = feature({"type": "Polygon", "coordinates": [tall]}, code="1", name="Tổ dân phố số 1")
    report = await put_neighbourhoods(ward, write(tmp_path, [high, EAST]))
    assert report.stored
    assert [note.vi for note in report.notes] == ["1 đối tượng có độ cao; độ cao bị bỏ, chỉ giữ kinh độ và vĩ độ."]
    assert figures(await put_neighbourhoods(ward, write(tmp_path, [WEST, EAST]))) == (0, 0, 2)


# The rules by themselves


def test_square_metres_agree_with_what_is_known() -> None:
    # ST_Area of the same square as geography: 4,738,866 m².
    assert areas.square_metres(box(*SQUARE)) == pytest.approx(4_738_866, rel=1e-3)


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=2, max_size=8))
def test_overlaps_are_exactly_the_pairs_with_common_ground(corners: list[tuple[int, int]]) -> None:
    squares = [box(108 + x / 1000, 16 + y / 1000, 108 + (x + 2) / 1000, 16 + (y + 2) / 1000) for x, y in corners]
    expected = {
        (i, j)
        for i, (ax, ay) in enumerate(corners)
        for j, (bx, by) in enumerate(corners)
        if i < j and abs(ax - bx) < 2 and abs(ay - by) < 2
    }
    assert {(one, other) for one, other, _ in areas.overlaps(squares, at_least=1.0)} == expected
