"""What waits for others, or works for long, keeps nobody else waiting; what is too much is refused as data."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
import shapely
import sqlalchemy as sa
from shapely.geometry import shape

from geo import boundaries, tables
from geo.turns import Turns
from tests.asking import Desk
from tests.schema.drafts import SAVE, area, edit, id_of, moved, polygon, removal, save, standing
from tests.schema.test_boundary_reshaping import merge, split
from tests.ward import CLEAN, CODE, FIRST, SECOND, TILES

HALF = 3_000
"""Vertices of each of two areas, of which one may have 5,000."""


def wavy(east: float, west: float) -> Any:
    """An area between two meridians with many vertices along its southern and northern edge."""
    along = [(west + (east - west) * n / (HALF // 2), n) for n in range(HALF // 2 + 1)]
    south = [(x, 15.981 + 0.00001 * (n % 2)) for x, n in along]
    north = [(x, 15.999 - 0.00001 * (n % 2)) for x, n in reversed(along)]
    return polygon(*south, *north)


async def cleared(desk: Desk) -> None:
    """The ground of the first two is nobody's: what is drawn there next may leave some of it."""
    gone = await save(desk, remove=[removal(desk, FIRST), removal(desk, SECOND)])
    assert gone["__typename"] == "SaveBoundariesPayload", gone


async def test_a_merger_of_too_many_vertices_is_refused_as_data(desk: Desk) -> None:
    await cleared(desk)
    halves = [edit(desk, FIRST, wavy(108.22, 108.201), 2), edit(desk, SECOND, wavy(108.239, 108.22), 2)]
    made = await save(desk, redraw=halves)
    assert made["__typename"] == "SaveBoundariesPayload", made
    given = {
        "neighbourhoods": [{"neighbourhoodId": id_of(desk, name), "expectedVersion": 3} for name in (FIRST, SECOND)],
        "name": "Cả hai",
    }
    query = """mutation($input: MergeNeighbourhoodsInput!) { mergeNeighbourhoods(input: $input) {
      __typename ... on BoundaryProblem { kind message path }
    } }"""
    assert (await desk.data(query, "staff", input=given))["mergeNeighbourhoods"] == {
        "__typename": "BoundaryProblem",
        "kind": "TOO_MANY_VERTICES",
        "message": "Cả hai có quá nhiều đỉnh (nhiều nhất 5.000).",
        "path": ["input", "neighbourhoods"],
    }
    assert {node["version"] for name, node in (await standing(desk)).items() if name in (FIRST, SECOND)} == {3}


async def test_a_neighbour_does_not_get_more_vertices_than_may_be_drawn(desk: Desk) -> None:
    await cleared(desk)
    west, south, east, north = TILES[FIRST]
    turns = [math.pi * n / 4_980 for n in range(4_981)]
    arc = [(west + 0.008 - 0.007 * math.sin(turn), 15.99 - 0.009 * math.cos(turn)) for turn in turns]
    full = await save(desk, redraw=[edit(desk, FIRST, polygon(*arc[::-1], (east, south), (east, north)), 2)])
    assert full["__typename"] == "SaveBoundariesPayload", full
    steps = [(east, 15.981 + 0.018 * n / 60) for n in range(61)]
    beside = polygon(*steps, (108.24, north), (108.24, south))
    refused = await save(desk, redraw=[edit(desk, SECOND, beside, 2)])
    assert (refused["__typename"], refused["kind"]) == ("BoundaryProblem", "TOO_MANY_VERTICES")
    assert refused["neighbourhoodIds"] == [id_of(desk, FIRST)]


async def test_one_named_many_times_is_refused_before_anything_else(desk: Desk) -> None:
    twice = await merge(desk, FIRST, SECOND, FIRST, name="Một")
    assert [problem["path"] for problem in twice["problems"]] == [["input", "neighbourhoods", "2", "neighbourhoodId"]]
    many = await merge(desk, *[FIRST] * 101, name="Một")
    assert [(problem["path"], problem["message"]) for problem in many["problems"]] == [
        (["input", "neighbourhoods"], "Nhiều nhất 100 mục.")
    ]


