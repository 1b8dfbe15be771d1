"""GraphQL over HTTP: what the door lets in, what it refuses and how it says so. Nothing refused is ever stored."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import orjson
import pytest
from sqlalchemy import AsyncAdaptedQueuePool

from schema.limits import Limits
from tests import ward
from tests.asking import Desk, Opening
from tests.ward import CODE, IN_FIRST, IN_THE_SEA

REPORT = """
mutation Report($input: ReportIncidentInput!) {
  reportIncident(input: $input) {
    __typename
    ... on ReportIncidentPayload { reporterSecret incident { id trackingCode neighbourhood { name } ward { code } } }
    ... on UserError { code message path }
    ... on InvalidInput { problems { path message } }
  }
}
"""
SAVE_CREW = """
mutation Save($input: SaveCrewInput!) {
  saveCrew(input: $input) {
    __typename ... on UserError { message path } ... on InvalidInput { problems { path message } }
  }
}
"""


def point(*coordinates: Any) -> dict[str, Any]:
    return {"type": "Point", "coordinates": list(coordinates)}


def report(**changed: Any) -> dict[str, Any]:
    return {
        "requestKey": str(uuid4()),
        "category": "ENVIRONMENT",
        "location": point(*IN_FIRST),
        "description": "Rác đổ trước ngõ",
        **changed,
    }


@pytest.fixture(scope="module")
async def shared(opening: Opening) -> AsyncIterator[Desk]:
    """One desk for all that is refused: its tables are the same before and after each."""
    async with opening() as desk:
        yield desk


@pytest.fixture
async def door(shared: Desk) -> AsyncIterator[Desk]:
    before = await shared.dump()
    yield shared
    assert await shared.dump() == before, "what is refused must leave no trace"


def told(answer: Any, field: str = "reportIncident") -> tuple[list[list[str]], str]:
    """Which inputs an answer names, and in what words: of an error, or of a refusal that is data."""
    if "errors" in answer:
        assert not (answer.get("data") or {}).get(field)
        paths = [error.get("extensions", {}).get("path", []) for error in answer["errors"]]
        return paths, " ".join(error["message"] for error in answer["errors"])
    refusal = answer["data"][field]
    assert not refusal["__typename"].endswith("Payload"), refusal
    problems = refusal.get("problems") or [refusal]
    return [problem["path"] for problem in problems], " ".join(problem["message"] for problem in problems)


# What is wrong -> the value as JSON (raw, for some of it Python would not write), and the path to it.
LOCATION = ["input", "location"]
BAD_LOCATIONS: dict[str, tuple[Any, list[str], str]] = {
    "latitude 91": (point(108.21, 91), ["coordinates", "1"], "Vĩ độ"),
    "swapped": (point(15.9865, 108.21), ["coordinates", "1"], "kinh độ trước"),
    "longitude 181": (point(181, 16), ["coordinates", "0"], "Kinh độ"),
    "three dimensions": (point(108.21, 15.99, 5), ["coordinates"], "đúng hai số"),
    "one dimension": (point(108.21), ["coordinates"], "đúng hai số"),
    "null coordinates": ({"type": "Point", "coordinates": None}, ["coordinates"], "đúng hai số"),
    "null ordinates": (point(None, None), ["coordinates", "0"], "phải là số"),
    "no coordinates": ({"type": "Point"}, ["coordinates"], "đúng hai số"),
    "text": (point("108.21", "15.99"), ["coordinates", "0"], "phải là số"),
    "true": (point(True, True), ["coordinates", "0"], "phải là số"),
    "another shape": ({"type": "LineString", "coordinates": [[108.2, 16], [108.3, 16]]}, ["type"], "Point"),
    "a text": ("POINT(108 16)", ["type"], "Point"),
    "a list": ([108.21, 15.99], ["type"], "Point"),
}


@pytest.mark.parametrize("what", BAD_LOCATIONS)
async def test_a_location_that_is_none_is_refused_naming_where(door: Desk, what: str) -> None:
    location, path, message = BAD_LOCATIONS[what]
    for answer in (
        await door.ask(REPORT, input=report(location=location)),
        await door.ask(literal(location=location)),
    ):
        paths, words = told(answer)
        assert paths == [LOCATION + path]
        assert message in words


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" + "0" * 400])
async def test_a_number_beyond_all_numbers_is_refused(door: Desk, number: str) -> None:
    body = orjson.dumps({"query": REPORT, "variables": {"input": report()}})
    given = body.replace(b"108.21", number.encode())
    assert given != body
    response = await door.post(given)
    if response.status_code == 400 and response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST":
        assert "không phải JSON" in response.json()["errors"][0]["message"]
    else:
        assert told(response.json())[0] == [[*LOCATION, "coordinates", "0"]]
    paths, words = told(await door.ask(literal().replace("108.21", number)))
    assert (paths, "phải là số" in words) == ([[*LOCATION, "coordinates", "0"]], True)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
async def test_what_is_no_json_number_is_refused(door: Desk, number: str) -> None:
    body = orjson.dumps({"query": REPORT, "variables": {"input": report()}}).replace(b"108.21", number.encode())
    response = await door.post(body)
    assert response.status_code == 400
    assert "không phải JSON" in response.json()["errors"][0]["message"]
    answer = await door.ask(literal().replace("108.21", number))
    assert answer["errors"]
    assert answer.get("data") is None


def literal(**changed: Any) -> str:
    """The report with its input written into the document."""
    return REPORT.replace("($input: ReportIncidentInput!)", "").replace("$input", written(report(**changed)))


def written(value: Any) -> str:
    """A JSON value as GraphQL writes it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return orjson.dumps(value).decode()


