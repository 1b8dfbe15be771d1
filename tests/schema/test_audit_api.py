"""The audit log through the API: each mutation leaves its entry, and the ward's staff alone read it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from geo import audit, tables
from geo.audit_subjects import Subject, hold
from geo.audit_words import ACTIONS
from geo.lifecycle import Status
from schema.api import SCHEMA
from schema.auditing import UNTOLD
from tests import ward
from tests.asking import Desk, Opening
from tests.schema.drafts import id_of
from tests.schema.scene import lay
from tests.schema.test_failed_jobs import lay as lay_job
from tests.ward import CLEAN, CODE, FIRST, IN_FIRST, OTHER, ROADS, SECOND

AT = {"type": "Point", "coordinates": list(IN_FIRST)}
LOG = """
query(
  $code: String!, $first: Int, $after: String, $action: String, $account: ID, $subject: ID
  $since: DateTime, $until: DateTime
) {
  ward(code: $code) {
    audit(
      first: $first, after: $after, since: $since, until: $until
      action: $action, accountId: $account, subject: $subject
    ) {
      totalCount pageInfo { endCursor hasNextPage }
      nodes { id at accountId name role action text textEn subject details requestId }
    }
  }
}
"""


@dataclass(frozen=True)
class Step:
    """A change that succeeds, in an order in which all do."""

    mutation: str
    input: dict[str, Any]
    by: str = "staff"
    again: bool = False
    """Whether it may be sent once more as it is, and then changes nothing."""


async def ask(desk: Desk, step: Step) -> Any:
    of_type = f"{step.mutation[0].upper()}{step.mutation[1:]}"
    document = f"""mutation($input: {of_type}Input!) {{ done: {step.mutation}(input: $input) {{
      __typename ... on UserError {{ message path }} }} }}"""
    return (await desk.data(document, step.by, input=step.input))["done"]


async def log(desk: Desk, by: str | None = "staff", code: str = CODE, **asked: Any) -> list[dict[str, Any]]:
    found = (await desk.data(LOG, by, code=code, **{"first": 100, **asked}))["ward"]["audit"]["nodes"]
    return [{**one, "details": json.loads(one["details"])} for one in found]


async def count(desk: Desk) -> int:
    async with desk.database.read() as connection:
        found = await connection.scalar(sa.select(sa.func.count()).select_from(tables.audit_entry))
    return found or 0


@pytest.fixture(scope="module")
async def worked(opening: Opening) -> AsyncIterator[Desk]:
    """A desk with incidents and failed jobs, for tests that come after one another."""
    async with opening() as desk:
        async with desk.database.write() as connection:
            desk.incidents |= await lay(connection, desk.ward)
            for n in range(3):
                desk.incidents[f"new {n}"] = await ward.report(connection)
            desk.incidents["done"] = await ward.report(
                connection, status=Status.RESOLVED, crew_id=desk.ward.crews[CLEAN]
            )
            with_factor = sa.update(tables.account).where(tables.account.c.id == desk.ward.accounts["crew-clean"])
            factor = {"second_factor_salt": b"sixteen bytes ok", "second_factor_since": sa.func.now()}
            await connection.execute(with_factor.values(second_factor_step=1, **factor))
        yield desk


async def photo_of(desk: Desk, name: str) -> str:
    columns = tables.photo.c
    async with desk.database.read() as connection:
        found = sa.select(columns.id).where(columns.incident_id == desk.incidents[name].key, ~columns.published)
        return f"Photo:{CODE}:{await connection.scalar(found)}"


async def steps(desk: Desk) -> Sequence[Step]:
    async def made(table: sa.Table, **known: Any) -> str:
        where = [table.c[name] == value for name, value in known.items()]
        async with desk.database.read() as connection:
            return str(await connection.scalar(sa.select(table.c.id).where(table.c.ward_code == CODE, *where)))

    laid = desk.ward
    crew, other_crew = (f"Crew:{CODE}:{laid.crews[name]}" for name in (CLEAN, ROADS))
    team, account = f"Team:{CODE}:{laid.teams[FIRST]}", f"Account:{CODE}:{laid.accounts['crew-clean']}"
    new = [desk.incidents[f"new {n}"].id for n in range(3)]
    house = f"Place:{CODE}:{laid.places['Nhà văn hóa số 1']}"
    member = f"TeamMember:{CODE}:{await made(tables.team_member, name='Trần Văn Kín Đáo')}"
    job = await lay_job(desk, {"ward": CODE})
    text = {"text": "Ngoài địa bàn", "textEn": "Outside the ward"}
    template = await first_template(desk, text)
    category = {"name": "Môi trường", "nameEn": "Environment", "icon": "leaf", "colour": "#1b5e20"}
    base = {"name": "Đội mới", "capacity": 3, "base": AT, "categories": ["TRAFFIC"]}
    place = {"kind": "MARKET", "name": "Chợ", "location": AT}
    version = {"expectedVersion": 1}
    line = {"type": "LineString", "coordinates": [[108.21, 15.97], [108.21, 16.01]]}
    parts = [{"neighbourhoodId": id_of(desk, one), **version} for one in ("Tổ dân phố số 10", "Tổ dân phố Đông Hòa")]
    return (
        Step("assignIncident", {"incidentId": new[0], "crewId": crew}, again=True),
        Step("rejectIncident", {"incidentId": new[1], "reason": "Ngoài địa bàn"}, again=True),
        Step("markDuplicate", {"incidentId": new[2], "originalId": new[0]}, again=True),
        Step("noteIncident", {"incidentId": new[0], "note": "Đã gọi lại số 0905000333"}, again=True),
        Step("publishIncident", {"incidentId": new[0], "published": True}, again=True),
        Step("correctIncident", {"incidentId": new[0], "address": "Số 5 đường Bí Mật"}, again=True),
        Step("acceptIncident", {"incidentId": new[0]}, by="crew-clean"),
        Step("startIncident", {"incidentId": new[0]}, by="crew-clean"),
        Step("resolveIncident", {"incidentId": new[0], "note": "Đã dọn"}, again=True),
        Step("closeIncident", {"incidentId": desk.incidents["done"].id}, again=True),
        Step("reopenIncident", {"incidentId": desk.incidents["done"].id, "reason": "Chưa xong"}, again=True),
        Step("declineIncident", {"incidentId": desk.incidents["held"].id, "reason": "Xe hỏng"}, by="crew-clean"),
        Step("dispatchBacklog", {"wardCode": CODE}),
        Step("redactPhoto", {"photoId": await photo_of(desk, "held"), "published": True}, again=True),
        Step("savePlace", {**place, "requestKey": "6d9d0c34-6b7a-4a0b-8d5e-0f5f0f1f2f3f"}, by="team-1", again=True),
        Step("savePlace", {**place, "placeId": house, "name": "Nhà văn hóa mới"}, again=True),
        Step("removePlace", {"placeId": house}),
        Step("saveCrew", {**base, "crewId": other_crew, "members": []}, again=True),
        Step("setDuty", {"onDuty": False}, by="crew-clean", again=True),
        Step("setDuty", {"crewId": other_crew, "onDuty": False}, again=True),
        Step("saveTeam", {"teamId": team, "name": "Tổ mới"}, again=True),
        Step("saveTeamMember", {"teamId": team, "name": "Bà Tám", "role": "MEMBER", "phone": "0905000444"}),
        Step("saveTeamMember", {"memberId": member, "name": "Bà Chín", "role": "MEMBER"}, again=True),
        Step("removeTeamMember", {"memberId": member}),
        Step("saveCategory", {"code": "NOISE", **category, "deadlineHours": 24}, again=True),
        Step("saveCategory", {"code": "NOISE", **category, "deadlineHours": 48}, again=True),
        Step("saveRejectionTemplate", {**text, "text": "Đã có đơn vị khác lo", "wardCode": CODE}),
        Step("saveRejectionTemplate", {**text, "templateId": template, "text": "Khác"}, again=True),
        Step("removeRejectionTemplate", {"templateId": template}),
        Step(
            "createAccount", {"wardCode": CODE, "username": "moi", "name": "Mới", "role": "CREW_MEMBER", "crewId": crew}
        ),
        Step("moveAccount", {"accountId": account, "crewId": other_crew}, again=True),
        Step("setAccountDisabled", {"accountId": account, "disabled": True}, again=True),
        Step("resetPassword", {"accountId": account}),
        Step("createAccountLink", {"accountId": account, "purpose": "PASSWORD_RESET"}),
        Step("resetSecondFactor", {"accountId": account}, again=True),
        Step("setAccountEmail", {"accountId": account, "email": "ai.do@example.vn"}, again=True),
        Step("retryJobs", {"wardCode": CODE, "jobIds": [job]}),
        Step("renameNeighbourhood", {"neighbourhoodId": id_of(desk, SECOND), "name": "Tổ dân phố Hai"}, again=True),
        Step("splitNeighbourhood", {"neighbourhoodId": id_of(desk, FIRST), "line": line, "newNames": ["X"], **version}),
        Step("mergeNeighbourhoods", {"neighbourhoods": parts, "name": "Tổ dân phố Mười"}),
        Step(
            "saveBoundaries",
            {
                "wardCode": CODE,
                "rename": [{"neighbourhoodId": id_of(desk, SECOND), "name": "Hai", "expectedVersion": 2}],
            },
        ),
        Step("markNoticesSeen", {"until": "2026-11-23T00:00:00Z"}),
        Step(
            "reportIncident",
            {"requestKey": "0f5f0f1f-6b7a-4a0b-8d5e-6d9d0c342f3f", "category": "TRAFFIC", "location": AT},
        ),
        Step("rateIncident", rating(desk)),
        Step("withdrawContact", {"trackingCode": rating(desk)["trackingCode"], "secret": rating(desk)["secret"]}),
    )


def rating(desk: Desk) -> dict[str, Any]:
    of = desk.incidents["published"]
    return {"trackingCode": of.tracking_code, "secret": of.secret, "satisfaction": "SATISFIED"}


async def first_template(desk: Desk, text: dict[str, str]) -> str:
    saved = """mutation($input: SaveRejectionTemplateInput!) { done: saveRejectionTemplate(input: $input) {
      ... on SaveRejectionTemplatePayload { rejectionTemplate { id } } } }"""
    done = await desk.data(saved, "staff", input={**text, "wardCode": CODE})
    return str(done["done"]["rejectionTemplate"]["id"])


OF_ONES_OWN_ACCOUNT = {
    "changePassword",
    "disableSecondFactor",
    "enableSecondFactor",
    "endOtherSessions",
    "endSession",
    "renewRecoveryCodes",
}
"""What `geo/own_account.py` tells itself: see its tests."""
CREWS_OWN = {"acceptIncident", "declineIncident", "startIncident"}
"""Steps that only a crew takes: the incident's history has them."""


