"""Every kind of caller, every noun: exactly the rows and the columns that are theirs, as the SQL itself gives them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import categories, crews, incidents, neighbourhoods, places, records, statistics, tables, teams, viewers, wards
from geo.actor import Actor, Role
from geo.lifecycle import Party, Status
from geo.secrets import digest
from tests import ward
from tests.geo.conftest import Laid
from tests.ward import CLEAN, FAR, FIRST, ROADS, SECOND

INCIDENTS = ("open", "shown", "queued", "private", "far")

# What a caller sees of each of INCIDENTS, in their order. `-`: no such incident; `p`: what is public of it; `t`: its
# text too; `c`: and its crew; `f`: all of it; `w`: and what is internal.
SEEN = {
    "anonymous": "p t p - p",
    "stranger": "p t p - p",
    "reporter of open": "f t p - p",
    "reporter of private": "p t p f p",
    "team-1": "c t p - p",
    "crew-clean": "w t p w p",
    "crew-roads": "p w p - p",
    "crew-roads who changed private": "p w p w p",
    "crew-other": "p t p - w",
    "staff": "w w w w p",
    "staff who reported far": "w w w w f",
    "staff-other": "p t p - w",
    "admin of the ward": "w w w w p",
    "admin": "w w w w w",
}
TOLD_WHO = {
    "reporter of open": {"open"},
    "reporter of private": {"private"},
    "crew-clean": {"open", "private"},
    "crew-roads": set(),  # its work on `shown` is done: nobody is to be called back
    "crew-roads who changed private": {"private"},
    "crew-other": {"far"},
    "staff": {"open", "shown", "private"},
    "staff who reported far": {"open", "shown", "private", "far"},
    "staff-other": {"far"},
    "admin of the ward": {"open", "shown", "private"},
    "admin": {"open", "shown", "private", "far"},
}
CREWS = {
    "reporter of open": ({CLEAN}, set()),
    "reporter of private": ({CLEAN}, set()),
    "team-1": ({CLEAN, ROADS}, set()),
    "crew-clean": ({CLEAN, ROADS}, {CLEAN}),
    "crew-roads": ({CLEAN, ROADS}, {ROADS}),
    "crew-roads who changed private": ({CLEAN, ROADS}, {ROADS}),
    "crew-other": ({FAR}, {FAR}),
    "staff": ({CLEAN, ROADS}, {CLEAN, ROADS}),
    "staff who reported far": ({CLEAN, ROADS, FAR}, {CLEAN, ROADS}),
    "staff-other": ({FAR}, {FAR}),
    "admin of the ward": ({CLEAN, ROADS}, {CLEAN, ROADS}),
    "admin": ({CLEAN, ROADS, FAR}, {CLEAN, ROADS, FAR}),
}
"""Which crews, and of which the whereabouts; the others see none."""

IN_THE_WARD = {name for name in SEEN if name.startswith(("team-1", "crew-clean", "crew-roads", "admin"))} | {
    "staff",
    "staff who reported far",
}
NAMED = {name for name in SEEN if name.startswith(("team-1", "admin"))} | {"staff", "staff who reported far"}


@dataclass
class Scene:
    """The incidents by name, and every caller."""

    connection: AsyncConnection
    laid: Laid
    incidents: dict[str, ward.Reported]
    callers: dict[str, Actor]

    async def rows(self, statement: sa.Select[Any]) -> list[Any]:
        return list((await self.connection.execute(statement)).all())

    def name_of(self, id_: Any) -> str:
        return next(name for name, made in self.incidents.items() if made.key == id_)


@pytest.fixture
async def scene(standing: Laid, connection: AsyncConnection) -> Scene:
    made = await _report(standing, connection)
    actors = standing.actors

    def holding(who: str, name: str) -> Actor:
        return actors[who].holding(digest(made[name].secret))

    callers = {name: actors[name] for name in SEEN if name in actors}
    callers |= {
        "stranger": actors["anonymous"].holding(digest("of no report")),
        "reporter of open": holding("anonymous", "open"),
        "reporter of private": holding("anonymous", "private"),
        "crew-roads who changed private": actors["crew-roads"].witnessing(made["private"].key),
        "staff who reported far": holding("staff", "far"),
        "admin of the ward": replace(actors["admin"], ward_code=ward.CODE),
    }
    assert callers.keys() == SEEN.keys()
    return Scene(connection, standing, made, callers)


async def _report(laid: Laid, connection: AsyncConnection) -> dict[str, ward.Reported]:
    whole = {"description": "Chi tiết", "address": "Ngõ 5", "phone": "0905000222", "satisfaction": "ACCEPTABLE"}
    at = {name: laid.ward.neighbourhoods[name] for name in (FIRST, SECOND)}
    crew_of = laid.ward.crews
    first = {"neighbourhood_id": at[FIRST], "status": Status.ASSIGNED, "crew_id": crew_of[CLEAN]}
    done = {"neighbourhood_id": at[SECOND], "status": Status.CLOSED, "crew_id": crew_of[ROADS]}
    there = {"code": ward.OTHER, "at": ward.IN_OTHER, "status": Status.ASSIGNED, "crew_id": crew_of[FAR]}
    values: dict[str, dict[str, Any]] = {
        "open": first,
        "shown": {**done, "category": "INFRASTRUCTURE", "published": True},
        "queued": {"neighbourhood_id": at[SECOND], "phone": None},
        "private": {**first, "category": "SECURITY", "published": True},
        "far": there,
    }
    made = {name: await ward.report(connection, **(whole | values[name])) for name in INCIDENTS}
    for name in ("open", "shown", "private"):
        await _step(connection, made[name], Party.REPORTER, "Lời người dân")
        await _photos(connection, made[name])
    account = laid.ward.accounts["crew-clean"]
    await _step(connection, made["open"], Party.CREW, "Lời của đội", account_id=account, crew_id=crew_of[CLEAN])
    return made


async def _step(connection: AsyncConnection, made: ward.Reported, party: Party, note: str, **values: Any) -> None:
    row = {"from_status": Status.ASSIGNED, "to_status": Status.ASSIGNED, "party": party, "note": note, "public": True}
    when = ward.REPORTED + timedelta(hours=1)
    of = {"ward_code": made.code, "incident_id": made.key, "id": ward.new_id(), "at": when}
    await connection.execute(sa.insert(tables.incident_event).values(**of, **row, **values))


async def _photos(connection: AsyncConnection, made: ward.Reported) -> None:
    """One that is published, one that is not."""
    columns = tables.incident_event.c
    step = sa.select(columns.id).where(columns.incident_id == made.key).limit(1).scalar_subquery()
    for published in (True, False):
        row = {"width": 4, "height": 3, "published": published, "event_id": step}
        of = {"ward_code": made.code, "incident_id": made.key, "id": ward.new_id()}
        await connection.execute(sa.insert(tables.photo).values(**of, **row))


def levels(who: str) -> dict[str, str]:
    return dict(zip(INCIDENTS, SEEN[who].split(), strict=True))


@pytest.mark.parametrize("who", SEEN)
async def test_incidents(scene: Scene, who: str) -> None:
    rows = {scene.name_of(row.id): row for row in await scene.rows(incidents.readable(scene.callers[who]))}
    for name, level in levels(who).items():
        if level == "-":
            assert name not in rows
            continue
        row = rows[name]
        assert row.tracking_code == scene.incidents[name].tracking_code
        assert (row.description, row.address) == (("Chi tiết", "Ngõ 5") if level in "tcfw" else (None, None))
        assert (row.crew_id is not None) is (level in "cfw" and name != "queued")
        assert row.satisfaction == ("ACCEPTABLE" if level in "fw" else None)
        assert ("chi tiet" in row.search) is (level in "tcfw")
        flags = tuple(flag is True for flag in (row.working, row.full, row.told))  # without a crew, NULL
        assert flags == (level == "w", level in "fw", level in "tcfw")
        assert "reporter_secret_hash" not in row._mapping
        assert "request_key_hash" not in row._mapping
    assert len(rows) == sum(level != "-" for level in levels(who).values())


@pytest.mark.parametrize("who", SEEN)
async def test_steps(scene: Scene, who: str) -> None:
    """Internal steps are for who works on it; a reporter's words for them and the reporter; names as far as needed."""
    rows = await scene.rows(records.event_readable(scene.callers[who]))
    for name, level in levels(who).items():
        steps = [row for row in rows if row.incident_id == scene.incidents[name].key]
        assert bool(steps) is (level != "-")
        notes = {row.note for row in steps} - {None}
        assert ("Ghi chú nội bộ" in notes) is (level == "w" and name in ("open", "private", "far"))
        assert ("Ghi chú công khai" in notes) is (level in "tcfw" and name != "queued")
        assert ("Lời người dân" in notes) is (level in "fw" and name in ("open", "shown", "private"))
        assert all(row.public or level == "w" for row in steps)
        told = {row.actor for row in steps if row.note == "Lời của đội" or row.actor} - {None}
        if name == "open":
            assert ("Người dùng crew-clean" in told) is (level == "w")
            assert (CLEAN in told) is (level in "fw")
        if level not in ("f", "w"):
            assert not told


