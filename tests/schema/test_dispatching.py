"""What the API tells of dispatch, and to whom: why this crew, by when it accepts, what needs a person, where it is."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from geo import tables
from tests import ward
from tests.asking import Desk
from tests.ward import CLEAN, CODE, FAR, IN_FIRST, ROADS

WHOLE = """
  acceptBy attention
  history { public candidates { metres inHand capacity seconds chosen why crew { name } } }
"""
INCIDENT = f"query($code: String!, $secret: String) {{ incident(trackingCode: $code, secret: $secret) {{ {WHOLE} }} }}"
REPORT = """
mutation($input: ReportIncidentInput!) { reportIncident(input: $input) {
  ... on ReportIncidentPayload { reporterSecret incident { id trackingCode } } } }
"""
LIST = """
query($wanted: IncidentFilter) { ward { incidents(filter: $wanted) { totalCount nodes { trackingCode attention } } } }
"""
POSITION = """
mutation($input: ReportPositionInput!) { reportPosition(input: $input) {
  __typename
  ... on ReportPositionPayload { crew { name position positionAt } }
  ... on UserError { code message path } } }
"""
CALLERS = (None, *ward.USERNAMES)
HERE = {"type": "Point", "coordinates": list(IN_FIRST)}


async def reported(desk: Desk, category: str = "ENVIRONMENT") -> tuple[str, str]:
    """A report's tracking code and its secret."""
    given = {"requestKey": str(uuid4()), "category": category, "location": HERE, "description": "Rác"}
    answer = (await desk.data(REPORT, input=given))["reportIncident"]
    return answer["incident"]["trackingCode"], answer["reporterSecret"]


async def told(desk: Desk, by: str | None, code: str, secret: str | None = None) -> Any:
    return (await desk.data(INCIDENT, by, code=code, secret=secret))["incident"]


async def test_why_this_crew_is_for_the_wards_staff(desk: Desk) -> None:
    async with desk.database.write() as connection:
        await ward.crew(connection, "Đội kín việc", ["ENVIRONMENT"], capacity=0)
        await ward.crew(connection, "Đội xa", ["ENVIRONMENT"], base=(108.239, 16.019))
    code, secret = await reported(desk)
    for by in CALLERS:
        seen = await told(desk, by, code)
        weighed = [step["candidates"] for step in seen["history"]]
        if by not in ("staff", "admin"):
            assert weighed == [None, None], by
            continue
        assert weighed[0] is None
        first, second, third = weighed[1]
        assert first == {
            "metres": 0.0,
            "inHand": 0,
            "capacity": 10,
            "seconds": 0,
            "chosen": True,
            "why": None,
            "crew": {"name": CLEAN},
        }
        assert (second["crew"]["name"], second["chosen"], second["why"]) == ("Đội xa", False, None)
        assert second["seconds"] == pytest.approx(second["metres"] * 0.252, abs=1)
        assert (third["crew"]["name"], third["why"]) == ("Đội kín việc", "FULL")
    assert [step["candidates"] for step in (await told(desk, None, code, secret))["history"]] == [None, None]


async def test_by_when_a_crew_accepts_is_for_it_and_for_staff(desk: Desk) -> None:
    code, secret = await reported(desk)
    for by in CALLERS:
        seen = (await told(desk, by, code))["acceptBy"]
        assert (seen is not None) == (by in ("staff", "admin", "crew-clean")), by
    assert (await told(desk, None, code, secret))["acceptBy"] is None


async def test_what_needs_a_person_is_told_to_staff_and_found_by_them(desk: Desk) -> None:
    code, secret = await reported(desk, "FOOD_SAFETY")
    other, _ = await reported(desk)
    for by in CALLERS:
        own = by in ("staff", "admin")
        seen = await told(desk, by, code)
        assert (seen["attention"] == "NO_CREW") is own, by
        assert [step["public"] for step in seen["history"]] == ([True, False] if own else [True]), by
        found = (await desk.data(LIST, by, wanted={"attention": True}))["ward"]["incidents"]
        expected = [{"trackingCode": code, "attention": "NO_CREW"}] if own else []
        assert (found["totalCount"], found["nodes"]) == (len(expected), expected), by
        rest = (await desk.data(LIST, by, wanted={"attention": False}))["ward"]["incidents"]["nodes"]
        assert {one["trackingCode"] for one in rest} == ({other} if own else {code, other}), by
        assert (await desk.data(LIST, by, wanted={"attention": None}))["ward"]["incidents"]["totalCount"] == 2
    assert (await told(desk, None, code, secret))["attention"] is None


