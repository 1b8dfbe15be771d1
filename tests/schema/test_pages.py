"""Walking any list page by page gives the whole list, each row once; what makes no page is refused and said so."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from geo import tables
from geo.ids import new_id
from geo.lifecycle import Status
from tests import ward
from tests.asking import Desk, Opening
from tests.ward import CLEAN, CODE, FIRST, IN_FIRST, IN_SECOND, REPORTED

NEAR = '{type: "Point", coordinates: [108.22, 15.99]}'

# Where a list hangs, its name and arguments. `%s` is the page.
WARD = "{ ward { list: %s { ...Page } } }"
NEIGHBOURHOOD = '{ on: node(id: "{neighbourhood}") { ... on Neighbourhood { list: %s { ...Page } } } }'
CREW = '{ on: node(id: "{crew}") { ... on Crew { list: %s { ...Page } } } }'

LISTS: dict[str, tuple[str, str, str, str]] = {
    "wards": ("{ list: %s { ...Page } }", "wards", "", "Ward"),
    "neighbourhoods": (WARD, "neighbourhoods", "", "Neighbourhood"),
    "teams": (WARD, "teams", "", "Team"),
    "crews": (WARD, "crews", "", "Crew"),
    "places": (WARD, "places", "", "Place"),
    "places near": (WARD, "places", f"near: {NEAR}", "Place"),
    "places found": (WARD, "places", 'search: "nha"', "Place"),
    "newest": (WARD, "incidents", "orderBy: NEWEST_FIRST", "Incident"),
    "oldest": (WARD, "incidents", "orderBy: OLDEST_FIRST", "Incident"),
    "urgent": (WARD, "incidents", "orderBy: MOST_URGENT_FIRST", "Incident"),
    "nearest": (WARD, "incidents", f"orderBy: NEAREST_FIRST, filter: {{near: {NEAR}}}", "Incident"),
    "around": (
        WARD,
        "incidents",
        f"orderBy: NEAREST_FIRST, filter: {{near: {NEAR}, radiusMetres: 1500, statuses: [RECEIVED, ASSIGNED]}}",
        "Incident",
    ),
    "neighbourhood's places": (NEIGHBOURHOOD, "places", "", "Place"),
    "neighbourhood's incidents": (NEIGHBOURHOOD, "incidents", "orderBy: MOST_URGENT_FIRST", "Incident"),
    "crew's incidents": (CREW, "incidents", "", "Incident"),
    "crew's nearest": (CREW, "incidents", "orderBy: NEAREST_FIRST", "Incident"),
}


@pytest.fixture(scope="module")
async def laid(opening: Opening) -> AsyncIterator[Desk]:
    """A ward where much is the same: names, places, moments; some deadlines are missing."""
    async with opening() as desk:
        made = desk.ward
        async with desk.database.write() as connection:
            for number in range(12):
                crew = made.crews[CLEAN] if number % 2 else None
                due = None if number % 3 == 0 else REPORTED + timedelta(days=1 + number % 2)
                await ward.report(
                    connection,
                    at=IN_FIRST if number < 7 else IN_SECOND,
                    status=Status.ASSIGNED if crew else Status.RECEIVED,
                    crew_id=crew,
                    neighbourhood_id=made.neighbourhoods[FIRST],
                    reported_at=REPORTED + timedelta(hours=number // 4),
                    due_at=due,
                )
            for _ in range(5):
                row = {"kind": "SCHOOL", "name": "Nhà trẻ", "location": ward.spot(IN_FIRST)}
                row["neighbourhood_id"] = made.neighbourhoods[FIRST]
                await connection.execute(sa.insert(tables.place).values(ward_code=CODE, id=new_id(), **row))
            for number in range(4):
                await ward.crew(connection, f"Đội số {number}", ["OTHER"])
        yield desk


async def page(desk: Desk, name: str, first: int, after: str | None = None, by: str | None = "crew-clean") -> Any:
    """The answer: a page of the list of that name."""
    around, field, arguments, kind = LISTS[name]
    listed = f"{field}(first: $first, after: $after{', ' if arguments else ''}{arguments})"
    for what, id_ in (
        ("neighbourhood", f"Neighbourhood:{CODE}:{desk.ward.neighbourhoods[FIRST]}"),
        ("crew", f"Crew:{CODE}:{desk.ward.crews[CLEAN]}"),
    ):
        around = around.replace(f"{{{what}}}", id_)
    query = f"query($first: Int!, $after: String) {around % listed}" + (
        f" fragment Page on {kind}Connection {{ totalCount nodes {{ id }} edges {{ cursor node {{ id }} }}"
        " pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"
    )
    return await desk.ask(query, by, first=first, after=after)


def listed(answer: Any) -> Any:
    assert "errors" not in answer, answer
    data = answer["data"]
    for name in ("ward", "on"):
        data = data.get(name, data)
    return data["list"]


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("name", LISTS)
async def test_walking_a_list_gives_the_whole_list_once(laid: Desk, name: str, size: int) -> None:
    whole = listed(await page(laid, name, 100))
    ids = [node["id"] for node in whole["nodes"]]
    assert len(ids) == len(set(ids)) == whole["totalCount"] >= 2
    assert (whole["pageInfo"]["hasNextPage"], whole["pageInfo"]["hasPreviousPage"]) == (False, False)
    walked: list[str] = []
    after = None
    while True:
        found = listed(await page(laid, name, size, after))
        edges, told = found["edges"], found["pageInfo"]
        assert [edge["node"]["id"] for edge in edges] == [node["id"] for node in found["nodes"]]
        assert found["totalCount"] == len(ids)
        assert told["hasPreviousPage"] == (after is not None)
        assert (told["startCursor"], told["endCursor"]) == (edges[0]["cursor"], edges[-1]["cursor"])
        walked += [edge["node"]["id"] for edge in edges]
        assert told["hasNextPage"] == (len(walked) < len(ids))
        if not told["hasNextPage"]:
            break
        assert len(edges) == size
        after = told["endCursor"]
    assert walked == ids


async def test_each_order_is_what_it_says(laid: Desk) -> None:
    asked = "{ id reportedAt dueAt distanceMetres }"

    async def rows(order: str, filter_: str = "{}") -> list[Any]:
        query = f"{{ ward {{ incidents(orderBy: {order}, filter: {filter_}, first: 100) {{ nodes {asked} }} }} }}"
        found: list[Any] = (await laid.data(query, "staff"))["ward"]["incidents"]["nodes"]
        return found

    def key(row: Any) -> str:
        return str(row["id"])

    newest = await rows("NEWEST_FIRST")
    assert newest == sorted(newest, key=lambda row: (row["reportedAt"], key(row)), reverse=True)
    oldest = await rows("OLDEST_FIRST")
    assert oldest == newest[::-1]
    urgent = await rows("MOST_URGENT_FIRST")
    assert urgent == sorted(newest, key=lambda row: (row["dueAt"] or "9999", key(row)))
    assert [row["dueAt"] for row in urgent][-4:] == [None] * 4
    nearest = await rows("NEAREST_FIRST", f"{{near: {NEAR}}}")
    assert nearest == sorted(nearest, key=lambda row: (row["distanceMetres"], key(row)))
    assert [row["id"] for row in nearest] != [row["id"] for row in oldest]


async def test_names_sort_as_vietnamese_people_sort_and_count(laid: Desk) -> None:
    names = ["Tổ dân phố Đông Hòa", "Tổ dân phố số 1", "Tổ dân phố số 2", "Tổ dân phố số 10"]
    found = await laid.data("{ ward { neighbourhoods { nodes { name } } } }")
    assert [node["name"] for node in found["ward"]["neighbourhoods"]["nodes"]] == names


async def test_letters_with_marks_stand_where_a_vietnamese_dictionary_has_them(desk: Desk) -> None:
    names = ["An", "Ân", "Bình", "Da", "Đa", "Em", "Êm", "Ông", "Ơn", "Ung", "Ưng"]
    async with desk.database.write() as connection:
        for name in reversed(names):
            row = {"kind": "OTHER", "name": name, "location": ward.spot(IN_FIRST)}
            await connection.execute(sa.insert(tables.place).values(ward_code=CODE, id=new_id(), **row))
    found = await desk.data("{ ward { places(kinds: [OTHER], first: 100) { nodes { name } } } }")
    assert [node["name"] for node in found["ward"]["places"]["nodes"]] == names


def forged(*texts: object) -> str:
    """A cursor as a list of incidents by time would give it."""
    return base64.b64encode(json.dumps(["incident newest", *texts]).encode()).decode()


BAD_CURSORS = [
    "",
    "x",
    "ZZZZ",
    "é",
    "null",
    forged(),
    forged("a"),
    forged("a", "b", "c"),
    forged(1, 2),
    forged("a", "b"),
]
BAD_CURSORS += [base64.b64encode(text).decode() for text in (b"null", b"{}", b"[[]]", b"\xff\xfe", b"[" * 5_000)]
NO_TIMES = ("now", "2026-W47-1", "20261122T000000", "2026-11-22T08:00:00,5+00:00", "epoch", "9999-12-31 24:00:00+00")
WALKS = ("newest", "oldest", "urgent", "nearest", "places", "places near", "neighbourhoods", "wards")


@pytest.mark.parametrize("name", ["newest", "urgent", "nearest", "places", "wards"])
async def test_a_cursor_that_is_none_is_refused_with_its_path(laid: Desk, name: str) -> None:
    for cursor in BAD_CURSORS:
        answer = await page(laid, name, 2, cursor)
        assert_refused(answer, "after", "Dấu trang")


@pytest.mark.parametrize("moment", NO_TIMES)
async def test_a_forged_moment_never_reaches_the_database_as_a_fault(laid: Desk, moment: str) -> None:
    answer = await page(laid, "newest", 2, forged(moment, str(new_id())))
    if "errors" in answer:
        assert_refused(answer, "after", "Dấu trang")


async def test_a_cursor_of_another_list_is_refused(laid: Desk) -> None:
    of = {name: listed(await page(laid, name, 1))["pageInfo"]["endCursor"] for name in WALKS}
    for name in of:
        for other, cursor in of.items():
            if other != name:
                assert_refused(await page(laid, name, 2, cursor), "after", "Dấu trang")


@pytest.mark.parametrize("name", LISTS)
async def test_a_page_of_less_than_none_or_of_too_many_is_refused(laid: Desk, name: str) -> None:
    for first in (-1, -(2**31), 101, 2**31 - 1):
        assert_refused(await page(laid, name, first), "first", "`first` phải từ 0 đến 100")
    empty = listed(await page(laid, name, 0))
    assert (empty["nodes"], empty["edges"]) == ([], [])
    assert empty["totalCount"] >= 2


async def test_a_map_window_may_hold_a_thousand(laid: Desk) -> None:
    box = "{west: 108.2, south: 15.98, east: 108.24, north: 16.02}"
    for listing in (f"places(within: {box}, first: %d)", f"incidents(filter: {{within: {box}}}, first: %d)"):
        query = "{ ward { list: %s { nodes { id } } } }"
        assert listed(await laid.ask(query % (listing % 1_000)))["nodes"]
        assert_refused(await laid.ask(query % (listing % 1_001)), "first", "1000")


async def test_nearest_needs_a_position_to_measure_from(laid: Desk) -> None:
    answer = await page(laid, "newest", 2, by="staff")
    assert listed(answer)["nodes"]
    query = "{ ward { incidents(orderBy: NEAREST_FIRST) { nodes { id } } } }"
    error = (await laid.ask(query, "staff"))["errors"][0]
    assert (error["path"], error["extensions"]["path"]) == (["ward", "incidents"], ["filter", "near"])


def assert_refused(answer: Any, argument: str, message: str) -> None:
    """One error, at the list, that names the argument; and no data of it."""
    (error,) = answer["errors"]
    assert error["path"][-1] == "list"
    assert error["extensions"] == {"code": "BAD_INPUT", "path": [argument]}
    assert message in error["message"]
    assert not (answer["data"] or {}).get("list")
