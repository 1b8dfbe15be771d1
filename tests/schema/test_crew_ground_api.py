"""A crew's ground over the API: said in one of three ways, read back, and refused with the path to what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from tests.asking import Desk
from tests.ward import CODE, FIRST, IN_FIRST, OTHER, SECOND

SAVE = """mutation ($input: SaveCrewInput!) { saveCrew(input: $input) { __typename
  ... on SaveCrewPayload { crew { id covers coverageArea neighbourhoods { name boundary } } }
  ... on InvalidInput { problems { path message } } } }"""
NAMED = {"name": "Đội tổ", "capacity": 3, "categories": [], "base": {"type": "Point", "coordinates": list(IN_FIRST)}}
NOBODY = "01912345-0000-7000-8000-000000000000"
FIRST_ONE = ["input", "neighbourhoodIds", "0"]
AREA = {
    "type": "MultiPolygon",
    "coordinates": [[[[108.2, 15.98], [108.21, 15.98], [108.21, 15.99], [108.2, 15.98]]]],
}


def ground(desk: Desk, *names: str) -> list[str]:
    return [f"Neighbourhood:{CODE}:{desk.ward.neighbourhoods[name]}" for name in names]


async def save(desk: Desk, **values: Any) -> Any:
    return (await desk.data(SAVE, "staff", input={**NAMED, **values}))["saveCrew"]


async def test_each_way_is_read_back_as_it_was_said(desk: Desk) -> None:
    crew = (await save(desk, neighbourhoodIds=ground(desk, SECOND, FIRST, FIRST)))["crew"]
    assert crew["covers"] == "NEIGHBOURHOODS"
    assert [one["name"] for one in crew["neighbourhoods"]] == [FIRST, SECOND]
    ring = crew["coverageArea"]["coordinates"][0][0]
    assert {tuple(point) for point in ring} >= {(108.2, 15.98), (108.24, 15.98), (108.24, 16.0), (108.2, 16.0)}
    drawn = (await save(desk, crewId=crew["id"], coverageArea=AREA))["crew"]
    assert (drawn["covers"], drawn["neighbourhoods"]) == ("AREA", [])
    whole = (await save(desk, crewId=crew["id"]))["crew"]
    assert (whole["covers"], whole["coverageArea"], whole["neighbourhoods"]) == ("WARD", None, [])


async def test_neighbourhoods_that_are_no_more_are_told_and_leave_an_empty_ground(desk: Desk) -> None:
    await save(desk, neighbourhoodIds=ground(desk, FIRST))
    async with desk.database.write() as connection:
        await connection.execute(
            sa.text("UPDATE neighbourhood_boundary SET until = now() WHERE neighbourhood_id = :id"),
            {"id": desk.ward.neighbourhoods[FIRST]},
        )
    asked = "{ ward { crews { nodes { name covers coverageArea neighbourhoods { boundary } } } } }"
    crews = (await desk.data(asked, "staff"))["ward"]["crews"]["nodes"]
    own = next(one for one in crews if one["name"] == "Đội tổ")
    assert (own["covers"], own["neighbourhoods"]) == ("NEIGHBOURHOODS", [{"boundary": None}])
    assert own["coverageArea"] == {"type": "MultiPolygon", "coordinates": []}


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"neighbourhoodIds": []}, ["input", "neighbourhoodIds"]),
        ({"neighbourhoodIds": ["x"]}, FIRST_ONE),
        ({"neighbourhoodIds": [f"Neighbourhood:{OTHER}:{NOBODY}"]}, FIRST_ONE),
        ({"neighbourhoodIds": [f"Crew:{CODE}:{NOBODY}"]}, FIRST_ONE),
        ({"neighbourhoodIds": ["x"] * 1_001}, ["input", "neighbourhoodIds"]),
    ],
    ids=["empty", "no id", "another ward", "a crew", "too many"],
)
async def test_what_is_no_ground_of_the_ward_is_refused(desk: Desk, values: dict[str, Any], path: list[str]) -> None:
    before = await desk.dump()
    answer = await save(desk, **values)
    assert answer["__typename"] == "InvalidInput"
    assert answer["problems"][0]["path"] == path
    assert await desk.dump() == before


async def test_both_ways_at_once_are_refused(desk: Desk) -> None:
    answer = await save(desk, coverageArea=AREA, neighbourhoodIds=ground(desk, FIRST))
    assert [one["path"][-1] for one in answer["problems"]] == ["neighbourhoodIds"]