async def test_no_more_is_told_than_anybody_reads(desk: Desk) -> None:
    (west, south, east, north), teeth = TILES[SECOND], 25
    step = (east - west) / (2 * teeth)
    comb = [(west + step * n, (south + 0.001, north)[n % 4 in (1, 2)]) for n in range(2 * teeth)]
    ring = [(108.205, south + 0.0005), *comb, (east, south + 0.0005)]
    refused = await save(desk, redraw=[edit(desk, FIRST, polygon(*ring))])
    assert refused["__typename"] == "BoundaryProblem", refused
    assert len(refused["problems"]) <= 20
    sizes = [one["squareMetres"] for one in refused["problems"]]
    assert sizes == sorted(sizes, reverse=True)


async def test_a_crew_that_has_a_neighbourhood_by_name_has_its_parts_too(desk: Desk) -> None:
    named = tables.crew_neighbourhood
    row = {"ward_code": CODE, "crew_id": desk.ward.crews[CLEAN], "neighbourhood_id": desk.ward.neighbourhoods[FIRST]}
    async with desk.database.write() as connection:
        await connection.execute(sa.insert(named).values(**row))
    made = await split(desk, (108.205, 15.98), (108.205, 16.00), names=["Tổ dân phố số 1A"])
    assert made["__typename"] == "SplitNeighbourhoodPayload", made
    async with desk.database.read() as connection:
        query = sa.select(named.c.neighbourhood_id).where(named.c.crew_id == row["crew_id"])
        held = {f"Neighbourhood:{CODE}:{id_}" for id_ in await connection.scalars(query)}
    assert held == {one["id"] for one in made["neighbourhoods"] if one["name"] in (FIRST, "Tổ dân phố số 1A")}
    assert len(held) == 2


async def test_editors_who_wait_for_the_ward_leave_connections_to_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boundaries, "LOCK_SECONDS", 2)
    before = await standing(desk)
    body = {"query": SAVE, "variables": {"input": {"wardCode": CODE, "redraw": moved(desk)}}}
    async with desk.database.write() as holding:
        await boundaries.lock(holding, CODE)
        waiting = [asyncio.create_task(desk.post(body, "staff")) for _ in range(6)]
        for _ in range(3):  # beside one connection that holds the lock, and one that waits for it
            assert (await desk.data("{ ward { name } }"))["ward"]
            async with asyncio.timeout(2), desk.database.read() as connection:
                assert await connection.scalar(sa.text("SELECT 1")) == 1
        answers = await asyncio.gather(*waiting)
    assert {(answer.status_code, answer.headers.get("Retry-After")) for answer in answers} == {(503, "5")}
    assert await standing(desk) == before
    assert (await save(desk, redraw=moved(desk)))["__typename"] == "SaveBoundariesPayload"


async def test_a_draft_is_planned_again_where_the_ward_changed_meanwhile(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A neighbour that gets a vertex keeps its version, and must not lose it by who planned before."""
    planned, tries = boundaries.planned, 0
    west, south, east, north = TILES[FIRST]

    async def overtaken(sketch: boundaries.Sketch) -> boundaries.Plan:
        nonlocal tries
        tries += 1
        plan = await planned(sketch)
        if tries == 1:
            lower, upper = area((west, south, east, 15.99)), area((west, 15.99, east, north))
            divided = await save(desk, redraw=[edit(desk, FIRST, lower)], draw=[{"name": "1 Bắc", "boundary": upper}])
            assert divided["__typename"] == "SaveBoundariesPayload"
        return plan

    monkeypatch.setattr(boundaries, "planned", overtaken)
    _, _, far, _ = TILES[SECOND]
    # Sent as it was seen: its edge to the first has no vertex where that is divided now.
    lower, upper = area((east, south, far, 15.985)), area((east, 15.985, far, north))
    saved = await save(desk, redraw=[edit(desk, SECOND, lower)], draw=[{"name": "2 Bắc", "boundary": upper}])
    assert saved["__typename"] == "SaveBoundariesPayload", saved
    assert tries == 3
    now = await standing(desk)
    assert [east, 15.99] in now["2 Bắc"]["boundary"]["coordinates"][0][0]
    assert shapely.coverage_is_valid([shape(node["boundary"]) for node in now.values()])


async def test_turns_are_one_at_a_time_for_a_key_and_some_for_all() -> None:
    turns = Turns(2)
    async with turns.of("a", 1):
        with pytest.raises(TimeoutError):
            async with turns.of("a", 0.01):
                pytest.fail("two have the turn")
        async with turns.of("b", 1):
            with pytest.raises(TimeoutError):
                async with turns.of("c", 0.01):
                    pytest.fail("three have a turn")
        async with turns.of("c", 1):
            pass
    async with turns.of("a", 1), turns.of("b", 1):
        pass
