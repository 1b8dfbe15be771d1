"""Every subscription, as every kind of caller: who may follow, and what of an event they are told."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from geo.audiences import Caller, Cell
from schema.permissions import SUBSCRIPTIONS, fields_of
from tests.permissions import reading
from tests.permissions.callers import Scene
from tests.permissions.conftest import Staging
from tests.permissions.streams import begun
from tests.ward import CLEAN, CODE

EVENT = "at to note actor public photos { id }"
INCIDENT = "id description address crew { id } reporter { name phone } acceptBy"
FOLLOW: dict[str, str] = {
    "by wardCode": (
        f"incidentChanged(wardCode: $ward, after: $after) {{ cursor incident {{ {INCIDENT} }} event {{ {EVENT} }} }}"
    ),
    "by crewId": "incidentChanged(crewId: $crew) { cursor incidentId refetch }",
    "by trackingCode, of a private kind": (
        "incidentChanged(trackingCode: $code, secret: $secret) { cursor incidentId refetch }"
    ),
    "by wardCode ": "boundariesChanged(wardCode: $ward) { cursor refetch edit { author reason } }",
}
"""A document for each row of `SUBSCRIPTIONS`."""
_VARIABLES = {"ward": "String", "after": "String", "crew": "ID", "code": "String", "secret": "String"}


def _asked(scene: Scene, caller: Caller, how: str, which: str) -> bytes:
    known = scene.laid.incidents[f"{which} private"]
    crew = scene.laid.ids[f"crew {CLEAN}"]
    values: dict[str, Any] = {"ward": CODE, "after": None, "crew": crew, "code": known.tracking_code}
    values["secret"] = known.secret if caller is Caller.REPORTER and which == "own" else None
    used = {name: of_type for name, of_type in _VARIABLES.items() if f"${name}" in FOLLOW[how]}
    declared = ", ".join(f"${name}: {of_type}" for name, of_type in used.items())
    query = f"subscription ({declared}) {{ {FOLLOW[how]} }}"
    return orjson.dumps({"query": query, "variables": {name: values[name] for name in used}})


def _headers(scene: Scene, caller: Caller) -> dict[str, str]:
    sent = {"Content-Type": "application/json", "Accept": "text/event-stream"}
    return {name: value for name, value in scene.headers(caller).items() if name != "Cookie"} | sent


def test_every_subscription_is_followed() -> None:
    assert set(FOLLOW) == set(SUBSCRIPTIONS), "tests/permissions/test_following.py, FOLLOW: say how it is followed"
    assert fields_of("IncidentChange")
    assert fields_of("BoundaryChange")
    assert "Incident" in reading.READERS


@pytest.mark.parametrize("caller", Caller)
async def test_a_caller_follows_exactly_what_the_table_says(staging: Staging, caller: Caller) -> None:
    wrong = []
    async with staging() as scene:
        scene.desk.app.state.live.hub.start()
        for how, fields in SUBSCRIPTIONS.items():
            ((audience, _),) = fields.items()
            cell = audience.cell(caller)
            for which in ("own", "foreign") if "tracking" in how else ("own",):
                if caller is Caller.OTHER_CREW and which == "foreign":
                    continue
                body = _asked(scene, caller, how, which)
                _, told = await begun(scene, "POST", "/graphql", _headers(scene, caller), body)
                wanted = cell is Cell.YES or (cell is Cell.OWN and which == "own")
                if (b'"errors"' not in told) is not wanted:
                    wrong.append(f"{how} by {caller}, {which}: the table says {cell}, but {told[:200]!r}")
        await scene.desk.app.state.live.hub.close()
    assert wrong == [], "\n" + "\n".join(wrong)


async def test_an_event_says_to_each_caller_what_they_may_read(staging: Staging) -> None:
    """A step of an unpublished incident, whose note is for its reporter, its team and who works on it."""
    document = "mutation ($input: NoteIncidentInput!) { noteIncident(input: $input) { __typename } }"
    async with staging() as scene:
        hub = scene.desk.app.state.live.hub
        hub.start()
        following = {
            caller: asyncio.create_task(
                begun(
                    scene,
                    "POST",
                    "/graphql",
                    _headers(scene, caller),
                    _asked(scene, caller, "by wardCode", "own"),
                    until=b'"incidentChanged"',
                )
            )
            for caller in Caller
        }
        notes = 0
        while not all(task.done() for task in following.values()):
            notes += 1
            given = {"incidentId": scene.laid.ids["own"], "note": f"lời nhắn mới {notes}", "public": True}
            await scene.ask(Caller.STAFF, document, {"input": given})
            await asyncio.wait(following.values(), timeout=0.5)
        await hub.close()
        known = {caller: task.result()[1].decode() for caller, task in following.items()}
    readers = {Caller.TEAM_MEMBER, Caller.CREW_MEMBER, Caller.STAFF, Caller.ADMIN}
    at_work = readers - {Caller.TEAM_MEMBER}
    assert {caller for caller, text in known.items() if "lời nhắn mới" in text} == readers
    assert {caller for caller, text in known.items() if "chuyện riêng" in text} == readers
    assert {caller for caller, text in known.items() if "người báo" in text} == at_work
    assert {caller for caller, text in known.items() if "người làm staff" in text} == at_work
    assert all(scene.laid.ids["own"] in text for text in known.values())
