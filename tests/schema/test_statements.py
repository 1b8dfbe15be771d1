"""One SQL statement for each root field, whatever is asked of it; a mutation reads its answer with one more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from tests import ward
from tests.asking import Desk, Opening
from tests.schema import scene
from tests.schema.test_visibility import INCIDENT
from tests.ward import CLEAN, CODE, IN_FIRST

AT = {"type": "Point", "coordinates": list(IN_FIRST)}

WARD = """
fragment Deep on Ward {
  __typename id code name boundary
  places(kinds: [CULTURAL_HOUSE], first: 2) {
    edges { cursor node { name distanceMetres neighbourhood { name } } } pageInfo { hasNextPage endCursor }
  }
  near: places(near: {type: "Point", coordinates: [108.21, 15.99]}, first: 2) { nodes { name distanceMetres } }
  inside: places(within: {west: 108.2, south: 15.98, east: 108.22, north: 16}, first: 3) { totalCount }
  neighbourhoods(first: 2) { totalCount nodes {
    name areaSquareMetres past: boundary(at: "2026-11-21T00:00:00+07:00") boundaryHistory { since until }
    team { name members { name } }
    incidents(first: 2, orderBy: MOST_URGENT_FIRST) { nodes {
      ...Whole ... on Incident @include(if: $more) { similar(first: 2) { trackingCode duplicateOf { id } } }
    } }
  } }
  teams(first: 2) { nodes { name coverageArea neighbourhood { name } } }
  crews(onDuty: true, first: 2) { nodes {
    name categories { name }
    incidents(first: 2) { pageInfo { startCursor } edges { node { ... on Node { id } team { name } } } }
  } }
  categories { code public }
  statistics { total medianHours }
}
"""

ROOTS = {
    "node": "node(id: $node) { __typename id ...Deep ... on Incident { ...Whole } ... on Place { name } }",
    "nodes": "nodes(ids: $nodes) { __typename id ...Deep ... on Incident { ...Whole } ... on Crew { name } }",
    "ward": "ward { ...Deep }",
    "wards": "wards(first: 2) { totalCount edges { cursor node { ...Deep } } pageInfo { hasNextPage } }",
    "locate": 'locate(position: {type: "Point", coordinates: [108.21, 15.99]}) {'
    " ward { ...Deep } neighbourhood { name } team { name members { role } } }",
    "incident": "incident(secret: $secret, trackingCode: $code) { ...Whole ward { ...Deep } }",
    "viewer": "viewer { role name ward { ...Deep } crew { name incidents(first: 2) { nodes { ...Whole } } } }",
}


@pytest.fixture(scope="module")
async def laid(opening: Opening) -> AsyncIterator[Desk]:
    async with opening() as desk:
        async with desk.database.write() as connection:
            desk.incidents = await scene.lay(connection, desk.ward)
        yield desk


def document(root: str) -> str:
    declared = {"node": "$node: ID!", "nodes": "$nodes: [ID!]!", "incident": "$code: String!, $secret: String"}
    variables = ", ".join(filter(None, [declared.get(root), "$more: Boolean!"]))
    return f"query Deeply({variables}) {{ {ROOTS[root]} }} {WARD} {INCIDENT}"


def values(desk: Desk, more: bool) -> dict[str, object]:
    held = desk.incidents["held"]
    several = [held.id, f"Crew:{CODE}:{desk.ward.crews[CLEAN]}", f"Ward:{CODE}", "Ward:99999", "no id"]
    given = {"node": held.id, "nodes": several, "code": held.tracking_code, "secret": held.secret}
    return {**given, "more": more}


@pytest.mark.parametrize(("by", "more"), [(None, True), ("crew-clean", False), ("staff", True)])
@pytest.mark.parametrize("root", ROOTS)
async def test_a_root_field_is_one_statement(laid: Desk, root: str, by: str | None, more: bool) -> None:
    with laid.statements() as statements:
        data = await laid.data(document(root), by, **values(laid, more))
    assert len(statements) == 1
    assert data[root]


async def test_each_root_field_of_an_operation_is_one_statement(laid: Desk) -> None:
    query = "{ a: ward { name } b: ward { code } viewer { role } wards { nodes { name } } __typename }"
    with laid.statements() as statements:
        data = await laid.data(query, "staff")
    assert len(statements) == 4
    assert (data["a"], data["viewer"]) == ({"name": "Phường Hòa Xuân"}, {"role": "STAFF"})


async def test_what_is_not_asked_of_the_database_costs_no_statement(laid: Desk) -> None:
    with laid.statements() as statements:
        await laid.data("{ __typename __schema { types { name } } ward @skip(if: true) { name } }")
    assert statements == []


async def test_a_page_without_rows_and_a_count_alone_are_one_statement(laid: Desk) -> None:
    asked = "totalCount nodes { id } pageInfo { hasNextPage endCursor }"
    query = f'{{ ward {{ places(search: "không có gì như thế") {{ {asked} }} }} }}'
    with laid.statements() as statements:
        data = await laid.data(query)
        count = await laid.data('{ ward(code: "20314") { neighbourhoods(first: 0) { totalCount } } }')
    assert len(statements) == 2
    assert data["ward"]["places"] == {
        "totalCount": 0,
        "nodes": [],
        "pageInfo": {"hasNextPage": False, "endCursor": None},
    }
    assert count["ward"]["neighbourhoods"] == {"totalCount": 4}


PAYLOAD = "{ __typename ... on %s { incident { ...Whole similar { id } ward { name places { totalCount } } } } }"

STEPS = {
    "accept": ("crew-clean", "acceptIncident", "AcceptIncident", {}),
    "decline": ("crew-clean", "declineIncident", "DeclineIncident", {"reason": "Xe hỏng"}),
    "reject": ("staff", "rejectIncident", "RejectIncident", {"reason": "Không thuộc phường"}),
    "note": ("staff", "noteIncident", "NoteIncident", {"note": "Đã gọi điện"}),
}


@pytest.mark.parametrize("step", STEPS)
async def test_the_answer_to_a_step_is_read_by_one_statement_after_the_commit(desk: Desk, step: str) -> None:
    by, name, kind, given = STEPS[step]
    async with desk.database.write() as connection:
        held = (await scene.lay(connection, desk.ward))["held"]
    query = f"mutation($input: {kind}Input!) {{ {name}(input: $input) {PAYLOAD % f'{kind}Payload'} }} {INCIDENT}"
    with desk.statements() as statements:
        data = await desk.data(query, by, input={"incidentId": held.id, **given})
    assert data[name]["incident"]["trackingCode"] == held.tracking_code
    assert statements.count("COMMIT") == 1
    assert len(statements) - statements.index("COMMIT") - 1 == 1


async def test_the_answer_to_a_report_is_read_by_one_statement_after_the_commit(desk: Desk) -> None:
    query = (
        "mutation($input: ReportIncidentInput!) { reportIncident(input: $input) "
        "{ ... on ReportIncidentPayload { reporterSecret incident { ...Whole ward { name } team { name } } } } }"
    ) + INCIDENT
    report = {"requestKey": str(uuid4()), "category": "ENVIRONMENT", "location": AT, "description": "Rác"}
    with desk.statements() as statements:
        data = await desk.data(query, input=report)
    assert data["reportIncident"]["incident"]["crew"] == {"name": CLEAN}
    assert len(statements) - statements.index("COMMIT") - 1 == 1


async def test_a_refusal_reads_nothing_afterwards_and_a_wrong_role_nothing_at_all(desk: Desk) -> None:
    query = "mutation($id: ID!) { closeIncident(input: {incidentId: $id}) { __typename } }"
    async with desk.database.write() as connection:
        waiting = await ward.report(connection)
    with desk.statements() as statements:
        data = await desk.data(query, "crew-clean", id=waiting.id)
    assert (data["closeIncident"]["__typename"], statements) == ("NotAllowed", [])
    with desk.statements() as statements:
        data = await desk.data(query, "staff", id=waiting.id)
    assert data["closeIncident"]["__typename"] == "InvalidTransition"
    assert "COMMIT" not in statements
