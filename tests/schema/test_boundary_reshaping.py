"""Splitting, merging and naming neighbourhoods, what is kept of it, and hostile shapes."""

from __future__ import annotations

import math
import random
from contextlib import nullcontext
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from shapely.geometry import shape
from sqlalchemy.exc import IntegrityError

from geo import tables
from geo.ids import new_id
from geo.positions import MAX_VERTICES
from tests import ward
from tests.asking import Desk
from tests.schema.drafts import area, check, edit, id_of, moved, removal, save, standing
from tests.spending import spending
from tests.ward import CODE, FIRST, SECOND, TILES

TENTH, EAST = "Tổ dân phố số 10", "Tổ dân phố Đông Hòa"
PAYLOAD = """
  __typename
  ... on UserError { code message path }
  ... on InvalidInput { problems { path message } }
  ... on VersionConflict { conflicts { neighbourhoodId currentVersion } }
"""
SPLIT = f"""
mutation($input: SplitNeighbourhoodInput!) {{ splitNeighbourhood(input: $input) {{
  {PAYLOAD}
  ... on SplitNeighbourhoodPayload {{ neighbourhoods {{ id name version boundary }} reassignedIncidents removed }}
}} }}
"""
MERGE = f"""
mutation($input: MergeNeighbourhoodsInput!) {{ mergeNeighbourhoods(input: $input) {{
  {PAYLOAD}
  ... on MergeNeighbourhoodsPayload {{ neighbourhoods {{ id name version boundary team {{ name }} }} removed }}
}} }}
"""
RENAME = f"""
mutation($input: RenameNeighbourhoodInput!) {{ renameNeighbourhood(input: $input) {{
  {PAYLOAD.replace("... on VersionConflict { conflicts { neighbourhoodId currentVersion } }", "")}
  ... on RenameNeighbourhoodPayload {{ neighbourhood {{ name version team {{ name }} }} }}
}} }}
"""
HISTORY = """
query($code: String!, $at: DateTime!) {
  ward(code: $code) {
    boundaryChanges(first: 10) {
      totalCount nodes { id at author reason drawn redrawn removed neighbourhoods { name } }
    }
    boundariesAt(at: $at) { neighbourhood { id name version } boundary inForce }
  }
}
"""
PERIODS = """
query($id: ID!, $at: DateTime!) {
  node(id: $id) { ... on Neighbourhood {
    boundary boundaryThen: boundary(at: $at) boundaryHistory { id since until author reason boundary }
  } }
}
"""


async def split(desk: Desk, *points: tuple[float, float], names: list[str], version: int = 1) -> Any:
    line = {"type": "LineString", "coordinates": [list(point) for point in points]}
    given = {"neighbourhoodId": id_of(desk, FIRST), "line": line, "newNames": names, "expectedVersion": version}
    return (await desk.data(SPLIT, "staff", input=given))["splitNeighbourhood"]


async def merge(desk: Desk, *names: str, name: str, reason: str | None = None) -> Any:
    given = {"neighbourhoods": [removal(desk, one) for one in names], "name": name, "reason": reason}
    return (await desk.data(MERGE, "staff", input=given))["mergeNeighbourhoods"]


async def rename(desk: Desk, of: str, name: str) -> Any:
    given = {"neighbourhoodId": id_of(desk, of), "name": name}
    return (await desk.data(RENAME, "staff", input=given))["renameNeighbourhood"]


async def test_the_largest_part_keeps_id_and_name(desk: Desk) -> None:
    answer = await split(desk, (108.205, 15.98), (108.205, 16.00), names=["Tổ dân phố số 1A"])
    assert answer["__typename"] == "SplitNeighbourhoodPayload", answer
    made = {one["name"]: one for one in answer["neighbourhoods"]}
    assert made[FIRST]["id"] == id_of(desk, FIRST)
    assert made[FIRST]["version"] == 2
    assert shape(made[FIRST]["boundary"]).bounds == (108.205, 15.98, 108.22, 16.00)
    assert shape(made["Tổ dân phố số 1A"]["boundary"]).bounds == (108.20, 15.98, 108.205, 16.00)