BAD_REPORTS: dict[str, tuple[dict[str, Any], list[list[str]], str]] = {
    "a description of 1 MB": ({"description": "á" * 500_000}, [["input", "description"]], "tối đa 5.000"),
    "a long address": ({"address": "x" * 301}, [["input", "address"]], "tối đa 300"),
    "an unknown category": ({"category": "DRAGONS"}, [["input", "category"]], "không có loại"),
    "an empty category": ({"category": ""}, [["input", "category"]], "không có loại"),
    "no photograph": ({"photoIds": ["x", "y"]}, [["input", "photoIds", "0"], ["input", "photoIds", "1"]], "ảnh"),
    "an unknown ward": ({"wardCode": "99999"}, [["input", "location"]], "ngoài địa bàn"),
    "another ward": ({"wardCode": ward.OTHER}, [["input", "location"]], "ngoài địa bàn"),
    "no uuid": ({"requestKey": "1234"}, [["input", "requestKey"]], "UUID"),
    "a key that is null": ({"requestKey": None}, [["input", "requestKey"]], "UUID"),
    "no consent": ({"reporter": {"phone": "0905000111"}}, [["input", "reporter", "consent"]], "đồng ý"),
    "no telephone": ({"reporter": {"phone": "113", "consent": True}}, [["input", "reporter", "phone"]], "10 chữ số"),
    "an unknown field": ({"colour": "red"}, [["input"]], "colour"),
    "several": (
        {"address": "x" * 301, "reporter": {"email": "x", "consent": True}},
        [["input", "address"], ["input", "reporter", "email"]],
        "Email cần",
    ),
}


@pytest.mark.parametrize("what", BAD_REPORTS)
async def test_a_report_that_cannot_be_taken_names_what_is_wrong(door: Desk, what: str) -> None:
    changed, expected, message = BAD_REPORTS[what]
    paths, words = told(await door.ask(REPORT, input=report(**changed)))
    assert paths == expected
    assert message in words
    document = literal(**changed)
    answer = await door.ask(document)
    if len(document) > Limits().length:  # then nothing of it is looked at
        assert [error["extensions"]["limit"] for error in answer["errors"]] == ["length"]
        return
    assert told(answer)[0] == expected
    assert "data" in answer or all(error["locations"] for error in answer["errors"])


async def test_text_that_no_database_holds_is_refused(door: Desk) -> None:
    for field in ("description", "address", "category", "wardCode"):
        paths, words = told(await door.ask(REPORT, input=report(**{field: "a\x00b"})))
        assert (paths, "không lưu được" in words) == ([["input", field]], True)
    paths, _ = told(await door.ask(REPORT, input=report(reporter={"name": "\x00", "consent": True})))
    assert paths == [["input", "reporter", "name"]]
    for text in ("a\\u0000b", "a\\u{0}b"):
        answer = await door.ask(literal(description="TEXT").replace("TEXT", text))
        assert "không lưu được" in answer["errors"][0]["message"]
        assert answer["errors"][0]["locations"]
    for query in ('{ wards(search: "\\u0000") { totalCount } }', '{ incident(trackingCode: "\\u0000") { id } }'):
        assert (await door.ask(query))["errors"][0]["extensions"]["code"] == "BAD_INPUT"
    found = await door.ask("query($id: ID!) { node(id: $id) { id } }", id="Ward:\x00")
    assert found["errors"][0]["extensions"]["path"] == ["id"]


