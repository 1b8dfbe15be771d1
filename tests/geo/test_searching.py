"""Search as people type it: without diacritics and capitals, and taking every sign as it is."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import incidents, neighbourhoods, places, teams, wards
from geo.actor import ANONYMOUS, Actor, Role
from geo.incidents import Filter
from geo.tables import PlaceKind, place
from tests import ward

STAFF = Actor(Role.STAFF, ward_code=ward.CODE)
NAMES = [
    "Nhà văn hóa Đông Hòa",
    "nhà văn hoá khu 5",  # the other way of setting the tone mark
    "Trường ĐẶNG THÙY TRÂM",
    "Giảm 100% giá",
    "Giảm 1000 giá",
    "tên_có_gạch",
    "tên-có-gạch",
    "a\\b",
    "Quầy ％ số",
]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("nha van hoa", {"Nhà văn hóa Đông Hòa", "nhà văn hoá khu 5"}),
        ("NHÀ VĂN HÓA", {"Nhà văn hóa Đông Hòa", "nhà văn hoá khu 5"}),
        ("văn hoá", {"Nhà văn hóa Đông Hòa", "nhà văn hoá khu 5"}),
        ("đông", {"Nhà văn hóa Đông Hòa"}),
        ("dong", {"Nhà văn hóa Đông Hòa"}),
        ("DONG HOA", {"Nhà văn hóa Đông Hòa"}),
        ("dang thuy tram", {"Trường ĐẶNG THÙY TRÂM"}),
        (unicodedata.normalize("NFD", "Đặng Thùy"), {"Trường ĐẶNG THÙY TRÂM"}),
        ("100%", {"Giảm 100% giá"}),
        ("%", {"Giảm 100% giá", "Quầy ％ số"}),
        ("％", {"Giảm 100% giá", "Quầy ％ số"}),
        ("_", {"tên_có_gạch"}),
        ("＿", {"tên_có_gạch"}),
        ("có_g", {"tên_có_gạch"}),
        ("\\", {"a\\b"}),
        ("＼", {"a\\b"}),
        ("a\\", {"a\\b"}),
        ("van%hoa", set()),
        ("nha khu 5", {"nhà văn hoá khu 5"}),
        ("nha hu 5", set()),
        ("' OR true --", set()),
        ("{{ 7*7 }}", set()),
        ("xyz", set()),
    ],
)
async def test_a_search_finds_what_is_meant_and_takes_signs_as_they_are(
    connection: AsyncConnection, typed: str, found: set[str]
) -> None:
    await connection.execute(sa.delete(place))
    for name in NAMES:
        row = {"name": name, "kind": PlaceKind.OTHER, "location": ward.spot(ward.IN_FIRST)}
        await connection.execute(sa.insert(place).values(ward_code=ward.CODE, id=ward.new_id(), **row))
    rows = await connection.execute(places.matching(ANONYMOUS, ward.CODE, search=typed))
    assert {row.name for row in rows} == found


async def test_every_noun_is_searched_alike(connection: AsyncConnection) -> None:
    made = await ward.report(connection, description="Ống nước VỠ", address="Đường số 5")
    searches: list[tuple[sa.Select[Any], int]] = [
        (wards.matching(ANONYMOUS, "hoa xuan"), 1),
        (wards.matching(ANONYMOUS, ward.CODE), 1),
        (neighbourhoods.of_ward(ANONYMOUS, ward.CODE, "dong hoa"), 1),
        (teams.of_ward(ANONYMOUS, ward.CODE, "TO CONG NGHE"), 4),
        (incidents.matching(STAFF, Filter(search="ong nuoc vo"), ward_code=ward.CODE), 1),
        (incidents.matching(STAFF, Filter(search="duong so"), ward_code=ward.CODE), 1),
        (incidents.matching(STAFF, Filter(search=made.tracking_code.lower()), ward_code=ward.CODE), 1),
        (incidents.matching(ANONYMOUS, Filter(search=made.tracking_code), ward_code=ward.CODE), 1),
        (incidents.matching(ANONYMOUS, Filter(search="ong nuoc vo"), ward_code=ward.CODE), 0),
        (incidents.matching(ANONYMOUS, Filter(search="duong so"), ward_code=ward.CODE), 0),
    ]
    for query, count in searches:
        assert len((await connection.execute(query)).all()) == count