async def test_a_split_says_what_is_wrong_with_line_and_names(desk: Desk) -> None:
    nothing = await split(desk, (108.205, 15.985), (108.205, 15.99), names=["Một"])
    assert [problem["path"] for problem in nothing["problems"]] == [["input", "line"]]
    across = ((108.205, 15.98), (108.205, 16.00))
    few = await split(desk, *across, names=[])
    assert few["problems"] == [
        {
            "path": ["input", "newNames"],
            "message": "Đường cắt chia thành 2 phần: cần 1 tên mới, xếp theo phần lớn trước.",
        }
    ]
    taken = await split(desk, *across, names=[SECOND])
    assert [problem["path"] for problem in taken["problems"]] == [["input", "newNames", "0"]]
    old = await split(desk, *across, names=["Một"], version=7)
    assert (old["__typename"], old["path"]) == ("VersionConflict", ["input", "expectedVersion"])


async def test_the_first_of_a_merger_keeps_its_id_and_team(desk: Desk) -> None:
    answer = await merge(desk, FIRST, SECOND, name="Tổ dân phố số 2")
    assert answer["__typename"] == "MergeNeighbourhoodsPayload", answer
    assert answer["removed"] == [id_of(desk, SECOND)]
    (whole,) = [one for one in answer["neighbourhoods"] if one["id"] == id_of(desk, FIRST)]
    # It took the name of the one that it took up, which is called by it and the day now.
    assert whole["name"] == SECOND
    assert shape(whole["boundary"]).bounds == (108.20, 15.98, 108.24, 16.00)
    gone = (
        await desk.data(
            "query($id: ID!) { node(id: $id) { ... on Neighbourhood { name boundary } } }", None, id=id_of(desk, SECOND)
        )
    )["node"]
    assert gone["boundary"] is None
    assert gone["name"].startswith("Tổ dân phố số 2 (đã bỏ ")


async def test_a_merger_says_what_is_wrong_with_it(desk: Desk) -> None:
    alone = await merge(desk, FIRST, name="Một")
    assert [problem["path"] for problem in alone["problems"]] == [["input", "neighbourhoods"]]
    taken = await merge(desk, FIRST, SECOND, name=TENTH)
    assert [problem["path"] for problem in taken["problems"]] == [["input", "name"]]
    twice = await merge(desk, FIRST, FIRST, name="Một")
    assert [problem["path"][:2] for problem in twice["problems"]] == [["input", "neighbourhoods"]]
    assert set(await standing(desk)) == {FIRST, SECOND, TENTH, EAST}


async def test_a_team_is_renamed_with_its_neighbourhood_where_it_is_called_after_it(desk: Desk) -> None:
    made = await save(desk, remove=[removal(desk, EAST)], draw=[{"name": "Tổ mới", "boundary": area(TILES[EAST])}])
    (id_,) = [one["id"] for one in made["neighbourhoods"] if one["name"] == "Tổ mới"]
    given = {"neighbourhoodId": id_, "name": "Tổ dân phố số 15"}
    renamed = (await desk.data(RENAME, "staff", input=given))["renameNeighbourhood"]["neighbourhood"]
    assert renamed == {
        "name": "Tổ dân phố số 15",
        "version": 2,
        "team": {"name": "Tổ công nghệ số cộng đồng Tổ dân phố số 15"},
    }
    async with desk.database.write() as connection:
        own = sa.update(tables.team).where(tables.team.c.id == desk.ward.teams[FIRST]).values(name="Tổ của chúng tôi")
        await connection.execute(own)
    assert (await rename(desk, FIRST, "Khu phố 1"))["neighbourhood"]["team"] == {"name": "Tổ của chúng tôi"}
    taken = await rename(desk, FIRST, SECOND)
    assert taken["problems"] == [
        {"path": ["input", "name"], "message": "Phường đã có tổ dân phố tên “Tổ dân phố số 2”."}
    ]
    # The name of one that was given up may be had.
    assert (await rename(desk, FIRST, EAST))["neighbourhood"]["name"] == EAST


