"""A step sent again: what the answer tells of what others wrote meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from geo.giving import NO_CREW_FOUND
from geo.lifecycle import Status
from geo.tables import crew
from tests import ward
from tests.asking import Desk

ANSWER = """
{ __typename ... on DeclineIncidentPayload { incident {
  status description address reporter { phone } crew { name } satisfaction
  history { note public actor }
} } }
"""
DECLINE = f'mutation($id: ID!) {{ declineIncident(input: {{incidentId: $id, reason: "Xe hỏng"}}) {ANSWER} }}'
NOTE = """
mutation($id: ID!, $note: String!, $public: Boolean!) {
  noteIncident(input: {incidentId: $id, note: $note, public: $public}) { __typename }
}
"""
CORRECT = """
mutation($id: ID!) { correctIncident(input: {incidentId: $id, address: "Nhà bà Sáu"}) { __typename } }
"""


async def decline(desk: Desk, made: ward.Reported) -> Any:
    answer = (await desk.data(DECLINE, "crew-clean", id=made.id))["declineIncident"]
    assert answer["__typename"] == "DeclineIncidentPayload"
    return answer["incident"]


def notes(incident: Any) -> list[str]:
    return [step["note"] for step in incident["history"] if step["note"] is not None]


@pytest.mark.parametrize("category", ["SECURITY", "ENVIRONMENT"])
async def test_a_crew_that_gave_it_back_and_asks_again_reads_nothing_written_since(desk: Desk, category: str) -> None:
    async with desk.database.write() as connection:
        held = {"status": Status.ACCEPTED, "crew_id": desk.ward.crews[ward.CLEAN], "category": category}
        text = {"description": "Chi tiết", "address": "Ngõ 5", "phone": "0905000222"}
        made = await ward.report(connection, **held, **text)  # type: ignore[arg-type]
        await connection.execute(crew.update().values(on_duty=False))
    first = await decline(desk, made)
    assert (first["status"], first["address"], first["reporter"]) == ("RECEIVED", "Ngõ 5", {"phone": "0905000222"})
    for note, public in (("Nhà người tố cáo ở số 7", False), ("Phường đang xem", True)):
        await desk.data(NOTE, "staff", id=made.id, note=note, public=public)
    await desk.data(CORRECT, "staff", id=made.id)
    again = await decline(desk, made)
    assert again["status"] == "RECEIVED"
    assert again["reporter"] is None
    assert again["address"] is None
    assert notes(first) == [*notes(again), NO_CREW_FOUND], "what the ward remarked after the step is in the first alone"
    assert [step for step in again["history"] if not step["public"]] == [
        step for step in first["history"] if not step["public"] and step["note"] != NO_CREW_FOUND
    ]
