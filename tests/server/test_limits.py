"""Documents made to keep a server busy: each is refused at once, and none reaches the database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from tests.asking import Desk, Opening
from tests.spending import spending
from tests.ward import CODE

CPU_SECONDS = 0.05


@pytest.fixture(scope="module")
async def desk(opening: Opening) -> AsyncIterator[Desk]:
    async with opening() as opened:
        await opened.data("{ ward { name } }")  # what is made at the first request is made
        yield opened


def doubling(count: int, last: str = "name") -> str:
    parts = [f"fragment F{n} on Ward {{ ...F{n + 1} ...F{n + 1} }}" for n in range(count - 1)]
    return " ".join([*parts, f"fragment F{count - 1} on Ward {{ {last} }}"])


def nested(levels: int) -> str:
    """A document this many levels deep that is valid but for that."""
    inner = "{ name }"
    for _ in range(levels // 3):
        inner = "{ neighbourhoods { nodes { ward " + inner + " } } }"
    return "{ ward " + inner + " }"


def costly() -> str:
    inner = "id"
    for _ in range(2):
        inner = f"neighbourhoods(first: 100) {{ nodes {{ ward {{ {inner} }} }} }}"
    return f"{{ ward {{ {inner} }} }}"


ALIASES = "{ ward { " + " ".join(f"a{n}: name" for n in range(10_000)) + " } }"
CIRCLE = "{ ward { ...A } } " + " ".join(
    f"fragment {one} on Ward {{ ...{next_} ...{next_} }}" for one, next_ in ("AB", "BC", "CA")
)
LONG_CIRCLE = " ".join(f"fragment C{n} on Ward {{ ...C{(n + 1) % 20} ...C{(n + 1) % 20} }}" for n in range(20))
INTROSPECTION = "type { " * 18 + "name" + " }" * 18

HOSTILE: dict[str, str] = {
    "24 doubling fragments": "{ ward { ...F0 } } " + doubling(24),
    "20 doubling fragments": "{ ward { ...F0 } } " + doubling(20),
    "19 doubling fragments with aliases": "{ ward { ...F0 } } " + doubling(19, "a: name b: code"),
    "24 doubling fragments that nothing uses": "{ ward { name } } " + doubling(24),
    "10,000 aliases": ALIASES,
    "a hundred aliases": "{ ward { " + " ".join(f"a{n}: name" for n in range(100)) + " } }",
    "aliases of a root field": "{ " + " ".join(f"a{n}: viewer {{ role }}" for n in range(50)) + " }",
    "root fields through a fragment": "{ ...R ...R } fragment R on Query { " + "viewer { role } " * 11 + "}",
    "circular fragments": CIRCLE,
    "a long circle": "{ ward { ...C0 } } " + LONG_CIRCLE,
    "a fragment of itself": "{ ward { ...A } } fragment A on Ward { neighbourhoods { nodes { ward { ...A } } } }",
    "3,000 levels": "{ a" * 3_000 + " }" * 3_000,
    "400 levels of junk": "{ a" * 400 + " }" * 400,
    "12 levels": nested(12),
    "300 levels": nested(300),
    "a list 3,000 deep": "{ nodes(ids: " + "[" * 3_000 + "]" * 3_000 + ") { id } }",
    "a list 700 deep": "{ nodes(ids: " + "[" * 700 + "]" * 700 + ") { id } }",
    "an object 400 deep": "{ locate(position: " + "{a: " * 400 + "1" + "}" * 400 + ") { ward { id } } }",
    "a type 400 deep": "query($x: " + "[" * 400 + "ID" + "]" * 400 + ") { viewer { role } }",
    "200 operations": " ".join(f"query Q{n} {{ viewer {{ role }} }}" for n in range(200)),
    "many fields": "{ ward { " + "name " * 400 + "} }",
    "many directives": "{ ward { name " + "@include(if: true) " * 200 + "} }",
    "many variables": "query(" + " ".join(f"$v{n}: Int" for n in range(300)) + ") { viewer { role } }",
    "introspection 20 deep": "{ __schema { types { fields { "
    + INTROSPECTION.replace("type {", "type { ofType {", 1)
    + " } } } } }",
    "introspection in circles": "{ __schema { types { " + "fields { type { " * 4 + "name" + " } }" * 4 + " } } }",
    "a cost beyond all measure": costly(),
    "an endless comment": "{ viewer { role } } #" + "x" * 200_000 + "\n}",
    "an endless name": "{ " + "x" * 200_000 + " }",
    "an unclosed text": '{ wards(search: "' + "x" * 200_000 + ") { totalCount } }",
}


@pytest.mark.parametrize("what", HOSTILE)
async def test_a_hostile_document_is_refused_at_once_and_asks_nothing_of_the_database(desk: Desk, what: str) -> None:
    body = {"query": HOSTILE[what], "operationName": None}
    spent = []
    with desk.statements() as statements:
        for _ in range(3):  # the least of three: another process's noise is not ours
            with spending() as once:
                response = await desk.post(body)
            spent.append(once.seconds)
    assert statements == []
    answer = response.json()
    assert answer["errors"][0]["message"]
    assert not any((answer.get("data") or {}).values())
    assert len(response.content) < len(HOSTILE[what]) + 20_000
    assert min(spent) < CPU_SECONDS


async def test_the_standard_introspection_passes(desk: Desk) -> None:
    deep = "kind name " + "ofType { kind name " * 7 + "}" * 7
    query = (
        "query IntrospectionQuery { __schema { queryType { name } mutationType { name } types { ...FullType }"
        " directives { name description locations args { ...InputValue } } } }"
        " fragment FullType on __Type { kind name description fields(includeDeprecated: true) { name description"
        " args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason } inputFields { ...InputValue }"
        " interfaces { ...TypeRef } enumValues(includeDeprecated: true) { name description }"
        " possibleTypes { ...TypeRef } }"
        " fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }"
        f" fragment TypeRef on __Type {{ {deep} }}"
    )
    assert (await desk.data(query))["__schema"]["queryType"] == {"name": "Query"}


async def test_a_cost_is_known_before_any_sql_and_told(desk: Desk) -> None:
    query = "query($n: Int!) { ward { neighbourhoods(first: $n) { nodes { incidents(first: $n) { nodes { id } } } } } }"
    with desk.statements() as statements:
        answer = await desk.ask(query, n=100)
        (error,) = answer["errors"]
        assert error["extensions"] == {"code": "TOO_COSTLY"}
        assert "10251" in error["message"]
        assert statements == []
        assert "errors" not in await desk.ask(query, n=98)
    assert len(statements) == 1


async def test_a_cost_adds_up_over_the_root_fields(desk: Desk) -> None:
    part = "ward { neighbourhoods(first: 60) { nodes { incidents(first: 60) { nodes { id } } } } }"
    answer: Any = await desk.ask(f"{{ a: {part} b: {part} c: {part} }}")
    assert answer["errors"][0]["extensions"] == {"code": "TOO_COSTLY"}
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