async def test_every_mutation_that_staff_succeed_with_writes_one_entry(worked: Desk) -> None:
    done = set()
    for step in await steps(worked):
        before = await count(worked)
        answer = await ask(worked, step)
        assert answer["__typename"].endswith("Payload"), (step, answer)
        untold = step.mutation in UNTOLD or step.mutation in CREWS_OWN
        assert await count(worked) - before == (0 if untold else 1), step
        if not untold:
            (entry,) = await log(worked, first=1)
            assert entry["action"] == step.mutation
            assert entry["name"] == f"Người dùng {step.by}"
            assert entry["accountId"] == f"Account:{CODE}:{worked.ward.accounts[step.by]}"
            assert entry["text"] == ACTIONS[step.mutation].vi
            assert entry["textEn"] == ACTIONS[step.mutation].en
        if step.again:
            assert (await ask(worked, step))["__typename"].endswith("Payload"), step
            assert await count(worked) - before == (0 if untold else 1), f"{step} told twice"
        done.add(step.mutation)
    published = set(SCHEMA.mutation_type.fields) if SCHEMA.mutation_type else set()
    left = published - done - {"reportPosition", "prepareSecondFactor"}
    assert left == OF_ONES_OWN_ACCOUNT, "a mutation without a step here"
    assert set(UNTOLD) | CREWS_OWN <= published


