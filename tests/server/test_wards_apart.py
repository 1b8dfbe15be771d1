"""Two wards on one server: an id names its ward too, and staff are staff of their own ward only."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from geo.lifecycle import Status
from geo.tables import incident
from tests import ward
from tests.asking import Desk

ASSIGN = "mutation($input: AssignIncidentInput!) { done: assignIncident(input: $input) { __typename ...Path } }"
COPY = "mutation($input: MarkDuplicateInput!) { done: markDuplicate(input: $input) { __typename ...Path } }"
PATH = " fragment Path on NotFound { path }"
REPORT = """
mutation($input: ReportIncidentInput!) {
  reportIncident(input: $input) { ... on ReportIncidentPayload { incident { id } } }
}
"""


async def done(desk: Desk, mutation: str, **given: str) -> Any:
    return (await desk.data(mutation + PATH, "staff", input=given))["done"]


async def test_an_id_of_another_ward_is_not_found(desk: Desk) -> None:
    async with desk.database.write() as connection:
        made, original = [await ward.report(connection, status=Status.RECEIVED) for _ in range(2)]
    crew = desk.ward.crews[ward.CLEAN]
    for code, kind in ((ward.OTHER, "NotFound"), (ward.CODE, None)):
        assigned = await done(desk, ASSIGN, incidentId=made.id, crewId=f"Crew:{code}:{crew}")
        copied = await done(desk, COPY, incidentId=made.id, originalId=f"Incident:{code}:{original.key}")
        if kind is None:
            assert (assigned["__typename"], copied["__typename"]) == ("AssignIncidentPayload", "MarkDuplicatePayload")
        else:
            assert assigned == {"__typename": kind, "path": ["input", "crewId"]}
            assert copied == {"__typename": kind, "path": ["input", "originalId"]}


@pytest.mark.parametrize(
    ("by", "at", "channel"),
    [
        ("staff", ward.IN_FIRST, "STAFF"),
        ("staff", ward.IN_OTHER, "GRAPHQL"),
        ("admin", ward.IN_OTHER, "STAFF"),
        ("crew-clean", ward.IN_FIRST, "GRAPHQL"),
    ],
)
async def test_what_staff_take_down_in_their_own_ward_came_in_by_staff(
    desk: Desk, by: str, at: tuple[float, float], channel: str
) -> None:
    place = {"type": "Point", "coordinates": list(at)}
    given = {"requestKey": str(uuid4()), "category": "ENVIRONMENT", "location": place}
    await desk.data(REPORT, by, input=given)
    async with desk.database.read() as connection:
        stored = await connection.scalar(sa.select(incident.c.channel))
    assert stored == channel