async def test_half_of_a_surrogate_pair_is_refused(door: Desk) -> None:
    body = orjson.dumps({"query": REPORT, "variables": {"input": report(description="HALF")}})
    for half in (b"\\ud800", b"\\udc00", b"\\ud800\\ud800", b"\xed\xa0\x80", b"\xff", b"\xc0\x80"):
        response = await door.post(body.replace(b"HALF", half))
        assert response.status_code == 400
        assert "không phải JSON" in response.json()["errors"][0]["message"]
    for half in ("\\ud800", "\\u{d800}", "\\udc00\\ud800"):
        answer = await door.ask(literal(description="HALF").replace("HALF", half))
        assert answer["errors"][0]["locations"]
        assert answer.get("data") is None


def ring(count: int) -> list[list[float]]:
    turns = [2 * math.pi * step / count for step in range(count)]
    corners = [[108.22 + 0.01 * math.cos(turn), 16 + 0.01 * math.sin(turn)] for turn in turns]
    return [*corners, corners[0]]


BOW_TIE = [[108.21, 15.99], [108.22, 16.0], [108.22, 15.99], [108.21, 16.0], [108.21, 15.99]]
BAD_AREAS: dict[str, tuple[Any, list[str], str]] = {
    "crossing itself": ([[BOW_TIE]], [], "tự cắt"),
    "too many vertices": ([[ring(5_000)]], ["0", "0"], "5.000"),
    "too many parts": ([[ring(4)]] * 1_001, ["1000", "0"], "5.000"),
    "not closed": ([[BOW_TIE[:-1]]], ["0", "0"], "không khép kín"),
    "a point": ([[[[108.21, 16]] * 4]], [], "không hợp lệ"),
    "nothing": ([], [], "không có diện tích"),
    "no rings": ([[]], ["0"], "không hợp lệ"),
    "far away": ([[[[1e9, 0], [1, 0], [1, 1], [1e9, 0]]]], ["0", "0", "0", "0"], "Kinh độ"),
    "nested wrongly": ([[[[[108]]]]], ["0", "0", "0"], "đúng hai số"),
}


@pytest.mark.parametrize("what", BAD_AREAS)
async def test_an_area_that_is_none_is_refused_and_not_mended(door: Desk, what: str) -> None:
    coordinates, path, message = BAD_AREAS[what]
    area = {"type": "MultiPolygon", "coordinates": coordinates}
    given = {"name": "Đội", "capacity": 1, "base": point(*IN_FIRST), "categories": [], "coverageArea": area}
    paths, words = told(await door.ask(SAVE_CREW, "staff", input=given), "saveCrew")
    assert paths == [["input", "coverageArea", "coordinates", *path]]
    assert message in words


BODIES: dict[str, bytes] = {
    "null": b"null",
    "a number": b"17",
    "a text": b'"{ viewer { role } }"',
    "true": b"true",
    "a list": b'[{"query": "{ viewer { role } }"}]',
    "nothing": b"",
    "no json": b"{query",
    "100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "100,000 objects deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "no utf-8": b'{"query": "\xff\xfe"}',
    "utf-16": '{"query": "{ viewer { role } }"}'.encode("utf-16"),
    "no query": b"{}",
    "a null query": b'{"query": null}',
    "a query that is a list": b'{"query": ["{ viewer { role } }"]}',
    "variables that are a list": b'{"query": "{ viewer { role } }", "variables": [1]}',
    "variables that are a text": b'{"query": "{ viewer { role } }", "variables": "{}"}',
    "a name that is a number": b'{"query": "{ viewer { role } }", "operationName": 5}',
    "extensions that are a list": b'{"query": "{ viewer { role } }", "extensions": []}',
    "an empty query": b'{"query": ""}',
    "an unknown name": b'{"query": "{ viewer { role } }", "operationName": "Other"}',
    "a subscription": b'{"query": "subscription { x }"}',
    "only a fragment": b'{"query": "fragment F on Ward { name }"}',
}