async def test_what_is_told_names_fields_and_ids_and_nobody(worked: Desk) -> None:
    """After the test above: of all that it changed."""
    entries = await log(worked)
    told = {(one["action"], *one["details"].get("changed", ())): one for one in entries}
    assert ("setDuty", "onDuty") in told
    assert told["setDuty", "onDuty"]["details"]["to"] == {"onDuty": False}
    assert ("saveCategory", "deadlineHours") in told
    assert ("setAccountDisabled", "disabledAt") in told
    assert ("resetPassword", "password") in {key[:2] for key in told}
    assert next(one for one in entries if one["action"] == "removePlace")["details"] == {"removed": True}
    assert next(one for one in entries if one["action"] == "createAccount")["details"] == {"created": True}
    whole = json.dumps([(one["details"], one["subject"]) for one in entries], ensure_ascii=False)
    for secret in ("0905000", "example.vn", "Bí Mật", "mậtngữ", "Bà Tám", "Đã gọi", "argon2", "$"):
        assert secret not in whole
    assert re.search(r"[0-9a-f]{64}", whole) is None


async def test_the_wards_staff_alone_read_it(worked: Desk) -> None:
    mine = await log(worked)
    assert mine
    assert await log(worked, "admin") == mine
    for stranger in (None, "staff-other", "crew-roads", "team-1"):
        answer = await worked.ask(LOG, stranger, code=CODE, first=100)
        assert answer["data"]["ward"]["audit"]["nodes"] == []
        node = "query($id: ID!) { node(id: $id) { ... on AuditEntry { action } } }"
        assert (await worked.data(node, stranger, id=mine[0]["id"]))["node"] is None
    assert await log(worked, code=OTHER) == []
    assert await log(worked, "staff-other", code=OTHER) == []


