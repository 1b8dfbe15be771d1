"""Who cannot answer as a report's reporter, and ids that name nothing: refused, and nothing is changed.

Every mutation by every caller is in `tests/permissions/test_mutations.py`.
"""

from __future__ import annotations

from typing import Any

from geo.lifecycle import Status
from tests import ward
from tests.asking import Desk
from tests.ward import CLEAN, CODE


async def made(desk: Desk, field: str, by: str | None, **given: Any) -> Any:
    """The answer: its type, and what an error says."""
    kind = field[0].upper() + field[1:]
    told = "{ __typename ... on UserError { code message path } }"
    query = f"mutation($input: {kind}Input!) {{ {field}(input: $input) {told} }}"
    return (await desk.data(query, by, input=given))[field]


async def test_who_works_on_a_report_cannot_answer_as_its_reporter(desk: Desk) -> None:
    async with desk.database.write() as connection:
        done = await ward.report(connection, status=Status.RESOLVED, crew_id=desk.ward.crews[CLEAN])
    before = await desk.dump()
    for by in ("crew-clean", "staff", "admin", "staff-other", None):
        for secret in ("", "x", done.tracking_code):
            given = {"trackingCode": done.tracking_code, "secret": secret}
            rated = await made(desk, "rateIncident", by, **given, satisfaction="SATISFIED")
            reopened = await made(desk, "reopenIncident", by, **given, reason="Chưa")
            assert (rated["__typename"], reopened["__typename"]) == ("NotFound", "NotFound")
    assert await desk.dump() == before
    given = {"trackingCode": done.tracking_code, "secret": done.secret, "satisfaction": "SATISFIED"}
    assert (await made(desk, "rateIncident", None, **given))["__typename"] == "RateIncidentPayload"
    assert await desk.dump() != before


async def test_an_id_of_another_kind_or_ward_or_none_at_all_is_not_found(desk: Desk) -> None:
    before = await desk.dump()
    crew = f"Crew:{CODE}:{desk.ward.crews[CLEAN]}"
    for wrong in (
        "",
        "x",
        "Incident",
        f"Ward:{CODE}",
        crew,
        f"Incident:{CODE}:{desk.ward.crews[CLEAN]}",
        "Incident:x:y",
    ):
        answer = await made(desk, "closeIncident", "staff", incidentId=wrong)
        assert (answer["__typename"], answer["path"]) == ("NotFound", ["input", "incidentId"])
    assert await desk.dump() == before