async def test_every_saving_is_kept_with_who_when_and_why(desk: Desk) -> None:
    await save(desk, redraw=moved(desk), reason="Theo đường mới")
    (latest, first) = (await desk.data(HISTORY, "staff", code=CODE, at="2026-01-01T00:00:00Z"))["ward"][
        "boundaryChanges"
    ]["nodes"] + [None]
    assert first is None
    assert latest["reason"] == "Theo đường mới"
    assert latest["author"] == "Người dùng staff"
    assert sorted(latest["redrawn"]) == sorted([id_of(desk, FIRST), id_of(desk, SECOND)])
    assert (latest["drawn"], latest["removed"]) == ([], [])
    assert [one["name"] for one in latest["neighbourhoods"]] == [FIRST, SECOND]
    for stranger in (None, "team-1", "crew-clean", "staff-other"):
        hidden = await desk.data(HISTORY, stranger, code=CODE, at="2026-01-01T00:00:00Z")
        assert hidden["ward"]["boundaryChanges"] == {"totalCount": 0, "nodes": []}
    for by, author in (("staff", "Người dùng staff"), (None, None), ("staff-other", None)):
        periods = (await desk.data(PERIODS, by, id=id_of(desk, FIRST), at=latest["at"]))["node"]
        *_, last = periods["boundaryHistory"]
        assert (last["author"], last["reason"], last["since"]) == (author, "Theo đường mới", latest["at"])
        assert last["id"].startswith(f"BoundaryPeriod:{CODE}:")
        assert periods["boundaryThen"] == last["boundary"] == periods["boundary"]


async def test_a_day_is_restored_as_a_new_draft(desk: Desk) -> None:
    before = {name: node["boundary"] for name, node in (await standing(desk)).items()}
    day = datetime.now().astimezone().isoformat()
    await save(desk, redraw=moved(desk), remove=[removal(desk, EAST)], reason="Thử")
    await save(desk, draw=[{"name": "Khu mới", "boundary": area(TILES[EAST])}])
    then = (await desk.data(HISTORY, "staff", code=CODE, at=day))["ward"]["boundariesAt"]
    assert {one["neighbourhood"]["name"]: one["boundary"] for one in then} == before
    now = await standing(desk)
    held = {one["neighbourhood"]["id"] for one in then}
    draft: dict[str, Any] = {
        "redraw": [
            {
                "neighbourhoodId": one["neighbourhood"]["id"],
                "boundary": one["boundary"],
                "expectedVersion": one["neighbourhood"]["version"],
            }
            for one in then
            if not one["inForce"]
        ],
        "remove": [
            {"neighbourhoodId": node["id"], "expectedVersion": node["version"]}
            for node in now.values()
            if node["id"] not in held
        ],
    }
    assert len(draft["remove"]) == 1
    answer = await save(desk, **draft, reason="Khôi phục")
    assert answer["__typename"] == "SaveBoundariesPayload", answer
    restored = await standing(desk)
    assert set(restored) == set(before)
    for name, boundary in before.items():
        assert shape(restored[name]["boundary"]).equals(shape(boundary))


async def test_the_database_holds_even_what_goes_past_the_rules(desk: Desk) -> None:
    columns, key = tables.neighbourhood_boundary.c, desk.ward.neighbourhoods[FIRST]
    now = datetime.now().astimezone()
    row = {"ward_code": CODE, "id": new_id(), "neighbourhood_id": key, "since": now}
    for west, fits in ((108.221, False), (108.22, True)):
        wide = ward.square(108.20, 15.98, west, 16.00)
        with nullcontext() if fits else pytest.raises(IntegrityError, match="overlaps neighbourhood"):
            async with desk.database.write() as connection:
                ending = sa.update(tables.neighbourhood_boundary).where(columns.neighbourhood_id == key)
                await connection.execute(ending.values(until=now))
                await connection.execute(sa.insert(tables.neighbourhood_boundary).values(boundary=wide, **row))


def circle(vertices: int) -> list[list[float]]:
    turns = [2 * math.pi * n / vertices for n in range(vertices)]
    ring = [[108.21 + 0.005 * math.cos(turn), 15.99 + 0.005 * math.sin(turn)] for turn in turns]
    return [*ring, ring[0]]


