"""Documents made to keep a server busy: each is refused at once, and none reaches the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
from graphql import build_client_schema, get_introspection_query

from schema.api import SCHEMA, sdl
from schema.documents import InvalidDocument, prepared
from schema.limits import Limits
from server.settings import Settings
from tests.asking import Desk, Opening
from tests.server.hostile import CIRCLE, COSTLY, HOSTILE
from tests.server.live import Station, Stations
from tests.spending import spending
from tests.ward import CODE

CPU_SECONDS = 0.05


@pytest.fixture(scope="module")
async def desk(opening: Opening) -> AsyncIterator[Desk]:
    async with opening() as opened:
        await opened.data("{ ward { name } }")  # what is made at the first request is made
        yield opened


@pytest.fixture(scope="module")
async def door(stations: Stations) -> AsyncIterator[Station]:
    async with stations() as opened:
        yield opened


@pytest.mark.parametrize("what", HOSTILE)
async def test_a_hostile_document_is_refused_at_once_and_asks_nothing_of_the_database(desk: Desk, what: str) -> None:
    document, limit = HOSTILE[what]
    spent = []
    with desk.statements() as statements:
        for _ in range(3):  # the least of three: another process's noise is not ours
            with spending() as once:
                response = await desk.post({"query": document, "operationName": None})
            spent.append(once.seconds)
            if once.seconds < CPU_SECONDS:
                break
    assert statements == []
    assert response.status_code == 400
    answer = response.json()
    assert "data" not in answer
    assert [error.get("extensions", {}).get("limit") for error in answer["errors"]][:1] == [limit]
    assert len(response.content) < 80_000
    assert min(spent) < CPU_SECONDS
    async with asyncio.timeout(1):
        assert await desk.data("{ __typename }") == {"__typename": "Query"}


async def test_a_cost_beyond_all_measure_is_refused_at_once(desk: Desk) -> None:
    with desk.statements() as statements, spending() as spent:
        answer = await desk.ask(COSTLY)
    assert (answer["errors"][0]["extensions"]["code"], statements) == ("TOO_COSTLY", [])
    assert spent.seconds < CPU_SECONDS


def hostile_bodies() -> dict[str, bytes]:
    one = orjson.dumps({"query": "{ viewer { role } }"})
    deep = b"[" * 100_000 + b"]" * 100_000
    variables = b'{"query": "query($x: [ID!]!) { nodes(ids: $x) { id } }", "variables": {"x": %s}}'
    return {
        "a batch": b"[" + b",".join([one] * 10) + b"]",
        "a batch of a thousand": b"[" + b",".join([one] * 1_000) + b"]",
        "an empty batch": b"[]",
        "variables 100,000 deep": variables % deep,
        "variables 900 deep": variables % (b"[" * 900 + b"]" * 900),
        "a number of 100,000 digits": variables % (b"9" * 100_000),
        "a hundred thousand keys": variables % orjson.dumps({str(n): n for n in range(40_000)}),
    }


@pytest.mark.parametrize("what", hostile_bodies())
async def test_a_hostile_body_is_refused_at_once(desk: Desk, what: str) -> None:
    body, spent = hostile_bodies()[what], []
    with desk.statements() as statements:
        for _ in range(3):
            with spending() as once:
                response = await desk.post(body)
            spent.append(once.seconds)
            if once.seconds < CPU_SECONDS:
                break
    assert (response.status_code, statements) == (400, [])
    assert response.json()["errors"][0]["message"]
    assert min(spent) < CPU_SECONDS


async def test_a_refusal_is_told_in_the_callers_language_with_its_limit(desk: Desk) -> None:
    document, _ = HOSTILE["12 levels"]
    told = {}
    for language in ("vi", "en"):
        (error,) = (await desk.ask(document, language=language))["errors"]
        assert error["extensions"] == {"code": "TOO_LARGE", "limit": "depth", "most": 10}
        told[language] = error["message"]
    assert told == {
        "vi": "Truy vấn lồng quá sâu (tối đa 10 cấp).",
        "en": "The query is nested too deeply (10 levels at most).",
    }
    (error,) = (await desk.ask(HOSTILE["2,000 directives"][0]))["errors"]
    assert "1.500" in error["message"]
    (error,) = (await desk.ask(CIRCLE, language="en"))["errors"]
    assert (error["extensions"], error["message"]) == (
        {"code": "CIRCULAR_FRAGMENTS"},
        "Fragment `A` contains itself.",
    )


@pytest.mark.parametrize(
    ("document", "limit", "least"),
    [
        ("{ ward { team: neighbourhoods { nodes { name } } } }", "depth", 4),
        ("{ a: ward { b: name } }", "aliases", 2),
        ("{ ward @skip(if: false) { name @skip(if: false) } }", "directives", 2),
        ("{ ward { name code id } }", "fields", 4),
        ("{ ward { name } viewer { role } }", "root_fields", 2),
        ("{ ward { ...A ...B } } fragment A on Ward { name } fragment B on Ward { code }", "fragments", 2),
        ("query A { viewer { role } } query B { viewer { role } }", "operations", 2),
        ("{ ward { name } }", "tokens", 6),
        ("{ ward { name } }", "length", 17),
    ],
)
def test_each_limit_is_told_and_may_be_set(document: str, limit: str, least: int) -> None:
    just = replace(Limits(), **{limit: least})
    assert prepared(SCHEMA, document, just).definitions
    with pytest.raises(InvalidDocument) as refused:
        prepared(SCHEMA, document, replace(just, **{limit: least - 1}))
    camel = {"root_fields": "rootFields"}.get(limit, limit)
    wanted = {"code": "TOO_LARGE", "limit": camel, "most": least - 1}
    assert [error.extensions for error in refused.value.errors] == [wanted]
    assert prepared(SCHEMA, document, just).definitions, "what is remembered is remembered with its limits"


def test_the_settings_are_what_was_asked_for() -> None:
    assert Settings().limits == Limits(10, 15, 8, 300, 1_500, 20, 10, 5, 65_536)
    assert Settings().max_cost == 10_000
    assert Settings(max_depth=3, max_directives=0).limits == Limits(depth=3, directives=0)


async def test_the_settings_hold_at_every_door(stations: Stations) -> None:
    """GET, POST, a stream of events and a WebSocket alike."""
    document, limit = "{ ward { name code } }", {"code": "TOO_LARGE", "limit": "fields", "most": 2}
    async with stations(max_fields=2) as station, httpx.AsyncClient(base_url=f"http://{station.host}") as http:
        said = []
        for accept in ("application/json", "application/graphql-response+json", "text/event-stream"):
            headers = {"Accept": accept}
            said.append((await http.get("/graphql", params={"query": document}, headers=headers)).text)
            said.append((await http.post("/graphql", json={"query": document}, headers=headers)).text)
        for text in said:
            body = orjson.loads(text.partition("data: ")[2].partition("\n")[0] or text)
            assert [error["extensions"] for error in body["errors"]] == [limit], text
        async with station.socket() as socket:
            await socket.follow(query=document)
            answer = await socket.receive()
        assert (answer["type"], answer["payload"][0]["extensions"]) == ("error", limit)


async def test_a_hostile_document_is_refused_over_a_socket_too(door: Station) -> None:
    async with door.socket() as socket:
        for number, (document, limit) in enumerate(HOSTILE.values()):
            if len(orjson.dumps(document)) > 60_000:  # it would not fit into a frame
                continue
            await socket.follow(str(number), query=document)
            answer = await socket.receive()
            assert (answer["id"], answer["type"]) == (str(number), "error")
            assert answer["payload"][0].get("extensions", {}).get("limit") == limit
        await socket.follow("last", query="{ __typename }")
        assert (await socket.receive(1))["payload"] == {"data": {"__typename": "Query"}}


STANDARD = get_introspection_query(
    specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
)


async def test_the_standard_introspection_passes(desk: Desk) -> None:
    found = (await desk.data(STANDARD))["__schema"]
    assert found["queryType"]["name"] == "Query"
    assert build_client_schema({"__schema": found}).query_type


async def test_strangers_read_the_schema_from_its_file_in_production(stations: Stations) -> None:
    sneaky = "query A { ...F } query B { viewer { role } } fragment F on Query { s: __schema { description } }"
    one = '{ __type(name: "Ward") { name } __typename }'
    async with stations(production=True) as station, httpx.AsyncClient(base_url=f"http://{station.host}") as http:
        for document, name in ((STANDARD, None), (sneaky, "A"), (sneaky, "B")):
            body = {"query": document, "operationName": name}
            for headers in ({}, {"Accept": "text/event-stream"}):
                text = (await http.post("/graphql", json=body, headers=headers)).text
                assert "INTROSPECTION_OFF" in text
                assert "/schema.graphql" in text
                assert '"data"' not in text
        answer = (await http.post("/graphql", json={"query": one})).json()
        assert answer == {"data": {"__type": {"name": "Ward"}, "__typename": "Query"}}
        signed_in = {"Authorization": f"Bearer {station.tokens['staff']}"}
        answer = (await http.post("/graphql", json={"query": STANDARD}, headers=signed_in)).json()
        assert answer["data"]["__schema"]["queryType"]["name"] == "Query"
        assert (await http.get("/schema.graphql")).text == sdl()
        async with station.socket() as socket:
            await socket.follow(query=STANDARD)
            assert (await socket.receive())["payload"][0]["extensions"] == {"code": "INTROSPECTION_OFF"}
        page = await http.get("/graphql", headers={"Accept": "text/html,*/*;q=0.8"})
        assert (page.status_code, "textarea" in page.text) == (404, False)


MISSPELT = {
    "a field": "{ wrd { name } }",
    "a field of a type": "{ ward { nme } }",
    "an argument": '{ wards(serch: "x") { totalCount } }',
    "a directive's argument": "{ ward { name @include(iff: true) } }",
    "a directive": "{ ward { name @includ(if: true) } }",
    "a type": "query($x: IncidentFiltr) { ward { incidents(filter: $x) { totalCount } } }",
    "a fragment's type": "{ ward { ... on Wrd { name } } }",
    "a fragment": "{ ward { ...Fx } } fragment Fy on Ward { name }",
    "a variable": "query($wardCode: String) { wards(search: $wardCod) { totalCount } }",
    "an enum's value": "{ ward { incidents(filter: {statuses: [RECEIVE]}) { totalCount } } }",
    "an enum's value as text": '{ ward { incidents(filter: {statuses: ["RECEIVED"]}) { totalCount } } }',
    "an input's field": "{ ward { incidents(filter: {statusses: [RECEIVED]}) { totalCount } } }",
    "an operation": "query($f: IncidentFilter) { ward { incidents(filter: $f) { totalCount } } }",
}


@pytest.mark.parametrize("what", MISSPELT)
async def test_no_refusal_suggests_what_there_is(desk: Desk, what: str) -> None:
    for filter_ in ({"statuses": ["RECEIVE"]}, {"statusses": ["RECEIVED"]}, {"orderBy": 1}):
        response = await desk.post({"query": MISSPELT[what], "variables": {"f": filter_, "x": filter_}})
        assert response.json()["errors"]
        assert "mean" not in response.text.replace("means", "")
    assert "Did you" not in response.text


async def test_a_cost_is_known_before_any_sql_and_told(desk: Desk) -> None:
    query = "query($n: Int!) { ward { neighbourhoods(first: $n) { nodes { incidents(first: $n) { nodes { id } } } } } }"
    with desk.statements() as statements:
        answer = await desk.ask(query, n=100)
        (error,) = answer["errors"]
        assert error["extensions"] == {"code": "TOO_COSTLY", "limit": "cost", "most": 10_000}
        assert "10251" in error["message"]
        assert statements == []
        assert "errors" not in await desk.ask(query, n=98)
    assert len(statements) == 1


async def test_a_cost_adds_up_over_the_root_fields(desk: Desk) -> None:
    part = "ward { neighbourhoods(first: 60) { nodes { incidents(first: 60) { nodes { id } } } } }"
    answer: Any = await desk.ask(f"{{ a: {part} b: {part} c: {part} }}")
    assert answer["errors"][0]["extensions"]["code"] == "TOO_COSTLY"
    assert (answer["data"]["c"], answer["data"]["a"] is None) == (None, False)


async def test_a_hundred_ids_cost_little_more_than_one(desk: Desk) -> None:
    """The statement says once for each type what to read: else one cheap request would hold up all others."""
    query = (
        "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Ward { name places { nodes { name } } teams { nodes { name } }"
        " categories { name } } } }"
    )
    wards = [f"Ward:{CODE}", "Ward:99999", "Nothing", f"Place:{CODE}:{UUID(int=0)}"] * 25
    with desk.statements() as statements, spending() as spent:
        answer = await desk.ask(query, ids=wards)
    fields = ["name", "places", "teams", "categories"]
    assert [node and list(node) for node in answer["data"]["nodes"]] == [fields, None, None, None] * 25
    assert len(statements) == 1
    assert len(statements[0]) < 15_000
    assert spent.seconds < 0.5
