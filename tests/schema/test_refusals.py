"""Who may change what: every mutation, by every caller who may not, is refused and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import rejections, tables
from geo.ids import new_id
from geo.lifecycle import Status
from schema.api import SCHEMA
from tests import ward
from tests.asking import Desk
from tests.ward import CLEAN, CODE, FIRST, IN_FIRST, IN_SECOND, ROADS, SECOND, Ward

CALLERS = (None, *ward.USERNAMES)
ELSEWHERE = {"retryJobs"}
"""What changes no table of ours: `test_failed_jobs.py` has it."""
REFUSALS = {"NotAllowed", "NotFound", "InvalidTransition"}


@dataclass(frozen=True)
class Change:
    """A mutation that its `rightful` callers may make with this input, the first of them shown to be able to."""

    field: str
    input: dict[str, Any]
    rightful: tuple[str | None, ...]

    async def made_by(self, desk: Desk, caller: str | None) -> Any:
        """The answer: its type, and what an error says."""
        kind = self.field[0].upper() + self.field[1:]
        told = "{ __typename ... on UserError { code message path } }"
        query = f"mutation($input: {kind}Input!) {{ {self.field}(input: $input) {told} }}"
        return (await desk.data(query, caller, input=self.input))[self.field]


async def changes(connection: AsyncConnection, made: Ward) -> list[Change]:
    """Every mutation but the report, which everybody may make; each step with an incident of its own."""
    held = {"crew_id": made.crews[CLEAN], "neighbourhood_id": made.neighbourhoods[FIRST]}

    async def incident(status: Status, **values: Any) -> ward.Reported:
        return await ward.report(connection, status=status, **values)

    assigned = [(await incident(Status.ASSIGNED, **held)).id for _ in range(4)]
    accepted = (await incident(Status.ACCEPTED, **held)).id
    working = (await incident(Status.IN_PROGRESS, **held)).id
    resolved = [await incident(Status.RESOLVED, **held) for _ in range(4)]
    waiting = [(await incident(Status.RECEIVED)).id for _ in range(7)]
    crew = f"Crew:{CODE}:{made.crews[CLEAN]}"
    roads = f"Crew:{CODE}:{made.crews[ROADS]}"
    house, private = (f"Place:{CODE}:{made.places[name]}" for name in ("Nhà văn hóa số 1", "Nhà riêng chưa đồng ý"))
    first = {"type": "Point", "coordinates": list(IN_FIRST)}
    second = {"type": "Point", "coordinates": list(IN_SECOND)}
    staff: tuple[str | None, ...] = ("staff", "admin")
    own = ("crew-clean",)
    team = ("team-1", *staff)
    place = {"kind": "OTHER", "name": "Trạm mới", "wardCode": CODE}
    saved = {"name": "Đội Một", "capacity": 3, "base": first, "categories": ["TRAFFIC"], "wardCode": CODE}
    shown = {"published": False}
    wrong = {"trackingCode": resolved[0].tracking_code, "secret": resolved[1].secret}
    account = {"wardCode": CODE, "name": "Người Mới"}

    def member(username: str) -> str:
        return f"Account:{CODE}:{made.accounts[username]}"

    bare = Change("saveTeam", {"neighbourhoodId": await without_team(connection, made), "name": "Tổ mới"}, staff)
    leader, mine = [await entry(connection, made, name) for name in ("Nguyễn Thị Công Khai", "Người dùng team-1")]
    other = {"name": "Đổi Tên", "role": "LEADER"}
    ground = f"Neighbourhood:{CODE}:{made.neighbourhoods[FIRST]}"
    first_team = f"Team:{CODE}:{made.teams[FIRST]}"
    category = {"code": "LIGHTS", "name": "Đèn đường", "nameEn": "Lights", "icon": "lamp", "colour": "#112233"}
    return [
        Change("acceptIncident", {"incidentId": assigned[0]}, own),
        Change("declineIncident", {"incidentId": assigned[1], "reason": "Xe hỏng"}, own),
        Change("startIncident", {"incidentId": accepted}, own),
        Change("resolveIncident", {"incidentId": working, "note": "Đã dọn"}, (*own, *staff)),
        Change("noteIncident", {"incidentId": assigned[2], "note": "Đã gọi"}, (*own, *staff)),
        Change("assignIncident", {"incidentId": waiting[0], "crewId": crew}, staff),
        Change("rejectIncident", {"incidentId": waiting[1], "reason": "Việc khác"}, staff),
        Change("markDuplicate", {"incidentId": waiting[2], "originalId": waiting[3]}, staff),
        Change("closeIncident", {"incidentId": resolved[2].id}, staff),
        Change("publishIncident", {"incidentId": waiting[4], "published": True}, staff),
        Change("correctIncident", {"incidentId": waiting[5], "category": "TRAFFIC", "location": second}, staff),
        Change("reopenIncident", {"incidentId": resolved[3].id, "reason": "Chưa xong"}, staff),
        Change("reopenIncident", {**wrong, "reason": "Chưa xong"}, ()),
        Change("rateIncident", {**wrong, "satisfaction": "SATISFIED"}, ()),
        Change(
            "redactPhoto", {"photoId": await photograph(connection, await incident(Status.RECEIVED))} | shown, staff
        ),
        Change("saveRejectionTemplate", {"text": "Ngoài phường", "textEn": "Elsewhere", "wardCode": CODE}, staff),
        Change("removeRejectionTemplate", {"templateId": await template(connection)}, staff),
        Change("savePlace", {**place, "location": first}, team),
        Change("savePlace", {**place, "location": second}, staff),
        Change("savePlace", {**place, "location": first, "placeId": house}, team),
        Change("savePlace", {**place, "location": second, "placeId": house}, staff),
        Change("removePlace", {"placeId": private}, team),
        Change("saveCrew", saved, staff),
        Change("saveCrew", {**saved, "name": "Đội Hai", "crewId": roads, "members": ["crew-roads"]}, staff),
        Change("saveCrew", {**saved, "name": "Đội Ba", "neighbourhoodIds": [ground]}, staff),
        Change("reportPosition", {"position": second}, ("crew-clean", "crew-roads", "crew-other")),
        Change("setDuty", {"onDuty": False, "crewId": crew}, (*own, *staff)),
        Change("createAccount", {**account, "username": "moi-1", "role": "CREW_MEMBER", "crewId": crew}, staff),
        Change("createAccount", {**account, "username": "moi-2", "role": "STAFF"}, ("admin",)),
        Change("resetPassword", {"accountId": member("crew-roads")}, staff),
        Change("setAccountDisabled", {"accountId": member("crew-roads"), "disabled": True}, staff),
        Change("moveAccount", {"accountId": member("crew-roads"), "crewId": crew}, staff),
        Change("saveCategory", {**category, "deadlineHours": 5, "wardCode": CODE}, staff),
        bare,
        Change("saveTeam", {"teamId": first_team, "name": "Tổ đổi tên"}, staff),
        Change("saveTeamMember", {**other, "memberId": leader, "consent": True}, staff),
        Change("saveTeamMember", {**other, "teamId": first_team}, staff),
        Change("saveTeamMember", {**other, "role": "MEMBER", "memberId": mine, "consent": True}, team),
        Change("saveTeamMember", {**other, "role": "DEPUTY", "memberId": mine}, staff),
        Change("removeTeamMember", {"memberId": await entry(connection, made, "Trần Văn Kín Đáo")}, staff),
        Change("removeTeamMember", {"memberId": await entry(connection, made, "Lê Thị Thêm")}, staff),
        Change("dispatchBacklog", {"wardCode": CODE}, staff),
        Change(
            "markNoticesSeen",
            {"until": "2026-11-20T02:05:00Z"},
            ("crew-clean", "crew-roads", "crew-other", "team-1", "team-other", "staff-other", *staff),
        ),
        *boundaries(made, staff),
        # Last, for it signs staff out.
        Change("resetPassword", {"accountId": member("staff")}, ("admin",)),
    ]


def boundaries(made: Ward, staff: tuple[str | None, ...]) -> list[Change]:
    """The changes of boundaries: none touches what another names, but for what is renamed and then given up."""
    ids = {name: f"Neighbourhood:{CODE}:{key}" for name, key in made.neighbourhoods.items()}
    first, second, tenth, east = (ids[name] for name in ward.TILES)
    line = {"type": "LineString", "coordinates": [[108.21, 16.0], [108.21, 16.02]]}
    both = [{"neighbourhoodId": one, "expectedVersion": 1} for one in (first, second)]
    split = {"neighbourhoodId": tenth, "line": line, "newNames": ["Tổ mới"], "expectedVersion": 1}
    return [
        Change("renameNeighbourhood", {"neighbourhoodId": east, "name": "Khu Đông", "expectedVersion": 1}, staff),
        Change(
            "saveBoundaries",
            {"wardCode": CODE, "remove": [{"neighbourhoodId": east, "expectedVersion": 2}]},
            staff,
        ),
        Change("splitNeighbourhood", split, staff),
        Change("mergeNeighbourhoods", {"neighbourhoods": both, "name": "Khu Nam"}, staff),
    ]


async def photograph(connection: AsyncConnection, of: ward.Reported) -> str:
    """A photograph of this report, which everybody may see as far as they may read it."""
    columns, key = tables.incident_event.c, new_id()
    step = sa.select(columns.id).where(columns.incident_id == of.key, columns.from_status.is_(None)).scalar_subquery()
    row = {"ward_code": CODE, "incident_id": of.key, "event_id": step, "width": 4, "height": 3, "published": True}
    await connection.execute(sa.insert(tables.photo).values(id=key, **row))
    return f"Photo:{CODE}:{key}"


async def template(connection: AsyncConnection) -> str:
    """A text that the first ward rejects reports with."""
    key = await rejections.save(connection, CODE, None, "TRAFFIC", "Việc của thành phố", "The city's")
    return f"RejectionTemplate:{CODE}:{key}"


async def entry(connection: AsyncConnection, made: Ward, name: str) -> str:
    """The entry of the first team with this name; another one, where there is none."""
    columns = tables.team_member.c
    key = await connection.scalar(
        sa.select(columns.id).where(columns.team_id == made.teams[FIRST], columns.name == name)
    )
    if key is None:
        key = new_id()
        row = {"ward_code": CODE, "id": key, "team_id": made.teams[FIRST], "name": name, "role": "MEMBER"}
        await connection.execute(sa.insert(tables.team_member).values(row))
    return f"TeamMember:{CODE}:{key}"


async def without_team(connection: AsyncConnection, made: Ward) -> str:
    """A neighbourhood whose team is no more."""
    await connection.execute(sa.delete(tables.team).where(tables.team.c.id == made.teams[SECOND]))
    return f"Neighbourhood:{CODE}:{made.neighbourhoods[SECOND]}"


@pytest.fixture
async def every(desk: Desk) -> list[Change]:
    async with desk.database.write() as connection:
        return await changes(connection, desk.ward)


async def test_who_may_not_change_a_thing_is_refused_and_changes_nothing(desk: Desk, every: list[Change]) -> None:
    before = await desk.dump()
    for change in every:
        for caller in CALLERS:
            if caller in change.rightful:
                continue
            answer = await change.made_by(desk, caller)
            assert answer["__typename"] in REFUSALS, (change, caller)
            assert answer["message"], (change, caller)
            assert await desk.dump() == before, (change, caller)
    # And none of it was refused for another reason: who may, can.
    for change in every:
        if not change.rightful:
            continue
        before = await desk.dump()
        answer = await change.made_by(desk, change.rightful[0])
        assert answer["__typename"].endswith("Payload"), (change, answer)
        assert await desk.dump() != before, change


async def test_no_mutation_is_left_out(every: list[Change]) -> None:
    assert SCHEMA.mutation_type is not None
    assert {change.field for change in every} | {"reportIncident", *ELSEWHERE} == set(SCHEMA.mutation_type.fields)


async def test_the_rightful_may_even_where_others_tried(desk: Desk, every: list[Change]) -> None:
    """The second of the rightful callers can do what the first can."""
    for change in every:
        if len(change.rightful) > 1:
            answer = await change.made_by(desk, change.rightful[-1])
            assert answer["__typename"].endswith("Payload"), (change, answer)


async def test_who_works_on_a_report_cannot_answer_as_its_reporter(desk: Desk) -> None:
    async with desk.database.write() as connection:
        done = await ward.report(connection, status=Status.RESOLVED, crew_id=desk.ward.crews[CLEAN])
    before = await desk.dump()
    for by in ("crew-clean", "staff", "admin", "staff-other", None):
        for secret in ("", "x", done.tracking_code):
            given = {"trackingCode": done.tracking_code, "secret": secret}
            rate = Change("rateIncident", {**given, "satisfaction": "SATISFIED"}, ())
            reopen = Change("reopenIncident", {**given, "reason": "Chưa"}, ())
            assert (await rate.made_by(desk, by))["__typename"] == "NotFound"
            assert (await reopen.made_by(desk, by))["__typename"] == "NotFound"
    assert await desk.dump() == before
    given = {"trackingCode": done.tracking_code, "secret": done.secret, "satisfaction": "SATISFIED"}
    assert (await Change("rateIncident", given, ()).made_by(desk, None))["__typename"] == "RateIncidentPayload"
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
        answer = await Change("closeIncident", {"incidentId": wrong}, ()).made_by(desk, "staff")
        assert (answer["__typename"], answer["path"]) == ("NotFound", ["input", "incidentId"])
    assert await desk.dump() == before