async def test_an_empty_search_for_a_crew_is_told_as_one(desk: Desk) -> None:
    """None suited it: that is not the same as candidates that nobody may see, but neither are there any to show."""
    code, _ = await reported(desk, "FOOD_SAFETY")
    assert [step["candidates"] for step in (await told(desk, "staff", code))["history"]] == [None, None]


async def test_how_much_a_crew_has_in_hand_is_for_staff_and_the_wards_crews(desk: Desk) -> None:
    for _ in range(2):
        await reported(desk)
    query = "query($code: String!) { ward(code: $code) { crews { nodes { name inHand positionAt } } } }"
    for by in CALLERS:
        nodes = (await desk.data(query, by, code=CODE))["ward"]["crews"]["nodes"]
        seen = {one["name"]: one["inHand"] for one in nodes}
        if by in ("staff", "admin", "crew-clean", "crew-roads"):
            assert seen == {CLEAN: 2, ROADS: 0}, by
        else:
            assert set(seen.values()) <= {None}, by
    far = (await desk.data(query, "crew-other", code=ward.OTHER))["ward"]["crews"]["nodes"]
    assert [(one["name"], one["inHand"]) for one in far] == [(FAR, 0)]


async def test_a_crew_says_where_it_is_and_wakes_nobody(desk: Desk) -> None:
    woken: list[str] = []
    desk.database.committed.append(lambda: woken.append("woken"))
    answer = (await desk.data(POSITION, "crew-clean", input={"position": HERE}))["reportPosition"]
    assert answer["crew"]["position"] == HERE
    assert answer["crew"]["positionAt"] is not None
    assert woken == []
    query = "{ ward { crews { nodes { name position positionAt } } } }"
    for by, sees in (("staff", True), ("crew-clean", True), ("crew-roads", False), ("team-1", False)):
        nodes = (await desk.data(query, by))["ward"]["crews"]["nodes"]
        (clean,) = [one for one in nodes if one["name"] == CLEAN]
        assert ((clean["position"] == HERE), (clean["positionAt"] is not None)) == (sees, sees), by


async def test_a_position_is_refused_off_duty_and_from_far_away(desk: Desk) -> None:
    hanoi = {"type": "Point", "coordinates": [105.85, 21.03]}
    far = (await desk.data(POSITION, "crew-clean", input={"position": hanoi}))["reportPosition"]
    assert (far["__typename"], far["path"]) == ("InvalidInput", ["input", "position"])
    off = "mutation { setDuty(input: {onDuty: false}) { __typename } }"
    assert (await desk.data(off, "crew-clean"))["setDuty"]["__typename"] == "SetDutyPayload"
    answer = (await desk.data(POSITION, "crew-clean", input={"position": HERE}))["reportPosition"]
    assert (answer["__typename"], answer["code"]) == ("OffDuty", "OFF_DUTY")
    async with desk.database.read() as connection:
        query = sa.select(tables.crew.c.position).where(tables.crew.c.id == desk.ward.crews[CLEAN])
        assert await connection.scalar(query) is None


async def test_off_duty_what_a_crew_had_goes_to_the_next_before_the_answer(desk: Desk) -> None:
    async with desk.database.write() as connection:
        await ward.crew(connection, "Đội kế", ["ENVIRONMENT"], base=(108.239, 16.019))
    code, _ = await reported(desk)
    off = "mutation { setDuty(input: {onDuty: false}) { ... on SetDutyPayload { crew { onDuty inHand } } } }"
    assert (await desk.data(off, "crew-clean"))["setDuty"]["crew"] == {"onDuty": False, "inHand": 0}
    query = "query($code: String!) { incident(trackingCode: $code) { status crew { name } } }"
    assert (await desk.data(query, "staff", code=code))["incident"] == {
        "status": "ASSIGNED",
        "crew": {"name": "Đội kế"},
    }
