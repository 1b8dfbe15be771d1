"""Queries are planned once for a kind of caller and a shape of variables, and each is answered as if it were alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from schema import execution, executor, operations, planning
from tests import ward
from tests.asking import Desk, Opening
from tests.schema import scene
from tests.schema.test_statements import ROOTS, document, values
from tests.ward import CLEAN, CODE, FIRST, IN_FIRST, IN_OTHER, IN_SECOND, OTHER, ROADS, SECOND, USERNAMES

CALLERS = [None, *USERNAMES]
BOX = {"west": 108.19, "south": 15.97, "east": 108.25, "north": 16.01}
SMALL = {"west": 108.205, "south": 15.98, "east": 108.215, "north": 15.992}


def at(place: tuple[float, float]) -> dict[str, object]:
    return {"type": "Point", "coordinates": list(place)}


LISTED = "{ totalCount nodes { id trackingCode status description distanceMetres } pageInfo { endCursor } }"
ASKED: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "a box": (
        "query($ward: String, $box: BoundingBox) { ward(code: $ward) { incidents(filter: {within: $box}, first: 50) "
        f"{LISTED} }} }}",
        [{"ward": CODE, "box": BOX}, {"ward": CODE, "box": SMALL}, {"ward": OTHER, "box": BOX}, {"box": None}],
    ),
    "a filter": (
        "query($filter: IncidentFilter, $order: IncidentOrder!) { ward {"
        f" incidents(filter: $filter, orderBy: $order, first: 50) {LISTED} }} }}",
        [
            {"order": "NEWEST_FIRST"},
            {"order": "OLDEST_FIRST", "filter": None},
            {"order": "NEAREST_FIRST", "filter": {"near": at(IN_FIRST)}},
            {"order": "NEAREST_FIRST", "filter": {"near": at(IN_SECOND)}},
            {"order": "NEWEST_FIRST", "filter": {"near": at(IN_SECOND), "radiusMetres": 900}},
            {"order": "NEWEST_FIRST", "filter": {"near": at(IN_SECOND), "radiusMetres": 9000}},
            {"order": "NEWEST_FIRST", "filter": {"reportedFrom": "2020-01-01T00:00:00Z"}},
            {"order": "NEWEST_FIRST", "filter": {"reportedFrom": "2040-01-01T00:00:00Z"}},
            {"order": "NEWEST_FIRST", "filter": {"statuses": ["RECEIVED"]}},
            {"order": "NEWEST_FIRST", "filter": {"statuses": ["ASSIGNED", "RECEIVED"], "overdue": False}},
            {"order": "NEWEST_FIRST", "filter": {"statuses": [], "categories": ["ENVIRONMENT"]}},
            {"order": "NEWEST_FIRST", "filter": {"search": "rac"}},
            {"order": "NEWEST_FIRST", "filter": {"search": "%_"}},
            {"order": "NEWEST_FIRST", "filter": {"within": SMALL, "search": "20314"}},
        ],
    ),
    "a position": (
        "query($at: GeoJSONPoint!) { locate(position: $at) { ward { code } neighbourhood { name } } }",
        [{"at": at(IN_FIRST)}, {"at": at(IN_SECOND)}, {"at": at(IN_OTHER)}, {"at": at(ward.IN_THE_SEA)}],
    ),
    "a moment": (
        "query($at: DateTime) { ward { neighbourhoods(first: 5) { nodes { name boundary(at: $at) } } } }",
        [{"at": "2001-01-01T00:00:00Z"}, {"at": "2099-01-01T07:00:00+07:00"}, {"at": None}, {}],
    ),
    "include and skip": (
        "query($more: Boolean!, $less: Boolean! = true) "
        "{ ward { name @include(if: $more) code @skip(if: $less) demo } }",
        [{"more": True}, {"more": False}, {"more": True, "less": False}],
    ),
    "a number": (
        "query($first: Int!) { ward { places(first: $first) { nodes { name } } } }",
        [{"first": 0}, {"first": 1}, {"first": 2}, {"first": 100}],
    ),
}


@pytest.fixture(scope="module")
async def laid(opening: Opening) -> AsyncIterator[Desk]:
    async with opening() as desk:
        async with desk.database.write() as connection:
            desk.incidents = await scene.lay(connection, desk.ward)
        yield desk


@contextmanager
def by_values() -> Iterator[None]:
    """Every query is executed by its values meanwhile."""
    plan = execution.planned
    execution.planned = lambda *_: None  # type: ignore[assignment]
    try:
        yield
    finally:
        execution.planned = plan


@contextmanager
def plans_made() -> Iterator[list[Any]]:
    """What is planned meanwhile."""
    plan, made = planning._plan, []

    def planned(*arguments: Any) -> Any:
        fields = plan(*arguments)
        made.append(fields)
        return fields

    planning._plan = planned  # type: ignore[assignment]
    try:
        yield made
    finally:
        planning._plan = plan


@contextmanager
def kept_counts() -> Iterator[list[int]]:
    """How much is remembered, before and after."""

    def count() -> int:
        return len(planning._query_plans) + len(executor._found_plans) + len(operations._operations)

    counts = [count()]
    yield counts
    counts.append(count())


@pytest.mark.parametrize("asked", ASKED)
async def test_every_caller_gets_by_plan_what_they_get_by_values(laid: Desk, asked: str) -> None:
    text, given = ASKED[asked]
    by_plan = [[await laid.ask(text, by, **one) for one in given] for by in CALLERS]
    with by_values():
        assert [[await laid.ask(text, by, **one) for one in given] for by in CALLERS] == by_plan


@pytest.mark.parametrize("root", ROOTS)
async def test_a_deep_query_is_answered_by_plan_as_by_values(laid: Desk, root: str) -> None:
    for by in (None, "crew-clean", "staff"):
        by_plan = [await laid.ask(document(root), by, **values(laid, more)) for more in (True, False, True)]
        with by_values():
            whole, part = [await laid.ask(document(root), by, **values(laid, more)) for more in (True, False)]
        assert by_plan == [whole, part, whole]


def ids(desk: Desk) -> list[str]:
    crews = [f"Crew:{CODE}:{desk.ward.crews[name]}" for name in (CLEAN, ROADS)]
    areas = [f"Neighbourhood:{CODE}:{desk.ward.neighbourhoods[name]}" for name in (FIRST, SECOND)]
    return [*(one.id for one in desk.incidents.values()), *crews, *areas, f"Ward:{CODE}", f"Ward:{OTHER}", "no id"]


async def test_ids_of_one_type_share_a_plan_and_each_finds_its_own(laid: Desk) -> None:
    text = "query Each($id: ID!) { node(id: $id) { __typename id ... on Incident { trackingCode status address } } }"
    with plans_made() as made:
        found = {(by, id_): await laid.ask(text, by, id=id_) for by in CALLERS for id_ in ids(laid)}
        assert {by for by, _ in found} == set(CALLERS)
    kinds = len({"Incident", "Crew", "Neighbourhood", "Ward", "no id"})
    assert len(made) <= kinds * len(CALLERS)
    for (by, id_), answer in found.items():
        with by_values():
            assert await laid.ask(text, by, id=id_) == answer
        node = answer["data"]["node"]
        assert node is None or node["id"] == id_


async def test_lists_of_as_many_ids_of_the_same_types_share_a_plan(laid: Desk) -> None:
    text = "query Several($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Ward { name } } }"
    known = ids(laid)
    lists = [known, known[::-1], known[:3], known[1:4], [], ["no id"], [*known, known[0]], known[:3] + known[:3]]
    for by in ("staff", None, "crew-clean"):
        with plans_made() as made:
            found = [await laid.data(text, by, ids=some) for some in lists]
        assert len(made) == len(lists) - 2
        with by_values():
            assert [await laid.data(text, by, ids=some) for some in lists] == found
    (error,) = (await laid.ask(text, ids=["no id"] * 101))["errors"]
    assert error["extensions"]["path"] == ["ids"]


async def test_who_asks_after_another_of_their_kind_sees_their_own_rows_only(laid: Desk) -> None:
    text = "query Own { viewer { name ward { code } crew { name incidents(first: 100) { nodes { id } } } } }"
    with plans_made() as made:
        seen = {by: (await laid.data(text, by))["viewer"] for by in ("crew-clean", "crew-roads", "crew-other")}
    assert len(made) == 1
    assert [seen[by]["crew"]["name"] for by in seen] == [CLEAN, ROADS, ward.FAR]
    rows = [{node["id"] for node in seen[by]["crew"]["incidents"]["nodes"]} for by in seen]
    assert rows[0]
    assert rows[0].isdisjoint(rows[1] | rows[2])


async def test_a_code_and_its_secret_open_their_own_report_only(laid: Desk) -> None:
    text = (
        "query Mine($code: String!, $secret: String) { incident(trackingCode: $code, secret: $secret) "
        "{ trackingCode description satisfaction } }"
    )
    held = [one for one in laid.incidents.values() if one.code == CODE]
    with plans_made() as made:
        for one in held:
            for other in held:
                answer = await laid.ask(text, code=one.tracking_code, secret=other.secret)
                with by_values():
                    assert await laid.ask(text, code=one.tracking_code, secret=other.secret) == answer
    assert len(made) <= 1


async def test_pages_follow_each_other_by_one_plan(laid: Desk) -> None:
    text = (
        "query Pages($after: String) { ward { incidents(first: 2, after: $after) "
        "{ nodes { id } pageInfo { hasNextPage endCursor } } } }"
    )
    seen: list[str] = []
    after: str | None = None
    with plans_made() as made:
        while True:
            page = (await laid.data(text, "staff", after=after))["ward"]["incidents"]
            seen += [node["id"] for node in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
    assert len(made) == 2  # without a cursor, and with one
    assert len(seen) == len(set(seen)) > 4


async def test_variables_whose_names_could_be_taken_for_each_others_parts_stay_apart(laid: Desk) -> None:
    text = (
        "query Apart($filter: IncidentFilter, $filter_near: GeoJSONPoint!, $id: ID!, $id_ward: ID!) {"
        f" ward {{ incidents(filter: $filter, orderBy: NEAREST_FIRST, first: 50) {LISTED} }}"
        " locate(position: $filter_near) { neighbourhood { name } }"
        " one: node(id: $id) { id } other: node(id: $id_ward) { id } }"
    )
    one, other = laid.incidents["held"].id, laid.incidents["published"].id
    for near, far in ((IN_FIRST, IN_SECOND), (IN_SECOND, IN_FIRST)):
        given = {"filter": {"near": at(near)}, "filter_near": at(far), "id": one, "id_ward": other}
        answer = await laid.data(text, "staff", **given)
        assert answer["locate"]["neighbourhood"]["name"] == (SECOND if far == IN_SECOND else FIRST)
        assert (answer["one"]["id"], answer["other"]["id"]) == (one, other)
        with by_values():
            assert await laid.data(text, "staff", **given) == answer


REFUSED: dict[str, tuple[str, dict[str, Any], dict[str, Any], list[str]]] = {
    "a cursor of another list": (
        "query($after: String) { ward { incidents(first: 2, after: $after) { nodes { id } } } }",
        {
            "after": "WyJpbmNpZGVudCBuZXdlc3QiLCAiMjAyNi0wMS0wMVQwMDowMDowMCswMDowMCIs"
            "ICIwMTkwMDAwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDAiXQ=="
        },
        {"after": "no cursor"},
        ["after"],
    ),
    "a box turned round": (
        "query($box: BoundingBox) { ward { incidents(filter: {within: $box}) { totalCount } } }",
        {"box": BOX},
        {"box": BOX | {"west": 109.0}},
        ["filter", "within", "west"],
    ),
    "more than a page": (
        "query($first: Int!) { ward { places(first: $first) { totalCount } } }",
        {"first": 10},
        {"first": 101},
        ["first"],
    ),
}


@pytest.mark.parametrize("asked", REFUSED)
async def test_what_is_refused_is_refused_also_after_a_plan_was_made(laid: Desk, asked: str) -> None:
    text, fine, wrong, path = REFUSED[asked]
    assert "errors" not in await laid.ask(text, **fine)
    for _ in range(2):
        (error,) = (await laid.ask(text, **wrong))["errors"]
        assert (error["extensions"]["code"], error["extensions"]["path"]) == ("BAD_INPUT", path)
        assert "errors" not in await laid.ask(text, **fine)


async def test_what_costs_too_much_is_refused_each_time_it_is_asked(laid: Desk) -> None:
    text = (
        "query Costly($first: Int!) { ward { neighbourhoods(first: $first) { nodes { incidents(first: 100) "
        "{ nodes { history { note } } } } } } }"
    )
    assert "errors" not in await laid.ask(text, "staff", first=1)
    for _ in range(3):
        (error,) = (await laid.ask(text, "staff", first=100))["errors"]
        assert error["extensions"]["code"] == "TOO_COSTLY"


async def test_the_payloads_of_changes_are_charged_by_plan_too(laid: Desk) -> None:
    """Two notes in one document, each answered with much: the second is too much, the second time as the first."""
    id_ = laid.incidents["held"].id
    deep = "incident { similar(first: 20) { history { note photos { id } } similar(first: 20) { history { note } } } }"
    note = (
        'n{n}: noteIncident(input: {{incidentId: "{id}", note: "Đã xem", public: false}})'
        " {{ ... on NoteIncidentPayload {{ {deep} }} }}"
    )
    text = "mutation { " + " ".join(note.format(n=n, id=id_, deep=deep) for n in range(2)) + " }"
    answers = [await laid.ask(text, "staff") for _ in range(3)]
    told = [
        [(error["extensions"]["code"], error["path"][0]) for error in answer.get("errors", ())] for answer in answers
    ]
    assert told[0] == [("TOO_COSTLY", "n1")]
    assert told[0] == told[1] == told[2]


async def test_absent_empty_and_null_are_three_different_things(laid: Desk) -> None:
    kinds = "query Kinds($kinds: [PlaceKind!]) { ward { places(kinds: $kinds) { totalCount } } }"
    statuses = "query Of($s: [IncidentStatus!]) { ward { incidents(filter: {statuses: $s}) { totalCount } } }"
    for text, name in ((kinds, "kinds"), (statuses, "s")):
        for given in ({name: []}, {}, {name: None}, {name: []}, {}):
            answer = await laid.ask(text, "staff", **given)
            with by_values():
                assert await laid.ask(text, "staff", **given) == answer
        assert (await laid.ask(text, "staff", **{name: []})) != (await laid.ask(text, "staff"))


async def test_an_id_that_is_part_of_a_list_in_the_document_is_found(laid: Desk) -> None:
    one, other = laid.incidents["held"].id, laid.incidents["published"].id
    text = 'query Part($x: ID!) { nodes(ids: [$x, "no id"]) { id } node(id: $x) { id } }'
    for id_ in (one, other, one):
        data = await laid.data(text, "staff", x=id_)
        assert data == {"nodes": [{"id": id_}, None], "node": {"id": id_}}


async def test_a_payloads_absent_variable_is_not_null(laid: Desk) -> None:
    id_ = laid.incidents["held"].id
    text = (
        "mutation Note($f: Int) { noteIncident(input: {"
        f'incidentId: "{id_}", note: "Đã xem", public: false'
        "}) { ... on NoteIncidentPayload { incident { similar(first: $f) { id } } } } }"
    )
    for given, refused in (({}, False), ({"f": None}, True), ({}, False), ({"f": 1}, False)):
        assert ("errors" in await laid.ask(text, "staff", **given)) is refused


async def test_what_is_long_is_answered_and_not_remembered(laid: Desk) -> None:
    """Neither documents nor texts of anybody's making may fill the memory."""
    with kept_counts() as counts:
        for n in range(20):
            padded = f"# {'x' * 5_000}{n}\nquery Padded {{ ward {{ name }} }}"
            assert (await laid.data(padded))["ward"]["name"]
            search = "query Search($s: String) { ward { places(search: $s) { totalCount } } }"
            assert (await laid.data(search, s="x" * 5_000 + str(n)))["ward"]["places"]["totalCount"] == 0
            assert (await laid.data("query ($id: ID!) { node(id: $id) { id } }", id="y" * 5_000 + str(n)))[
                "node"
            ] is None
    assert counts[1] - counts[0] <= 2


def test_plans_are_bounded() -> None:
    kept = planning.Kept[int](3)
    for n in range(10):
        kept.put(n, n)
        assert kept.get(0) == (0 if n < 10 else None)
    assert len(kept) == 3
    assert [kept.get(n) for n in (0, 8, 9)] == [0, 8, 9]
