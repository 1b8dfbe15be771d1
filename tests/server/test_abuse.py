"""Requests that would take the service from everybody else: each is bounded, and the others go on being served."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import orjson
import pytest

from tests.asking import Desk, Opening
from tests.spending import spending
from tests.ward import IN_FIRST

REPORT = """
mutation($a: ReportIncidentInput!, $b: ReportIncidentInput!) {
  a: reportIncident(input: $a) { ... on ReportIncidentPayload { incident { id } } }
  b: reportIncident(input: $b) { ... on ReportIncidentPayload { incident { id } } }
}
"""


@pytest.fixture(scope="module")
async def desk(opening: Opening) -> AsyncIterator[Desk]:
    async with opening() as opened:
        await opened.data("{ ward { name } }")
        yield opened


def peak() -> int:
    """The most memory that this process ever held, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def report() -> dict[str, Any]:
    place = {"type": "Point", "coordinates": list(IN_FIRST)}
    return {"requestKey": str(uuid4()), "category": "ENVIRONMENT", "location": place}


async def test_variables_deep_and_wide_take_little_time_and_memory(desk: Desk) -> None:
    deep = b"[" * 900 + b",".join([b"1"] * 100_000) + b"]" * 900
    for query in ("{ viewer { role } }", "query($x: IncidentFilter) { ward { incidents(filter: $x) { totalCount } } }"):
        body = b'{"query": %s, "variables": {"x": %s}}' % (orjson.dumps(query), deep)
        before = peak()
        with spending() as spent:
            response = await desk.post(body)
        assert spent.seconds < 0.5
        assert peak() - before < 50_000
        assert response.status_code in (200, 400)


@pytest.mark.parametrize("value", [0, "\u0000", [[[1]]], "RECEIVED"])
async def test_a_list_of_a_hundred_thousand_gets_one_short_answer(desk: Desk, value: Any) -> None:
    query = "query($x: IncidentFilter) { ward { incidents(filter: $x) { totalCount } } }"
    body = orjson.dumps({"query": query, "variables": {"x": {"statuses": [value] * 80_000}}})
    with spending() as spent:
        response = await desk.post(body)
    assert spent.seconds < 1  # most of it to read the body
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["extensions"]["path"] == ["x", "statuses"]


async def test_no_more_than_a_few_errors_are_told(desk: Desk) -> None:
    query = "query($x: IncidentFilter) { ward { incidents(filter: $x) { totalCount } } }"
    answer = await desk.ask(query, x={"statuses": [0] * 5_000})
    assert len(answer["errors"]) == 10
    assert answer["errors"][9]["extensions"]["path"] == ["x", "statuses", "9"]


async def test_many_changes_in_many_documents_do_not_wait_for_each_other(desk: Desk) -> None:
    async def once() -> Any:
        return await desk.ask(REPORT, a=report(), b=report())

    async with asyncio.timeout(60):
        answers = await asyncio.gather(*(once() for _ in range(24)))
    made = {answer["data"][name]["incident"]["id"] for answer in answers for name in "ab"}
    assert len(made) == 48


@pytest.mark.parametrize("path", ["nodes { ward { boundary } }", "nodes { neighbourhood { boundary } }"])
async def test_a_thousand_outlines_are_refused_before_any_sql(desk: Desk, path: str) -> None:
    box = "filter: { within: { west: 108, south: 15, east: 109, north: 17 } }"
    with desk.statements() as statements:
        answer = await desk.ask(f"{{ ward {{ incidents(first: 1000, {box}) {{ {path} }} }} }}")
        assert answer["errors"][0]["extensions"]["code"] == "TOO_COSTLY"
        assert statements == []
    assert "errors" not in await desk.ask("{ ward { neighbourhoods(first: 100) { nodes { boundary } } } }")


async def test_head_changes_nothing(desk: Desk) -> None:
    before = await desk.dump()
    body = orjson.dumps({"query": REPORT, "variables": {"a": report(), "b": report()}})
    headers = {"Content-Type": "application/json"}
    response = await desk.http.request("HEAD", "/graphql", content=body, headers=headers)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, POST")
    assert await desk.dump() == before


@pytest.mark.parametrize("number", ["1e400", "-1e400"])
async def test_a_literal_beyond_all_numbers_is_refused_with_its_path(desk: Desk, number: str) -> None:
    near = '{ type: "Point", coordinates: [108.21, 15.98] }'
    query = f"{{ ward {{ incidents(filter: {{ near: {near}, radiusMetres: {number} }}) {{ totalCount }} }} }}"
    answer = await desk.ask(query)
    assert answer["errors"][0]["extensions"]["path"] == ["filter", "radiusMetres"]


async def test_a_literal_that_cannot_be_stored_is_refused_with_its_path(desk: Desk) -> None:
    answer = await desk.ask('{ wards(search: "a\\u0000b") { totalCount } }')
    assert answer["errors"][0]["extensions"] == {"code": "BAD_INPUT", "path": ["search"]}


async def test_a_radius_without_a_position_is_refused(desk: Desk) -> None:
    answer = await desk.ask("{ ward { incidents(filter: { radiusMetres: 10 }) { totalCount } } }")
    assert answer["errors"][0]["extensions"]["path"] == ["filter", "near"]


async def test_a_database_out_of_reach_is_told_with_when_to_try_again(opening: Opening) -> None:
    async with opening() as desk:
        async with asyncio.timeout(60):
            held = [await desk.database.engine.connect() for _ in range(desk.app.state.settings.pool_size)]
            try:
                response = await desk.http.get("/")
            finally:
                for connection in held:
                    await connection.close()
        assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
        assert (await desk.http.get("/health/ready")).status_code == 200