async def test_it_is_paged_and_filtered(worked: Desk) -> None:
    every = await log(worked)
    first = (await worked.data(LOG, "staff", code=CODE, first=3))["ward"]["audit"]
    assert first["totalCount"] == len(every)
    after = first["pageInfo"]["endCursor"]
    assert [one["id"] for one in await log(worked, after=after)] == [one["id"] for one in every[3:]]
    places = await log(worked, action="savePlace")
    assert [one["id"] for one in places] == [one["id"] for one in every if one["action"] == "savePlace"]
    by = f"Account:{CODE}:{worked.ward.accounts['team-1']}"
    assert {one["name"] for one in await log(worked, account=by)} == {"Người dùng team-1"}
    about = desk_subject(every)
    assert {one["subject"] for one in await log(worked, subject=about)} == {about}
    middle = datetime.fromisoformat(every[5]["at"])
    late = await log(worked, since=middle.isoformat())
    early = await log(worked, until=middle.isoformat())
    assert [one["id"] for one in late + early] == [one["id"] for one in every]
    assert await log(worked, since=(middle + timedelta(days=1)).isoformat()) == []
    assert await log(worked, account="nonsense") == await log(worked, subject="nonsense") == []


def desk_subject(entries: Sequence[dict[str, Any]]) -> str:
    return str(next(one["subject"] for one in entries if one["action"] == "noteIncident"))


