"""Importing places: into the ward that holds them, known again by their key, or reported."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from geo import tables
from geo.database import Database
from geo.importing.features import FileProblem
from geo.importing.places import PlaceFields
from geo.importing.troubles import TroubleKind
from geo.language import Language
from tests.conftest import Copying
from tests.geo.geojson import (
    EAST,
    SQUARE,
    WEST,
    feature,
    figures,
    point,
    polygon,
    put_neighbourhoods,
    put_places,
    put_wards,
    said,
    square_ward,
    stored,
    write,
)


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


MARKET = feature(point(108.205, 15.99), id="m1", kind="MARKET", name="Chợ Thử", phone="0236 3000 111")


async def test_places_find_their_ward_and_neighbourhood(ward: Database, tmp_path: Path) -> None:
    await put_neighbourhoods(ward, write(tmp_path, [WEST, EAST]))
    edge = feature(point(108.21, 15.99), id="m2", kind="SCHOOL", name="Trường Thử")
    assert figures(await put_places(ward, write(tmp_path, [MARKET, edge]))) == (2, 0, 0)
    west, east = sorted(row.id for row in await stored(ward, tables.neighbourhood))
    rows = {row.name: row for row in await stored(ward, tables.place)}
    assert rows["Chợ Thử"].ward_code == "20314"
    first = next(row.id for row in await stored(ward, tables.neighbourhood) if row.code == "1")
    assert rows["Chợ Thử"].neighbourhood_id == first
    assert rows["Trường Thử"].neighbourhood_id == min(west, east)  # the shared edge belongs to the lowest id


async def test_the_same_places_twice_change_nothing_and_news_is_taken_over(ward: Database, tmp_path: Path) -> None:
    await put_places(ward, write(tmp_path, [MARKET]))
    before = await stored(ward, tables.place)
    assert figures(await put_places(ward, write(tmp_path, [MARKET]))) == (0, 0, 1)
    assert await stored(ward, tables.place) == before
    later = feature(point(108.206, 15.99), id="m1", kind="MARKET", name="Chợ Mới")
    assert figures(await put_places(ward, write(tmp_path, [later]))) == (0, 1, 0)
    [row] = await stored(ward, tables.place)
    assert (row.id, row.name, row.phone) == (before[0].id, "Chợ Mới", None)


async def test_keys_of_two_sources_do_not_meet(ward: Database, tmp_path: Path) -> None:
    other = feature(point(108.206, 15.99), id="m1", kind="SCHOOL", name="Trường")
    await put_places(ward, write(tmp_path, [MARKET], "markets.geojson"))
    assert figures(await put_places(ward, write(tmp_path, [other], "schools.geojson"))) == (1, 0, 0)
    assert figures(await put_places(ward, write(tmp_path, [MARKET], "renamed.geojson"), source="markets")) == (0, 0, 1)


async def test_places_without_keys_are_known_by_what_and_where_they_are(ward: Database, tmp_path: Path) -> None:
    plain = feature(point(108.205, 15.99), kind="MARKET", name="Chợ Thử")
    await put_places(ward, write(tmp_path, [plain]))
    assert figures(await put_places(ward, write(tmp_path, [plain]))) == (0, 0, 1)


async def test_a_place_that_moves_to_another_ward_keeps_its_id_and_its_consent(ward: Database, tmp_path: Path) -> None:
    await put_wards(
        ward, write(tmp_path, [feature(polygon(108.22, 15.98, 108.24, 16.0), code="20001", name="Bên cạnh")])
    )
    home = feature(point(108.205, 15.99), id="h1", kind="OFFICIAL_HOME", name="Nhà riêng")
    await put_places(ward, write(tmp_path, [home]))
    async with ward.write() as connection:
        await connection.execute(sa.update(tables.place).values(consented_at=sa.func.now()))
    [before] = await stored(ward, tables.place)
    moved = feature(point(108.23, 15.99), id="h1", kind="OFFICIAL_HOME", name="Nhà riêng")
    assert figures(await put_places(ward, write(tmp_path, [moved]))) == (0, 1, 0)
    [after] = await stored(ward, tables.place)
    assert (after.id, after.consented_at, after.ward_code) == (before.id, before.consented_at, "20001")


async def test_kinds_come_from_openstreetmap_from_a_map_or_from_the_command(ward: Database, tmp_path: Path) -> None:
    osm = [
        feature(point(108.205, 15.99), id=1, amenity="police", name="Công an"),
        feature(point(108.206, 15.99), id=2, amenity="fuel", name=None),
        feature(point(108.207, 15.99), id=3, amenity="Nhà văn hóa", name="Nhà văn hóa 3"),
    ]
    report = await put_places(ward, write(tmp_path, osm))
    assert said(report) == [(3, TroubleKind.KIND)]
    assert "--kind-map Nhà văn hóa=LOẠI" in report.troubles[0].message(Language.VI)
    assert await stored(ward, tables.place) == []
    report = await put_places(ward, write(tmp_path, osm), kind_map={"Nhà văn hóa": tables.PlaceKind.CULTURAL_HOUSE})
    assert [note.vi for note in report.notes] == [
        "1 địa điểm không có tên, được gọi theo loại (ví dụ “Trạm xăng dầu”)."
    ]
    kinds = {row.name: row.kind for row in await stored(ward, tables.place)}
    assert kinds == {"Công an": "POLICE", "Trạm xăng dầu": "OTHER", "Nhà văn hóa 3": "CULTURAL_HOUSE"}
    report = await put_places(ward, write(tmp_path, osm, "all.geojson"), kind=tables.PlaceKind.SCHOOL)
    assert figures(report) == (3, 0, 0)


async def test_addresses_come_whole_or_from_number_and_street(ward: Database, tmp_path: Path) -> None:
    file = write(
        tmp_path,
        [
            feature(point(108.205, 15.99), id="a", kind="MARKET", name="A", street="Mẹ Thứ", housenumber="12"),
            feature(point(108.206, 15.99), id="b", kind="MARKET", name="B", street="Mẹ Thứ", housenumber=None),
        ],
    )
    await put_places(ward, file)
    assert [row.address for row in await stored(ward, tables.place)] == ["12 Mẹ Thứ", "Mẹ Thứ"]
    await put_places(ward, file, fields=PlaceFields(address="housenumber"))
    assert [row.address for row in await stored(ward, tables.place)] == ["12", "Mẹ Thứ"]


def market(geometry: Any, **others: Any) -> dict[str, Any]:
    return feature(geometry, **{"id": "x", "kind": "MARKET", "name": "X", **others})


BAD_PLACES = {
    "in the sea": (market(point(109.5, 15.99)), TroubleKind.OUTSIDE, "không thuộc phường"),
    "swapped": (market(point(15.99, 108.2)), TroubleKind.GEOMETRY, "Trái Đất"),
    "latitude 91": (market(point(108.2, 91)), TroubleKind.GEOMETRY, "Trái Đất"),
    "strings": (market(point("108.2", "15.99")), TroubleKind.GEOMETRY, "không phải là số"),
    "null": (market(point(None, 15.99)), TroubleKind.GEOMETRY, "không phải là số"),
    "one number": (market({"type": "Point", "coordinates": [108.2]}), TroubleKind.GEOMETRY, "thiếu tọa độ"),
    "an area": (market(polygon(*SQUARE)), TroubleKind.GEOMETRY, "trong tệp là Polygon"),
    "no kind": (market(point(108.205, 15.99), kind=None), TroubleKind.KIND, "Thiếu loại"),
    "unknown kind": (market(point(108.205, 15.99), kind="casino"), TroubleKind.KIND, "casino"),
    "same key": (market(point(108.205, 15.99), id="m1"), TroubleKind.CODE, "file:m1"),
    "NUL": (market(point(108.205, 15.99), address="1\x002"), TroubleKind.TEXT, "address"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(BAD_PLACES))
async def test_one_broken_place_keeps_the_whole_file_out(bare_ward: Database, tmp_path: Path, case: str) -> None:
    broken, kind, words = BAD_PLACES[case]
    report = await put_places(bare_ward, write(tmp_path, [MARKET, broken]))
    assert said(report) == [(2, kind)]
    assert words in report.troubles[0].message(Language.VI)
    assert await stored(bare_ward, tables.place) == []


async def test_broken_places_can_be_left_out(ward: Database, tmp_path: Path) -> None:
    broken = [one for one, _, _ in BAD_PLACES.values()]
    report = await put_places(ward, write(tmp_path, [MARKET, *broken]), skip_invalid=True)
    assert (report.added, report.skipped) == (1, len({trouble.feature for trouble in report.troubles}))
    assert [row.name for row in await stored(ward, tables.place)] == ["Chợ Thử"]


async def test_a_place_outside_the_named_ward_is_refused(ward: Database, tmp_path: Path) -> None:
    await put_wards(
        ward, write(tmp_path, [feature(polygon(108.22, 15.98, 108.24, 16.0), code="20001", name="Bên cạnh")])
    )
    report = await put_places(ward, write(tmp_path, [MARKET]), ward_code="20001")
    assert said(report) == [(1, TroubleKind.OUTSIDE)]


async def test_hostile_names_are_stored_as_they_are(ward: Database, tmp_path: Path) -> None:
    names = [
        "{{ 12347*98765 }}",
        "{% raw",
        "<script>alert(1)</script>",
        "'; DROP TABLE place; --",
        "{0}{name}",
        "[bold]x",
    ]
    many = [feature(point(108.205, 15.99), id=i, kind="MARKET", name=name) for i, name in enumerate(names)]
    assert (await put_places(ward, write(tmp_path, many))).added == len(names)
    assert sorted(row.name for row in await stored(ward, tables.place)) == sorted(names)


async def test_a_file_without_kinds_asks_for_them(ward: Database, tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="--kind"):
        await put_places(ward, write(tmp_path, [feature(point(108.205, 15.99), name="X")]))