@pytest.mark.parametrize("what", BODIES)
@pytest.mark.parametrize("accept", ["application/graphql-response+json", "application/json"])
async def test_a_body_that_is_no_request_is_told_so(door: Desk, what: str, accept: str) -> None:
    response = await door.post(BODIES[what], headers={"Accept": accept})
    # The specification wants 200 in application/json for what is a request, though it cannot be executed.
    assert response.status_code == 400 or (accept == "application/json" and response.status_code == 200)
    assert response.headers["content-type"].startswith(accept)
    answer = response.json()
    assert answer["errors"][0]["message"]
    assert "data" not in answer


async def test_variables_1000_deep_are_refused_or_ignored_but_never_a_fault(door: Desk) -> None:
    deep: Any = 1
    for _ in range(900):
        deep = [deep]
    for query in (
        "query($x: [ID!]!) { nodes(ids: $x) { id } }",
        "query($x: GeoJSONPoint!) { locate(position: $x) { ward { id } } }",
        "query($x: IncidentFilter) { ward { incidents(filter: $x) { totalCount } } }",
    ):
        body = json.dumps({"query": query, "variables": {"x": deep}}).encode()
        answer = (await door.post(body)).json()
        assert answer["errors"][0]["extensions"]["path"][0] == "x"
    body = b'{"query": "{ viewer { role } }", "variables": {"unused": ' + json.dumps(deep).encode() + b"}}"
    assert (await door.post(body)).json() == {"data": {"viewer": {"role": "ANONYMOUS"}}}


async def test_a_body_over_a_mebibyte_is_refused(door: Desk) -> None:
    body = orjson.dumps({"query": REPORT, "variables": {"input": report(description="x" * 1_048_576)}})
    response = await door.post(body)
    assert response.status_code == 413
    assert "1 MiB" in response.json()["errors"][0]["message"]

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    response = await door.http.post("/graphql", content=pieces(), headers={"Content-Type": "application/json"})
    assert response.status_code == 413


