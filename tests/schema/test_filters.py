"""What a list of incidents can be asked for beside status and kind: a crew, a neighbourhood, a deadline, known ids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from geo.lifecycle import Status
from tests import ward
from tests.asking import Desk
from tests.ward import CLEAN, CODE, FIRST, IN_SECOND, ROADS, SECOND

FILTERED = "query Q($filter: IncidentFilter) { ward { incidents(filter: $filter) { totalCount nodes { id } } } }"
AMONG = """
query Q($ids: [ID!], $filter: IncidentFilter) { ward { incidents(filter: $filter, ids: $ids) { nodes { id } } } }
"""


@pytest.fixture
async def laid(desk: Desk) -> Desk:
    now = datetime.now(UTC)
    rows: dict[str, dict[str, Any]] = {
        "late": {"due_at": now - timedelta(hours=1), "neighbourhood_id": desk.ward.neighbourhoods[FIRST]},
        "soon": {"due_at": now + timedelta(hours=1), "neighbourhood_id": desk.ward.neighbourhoods[SECOND]},
        "clean": {"status": Status.ASSIGNED, "crew_id": desk.ward.crews[CLEAN], "at": IN_SECOND, "due_at": None},
        "roads": {"status": Status.ASSIGNED, "crew_id": desk.ward.crews[ROADS], "category": "TRAFFIC"},
    }
    async with desk.database.write() as connection:
        for name, row in rows.items():
            values = {"reported_at": now - timedelta(hours=4), "due_at": now + timedelta(days=9), **row}
            desk.incidents[name] = await ward.report(connection, **values)
    return desk


async def found(desk: Desk, by: str | None, wanted: dict[str, Any]) -> set[str]:
    answer = (await desk.data(FILTERED, by, filter=wanted))["ward"]["incidents"]
    assert answer["totalCount"] == len(answer["nodes"])
    return named(desk, answer["nodes"])


def named(desk: Desk, nodes: list[dict[str, str]]) -> set[str]:
    names = {one.id: name for name, one in desk.incidents.items()}
    return {names[node["id"]] for node in nodes}


async def test_staff_ask_for_a_crew_a_neighbourhood_and_a_deadline(laid: Desk) -> None:
    soon = (datetime.now(UTC) + timedelta(hours=4)).isoformat()
    crews, areas = laid.ward.crews, laid.ward.neighbourhoods
    assert await found(laid, "staff", {"crewId": f"Crew:{CODE}:{crews[CLEAN]}"}) == {"clean"}
    assert await found(laid, "staff", {"crewId": f"Crew:{CODE}:{crews[ROADS]}"}) == {"roads"}
    assert await found(laid, "staff", {"neighbourhoodId": f"Neighbourhood:{CODE}:{areas[SECOND]}"}) == {"soon"}
    assert await found(laid, "staff", {"dueBefore": soon}) == {"late", "soon"}
    assert await found(laid, "staff", {"dueBefore": soon, "overdue": False}) == {"soon"}


async def test_what_names_no_crew_finds_nothing(laid: Desk) -> None:
    for wrong in ("", "Crew:20314", "nobody", laid.incidents["clean"].id, f"Crew:{CODE}:{laid.incidents['clean'].key}"):
        assert await found(laid, "staff", {"crewId": wrong}) == set()


async def test_which_crew_has_what_is_asked_only_of_what_the_caller_may_know(laid: Desk) -> None:
    wanted = {"crewId": f"Crew:{CODE}:{laid.ward.crews[CLEAN]}"}
    assert await found(laid, None, wanted) == set()
    assert await found(laid, "crew-roads", wanted) == set()
    assert await found(laid, "crew-clean", wanted) == {"clean"}


async def test_a_list_is_asked_about_known_incidents(laid: Desk) -> None:
    every = [one.id for one in laid.incidents.values()]

    async def among(ids: list[str], wanted: dict[str, Any] | None = None) -> set[str]:
        answer = await laid.data(AMONG, "staff", ids=ids, filter=wanted)
        return named(laid, answer["ward"]["incidents"]["nodes"])

    assert await among(every) == set(laid.incidents)
    assert await among(every, {"overdue": True}) == {"late"}
    assert await among([laid.incidents["soon"].id, "nobody", f"Crew:{CODE}:{laid.ward.crews[CLEAN]}"]) == {"soon"}
    assert await among([]) == set()
    assert await among(["nobody"]) == set()
    written = f'{{ ward {{ incidents(ids: ["{laid.incidents["roads"].id}", "x"]) {{ totalCount nodes {{ id }} }} }} }}'
    inline = (await laid.data(written, "staff"))["ward"]["incidents"]
    assert (inline["totalCount"], named(laid, inline["nodes"])) == (1, {"roads"})
    refused = await laid.ask(AMONG, "staff", ids=["x"] * 101, filter=None)
    assert refused["errors"][0]["extensions"] == {"code": "BAD_INPUT", "path": ["ids"]}
