"""`proposePartition`: staff see a first partition of what is not drawn; nothing is stored."""

from __future__ import annotations

from typing import Any

import pytest
import shapely
import sqlalchemy as sa
from shapely.geometry import shape

from geo.ids import new_id
from geo.tables import PlaceKind, neighbourhood_boundary, place
from tests import ward
from tests.asking import Desk
from tests.ward import CODE

ASK = """
query($code: String!, $way: PartitionWay!, $parts: Int) { proposePartition(wardCode: $code, by: $way, parts: $parts) {
  __typename ... on UserError { code message path } ... on InvalidInput { problems { path message } }
  ... on ProposePartitionPayload { areas { name boundary areaSquareMetres } }
} }
"""


async def propose(desk: Desk, way: str, parts: int | None = None, who: str | None = "staff", code: str = CODE) -> Any:
    return (await desk.data(ASK, who, code=code, way=way, parts=parts))["proposePartition"]


async def clear(desk: Desk, *names: str) -> None:
    """Take the boundaries of these neighbourhoods away: of all where none is named."""
    gone = sa.delete(neighbourhood_boundary).where(neighbourhood_boundary.c.ward_code == CODE)
    if names:
        ids = [desk.ward.neighbourhoods[name] for name in names]
        gone = gone.where(neighbourhood_boundary.c.neighbourhood_id.in_(ids))
    async with desk.database.write() as connection:
        await connection.execute(gone)


async def house(desk: Desk, name: str, at: tuple[float, float]) -> None:
    values = {"kind": PlaceKind.CULTURAL_HOUSE, "name": name, "location": ward.spot(at)}
    async with desk.database.write() as connection:
        await connection.execute(sa.insert(place).values(ward_code=CODE, id=new_id(), **values))


async def no_houses(desk: Desk) -> None:
    async with desk.database.write() as connection:
        await connection.execute(sa.delete(place).where(place.c.kind == PlaceKind.CULTURAL_HOUSE))


@pytest.mark.parametrize("who", [None, "crew-clean", "team-1", "staff-other"])
async def test_others_are_refused(desk: Desk, who: str | None) -> None:
    assert (await propose(desk, "EQUAL_AREAS", 2, who))["code"] == "NOT_ALLOWED"


async def test_a_ward_that_is_not_kept_is_not_found(desk: Desk) -> None:
    answer = await propose(desk, "EQUAL_AREAS", 2, "admin", "00000")
    assert (answer["code"], answer["path"]) == ("NOT_FOUND", ["wardCode"])


@pytest.mark.parametrize("parts", [None, -1, 1, 201])
async def test_the_number_of_parts_is_two_to_two_hundred(desk: Desk, parts: int | None) -> None:
    await clear(desk)
    answer = await propose(desk, "EQUAL_AREAS", parts)
    assert (answer["code"], answer["path"]) == ("INVALID_INPUT", ["parts"])
    assert answer["problems"] == [{"path": ["parts"], "message": "Cần số phần từ 2 đến 200."}]


async def test_a_ward_that_is_drawn_has_no_ground_to_divide(desk: Desk) -> None:
    assert (await propose(desk, "EQUAL_AREAS", 5))["code"] == "NO_GROUND_LEFT"
    assert (await propose(desk, "CULTURAL_HOUSES"))["code"] == "NO_GROUND_LEFT"


async def test_an_empty_ward_is_divided_into_equal_parts_and_nothing_is_stored(desk: Desk) -> None:
    await clear(desk)
    before = await desk.dump()
    answer = await propose(desk, "EQUAL_AREAS", 6)
    assert answer["__typename"] == "ProposePartitionPayload", answer
    areas = [shape(area["boundary"]) for area in answer["areas"]]
    assert [area["name"] for area in answer["areas"]] == [f"Tổ dân phố số {n}" for n in range(1, 7)]
    assert shapely.coverage_is_valid(areas)
    assert shapely.union_all(areas).bounds == ward.GROUND[CODE]
    sizes = [area["areaSquareMetres"] for area in answer["areas"]]
    assert max(sizes) < 1.01 * min(sizes)
    assert await desk.dump() == before


async def test_only_ground_not_yet_drawn_is_divided_and_names_are_new(desk: Desk) -> None:
    await clear(desk, ward.SECOND)
    answer = await propose(desk, "EQUAL_AREAS", 2)
    assert [area["name"] for area in answer["areas"]] == ["Tổ dân phố số 2", "Tổ dân phố số 3"]
    ground = shapely.union_all([shape(area["boundary"]) for area in answer["areas"]])
    assert ground.bounds == ward.TILES[ward.SECOND]


async def test_each_spot_goes_to_its_nearest_house(desk: Desk) -> None:
    await clear(desk)
    await no_houses(desk)
    await house(desk, "Nhà sinh hoạt cộng đồng tổ dân phố số 7", (108.21, 16.0))
    await house(desk, "Nhà văn hóa", (108.23, 16.0))
    answer = await propose(desk, "CULTURAL_HOUSES")
    named = {area["name"]: shape(area["boundary"]) for area in answer["areas"]}
    assert list(named) == ["Tổ dân phố số 7", "Tổ dân phố số 1"]
    assert named["Tổ dân phố số 7"].bounds == pytest.approx((108.20, 15.98, 108.22, 16.02), abs=2e-6)


async def test_without_a_house_the_way_on_is_told(desk: Desk) -> None:
    await clear(desk)
    await no_houses(desk)
    answer = await propose(desk, "CULTURAL_HOUSES")
    assert (answer["code"], answer["path"]) == ("NO_CULTURAL_HOUSES", ["by"])
    assert "Địa điểm" in answer["message"]