@pytest.mark.parametrize("who", SEEN)
async def test_photographs(scene: Scene, who: str) -> None:
    rows = await scene.rows(records.photo_readable(scene.callers[who]))
    for name in ("open", "shown", "private"):
        level = levels(who)[name]
        found = [row.published for row in rows if row.incident_id == scene.incidents[name].key]
        assert sorted(found) == ([False, True] if level in "fw" else [True] if level in "tc" else [])


@pytest.mark.parametrize("who", SEEN)
async def test_who_reported(scene: Scene, who: str) -> None:
    rows = await scene.rows(records.reporter_readable(scene.callers[who]))
    assert {scene.name_of(row.incident_id) for row in rows} == TOLD_WHO.get(who, set())


@pytest.mark.parametrize("who", SEEN)
async def test_crews(scene: Scene, who: str) -> None:
    await scene.connection.execute(
        sa.update(tables.crew).values(position=tables.crew.c.base, position_at=sa.func.now())
    )
    rows = await scene.rows(crews.readable(scene.callers[who]))
    seen, followed = CREWS.get(who, (set(), set()))
    assert {row.name for row in rows} == seen
    for row in rows:
        whereabouts = (row.base, row.position, row.position_at)
        assert [value is not None for value in whereabouts] == [row.name in followed] * 3