async def test_a_reporters_own_step_names_no_account(worked: Desk) -> None:
    """Whoever is signed in on the device that holds the secret."""
    before = await count(worked)
    given = rating(worked) | {"reason": "Vẫn còn"}
    del given["satisfaction"]
    assert (await ask(worked, Step("reopenIncident", given, by="team-1")))["__typename"] == "ReopenIncidentPayload"
    assert await count(worked) == before


async def test_a_secret_beside_an_incidents_id_hides_no_step_of_the_staff(worked: Desk) -> None:
    before = await count(worked)
    reopened = Step("reopenIncident", {"incidentId": worked.incidents["done"].id, "reason": "Mở lại", "secret": "x"})
    answer = await ask(worked, reopened)
    assert (answer["__typename"], await count(worked)) == ("InvalidInput", before)
    for mutation, input in (("rateIncident", rating(worked)), ("withdrawContact", rating(worked))):
        given = {**input, "secret": "wrong"}
        if mutation == "withdrawContact":
            del given["satisfaction"]
        assert (await ask(worked, Step(mutation, given)))["__typename"] == "NotFound"


@pytest.mark.parametrize("kind", ["Account", "Crew"])
async def test_a_change_that_waited_for_another_is_told_as_what_it_changed_itself(worked: Desk, kind: str) -> None:
    account, crew = worked.ward.accounts["crew-roads"], worked.ward.crews[CLEAN]
    subject = Subject(kind, CODE, account if kind == "Account" else crew)
    if kind == "Account":
        step = Step("setAccountDisabled", {"accountId": str(subject), "disabled": False})
        undone = sa.update(tables.account).where(tables.account.c.id == account).values(disabled_at=sa.func.now())
    else:
        step = Step("setDuty", {"crewId": str(subject), "onDuty": True})
        undone = sa.update(tables.crew).where(tables.crew.c.id == crew).values(on_duty=False)
    await ask(worked, step)
    before = await count(worked)
    async with worked.database.write() as connection:
        await hold(connection, subject)
        await connection.execute(undone)
        asked = asyncio.create_task(ask(worked, step))
        mine = await connection.scalar(sa.text("SELECT pg_backend_pid()"))
        behind = sa.text("SELECT count(*) FROM pg_stat_activity WHERE :mine = ANY (pg_blocking_pids(pid))")
        async with worked.database.read() as watching, asyncio.timeout(20):
            while not asked.done() and not await watching.scalar(behind, {"mine": mine}):  # noqa: ASYNC110 - a lock tells nothing
                await asyncio.sleep(0.01)
    assert (await asked)["__typename"].endswith("Payload")
    assert await count(worked) == before + 1, "it undid what was done while it waited"
    (entry,) = await log(worked, first=1)
    assert entry["details"]["changed"] == ["disabledAt" if kind == "Account" else "onDuty"]


async def test_a_change_that_is_refused_or_fails_leaves_no_entry(worked: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = await count(worked)
    refused = Step(
        "saveCategory", {"code": "x", "name": "", "nameEn": "", "icon": "", "colour": "", "deadlineHours": 0}
    )
    assert (await ask(worked, refused))["__typename"] == "InvalidInput"
    stranger = Step("removePlace", {"placeId": f"Place:{CODE}:{UUID(int=1)}"}, by="staff-other")
    assert (await ask(worked, stranger))["__typename"] == "NotFound"
    assert await count(worked) == before

    async def fails(*_: Any, **__: Any) -> None:
        raise OSError

    monkeypatch.setattr(audit, "record", fails)
    saved = Step("saveTeam", {"teamId": f"Team:{CODE}:{worked.ward.teams[SECOND]}", "name": "Không được lưu"})
    document = "mutation($input: SaveTeamInput!) { saveTeam(input: $input) { __typename } }"
    assert (await worked.ask(document, "staff", input=saved.input))["errors"]
    async with worked.database.read() as connection:
        names = (await connection.execute(sa.select(tables.team.c.name))).scalars().all()
    assert "Không được lưu" not in names, "no change without its entry"