async def test_only_json_is_taken(door: Desk) -> None:
    body = orjson.dumps({"query": REPORT, "variables": {"input": report()}})
    for kind in ("text/plain", "application/graphql", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        response = await door.post(body, headers={"Content-Type": kind})
        assert response.status_code == 415
        assert "application/json" in response.json()["errors"][0]["message"]
    response = await door.post(body, headers={"Content-Type": "application/json; charset=utf-16"})
    assert response.status_code == 415


async def test_get_is_for_queries_only(door: Desk) -> None:
    found = await door.http.get("/graphql", params={"query": "{ viewer { role } }"})
    assert found.json() == {"data": {"viewer": {"role": "ANONYMOUS"}}}
    response = await door.http.get(
        "/graphql", params={"query": REPORT, "variables": orjson.dumps({"input": report()}).decode()}
    )
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert "GET" in response.json()["errors"][0]["message"]
    both = "query A { viewer { role } } " + REPORT
    given = {"query": both, "variables": orjson.dumps({"input": report()}).decode(), "operationName": "Report"}
    assert (await door.http.get("/graphql", params=given)).status_code == 405
    for wrong in ({}, {"query": "{"}, {"query": "{ viewer { role } }", "variables": "{"}):
        response = await door.http.get(
            "/graphql", params=wrong, headers={"Accept": "application/graphql-response+json"}
        )
        assert response.status_code == 400
    for method in ("PUT", "DELETE", "PATCH"):
        assert (await door.http.request(method, "/graphql")).status_code == 405


async def test_what_a_client_accepts_decides_what_it_gets(door: Desk) -> None:
    body = {"query": "{ viewer { role } }"}
    for accept, kind in (
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("application/graphql-response+json, application/json;q=0.9", "application/graphql-response+json"),
    ):
        response = await door.post(body, headers={"Accept": accept})
        assert response.status_code == 200
        assert response.headers["content-type"] == f"{kind}; charset=utf-8"
    assert (await door.post(body, headers={"Accept": "text/html"})).status_code == 406


async def test_a_moment_at_the_end_of_time_is_no_fault(door: Desk) -> None:
    asked = "incidents(filter: {reportedFrom: $m}) { totalCount } statistics(to: $m) { total }"
    query = f"query($m: DateTime!) {{ ward {{ {asked} }} }}"
    for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z"):
        answer = await door.ask(query, m=moment)
        if "errors" in answer:
            assert answer["errors"][0]["extensions"] == {"code": "BAD_INPUT", "path": ["m"]}
    for moment in ("", "today", "2026-11-22", "2026-11-22T08:00:00", 5, None):
        answer = await door.ask(query, m=moment)
        assert answer["errors"][0]["extensions"]["path"] == ["m"]


async def test_more_values_than_the_database_takes_are_no_fault(door: Desk) -> None:
    query = "query($f: IncidentFilter) { ward { incidents(filter: $f) { totalCount } } }"
    for wanted in ({"categories": ["X"] * 40_000}, {"statuses": ["RECEIVED"] * 40_000}):
        answer = await door.ask(query, f=wanted)
        assert "INTERNAL" not in str(answer.get("errors"))
    answer = await door.ask(
        "query($k: [PlaceKind!]) { ward { places(kinds: $k) { totalCount } } }", k=["SCHOOL"] * 40_000
    )
    assert "INTERNAL" not in str(answer.get("errors"))
    crew = {"name": "Đội", "capacity": 1, "base": point(*IN_FIRST), "categories": ["X"] * 40_000}
    assert told(await door.ask(SAVE_CREW, "staff", input=crew), "saveCrew")[1]


async def test_at_most_a_hundred_ids_at_once(door: Desk) -> None:
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    found = await door.ask(query, ids=[f"Ward:{CODE}"] * 100)
    assert found["data"]["nodes"] == [{"id": f"Ward:{CODE}"}] * 100
    for count in (101, 9_000):
        answer = await door.ask(query, ids=[f"Ward:{CODE}"] * count)
        assert answer["errors"][0]["extensions"] == {"code": "BAD_INPUT", "path": ["ids"]}


async def test_a_field_that_fails_beside_one_that_does_not_fails_alone(door: Desk) -> None:
    answer = await door.ask("{ ward { name } bad: ward { places(first: -1) { totalCount } } }")
    assert answer["data"] == {"ward": {"name": "Phường Hòa Xuân"}, "bad": None}
    assert [error["path"] for error in answer["errors"]] == [["bad", "places"]]
    answer = await door.ask("{ ward { name } wards(first: -1) { totalCount } }")
    assert [error["path"] for error in answer["errors"]] == [["wards"]]
    assert answer["data"] is None


async def test_an_operation_that_fails_early_gives_its_connection_back(door: Desk) -> None:
    for _ in range(10):  # more than there are connections
        answer = await door.ask("{ a: ward { name } b: ward { name } wards(first: -1) { totalCount } }")
        assert answer["data"] is None
    pool = door.database.engine.pool
    assert isinstance(pool, AsyncAdaptedQueuePool)
    assert pool.checkedout() == 0
    assert (await door.ask("{ ward { name } }"))["data"]


async def test_messages_are_vietnamese_unless_english_is_asked_for(door: Desk) -> None:
    query = 'mutation { closeIncident(input: {incidentId: "x"}) { ... on UserError { code message } } }'
    words = {"vi": "Không tìm thấy.", "en": "Not found."}
    for language, expected in (
        (None, "vi"),
        ("en", "en"),
        ("en-GB,vi;q=0.5", "en"),
        ("vi,en;q=0.9", "vi"),
        ("fr", "vi"),
    ):
        answer = await door.ask(query, "staff", language)
        assert answer["data"]["closeIncident"] == {"code": "NOT_FOUND", "message": words[expected]}
    scalar = 'query { locate(position: {type: "Point", coordinates: [108, 91]}) { ward { id } } }'
    assert "Vĩ độ" in (await door.ask(scalar))["errors"][0]["message"]
    assert "latitude" in (await door.ask(scalar, language="en"))["errors"][0]["message"]
    page = "{ ward { places(first: 101) { totalCount } } }"
    assert "phải từ 0" in (await door.ask(page))["errors"][0]["message"]
    assert "lies between 0" in (await door.ask(page, language="en"))["errors"][0]["message"]


async def test_a_report_in_the_sea_is_outside_every_ward_and_leaves_no_trace(door: Desk) -> None:
    answer = await door.ask(REPORT, input=report(location=point(*IN_THE_SEA)))
    assert answer["data"]["reportIncident"] == {
        "__typename": "OutsideWard",
        "code": "OUTSIDE_WARD",
        "message": "Vị trí này nằm ngoài địa bàn phường. Hãy chọn lại vị trí trên bản đồ.",
        "path": ["input", "location"],
    }


async def test_a_report_finds_its_ward_and_neighbourhood(desk: Desk) -> None:
    for name, at, code in (
        (ward.FIRST, IN_FIRST, CODE),
        (ward.SECOND, ward.IN_SECOND, CODE),
        (ward.FIRST, ward.IN_OTHER, ward.OTHER),
    ):
        found = (await desk.data(REPORT, input=report(location=point(*at))))["reportIncident"]["incident"]
        assert (found["neighbourhood"], found["ward"]) == ({"name": name}, {"code": code})
        assert found["trackingCode"].startswith(f"{code}-")


async def test_the_same_report_fifty_times_at_once_is_one_incident_and_one_secret(desk: Desk) -> None:
    before = await desk.dump()
    same = report(reporter={"name": "Lan", "phone": "0905 000 111", "consent": True})
    answers = await asyncio.gather(*(desk.data(REPORT, input=same) for _ in range(50)))
    assert len({orjson.dumps(answer) for answer in answers}) == 1
    made = answers[0]["reportIncident"]
    assert made["__typename"] == "ReportIncidentPayload"
    after = await desk.dump()
    assert after["incident"][0] == before["incident"][0] + 1
    assert after["reporter"][0] == before["reporter"][0] + 1
    assert after["incident_event"][0] == before["incident_event"][0] + 2, "received, and given to a crew"
    again = await desk.data(REPORT, input={**same, "description": "Khác hẳn", "location": point(*IN_THE_SEA)})
    assert again["reportIncident"] == made
    assert await desk.dump() == after
    other = await desk.data(REPORT, input=report())
    assert other["reportIncident"]["reporterSecret"] != made["reporterSecret"]


ENDS_OF_THE_EARTH = [(180, 90), (-180, -90), (0, 0), (-71.79, -15.9865), (180, 0), (1e-9, -1e-9), (108.2, 15.98)]
ODD_WORDS = ["%", "_", "\\", "\\%", "％", "'", '"', "\u200b", "\u0301", "🏠", "ﷺ" * 200, "(", "[a-z]", "x" * 5_000, " "]


async def test_no_position_on_earth_is_a_fault(door: Desk) -> None:
    query = """query($at: GeoJSONPoint!, $metres: Float!, $box: BoundingBox!) {
      locate(position: $at) { ward { code } team { name } }
      ward {
        places(near: $at, first: 100) { nodes { distanceMetres } }
        inside: places(within: $box) { totalCount }
        incidents(orderBy: NEAREST_FIRST, filter: {near: $at, radiusMetres: $metres, within: $box}) {
          nodes { distanceMetres similar(radiusMetres: $metres) { id } }
        }
      }
    }"""
    for at in ENDS_OF_THE_EARTH:
        box = {"west": -180, "south": -90, "east": at[0], "north": at[1]}
        for metres in (-1.0, 0.0, 1e308):
            data = await door.data(query, at=point(*at), metres=metres, box=box)
            assert len(data["ward"]["places"]["nodes"]) == 4
    for side, value in (("west", 181), ("north", 91), ("east", 108.1), ("south", 17)):
        box = {"west": 108.2, "south": 15.98, "east": 108.24, "north": 16.02, side: value}
        answer = await door.ask(query, at=point(0, 0), metres=1.0, box=box)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_INPUT"
        assert answer["errors"][0]["extensions"]["path"][0] == "within"
    for literal_ in ("1e400", "-1e400"):
        answer = await door.ask(f"{{ ward {{ incidents(filter: {{radiusMetres: {literal_}}}) {{ totalCount }} }} }}")
        assert "INTERNAL" not in str(answer)


async def test_no_word_is_a_fault_or_finds_everything(door: Desk) -> None:
    query = """query($word: String!) {
      wards(search: $word) { totalCount }
      incident(trackingCode: $word, secret: $word) { id }
      node(id: "Ward:20314") { id }
      ward {
        places(search: $word) { totalCount } teams(search: $word) { totalCount }
        neighbourhoods(search: $word) { totalCount } incidents(filter: {search: $word}) { totalCount }
      }
    }"""
    for word in ODD_WORDS:
        data = await door.data(query, "staff", word=word)
        if word.strip(" \u0301"):  # without diacritics nothing is left of these, and nothing is in every name
            assert data["ward"]["teams"] == {"totalCount": 0}, word
            assert data["wards"] == {"totalCount": 0}, word