def star(spikes: int) -> list[list[float]]:
    """A ring that goes back and forth through its middle."""
    chance = random.Random(6)
    ring = [
        [108.21 + 0.008 * math.cos(turn) * chance.random(), 15.99 + 0.008 * math.sin(turn) * chance.random()]
        for turn in (n * 2.4 for n in range(spikes))
    ]
    return [*ring, ring[0]]


BOW = [[108.201, 15.981], [108.219, 15.999], [108.219, 15.981], [108.201, 15.999], [108.201, 15.981]]
HOLE = [[108.25, 15.98], [108.26, 15.98], [108.26, 15.99], [108.25, 15.98]]
HOSTILE: dict[str, tuple[list[list[list[float]]], str]] = {
    "bow-tie": ([BOW], "SELF_INTERSECTION"),
    "too many vertices": ([circle(MAX_VERTICES + 1)], "TOO_MANY_VERTICES"),
    "spikes": ([star(2_000)], "SELF_INTERSECTION"),
    "hole outside": ([circle(100), HOLE], "SELF_INTERSECTION"),
    "no ground": ([[[108.21, 15.98], [108.215, 15.98], [108.22, 15.98], [108.21, 15.98]]], "SELF_INTERSECTION"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_ring_is_refused_soon_and_as_data(desk: Desk, name: str) -> None:
    rings, kind = HOSTILE[name]
    hostile = {"type": "MultiPolygon", "coordinates": [rings]}
    await check(desk, redraw=moved(desk))  # so that nothing is made for the first time
    before = await desk.dump()
    with spending() as spent:
        answer = await save(desk, draw=[{"name": "Lạ", "boundary": hostile}])
    assert spent.seconds < 0.25
    assert answer["__typename"] == "BoundaryProblem", answer
    assert (answer["kind"], answer["path"]) == (kind, ["input", "draw", "0", "boundary"])
    assert answer["message"].strip()
    assert await desk.dump() == before


async def test_what_is_no_shape_at_all_is_refused_at_the_door(desk: Desk) -> None:
    query = "mutation($input: SaveBoundariesInput!) { saveBoundaries(input: $input) { __typename } }"
    for ring in ([["NaN", 1], [2, 2], [3, 1]], circle(10)[:-1], circle(9_999) + circle(9_999), [[None, None]] * 4):
        drawn = [{"name": "Lạ", "boundary": {"type": "Polygon", "coordinates": [ring]}}]
        answer = await desk.ask(query, "staff", input={"wardCode": CODE, "draw": drawn})
        assert answer["errors"][0]["extensions"]["code"] == "BAD_INPUT"
    nan = b'{"query":"{ __typename }","variables":{"a":[NaN]}}'
    assert (await desk.post(nan, "staff")).status_code == 400


async def test_a_crews_ground_is_still_checked(desk: Desk) -> None:
    query = """
    mutation($input: SaveCrewInput!) { saveCrew(input: $input) {
      __typename ... on InvalidInput { problems { path message } }
    } }
    """
    for rings in ([BOW], [circle(MAX_VERTICES + 1)]):
        given = {
            "name": "Đội thử",
            "capacity": 3,
            "base": {"type": "Point", "coordinates": list(ward.IN_FIRST)},
            "categories": ["TRAFFIC"],
            "wardCode": CODE,
            "coverageArea": {"type": "MultiPolygon", "coordinates": [rings]},
        }
        answer = (await desk.data(query, "staff", input=given))["saveCrew"]
        assert answer["__typename"] == "InvalidInput"
        assert answer["problems"][0]["path"][:2] == ["input", "coverageArea"]


async def test_a_redraw_that_changes_nothing_makes_no_version(desk: Desk) -> None:
    before = await desk.dump()
    answer = await save(desk, redraw=[edit(desk, FIRST, area(TILES[FIRST]))])
    assert answer["__typename"] == "SaveBoundariesPayload"
    assert [one["version"] for one in answer["neighbourhoods"]] == [1]
    assert await desk.dump() == before