@pytest.mark.parametrize("who", SEEN)
async def test_a_crews_list(scene: Scene, who: str) -> None:
    """Which incidents a crew has is no more public than which crew an incident has."""
    crew_id = scene.laid.ward.crews[CLEAN]
    rows = await scene.rows(incidents.matching(scene.callers[who], ward_code=ward.CODE, crew_id=crew_id))
    expected = {name for name, level in levels(who).items() if level in "fw" and name in ("open", "private")}
    assert {scene.name_of(row.id) for row in rows} == expected


@pytest.mark.parametrize("who", SEEN)
async def test_statistics_count_what_is_seen(scene: Scene, who: str) -> None:
    [row] = await scene.rows(statistics.of_ward(scene.callers[who], ward.CODE))
    seen = [name for name, level in levels(who).items() if level != "-" and name != "far"]
    assert row.total == len(seen)
    assert row.done_in_time + row.done_late == 1
    assert row.median_hours == pytest.approx(24)


@pytest.mark.parametrize("who", SEEN)
async def test_places(scene: Scene, who: str) -> None:
    names = {row.name for row in await scene.rows(places.readable(scene.callers[who]))}
    assert "Nhà riêng đã đồng ý" in names
    assert ("Nhà riêng chưa đồng ý" in names) is (who in IN_THE_WARD)
    assert len(names) == (5 if who in IN_THE_WARD else 4)


@pytest.mark.parametrize("who", SEEN)
async def test_teams_and_their_members(scene: Scene, who: str) -> None:
    actor = scene.callers[who]
    assert len(await scene.rows(teams.readable(actor))) == len(ward.TILES) + 1
    rows = await scene.rows(teams.members_of(actor, ward.CODE, scene.laid.ward.teams[FIRST]))
    assert [row.role for row in rows] == ["LEADER", "DEPUTY", "MEMBER"]
    leader, *others = rows
    assert (leader.name, leader.phone) == ("Nguyễn Thị Công Khai", "0905000111")
    assert {row.name for row in others} == ({"Trần Văn Kín Đáo", "Người dùng team-1"} if who in NAMED else {None})
    assert (others[0].phone is not None) is (who in NAMED)


@pytest.mark.parametrize("who", SEEN)
async def test_the_ground_and_the_categories_are_everybodys(scene: Scene, who: str) -> None:
    actor = scene.callers[who]
    assert len(await scene.rows(wards.readable(actor))) == 2
    assert len(await scene.rows(neighbourhoods.of_ward(actor, ward.CODE))) == len(ward.TILES)
    assert len(await scene.rows(neighbourhoods.readable(actor))) == len(ward.TILES) + 1
    assert len(await scene.rows(categories.of_ward(actor, ward.CODE))) == 7
    [boundary] = await scene.rows(neighbourhoods.boundaries_of(actor, ward.CODE, scene.laid.ward.neighbourhoods[FIRST]))
    assert "drawn_by" not in boundary._mapping


@pytest.mark.parametrize("who", SEEN)
async def test_the_caller_themselves(scene: Scene, who: str) -> None:
    actor = scene.callers[who]
    [row] = await scene.rows(viewers.row(actor))
    assert tuple(row)[:5] == (actor.role, actor.name, actor.ward_code, actor.crew_id, actor.team_id)
    signed_in = (
        None
        if actor.account_id is None
        else await scene.rows(sa.select(tables.account.c.username).where(tables.account.c.id == actor.account_id))
    )
    assert row.username == (signed_in[0].username if signed_in else None)


def test_a_secret_makes_a_reporter_only_of_who_was_nobody() -> None:
    secret = digest("x")
    assert Actor().holding(secret).role is Role.REPORTER
    assert Actor(Role.STAFF, ward_code=ward.CODE).holding(secret).role is Role.STAFF


@pytest.mark.parametrize(
    ("actor", "here", "there"),
    [
        (Actor(), False, False),
        (Actor(Role.TEAM_MEMBER, ward_code=ward.CODE), False, False),
        (Actor(Role.CREW_MEMBER, ward_code=ward.CODE), False, False),
        (Actor(Role.STAFF, ward_code=ward.CODE), True, False),
        (Actor(Role.STAFF), False, False),
        (Actor(Role.ADMIN, ward_code=ward.CODE), True, False),
        (Actor(Role.ADMIN), True, True),
    ],
)
def test_who_runs_a_ward(actor: Actor, here: bool, there: bool) -> None:
    assert (actor.runs(ward.CODE), actor.runs(ward.OTHER)) == (here, there)
